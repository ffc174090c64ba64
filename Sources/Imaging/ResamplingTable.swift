// SPDX-License-Identifier: Apache-2.0

/// For each output position of one dimension, the input positions it is made of and their weights.
///
/// The taps of an output are in ascending order of their position before the border rule, and its sum is taken in this
/// order, so every pass has one result.
struct WeightTable<Weight: Hashable & Sendable>: Hashable, Sendable {
    /// The taps of output `i` are `starts[i]..<starts[i + 1]`.
    private(set) var starts = [0]
    /// 0-based input positions, border rule applied.
    private(set) var sources: [Int] = []
    private(set) var weights: [Weight] = []

    var count: Int { starts.count - 1 }

    mutating func append(source: Int, weight: Weight) {
        sources.append(source)
        weights.append(weight)
    }

    /// The table of some of the outputs alone.
    func part(_ outputs: Range<Int>) -> WeightTable {
        let taps = starts[outputs.lowerBound]..<starts[outputs.upperBound]
        return WeightTable(
            starts: starts[outputs.lowerBound...outputs.upperBound].map { $0 - taps.lowerBound },
            sources: Array(sources[taps]), weights: Array(weights[taps]))
    }

    /// The taps appended since the last call are those of the next output.
    mutating func closeOutput() {
        starts.append(sources.count)
    }
}

/// The taps of MATLAB's `imresize` for one dimension.
///
/// Weights that are exactly 0 are left out, which changes no sum.
package struct ResamplingTable: Hashable, Sendable {
    let table: WeightTable<Double>

    /// The taps of output `i` are `starts[i]..<starts[i + 1]`.
    package var starts: [Int] { table.starts }
    /// 0-based input positions, border rule applied.
    package var sources: [Int] { table.sources }
    package var weights: [Double] { table.weights }

    package var count: Int { table.count }

    /// MATLAB's `contributions`: `inputCount` samples become `outputCount` at `scale`, which need not be their
    /// quotient.
    ///
    /// The kernel is one that takes a border.
    package init(
        inputCount: Int, outputCount: Int, scale: Double, kernel: ResamplingKernel, border: ResamplingBorder
    ) {
        guard case .matlab(let cubic) = kernel.method else {
            preconditionFailure("'\(kernel)' has weights in fixed point, not in double precision")
        }
        self.init(inputCount: inputCount, outputCount: outputCount, scale: scale, cubic: cubic, border: border)
    }

    init(inputCount: Int, outputCount: Int, scale: Double, cubic: KeysCubic, border: ResamplingBorder) {
        precondition(inputCount > 0 && outputCount > 0 && scale > 0, "resampling needs positive extents and scale")
        let shrinks = cubic.isAntialiased && scale < 1
        let width = shrinks ? 2 * cubic.radius / scale : 2 * cubic.radius
        let tapCount = Int(width.rounded(.up)) + 2
        var table = WeightTable<Double>()
        for output in 1...outputCount {
            let centre = Double(output) / scale + 0.5 * (1 - 1 / scale)
            let left = (centre - width / 2).rounded(.down)
            let taps = (0..<tapCount).map { tap -> (source: Int, weight: Double) in
                let position = left + Double(tap)
                let distance = centre - position
                let weight = shrinks ? scale * cubic.weight(at: scale * distance) : cubic.weight(at: distance)
                return (border.source(of: Int(position) - 1, count: inputCount), weight)
            }
            let sum = taps.reduce(0) { $0 + $1.weight }
            for tap in taps where tap.weight != 0 {
                table.append(source: tap.source, weight: tap.weight / sum)
            }
            table.closeOutput()
        }
        self.table = table
    }
}
