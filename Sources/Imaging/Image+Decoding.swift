// SPDX-License-Identifier: Apache-2.0

extension Raster {
    /// What the bytes of a PNG or BMP file hold; the format is told by the first bytes, never by a name.
    package init(decoding bytes: [UInt8]) throws(ImageDecodingError) {
        switch try ImageFormat(of: bytes) {
        case .png: self = try Raster(png: bytes)
        case .bmp: self = try Raster(bmp: bytes)
        }
    }
}

extension Image {
    /// The image in the bytes of a PNG or BMP file that has 8 bits a sample and no pixel that is not opaque.
    package init(decoding bytes: [UInt8]) throws(ImageDecodingError) {
        self = try Image(Raster(decoding: bytes))
    }
}

/// The formats that are read.
package enum ImageFormat: String, Hashable, Sendable {
    case png
    case bmp

    /// Told from the first bytes.
    ///
    /// A file cut short within the signature is `.truncated`.
    package init(of bytes: [UInt8]) throws(ImageDecodingError) {
        guard !bytes.isEmpty else { throw .empty }
        if bytes.starts(with: pngSignature) {
            self = .png
        } else if bytes.starts(with: Array("BM".utf8)) {
            self = .bmp
        } else if let name = refusedFormat(of: bytes) {
            throw .refusedFormat(name)
        } else if pngSignature.starts(with: bytes) || bytes == Array("B".utf8) {
            throw .truncated
        } else {
            throw .unknownFormat(beginning: Array(bytes.prefix(8)))
        }
    }
}

private let pngSignature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/// The name of a known format that is not read.
private func refusedFormat(of bytes: [UInt8]) -> String? {
    func has(_ text: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text) }
    if has([0xff, 0xd8, 0xff]) { return "JPEG" }
    if has(Array("GIF8".utf8)) { return "GIF" }
    if has([0x49, 0x49, 0x2a, 0x00]) || has([0x4d, 0x4d, 0x00, 0x2a]) { return "TIFF" }
    if has([0x49, 0x49, 0x2b, 0x00]) || has([0x4d, 0x4d, 0x00, 0x2b]) { return "TIFF" }
    if has(Array("RIFF".utf8)) && has(Array("WEBP".utf8), at: 8) { return "WebP" }
    if has(Array("ftyp".utf8), at: 4) { return has(Array("avif".utf8), at: 8) ? "AVIF" : "HEIF" }
    if has([0xff, 0x0a]) || has([0, 0, 0, 0x0c] + Array("JXL ".utf8)) { return "JPEG XL" }
    if has([0, 0, 0, 0x0c] + Array("jP  ".utf8)) { return "JPEG 2000" }
    return nil
}
