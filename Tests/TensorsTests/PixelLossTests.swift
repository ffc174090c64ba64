// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

private let losses: [PixelLoss] = [.squared, .absolute, .charbonnier(epsilon: 0.01)]

/// The loss of one difference, by its definition.
private func cost(_ loss: PixelLoss, _ difference: Double) -> Double {
    switch loss {
    case .squared: difference * difference
    case .absolute: abs(difference)
    case .charbonnier(let epsilon): (difference * difference + Double(epsilon) * Double(epsilon)).squareRoot()
    }
}

/// The slope of `function` along one of its arguments: a central difference.
private func slope(of function: ([Double]) -> Double, at point: [Double], along argument: Int) -> Double {
    let step = 1e-6
    var (before, after) = (point, point)
    before[argument] -= step
    after[argument] += step
    return (function(after) - function(before)) / (2 * step)
}

/// The differences of one pixel in 16 lanes through a loss: gradients for a scale of 0.5, sums for a weight of 2.
private func lossOfLanes(
    _ level: SIMDLevel, _ loss: PixelLoss, _ differences: [Float]
) -> (gradient: [Float], sums: [Float]) {
    let grid = Grid(.batch, channels: 1, height: 1, width: 1)
    let output = laneMemory(differences + [Float](repeating: 1, count: Grid.lanes - differences.count), grid)
    let labels = FloatMemory(count: grid.count), gradient = FloatMemory(count: grid.count)
    var sums = [Float](repeating: 0, count: Grid.lanes)
    Elementwise.loss(
        level, loss, output: output.pointer, outputGrid: grid, labels: labels.pointer, labelGrid: grid,
        gradient: gradient.pointer, gradientGrid: grid, scales: [Float](repeating: 0.5, count: Grid.lanes),
        weights: [Float](repeating: 2, count: Grid.lanes), sums: &sums)
    return (Array(gradient.buffer.prefix(differences.count)), Array(sums.prefix(differences.count)))
}

@Suite struct PixelLossTests {
    @Test(arguments: SIMDLevel.available)
    func `each loss of a few differences is what paper and pencil say`(level: SIMDLevel) {
        let differences: [Float] = [4, -4, 0, -0.0, 0x1p-149]
        let squared = lossOfLanes(level, .squared, differences)
        #expect(squared.gradient == [2, -2, 0, 0, 0])
        #expect(squared.sums == [32, 32, 0, 0, 0])
        let absolute = lossOfLanes(level, .absolute, differences)
        #expect(bits(absolute.gradient) == bits([0.5, -0.5, 0, 0, 0.5]))
        #expect(absolute.sums == [8, 8, 0, 0, 0x1p-148])
        let charbonnier = lossOfLanes(level, .charbonnier(epsilon: 3), differences)
        #expect(charbonnier.gradient == [0.4, -0.4, 0, 0, 0])
        #expect(charbonnier.sums == [10, 10, 6, 6, 6])
    }

    @Test(arguments: SIMDLevel.available, losses)
    func `a difference that is NaN stays so in gradient and sum, and in no other lane`(
        level: SIMDLevel, loss: PixelLoss
    ) {
        let (gradient, sums) = lossOfLanes(level, loss, [1, .nan, 1])
        #expect(gradient.map(\.isNaN) == [false, true, false])
        #expect(sums.map(\.isNaN) == [false, true, false])
    }

    @Test(arguments: SIMDLevel.available, losses)
    func `a difference that is infinite makes the sum infinite`(level: SIMDLevel, loss: PixelLoss) {
        #expect(lossOfLanes(level, loss, [.infinity, -.infinity]).sums == [.infinity, .infinity])
    }

    @Test(arguments: SIMDLevel.available)
    func `only Charbonnier has no slope where the square of a difference overflows, and its sum tells`(
        level: SIMDLevel
    ) {
        let differences: [Float] = [0x1.fffffep63, 0x1p64, -0x1p64]
        #expect(lossOfLanes(level, .squared, differences).gradient == differences.map { $0 / 2 })
        #expect(lossOfLanes(level, .absolute, differences).gradient == [0.5, 0.5, -0.5])
        let charbonnier = lossOfLanes(level, .charbonnier(epsilon: 1e-3), differences)
        #expect(charbonnier.gradient == [0.5, 0, 0])
        #expect(charbonnier.sums == [0x1.fffffep64, .infinity, .infinity])
    }

    @Test(arguments: SIMDLevel.available, losses)
    func `sums and gradients are those of a naive loss and its finite differences`(level: SIMDLevel, loss: PixelLoss) {
        let (channels, height, width) = (2, 2, 3), pixels = 2 * 2 * 3
        let outputGrid = Grid(.batch, channels: channels, height: height, width: width, margins: Margins(2))
        let labelGrid = Grid(.batch, channels: channels, height: height, width: width)
        let gradientGrid = Grid(.batch, channels: channels, height: height, width: width, margins: Margins(1))
        let y = randomValues(Grid.lanes * pixels, seed: 60), t = randomValues(Grid.lanes * pixels, seed: 61)
        let output = laneMemory(y, outputGrid), labels = laneMemory(t, labelGrid)
        let gradient = FloatMemory(count: gradientGrid.count)
        let weights = (0..<Grid.lanes).map { Float($0 < 13 ? 1 : 0) }
        // Of the squared loss half the slope goes back.
        let scale: Float = loss == .squared ? 0.5 : 1
        var sums = [Float](repeating: 0, count: Grid.lanes)
        Elementwise.loss(
            level, loss, output: output.pointer, outputGrid: outputGrid, labels: labels.pointer, labelGrid: labelGrid,
            gradient: gradient.pointer, gradientGrid: gradientGrid, scales: weights.map { $0 / scale },
            weights: weights, sums: &sums)

        func naive(_ lane: Int) -> ([Double]) -> Double {
            { outputs in
                outputs.indices.reduce(0) { sum, pixel in
                    sum + Double(weights[lane]) * cost(loss, outputs[pixel] - Double(t[lane * pixels + pixel]))
                }
            }
        }
        for lane in 0..<Grid.lanes {
            let outputs = y[lane * pixels..<(lane + 1) * pixels].map(Double.init)
            #expect(abs(Double(sums[lane]) - naive(lane)(outputs)) < 1e-5)
            for (pixel, value) in sample(lane, of: gradient, gradientGrid).enumerated() {
                #expect(abs(Double(value) - slope(of: naive(lane), at: outputs, along: pixel)) < 1e-6)
            }
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `the way back through PReLU is that of finite differences`(level: SIMDLevel) {
        let (channels, plane) = (3, 2 * 3), pixels = 3 * 2 * 3
        let grid = Grid(.batch, channels: channels, height: 2, width: 3, margins: Margins(1))
        // No value lies in the kink.
        let values = randomValues(Grid.lanes * pixels, seed: 62).map { $0 == 0 ? -0.5 : $0 }
        let given = randomValues(Grid.lanes * pixels, seed: 63), slopes: [Float] = [0.25, -0.5, 1.5]
        let valueMemory = laneMemory(values, grid), gradient = laneMemory(given, grid)
        let scratch = FloatMemory(count: 2 * channels * Grid.lanes)
        let biasTotals = FloatMemory(count: channels), slopeTotals = FloatMemory(count: channels)
        slopes.withUnsafeBufferPointer { slopes in
            guard let slopes = slopes.baseAddress else { return }
            Elementwise.activationGradient(
                level, gradient: gradient.pointer, grid: grid,
                values: (UnsafePointer(valueMemory.pointer), grid, slopes), scratch: scratch.pointer,
                biasTotals: biasTotals.pointer, slopeTotals: slopeTotals.pointer)
        }

        /// The outputs, times what comes back to each, of all sums with a bias and a slope a channel added to theirs.
        func naive(_ sums: [Double], biases: [Double], added: [Double]) -> Double {
            sums.indices.reduce(0) { total, place in
                let channel = place % pixels / plane, sum = sums[place] + biases[channel]
                return total + Double(given[place]) * (sum > 0 ? sum : (Double(slopes[channel]) + added[channel]) * sum)
            }
        }
        let sums = values.map(Double.init), none = [Double](repeating: 0, count: channels)
        for lane in 0..<Grid.lanes {
            for (pixel, value) in sample(lane, of: gradient, grid).enumerated() {
                let wanted = slope(
                    of: { naive($0, biases: none, added: none) }, at: sums, along: lane * pixels + pixel)
                #expect(abs(Double(value) - wanted) < 1e-6)
            }
        }
        for channel in 0..<channels {
            let ofBias = slope(of: { naive(sums, biases: $0, added: none) }, at: none, along: channel)
            #expect(abs(Double(biasTotals.pointer[channel]) - ofBias) < 1e-5)
            let ofSlope = slope(of: { naive(sums, biases: none, added: $0) }, at: none, along: channel)
            #expect(abs(Double(slopeTotals.pointer[channel]) - ofSlope) < 1e-5)
        }
    }
}
