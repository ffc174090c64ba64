// SPDX-License-Identifier: Apache-2.0

package import Imaging

/// An image as a metric sees it: samples on the scale 0...255, rounded or not.
package enum ComparedImage: Hashable, Sendable {
    /// 8-bit, grey or RGB.
    case bytes(Image)
    /// One channel that was not rounded, 0...255.
    case unrounded(Plane)

    package var height: Int {
        switch self {
        case .bytes(let image): image.height
        case .unrounded(let plane): plane.height
        }
    }

    package var width: Int {
        switch self {
        case .bytes(let image): image.width
        case .unrounded(let plane): plane.width
        }
    }

    package var channelCount: Int {
        switch self {
        case .bytes(let image): image.channelCount
        case .unrounded: 1
        }
    }

    /// Samples in all.
    package var sampleCount: Int { height * width * channelCount }

    /// Without `border` pixels on each side; nil where nothing is left.
    package func shaved(_ border: Int) -> ComparedImage? {
        switch self {
        case .bytes(let image): image.shaved(border).map(ComparedImage.bytes)
        case .unrounded(let plane): plane.shaved(border).map(ComparedImage.unrounded)
        }
    }

    /// Whether a metric can compare the two.
    func isOfOneKind(with other: ComparedImage) -> Bool {
        switch (self, other) {
        case (.bytes(let a), .bytes(let b)): a.mode == b.mode && a.height == b.height && a.width == b.width
        case (.unrounded(let a), .unrounded(let b)): a.height == b.height && a.width == b.width
        default: false
        }
    }
}

extension ComparedImage {
    /// The samples of one channel, (height, width).
    func samples(of channel: Int) -> [Double] {
        switch self {
        case .unrounded(let plane): return plane.values
        case .bytes(let image):
            let (step, count) = (image.channelCount, image.height * image.width)
            return [Double](unsafeUninitializedCapacity: count) { samples, initializedCount in
                image.pixels.withUnsafeBufferPointer { pixels in
                    for index in 0..<count { samples[index] = Double(pixels[index * step + channel]) }
                }
                initializedCount = count
            }
        }
    }

    /// The sum of squared differences: exact for bytes, else added in the order of the samples.
    func squaredErrorSum(_ other: ComparedImage) -> Double {
        errorSum(other, bytes: { $0 &* $0 }, unrounded: { $0 * $0 })
    }

    /// The sum of the differences' magnitudes: exact for bytes, else added in the order of the samples.
    func absoluteErrorSum(_ other: ComparedImage) -> Double {
        errorSum(other, bytes: { $0 < 0 ? 0 &- $0 : $0 }, unrounded: { $0.magnitude })
    }

    @inline(__always)
    private func errorSum(
        _ other: ComparedImage, bytes: (Int32) -> Int32, unrounded: (Double) -> Double
    ) -> Double {
        switch (self, other) {
        case (.bytes(let a), .bytes(let b)):
            return Double(exactSum(a.pixels, b.pixels, bytes))
        case (.unrounded(let a), .unrounded(let b)):
            return zip(a.values, b.values).reduce(0) { $0 + unrounded($1.0 - $1.1) }
        default: preconditionFailure("bytes are not compared with unrounded samples")
        }
    }
}

/// The sum of `error(a - b)`, at most 255^2 each, in pieces short enough for 32 bits.
@inline(__always)
private func exactSum(_ a: [UInt8], _ b: [UInt8], _ error: (Int32) -> Int32) -> Int {
    let pieceLength = 32_768
    return a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            var sum = 0
            for start in stride(from: 0, to: a.count, by: pieceLength) {
                var piece: Int32 = 0
                for index in start..<min(start + pieceLength, a.count) {
                    piece = piece &+ error(Int32(a[index]) &- Int32(b[index]))
                }
                sum += Int(piece)
            }
            return sum
        }
    }
}

extension Plane {
    /// Without `border` values on each side; nil where nothing is left.
    func shaved(_ border: Int) -> Plane? {
        guard border > 0 else { return self }
        guard height > 2 * border && width > 2 * border else { return nil }
        let rows = border..<height - border
        return Plane(
            height: rows.count, width: width - 2 * border,
            values: rows.flatMap { values[$0 * width + border..<($0 + 1) * width - border] })
    }
}
