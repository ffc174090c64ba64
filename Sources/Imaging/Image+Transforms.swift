// SPDX-License-Identifier: Apache-2.0

/// The eight ways to lay a square on itself, as steps: a horizontal flip first, then quarter turns counterclockwise.
package struct Orientation: Hashable, Sendable, CustomStringConvertible {
    /// 0...3, counterclockwise, as MATLAB's `rot90` counts.
    package let quarterTurns: Int
    package let isFlipped: Bool

    package init(quarterTurns: Int, isFlipped: Bool = false) {
        self.quarterTurns = ((quarterTurns % 4) + 4) % 4
        self.isFlipped = isFlipped
    }

    package static let all: [Orientation] = [false, true].flatMap { flipped in
        (0..<4).map { Orientation(quarterTurns: $0, isFlipped: flipped) }
    }

    /// For example `rotated-90` or `flipped-rotated-180`.
    package var description: String { (isFlipped ? "flipped-" : "") + "rotated-\(90 * quarterTurns)" }
}

extension Image {
    /// Turned by quarter turns counterclockwise: MATLAB's `rot90(image, quarterTurns)`.
    package func rotated(quarterTurns: Int) -> Image {
        switch ((quarterTurns % 4) + 4) % 4 {
        case 1: rearranged(height: width, width: height) { row, column in (column, width - 1 - row) }
        case 2: rearranged(height: height, width: width) { row, column in (height - 1 - row, width - 1 - column) }
        case 3: rearranged(height: width, width: height) { row, column in (height - 1 - column, row) }
        default: self
        }
    }

    /// Left and right exchanged.
    package var flippedHorizontally: Image {
        rearranged(height: height, width: width) { row, column in (row, width - 1 - column) }
    }

    /// Top and bottom exchanged.
    package var flippedVertically: Image {
        rearranged(height: height, width: width) { row, column in (height - 1 - row, column) }
    }

    package func oriented(_ orientation: Orientation) -> Image {
        (orientation.isFlipped ? flippedHorizontally : self).rotated(quarterTurns: orientation.quarterTurns)
    }

    /// The part that begins at (`top`, `left`), which lies within the image.
    package func cropped(top: Int, left: Int, height: Int, width: Int) -> Image {
        precondition(
            top >= 0 && left >= 0 && height > 0 && width > 0 && top + height <= self.height
                && left + width <= self.width,
            "a crop of \(width)x\(height) at row \(top), column \(left) leaves an image of \(self.width)x\(self.height)"
        )
        var part: [UInt8] = []
        part.reserveCapacity(height * width * channelCount)
        for row in top..<top + height {
            let start = row * rowLength + left * channelCount
            part += pixels[start..<start + width * channelCount]
        }
        return Image(height: height, width: width, mode: mode, pixels: part)
    }

    /// The papers' `modcrop`: the top left part whose sides are multiples of `scale`; nil where nothing is left.
    package func cropped(toMultipleOf scale: Int) -> Image? {
        precondition(scale > 0, "a scale is positive, not \(scale)")
        guard height >= scale && width >= scale else { return nil }
        return cropped(top: 0, left: 0, height: height - height % scale, width: width - width % scale)
    }

    /// Without `border` pixels on each side; nil where nothing is left.
    package func shaved(_ border: Int) -> Image? {
        guard border >= 0 && height > 2 * border && width > 2 * border else { return nil }
        return cropped(top: border, left: border, height: height - 2 * border, width: width - 2 * border)
    }

    /// Every pixel `factor` times in both directions.
    package func magnified(_ factor: Int) -> Image {
        precondition(factor > 0, "a magnification is positive, not \(factor)")
        return rearranged(height: height * factor, width: width * factor) { row, column in
            (row / factor, column / factor)
        }
    }

    /// An image whose pixel (row, column) is this one's pixel `source(row, column)`.
    @inline(__always)
    private func rearranged(
        height: Int, width: Int, source: (_ row: Int, _ column: Int) -> (row: Int, column: Int)
    ) -> Image {
        let channels = channelCount
        var moved = Image(height: height, width: width, mode: mode, repeating: 0)
        moved.pixels.withUnsafeMutableBufferPointer { output in
            pixels.withUnsafeBufferPointer { input in
                for row in 0..<height {
                    for column in 0..<width {
                        let from = source(row, column)
                        let start = (from.row * self.width + from.column) * channels
                        for channel in 0..<channels {
                            output[(row * width + column) * channels + channel] = input[start + channel]
                        }
                    }
                }
            }
        }
        return moved
    }
}
