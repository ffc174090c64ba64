// SPDX-License-Identifier: Apache-2.0

extension Image {
    /// A PNG file of this image; see `Raster.png`.
    package func png() throws(ImageEncodingError) -> [UInt8] {
        try Raster(self).png()
    }
}
