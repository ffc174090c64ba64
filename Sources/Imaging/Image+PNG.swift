// SPDX-License-Identifier: Apache-2.0

import CPNG

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Image {
    /// Grey of 1, 2, 4, 8 bits (the low depths spread to 0...255), RGB or palette, interlaced or not; opaque alpha is
    /// dropped.
    ///
    /// Gamma, colour profiles and all other ancillary chunks leave the values alone.
    package init(png bytes: [UInt8]) throws(ImageDecodingError) {
        let header = try readHeader(bytes)
        let (height, width, channels) = (Int(header.height), Int(header.width), Int(header.channels))
        guard ImageLimits.allow(height: height, width: width, channels: channels) else {
            throw .tooLarge(height: height, width: width)
        }
        guard header.bit_depth <= 8 else { throw .sixteenBit }
        let samples = try readSamples(bytes, count: height * width * channels)
        self.init(
            height: height, width: width, mode: channels < 3 ? .grey8 : .rgb8,
            pixels: channels % 2 == 1 ? samples : try withoutAlpha(samples, width: width, channels: channels))
    }

    /// A PNG file of this image: no ancillary chunks, Paeth filter, zlib level 6, so equal images give equal bytes with
    /// one version of libpng and zlib.
    package func png() throws(ImageEncodingError) -> [UInt8] {
        var buffer = reprise_png_buffer()
        defer { free(buffer.bytes) }
        var message = reprise_png_message()
        guard
            let height = UInt32(exactly: height), let width = UInt32(exactly: width),
            reprise_png_write(pixels, height, width, Int32(channelCount), &buffer, &message) == 1
        else { throw ImageEncodingError(reason: text(of: message)) }
        return Array(UnsafeBufferPointer(start: buffer.bytes, count: buffer.count))
    }
}

/// libpng could not write an image, in its words; in practice memory ran out.
package struct ImageEncodingError: Error, Hashable, CustomStringConvertible {
    package let reason: String
    package var description: String { "the image could not be written as PNG: \(reason)" }
}

private func readHeader(_ bytes: [UInt8]) throws(ImageDecodingError) -> reprise_png_header {
    var header = reprise_png_header()
    var message = reprise_png_message()
    guard reprise_png_read_header(bytes, bytes.count, &header, &message) == 1 else {
        throw decodingError(message)
    }
    return header
}

private func readSamples(_ bytes: [UInt8], count: Int) throws(ImageDecodingError) -> [UInt8] {
    var samples = [UInt8](repeating: 0, count: count)
    var message = reprise_png_message()
    guard reprise_png_read_pixels(bytes, bytes.count, &samples, count, &message) == 1 else {
        throw decodingError(message)
    }
    return samples
}

/// The colour samples alone, where every alpha (the last of `channels` samples) is 255.
private func withoutAlpha(_ samples: [UInt8], width: Int, channels: Int) throws(ImageDecodingError) -> [UInt8] {
    let pixelCount = samples.count / channels
    for pixel in 0..<pixelCount where samples[pixel * channels + channels - 1] != 255 {
        throw .transparent(row: pixel / width, column: pixel % width)
    }
    var colours: [UInt8] = []
    colours.reserveCapacity(pixelCount * (channels - 1))
    for pixel in 0..<pixelCount {
        colours += samples[pixel * channels..<(pixel + 1) * channels - 1]
    }
    return colours
}

private func decodingError(_ message: reprise_png_message) -> ImageDecodingError {
    let text = text(of: message)
    return text == "the file ends too early" ? .truncated : .damaged(text)
}

private func text(of message: reprise_png_message) -> String {
    withUnsafeBytes(of: message.text) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
