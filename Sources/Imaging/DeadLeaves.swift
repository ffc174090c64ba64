// SPDX-License-Identifier: Apache-2.0

import Tensors

// The dead leaves model: shapes of all sizes fall on one another, and what lies on top is seen. With radii that follow
// a power law there is detail at every scale, and edges, occlusions and textures are distributed much as in
// photographs. Leaves are laid from the top down, so each sample is painted once, by the first leaf that covers it. A
// pixel is the mean of 3x3 samples.
//
// Everything is computed from counter-based random numbers with +, -, *, /, square root and floor in double precision,
// so an image has the same bits everywhere.

extension RandomPurpose {
    /// The leaves of a synthetic image; the sample is the image's index.
    static let deadLeaves = RandomPurpose(rawValue: 64)
}

/// An endless set of synthetic RGB images of one size, each a function of the seed and its index.
package struct DeadLeaves: Hashable, Sendable {
    package let height: Int
    package let width: Int
    package let seed: UInt64

    /// Both extents are at least 1.
    package init(height: Int, width: Int, seed: UInt64) {
        precondition(height > 0 && width > 0, "a synthetic image has at least one pixel, not \(width)x\(height)")
        self.height = height
        self.width = width
        self.seed = seed
    }

    /// The image of mode rgb8 with this index, at least 0.
    package func image(_ index: Int) -> Image {
        precondition(index >= 0, "a synthetic image has an index of at least 0, not \(index)")
        var random = CounterRandom(seed: seed, purpose: .deadLeaves, sample: UInt64(index))
        let palette = Palette(&random)
        let grain = Grain(&random)
        var canvas = Canvas(height: height, width: width)
        // Enough leaves that the ground is seen through a few gaps at most; 828 for 192x192.
        let leafCount = 60 + height * width / 48
        for _ in 0..<leafCount where canvas.uncoveredCount > 0 {
            canvas.lay(Leaf(&random, height: height, width: width, palette: palette), grain: grain)
        }
        canvas.lay(Leaf(ground: &random, height: height, width: width, palette: palette), grain: grain)
        return canvas.image
    }
}

/// Samples, 3x3 a pixel, of which some are covered already.
private struct Canvas {
    static let density = 3

    let rows: Int
    let columns: Int
    private var colours: [Colour]
    private var isCovered: [Bool]
    private(set) var uncoveredCount: Int

    init(height: Int, width: Int) {
        rows = height * Canvas.density
        columns = width * Canvas.density
        uncoveredCount = rows * columns
        colours = [Colour](repeating: .zero, count: rows * columns)
        isCovered = [Bool](repeating: false, count: rows * columns)
    }

    /// Paints the samples that the leaf covers and no earlier leaf does.
    mutating func lay(_ leaf: Leaf, grain: Grain) {
        let density = Double(Canvas.density)
        let top = max(Int(((leaf.y - leaf.reach) * density).rounded(.down)), 0)
        let bottom = min(Int(((leaf.y + leaf.reach) * density).rounded(.down)) + 1, rows)
        let left = max(Int(((leaf.x - leaf.reach) * density).rounded(.down)), 0)
        let right = min(Int(((leaf.x + leaf.reach) * density).rounded(.down)) + 1, columns)
        guard top < bottom && left < right else { return }
        for row in top..<bottom {
            let dy = (Double(row) + 0.5) / density - leaf.y
            for column in left..<right where !isCovered[row * columns + column] {
                let dx = (Double(column) + 0.5) / density - leaf.x
                let u = dx * leaf.cosine + dy * leaf.sine
                let v = dy * leaf.cosine - dx * leaf.sine
                guard leaf.outline.contains(u / leaf.radius, v / leaf.radius) else { continue }
                isCovered[row * columns + column] = true
                uncoveredCount -= 1
                colours[row * columns + column] = leaf.colour(u, v, grain: grain)
            }
        }
    }

    /// The mean of each pixel's samples.
    var image: Image {
        let density = Canvas.density
        let sampleCount = Double(density * density)
        var image = Image(height: rows / density, width: columns / density, mode: .rgb8, repeating: 0)
        for row in 0..<image.height {
            for column in 0..<image.width {
                var sum = Colour.zero
                for down in 0..<density {
                    let start = (row * density + down) * columns + column * density
                    for across in 0..<density { sum += colours[start + across] }
                }
                for channel in 0..<3 {
                    image[row, column, channel] = UInt8(nearest: sum[channel] / sampleCount)
                }
            }
        }
        return image
    }
}
