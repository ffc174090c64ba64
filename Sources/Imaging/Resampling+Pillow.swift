// SPDX-License-Identifier: Apache-2.0

import Tensors

// Pillow's resize of 8-bit images, after src/libImaging/Resample.c of Pillow 13: weights in double precision, divided
// by their sum, then rounded to 22 fractional bits; sums of 32 bits; clipped to 0...255 after each pass. Taps outside
// of the image are left out before the division. A dimension that keeps its extent is not filtered. The weights of
// `hamming` and `lanczos` go through a sine and a cosine; ours round to the same 22 bits as the C library's.
//
// The width is resized first, but since Pillow 13 (its pull request 9549) the height is where it loses more than twice
// as many pixels as the width. Earlier versions, which differ in nothing else, resize the width first always; resizing
// to the new width and then to the new height gives their bytes.

/// A filter of Pillow's, as its function of the distance in input pixels, or output pixels where it shrinks.
enum PillowFilter: Hashable, Sendable {
    case box
    case bilinear
    case hamming
    case bicubic
    case lanczos

    /// The filter reaches from `-radius` to `radius`.
    var radius: Double {
        switch self {
        case .box: 0.5
        case .bilinear, .hamming: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The filter's value, each operation in Pillow's order.
    func weight(at distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .box: return distance > -0.5 && distance <= 0.5 ? 1 : 0
        case .bilinear: return x < 1 ? 1 - x : 0
        case .hamming: return x < 1 ? hammingWindowedSinc(x) : 0
        case .bicubic:
            if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
        case .lanczos: return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0
        }
    }
}

private func sinc(_ x: Double) -> Double {
    if x == 0 { return 1 }
    let angle = x * .pi
    return Elementary.sin(angle) / angle
}

/// The window's two constants have single precision in Pillow, the rest double.
private func hammingWindowedSinc(_ x: Double) -> Double {
    if x == 0 { return 1 }
    let angle = x * .pi
    return Elementary.sin(angle) / angle * (Double(Float(0.54)) + Double(Float(0.46)) * Elementary.cos(angle))
}

/// Sums of 22 fractional bits, which begin with a half so that cutting them off rounds.
private enum PillowSums: ResamplingArithmetic {
    static let fractionBits: Int32 = 22

    static var initial: Int32 { 1 << (fractionBits - 1) }
    @inline(__always) static func widened(_ sample: UInt8) -> Int32 { Int32(sample) }
    @inline(__always) static func stored(_ sum: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: min(max(sum &>> fractionBits, 0), 255))
    }

    /// Rounded half away from zero.
    static func weight(_ value: Double) -> Int32 {
        let scaled = value * Double(1 << fractionBits)
        return Int32(value < 0 ? scaled - 0.5 : scaled + 0.5)
    }
}

/// The taps of `filter` where `inputCount` samples become `outputCount`.
private func pillowTable(_ inputCount: Int, _ outputCount: Int, _ filter: PillowFilter) -> WeightTable<Int32> {
    let step = Double(inputCount) / Double(outputCount)
    let spread = max(step, 1)
    let reach = filter.radius * spread
    let sharpness = 1 / spread
    var table = WeightTable<Int32>()
    for output in 0..<outputCount {
        let centre = (Double(output) + 0.5) * step
        // Cut off, not rounded down: what is below zero becomes zero either way.
        let first = max(Int(centre - reach + 0.5), 0)
        let end = min(Int(centre + reach + 0.5), inputCount)
        let weights = (first..<end).map { filter.weight(at: (Double($0) - centre + 0.5) * sharpness) }
        let sum = weights.reduce(0, +)
        for (source, weight) in zip(first..<end, weights) {
            table.append(source: source, weight: PillowSums.weight(sum == 0 ? weight : weight / sum))
        }
        table.closeOutput()
    }
    return table
}

/// The input position under each output's centre.
///
/// The centre is moved on by additions, as in Pillow's Geometry.c, whose rounding decides where a centre meets the
/// border of two pixels.
private func pillowPicks(_ inputCount: Int, _ outputCount: Int) -> [Int] {
    let step = Double(inputCount) / Double(outputCount)
    var centre = step * 0.5
    return (0..<outputCount).map { _ in
        defer { centre += step }
        return min(Int(centre), inputCount - 1)
    }
}

extension Image {
    func resizedAsPillow(height: Int, width: Int, filter: PillowFilter) -> Image {
        let heightLoss = self.height - height
        if heightLoss > 0 && heightLoss > 2 * (self.width - width) {
            return pillowHeight(height, filter).pillowWidth(width, filter)
        }
        return pillowWidth(width, filter).pillowHeight(height, filter)
    }

    private func pillowWidth(_ width: Int, _ filter: PillowFilter) -> Image {
        guard width != self.width else { return self }
        let samples = resampledHorizontally(
            pixels, width: self.width, channels: channelCount, pillowTable(self.width, width, filter),
            in: PillowSums.self)
        return Image(height: height, width: width, mode: mode, pixels: samples)
    }

    private func pillowHeight(_ height: Int, _ filter: PillowFilter) -> Image {
        guard height != self.height else { return self }
        let samples = resampledVertically(
            pixels, rowLength: rowLength, pillowTable(self.height, height, filter), in: PillowSums.self)
        return Image(height: height, width: width, mode: mode, pixels: samples)
    }

    func pickedAsPillow(height: Int, width: Int) -> Image {
        let columns = pillowPicks(self.width, width)
        var samples: [UInt8] = []
        samples.reserveCapacity(height * width * channelCount)
        for row in pillowPicks(self.height, height) {
            for column in columns {
                let start = row * rowLength + column * channelCount
                samples += pixels[start..<start + channelCount]
            }
        }
        return Image(height: height, width: width, mode: mode, pixels: samples)
    }
}
