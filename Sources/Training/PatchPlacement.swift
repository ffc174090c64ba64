// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// Where on an image patches are cut: the one place that both counting and cutting ask.
///
/// Positions are those of an input's first pixel, in input pixels from 0.
package enum PatchPlacement: Hashable, Sendable {
    /// Every `stride`-th pixel of every `stride`-th row, as far as inputs lie within the image.
    case grid(stride: Int)
    /// `count` places an image, each drawn by itself, all equally likely; one may be drawn twice.
    case random(count: Int, seed: UInt64)

    /// How many patches an image of `height` x `width` HR pixels gives; 0 where none fits.
    package func count(_ geometry: LabelGeometry, height: Int, width: Int) -> Int {
        let rows = places(geometry, height)
        let columns = places(geometry, width)
        switch self {
        case .grid(let stride):
            return (rows + stride - 1) / stride * ((columns + stride - 1) / stride)
        case .random(let count, _):
            return rows > 0 && columns > 0 ? count : 0
        }
    }

    /// The positions on an image of `height` x `width` HR pixels, row by row on a grid, else as drawn.
    ///
    /// - Parameters:
    ///   - purpose, sample: what the random numbers of the image's first patch are drawn for; the next patch has the
    ///     next sample.
    package func positions(
        _ geometry: LabelGeometry, height: Int, width: Int, purpose: RandomPurpose, sample: UInt64
    ) -> [(row: Int, column: Int)] {
        let rows = places(geometry, height)
        let columns = places(geometry, width)
        guard rows > 0, columns > 0 else { return [] }
        switch self {
        case .grid(let stride):
            return Swift.stride(from: 0, to: rows, by: stride).flatMap { row in
                Swift.stride(from: 0, to: columns, by: stride).map { (row, $0) }
            }
        case .random(let count, let seed):
            return (0..<UInt64(count)).map { index in
                var random = CounterRandom(seed: seed, purpose: purpose, sample: sample &+ index)
                let row = random.next(below: rows)
                return (row, random.next(below: columns))
            }
        }
    }

    /// Places of an input along a side of `extent` HR pixels.
    private func places(_ geometry: LabelGeometry, _ extent: Int) -> Int {
        max(0, geometry.inputExtent(extent) - geometry.inputSize + 1)
    }
}
