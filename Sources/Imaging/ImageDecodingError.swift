// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not taken as an image.
///
/// The caller knows the file's name and says it first.
package enum ImageDecodingError: Error, Hashable, CustomStringConvertible {
    /// No bytes at all.
    case empty
    /// Neither PNG nor BMP; the first bytes, at most eight.
    case unknownFormat(beginning: [UInt8])
    /// A known format whose decoders differ in their bits, or that holds more than one image.
    case refusedFormat(String)
    /// The file ends before its pixels do.
    case truncated
    /// A header, chunk or checksum that cannot be right, in words.
    case damaged(String)
    /// More than `ImageLimits.samples` samples.
    case tooLarge(height: Int, width: Int)
    /// 16 bits a sample, where no rule rounds them.
    case sixteenBit
    /// A pixel (0-based) that is not opaque, where no rule says what is behind it.
    case transparent(row: Int, column: Int)
    /// A BMP feature that is not read, in words.
    case unsupportedBMP(String)

    package var description: String {
        switch self {
        case .empty:
            "the file is empty"
        case .unknownFormat(let beginning):
            "not a PNG or BMP file: it begins with \(quoted(beginning))"
        case .refusedFormat(let name):
            refusal(of: name)
        case .truncated:
            "the file ends too early"
        case .damaged(let what):
            "the file is damaged: \(what)"
        case .tooLarge(let height, let width):
            "an image of \(width)x\(height) pixels is larger than the limit of \(ImageLimits.samples) samples"
        case .sixteenBit:
            "it has 16 bits a sample and not 8; round them, for example with 'magick IN -depth 8 OUT.png'"
        case .transparent(let row, let column):
            "pixel (row \(row), column \(column)) is not opaque, and no colour is defined behind it; flatten it,"
                + " for example with 'magick IN -background white -alpha remove -alpha off OUT.png'"
        case .unsupportedBMP(let what):
            "a BMP file with \(what) is not read; save it with 24 bits a pixel, uncompressed, or as PNG"
        }
    }
}

/// Bounds on what a file may ask for.
package enum ImageLimits {
    /// Samples of one image, 2^28: 256 MiB at 8 bits.
    package static let samples = 1 << 28

    /// Whether height x width x channels stays within `samples`; the extents may be anything a header says.
    static func allow(height: Int, width: Int, channels: Int) -> Bool {
        let (pixels, overflow) = height.multipliedReportingOverflow(by: width)
        return !overflow && pixels <= samples / channels
    }
}

private func refusal(of format: String) -> String {
    let reason =
        switch format {
        case "JPEG", "JPEG 2000", "JPEG XL", "WebP", "HEIF", "AVIF": "their decoders differ in their bits"
        case "TIFF": "there are many variants that readers treat differently"
        default: "they may hold several images or other colours than they show"
        }
    return "\(format) files are not read, since \(reason); convert the image once to PNG and keep the result,"
        + " for example with 'magick IN OUT.png'"
}

/// Printable ASCII in quotes, or hexadecimal bytes.
private func quoted(_ bytes: [UInt8]) -> String {
    if bytes.allSatisfy({ (0x20...0x7e).contains($0) }) {
        return "'" + String(decoding: bytes, as: UTF8.self) + "'"
    }
    return "the bytes " + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}
