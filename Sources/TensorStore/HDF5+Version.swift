// SPDX-License-Identifier: Apache-2.0

import CHDF5

extension HDF5 {
    /// Of the libhdf5 in use, for example `1.10.8`.
    package static var libraryVersion: String {
        var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
        guard locked({ H5get_libversion(&major, &minor, &release) }) >= 0 else { return "unknown" }
        return "\(major).\(minor).\(release)"
    }
}
