// SPDX-License-Identifier: Apache-2.0

/// What becomes of alpha where an image without one is wanted.
package enum AlphaRule: String, Hashable, Sendable, CaseIterable {
    /// Fully opaque images only.
    case refuse
    /// The colours as they are stored, whatever their alpha.
    case drop
    /// As seen on black.
    case black
    /// As seen on white.
    case white
}

/// What becomes of 16 bits a sample where 8 are wanted.
package enum DepthRule: String, Hashable, Sendable, CaseIterable {
    /// 8 bits only.
    case refuse
    /// To the nearest: v / 257, which has no ties.
    case round
}

extension Image {
    /// The raster's pixels with 8 bits a sample and without alpha.
    ///
    /// A colour c of alpha a on a background b is (c a + b (m - a)) / m, m being 255 or 65535, rounded once, to the
    /// nearest 8-bit value; since m and 257 are odd there are no ties. Alpha is taken as linear in the stored values:
    /// no gamma is undone.
    package init(
        _ raster: Raster, alpha: AlphaRule = .refuse, depth: DepthRule = .refuse
    ) throws(ImageDecodingError) {
        let pixels: [UInt8]
        switch raster.samples {
        case .eight(let samples):
            pixels = raster.hasAlpha ? try colours(of: raster, samples, alpha) : samples
        case .sixteen(let samples):
            guard depth == .round else { throw .sixteenBit }
            pixels =
                raster.hasAlpha ? try colours(of: raster, samples, alpha) : samples.map { rounded(Int($0), by: 257) }
        }
        self.init(
            height: raster.height, width: raster.width, mode: raster.colour == .grey ? .grey8 : .rgb8, pixels: pixels)
    }
}

extension Raster {
    /// The alpha of each pixel as a grey image, 255 where it is opaque; nil where the raster has none.
    ///
    /// 16 bits are rounded to 8.
    package var alpha: Image? {
        guard hasAlpha else { return nil }
        let places = stride(from: channelCount - 1, to: samples.count, by: channelCount)
        let pixels: [UInt8] =
            switch samples {
            case .eight(let samples): places.map { samples[$0] }
            case .sixteen(let samples): places.map { rounded(Int(samples[$0]), by: 257) }
            }
        return Image(height: height, width: width, mode: .grey8, pixels: pixels)
    }
}

/// The colour samples alone, as 8-bit values.
private func colours<Sample: FixedWidthInteger & UnsignedInteger>(
    of raster: Raster, _ samples: [Sample], _ rule: AlphaRule
) throws(ImageDecodingError) -> [UInt8] {
    let channels = raster.channelCount
    if rule == .refuse { try requireOpaque(samples, channels: channels, width: raster.width) }
    let maximum = Int(Sample.max)
    // 1 for 8 bits, 257 for 16.
    let step = maximum / 255
    let background = rule == .white ? maximum : 0
    var pixels: [UInt8] = []
    pixels.reserveCapacity(samples.count / channels * (channels - 1))
    for start in stride(from: 0, to: samples.count, by: channels) {
        let alpha = rule == .black || rule == .white ? Int(samples[start + channels - 1]) : maximum
        for place in start..<start + channels - 1 {
            let shown = Int(samples[place]) * alpha + background * (maximum - alpha)
            pixels.append(rounded(shown, by: maximum * step))
        }
    }
    return pixels
}

/// The nearest integer to value / divisor; `divisor` is odd, so that there are no ties.
private func rounded(_ value: Int, by divisor: Int) -> UInt8 {
    UInt8((value + divisor / 2) / divisor)
}

private func requireOpaque<Sample: FixedWidthInteger & UnsignedInteger>(
    _ samples: [Sample], channels: Int, width: Int
) throws(ImageDecodingError) {
    let alphas = stride(from: channels - 1, to: samples.count, by: channels)
    guard let place = alphas.first(where: { samples[$0] != .max }) else { return }
    let pixel = place / channels
    throw .transparent(row: pixel / width, column: pixel % width)
}
