// SPDX-License-Identifier: Apache-2.0

import CPNG

/// The library that reads and writes PNG.
package enum ImageLibrary {
    /// Of the libpng in use, for example `1.6.39`.
    package static var pngVersion: String {
        png_get_libpng_ver(nil).map { String(cString: $0) } ?? "unknown"
    }
}
