// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging

extension Image {
    /// The digest of mode, extents and pixels, whatever file they came in.
    var pixelDigest: Digest {
        var hasher = ContentHasher()
        hasher.update(Array("reprise-image 1 \(mode.rawValue) \(height) \(width)\n".utf8))
        hasher.update(pixels)
        return hasher.finalized()
    }
}
