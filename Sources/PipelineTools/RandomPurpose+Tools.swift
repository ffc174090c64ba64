// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Tensors

extension RandomPurpose {
    /// Which part of a split an image goes to.
    static let splitByImage = RandomPurpose(rawValue: 100)
    /// Where a patch is cut; the sample is that of the image's name, and one more for each further patch.
    static let patchPlace = RandomPurpose(rawValue: 110)
    /// Crop, flip and colours of a sample; the sample is that of the image's name, and one more for each further pass.
    static let jitter = RandomPurpose(rawValue: 111)
    /// Where a crop that is scored lies; the sample is that of the image's name, and one more for each further pass.
    static let evaluatedCrop = RandomPurpose(rawValue: 112)

    /// A sample that an image's name decides, and not its place in a set: the first 16 digits of the name's SHA-256.
    static func sample(named name: String) -> UInt64 {
        guard let sample = UInt64(Digest(ofText: name).description.prefix(16), radix: 16) else {
            preconditionFailure("a digest is written in hexadecimal digits")
        }
        return sample
    }
}
