// SPDX-License-Identifier: Apache-2.0

/// Everything that an image file holds: 8 or 16 bits a sample, with or without alpha, and what it says beside its
/// values.
///
/// `Image` is what the arithmetic uses; `Image(_:alpha:depth:)` makes one of a raster, by rules that the caller states.
/// Grey of 1, 2 or 4 bits is spread over 0...255 and a palette is looked up, which both lose nothing; a transparent
/// colour (PNG's tRNS) is an alpha of 0 where it stands.
package struct Raster: Hashable, Sendable {
    package enum Colour: Hashable, Sendable, CaseIterable {
        case grey
        case rgb

        /// 1 or 3, without alpha.
        package var channelCount: Int { self == .grey ? 1 : 3 }
    }

    /// (row, column, channel), the channels of a pixel side by side, alpha last.
    package enum Samples: Hashable, Sendable {
        case eight([UInt8])
        case sixteen([UInt16])

        package var count: Int {
            switch self {
            case .eight(let samples): samples.count
            case .sixteen(let samples): samples.count
            }
        }

        /// 8 or 16.
        package var bitDepth: Int {
            switch self {
            case .eight: 8
            case .sixteen: 16
            }
        }
    }

    package let height: Int
    package let width: Int
    package let colour: Colour
    package let hasAlpha: Bool

    /// `height * width * channelCount` samples; alpha is not multiplied into the colours.
    package let samples: Samples

    /// What the file says of how its values are to be shown, such as `gamma 0.45455` or `ICC profile 'sRGB'`.
    ///
    /// It is kept out of the values and meant for people.
    package let notes: [String]

    /// Both extents are at least 1 and `samples` has exactly what they ask for.
    package init(height: Int, width: Int, colour: Colour, hasAlpha: Bool, samples: Samples, notes: [String] = []) {
        precondition(height > 0 && width > 0, "a raster has at least one pixel, not \(width)x\(height)")
        self.height = height
        self.width = width
        self.colour = colour
        self.hasAlpha = hasAlpha
        self.samples = samples
        self.notes = notes
        precondition(
            samples.count == height * width * channelCount,
            "\(samples.count) samples cannot fill \(width)x\(height) pixels of \(channelCount) channels")
    }

    /// Colours of 8 bits with the alpha of each pixel, a grey image of the same extents.
    package init(_ image: Image, alpha: Image) {
        precondition(
            alpha.mode == .grey8 && alpha.height == image.height && alpha.width == image.width,
            "an alpha of \(alpha.width)x\(alpha.height) does not fit an image of \(image.width)x\(image.height)")
        let channels = image.channelCount
        var samples: [UInt8] = []
        samples.reserveCapacity(alpha.pixels.count * (channels + 1))
        for (pixel, alpha) in alpha.pixels.enumerated() {
            samples += image.pixels[pixel * channels..<(pixel + 1) * channels]
            samples.append(alpha)
        }
        self.init(
            height: image.height, width: image.width, colour: image.mode == .grey8 ? .grey : .rgb, hasAlpha: true,
            samples: .eight(samples))
    }

    /// The same pixels as the arithmetic has them: 8 bits, no alpha.
    package init(_ image: Image) {
        self.init(
            height: image.height, width: image.width, colour: image.mode == .grey8 ? .grey : .rgb, hasAlpha: false,
            samples: .eight(image.pixels))
    }

    /// Samples of a pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    package var channelCount: Int { colour.channelCount + (hasAlpha ? 1 : 0) }
}
