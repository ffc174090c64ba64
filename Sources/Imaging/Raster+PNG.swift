// SPDX-License-Identifier: Apache-2.0

import CPNG

extension Raster {
    /// A PNG file of any colour type and depth, interlaced or not.
    ///
    /// Gamma, colour profiles and all other ancillary chunks leave the values alone; what they say is in `notes`.
    package init(png bytes: [UInt8]) throws(ImageDecodingError) {
        let header = try PNGHeader(bytes)
        let samples =
            if let palette = header.palette {
                Samples.eight(try colours(of: readIndices(bytes, header), in: palette, header))
            } else if header.bitDepth == 16 {
                Samples.sixteen(try readSamples(bytes, count: header.sampleCount, repeating: UInt16(0)))
            } else {
                Samples.eight(try readSamples(bytes, count: header.sampleCount, repeating: UInt8(0)))
            }
        self.init(
            height: header.height, width: header.width, colour: header.colour, hasAlpha: header.hasAlpha,
            samples: samples, notes: PNGNotes(bytes).texts)
    }

    /// A PNG file of exactly these samples: no ancillary chunks, Paeth filter, zlib level 6, so equal rasters give
    /// equal bytes with one version of libpng and zlib.
    package func png() throws(ImageEncodingError) -> [UInt8] {
        let writer = try PNGWriter(
            height: height, width: width, colour: colour, hasAlpha: hasAlpha, bitDepth: samples.bitDepth)
        var bytes = try writer.append(self)
        bytes += try writer.end()
        return bytes
    }
}

/// What stands before the pixels, found acceptable: no more samples than the limit, and none that the file cannot hold.
private struct PNGHeader {
    let height: Int
    let width: Int
    /// As stored.
    let bitDepth: Int
    let colour: Raster.Colour
    let hasAlpha: Bool
    /// (colour, red green blue alpha); `nil` where pixels are no indices.
    let palette: [UInt8]?

    /// Deflate yields at most 1032 bytes from one.
    private static let deflateRatio = 1032

    init(_ bytes: [UInt8]) throws(ImageDecodingError) {
        var header = reprise_png_header()
        var message = reprise_png_message()
        var colours = [UInt8](repeating: 0, count: 1024)
        guard reprise_png_read_header(bytes, bytes.count, &header, &colours, &message) == 1 else {
            throw decodingError(message)
        }
        height = Int(header.height)
        width = Int(header.width)
        bitDepth = Int(header.bit_depth)
        colour = header.has_colour == 1 ? .rgb : .grey
        hasAlpha = header.has_alpha == 1
        palette = header.has_palette == 1 ? Array(colours[..<(Int(header.palette_count) * 4)]) : nil
        guard ImageLimits.allow(height: height, width: width, channels: channelCount) else {
            throw .tooLarge(height: height, width: width)
        }
        let storedBits = height * width * Int(header.stored_channels) * bitDepth
        guard storedBits / 8 <= bytes.count * Self.deflateRatio else { throw .truncated }
    }

    var channelCount: Int { colour.channelCount + (hasAlpha ? 1 : 0) }
    var sampleCount: Int { height * width * channelCount }
}

private func readIndices(_ bytes: [UInt8], _ header: PNGHeader) throws(ImageDecodingError) -> [UInt8] {
    try readSamples(bytes, count: header.height * header.width, repeating: 0)
}

private func readSamples<Sample: FixedWidthInteger>(
    _ bytes: [UInt8], count: Int, repeating zero: Sample
) throws(ImageDecodingError) -> [Sample] {
    var samples = [Sample](repeating: zero, count: count)
    var message = reprise_png_message()
    let isRead = samples.withUnsafeMutableBytes {
        reprise_png_read_pixels(bytes, bytes.count, $0.baseAddress, $0.count, &message) == 1
    }
    guard isRead else { throw decodingError(message) }
    return samples
}

private func colours(
    of indices: [UInt8], in palette: [UInt8], _ header: PNGHeader
) throws(ImageDecodingError) -> [UInt8] {
    let colourCount = palette.count / 4
    var samples: [UInt8] = []
    samples.reserveCapacity(header.sampleCount)
    for index in indices {
        guard index < colourCount else {
            throw .damaged("colour \(index) is not in the PNG palette of \(colourCount)")
        }
        let entry = Int(index) * 4
        samples += palette[entry..<entry + header.channelCount]
    }
    return samples
}

private func decodingError(_ message: reprise_png_message) -> ImageDecodingError {
    let text = text(of: message)
    return text == "the file ends too early" ? .truncated : .damaged(text)
}

/// The terminated text.
func text(of message: reprise_png_message) -> String {
    withUnsafeBytes(of: message.text) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
