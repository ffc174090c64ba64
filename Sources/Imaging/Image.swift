// SPDX-License-Identifier: Apache-2.0

/// Pixels as a file holds them: 8-bit samples, rows from top to bottom, the channels of a pixel side by side.
package struct Image: Hashable, Sendable {
    /// What the samples of a pixel mean.
    ///
    /// 16-bit and alpha modes would be cases of their own.
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        case grey8
        case rgb8

        /// Samples in a pixel: 1 or 3.
        package var channelCount: Int {
            switch self {
            case .grey8: 1
            case .rgb8: 3
            }
        }
    }

    package let height: Int
    package let width: Int
    package let mode: Mode

    /// `height * width * channelCount` samples, (row, column, channel).
    package var pixels: [UInt8]

    /// Both extents are at least 1 and `pixels` has exactly the samples they ask for.
    package init(height: Int, width: Int, mode: Mode, pixels: [UInt8]) {
        precondition(height > 0 && width > 0, "an image has at least one pixel, not \(width)x\(height)")
        precondition(
            pixels.count == height * width * mode.channelCount,
            "\(pixels.count) samples cannot fill a \(width)x\(height) image of mode \(mode)")
        self.height = height
        self.width = width
        self.mode = mode
        self.pixels = pixels
    }

    /// All samples equal to `value`.
    package init(height: Int, width: Int, mode: Mode, repeating value: UInt8) {
        self.init(
            height: height, width: width, mode: mode,
            pixels: [UInt8](repeating: value, count: height * width * mode.channelCount))
    }

    package var channelCount: Int { mode.channelCount }

    /// Samples in a row.
    package var rowLength: Int { width * channelCount }

    package subscript(row: Int, column: Int, channel: Int) -> UInt8 {
        get { pixels[row * rowLength + column * channelCount + channel] }
        set { pixels[row * rowLength + column * channelCount + channel] = newValue }
    }
}
