// SPDX-License-Identifier: Apache-2.0

import CPNG

/// A PNG file in the making: rows go in, bytes come out, so that neither is ever there as a whole.
///
/// However the rows are shared out, the bytes together are those of `Raster.png()`. After an error the file is lost.
package final class PNGWriter {
    private let writer: UnsafeMutablePointer<reprise_png_writer>
    private let width: Int
    private let colour: Raster.Colour
    private let hasAlpha: Bool
    private let bitDepth: Int
    private var rowsLeft: Int

    /// Both extents are at least 1; `bitDepth` is 8 or 16.
    package init(
        height: Int, width: Int, colour: Raster.Colour, hasAlpha: Bool, bitDepth: Int = 8
    ) throws(ImageEncodingError) {
        guard let rows = UInt32(exactly: height), let columns = UInt32(exactly: width) else {
            throw ImageEncodingError(reason: "\(width)x\(height) pixels are too many")
        }
        guard let writer = reprise_png_writer_make() else { throw ImageEncodingError(reason: "out of memory") }
        self.writer = writer
        self.width = width
        self.colour = colour
        self.hasAlpha = hasAlpha
        self.bitDepth = bitDepth
        rowsLeft = height
        var form = reprise_png_form(
            height: rows, width: columns, channels: Int32(colour.channelCount + (hasAlpha ? 1 : 0)),
            bit_depth: Int32(bitDepth))
        guard reprise_png_writer_begin(writer, &form) == 1 else { throw failure }
    }

    deinit {
        reprise_png_writer_release(writer)
    }

    /// Takes the next rows, which have the form of the file, and gives the bytes that are done.
    package func append(_ rows: Raster) throws(ImageEncodingError) -> [UInt8] {
        precondition(
            rows.width == width && rows.colour == colour && rows.hasAlpha == hasAlpha
                && rows.samples.bitDepth == bitDepth && rows.height <= rowsLeft,
            "\(rows.height) rows of \(rows.width) pixels do not fit what is left of the file")
        let isWritten = rows.samples.withUnsafeBytes { samples in
            reprise_png_writer_append(writer, samples.baseAddress, rows.height) == 1
        }
        guard isWritten else { throw failure }
        rowsLeft -= rows.height
        return takenBytes()
    }

    /// The last bytes, once all rows are there.
    package func end() throws(ImageEncodingError) -> [UInt8] {
        precondition(rowsLeft == 0, "\(rowsLeft) rows of the file are missing")
        guard reprise_png_writer_end(writer) == 1 else { throw failure }
        return takenBytes()
    }

    private var failure: ImageEncodingError { ImageEncodingError(reason: text(of: writer.pointee.message)) }

    private func takenBytes() -> [UInt8] {
        let bytes = Array(UnsafeBufferPointer(start: writer.pointee.buffer.bytes, count: writer.pointee.buffer.count))
        writer.pointee.buffer.count = 0
        return bytes
    }
}

/// libpng could not write an image, in its words; in practice memory ran out.
package struct ImageEncodingError: Error, Hashable, CustomStringConvertible {
    package let reason: String
    package var description: String { "the image could not be written as PNG: \(reason)" }
}

extension Raster.Samples {
    fileprivate func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        switch self {
        case .eight(let samples): samples.withUnsafeBytes(body)
        case .sixteen(let samples): samples.withUnsafeBytes(body)
        }
    }
}
