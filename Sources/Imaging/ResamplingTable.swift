// SPDX-License-Identifier: Apache-2.0

/// For each output position of one dimension, the input positions it is made of and their weights.
///
/// The taps of an output are in ascending order of their position before the border rule, and its sum is taken in this
/// order from 0, so every pass has one result. Weights that are exactly 0 are left out, which changes no sum.
package struct ResamplingTable: Hashable, Sendable {
    /// The taps of output `i` are `starts[i]..<starts[i + 1]`.
    package let starts: [Int]
    /// 0-based input positions, border rule applied.
    package let sources: [Int]
    package let weights: [Double]

    package var count: Int { starts.count - 1 }

    /// MATLAB's `contributions`: `inputCount` samples become `outputCount` at `scale`, which need not be their
    /// quotient.
    package init(
        inputCount: Int, outputCount: Int, scale: Double, kernel: ResamplingKernel, border: ResamplingBorder
    ) {
        precondition(inputCount > 0 && outputCount > 0 && scale > 0, "resampling needs positive extents and scale")
        let shrinks = kernel.isAntialiased && scale < 1
        let width = shrinks ? 2 * kernel.radius / scale : 2 * kernel.radius
        let tapCount = Int(width.rounded(.up)) + 2
        var starts = [0]
        var sources: [Int] = []
        var weights: [Double] = []
        for output in 1...outputCount {
            let centre = Double(output) / scale + 0.5 * (1 - 1 / scale)
            let left = (centre - width / 2).rounded(.down)
            let taps = (0..<tapCount).map { tap -> (source: Int, weight: Double) in
                let position = left + Double(tap)
                let distance = centre - position
                let weight = shrinks ? scale * kernel.weight(at: scale * distance) : kernel.weight(at: distance)
                return (border.source(of: Int(position) - 1, count: inputCount), weight)
            }
            let sum = taps.reduce(0) { $0 + $1.weight }
            for tap in taps where tap.weight != 0 {
                sources.append(tap.source)
                weights.append(tap.weight / sum)
            }
            starts.append(sources.count)
        }
        self.starts = starts
        self.sources = sources
        self.weights = weights
    }
}
