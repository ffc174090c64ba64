// SPDX-License-Identifier: Apache-2.0

import CKernels
import Tensors
import Testing

/// What the memories of a case are filled with.
private enum Palette: UInt64, CaseIterable {
    /// From -1 to 1, zeros of both signs among them.
    case ordinary
    /// Finite, of all exponents: zeros, subnormal numbers, and products and sums that overflow.
    case extreme
    /// As ordinary, but one in sixteen is infinite or NaN.
    case unreal

    func values(_ count: Int, seed: UInt64) -> [Float] {
        var random = CounterRandom(seed: seed, purpose: RandomPurpose(rawValue: 1002), sample: rawValue)
        return (0..<count).map { _ in value(&random) }
    }

    private func value(_ random: inout CounterRandom) -> Float {
        let special: [Float] = [
            0, -0.0, 0x1p-149, -0x1p-149, 0x1.fffff8p-127, -0x1p-126, 0x1.fffffep127, -0x1.fffffep127,
        ]
        let unreal: [Float] = [.infinity, -.infinity, .nan]
        let ordinary = Float(random.nextUniform() * 2 - 1)
        switch self {
        case .ordinary: return random.next(below: 8) == 0 ? special[random.next(below: 2)] : ordinary
        case .extreme:
            if random.next(below: 4) == 0 { return special[random.next(below: special.count)] }
            return ordinary * Float(sign: .plus, exponent: random.next(below: 250) - 125, significand: 1)
        case .unreal: return random.next(below: 16) == 0 ? unreal[random.next(below: unreal.count)] : ordinary
        }
    }
}

/// Runs a kernel of the level and its scalar twin on the same memories of these counts and compares all that is in them
/// afterwards, inputs and margins included; NaNs count as one value.
private func check(
    _ level: SIMDLevel, counts: [Int], _ title: @autoclosure () -> String,
    _ call: (reprise_kernels, [UnsafeMutablePointer<Float>]) -> Void
) throws {
    let kernels = try kernels(level), twins = reprise_reference_kernels().pointee
    for palette in Palette.allCases {
        let inputs = counts.enumerated().map { palette.values($1, seed: UInt64($0)) }
        func left(by table: reprise_kernels) -> [[UInt32]] {
            let memories = inputs.map { values in
                let memory = FloatMemory(count: values.count)
                for (place, value) in values.enumerated() { memory.pointer[place] = value }
                return memory
            }
            call(table, memories.map(\.pointer))
            return memories.map { $0.buffer.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern } }
        }
        #expect(firstDifference(left(by: kernels), left(by: twins)) == nil, "\(title()), \(palette)")
    }
}

/// Where two lists of memories differ first, for example `memory 2, place 17`.
private func firstDifference(_ one: [[UInt32]], _ other: [[UInt32]]) -> String? {
    for memory in one.indices {
        for place in one[memory].indices where one[memory][place] != other[memory][place] {
            return "memory \(memory), place \(place)"
        }
    }
    return nil
}

/// All channels, rows and columns of 1...3, 1...3 and 1...5.
private func withEveryShape(_ body: (_ channels: Int, _ rows: Int, _ columns: Int) throws -> Void) rethrows {
    for channels in 1...3 { for rows in 1...3 { for columns in 1...5 { try body(channels, rows, columns) } } }
}

@Suite struct ScalarTwinTests {
    @Test(arguments: SIMDLevel.available)
    func `weighted sums have the bits of their scalar twin`(level: SIMDLevel) throws {
        for outputs in 1...8 {
            try withEveryShape { taps, rows, columns in
                for spread in 1...2 {
                    try checkSums(level, outputs: outputs, taps: 2 * taps, rows: rows, columns: columns, spread: spread)
                }
            }
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `lists of taps that are cut, and rows of many columns, have the bits of their scalar twin`(
        level: SIMDLevel
    ) throws {
        for outputs in 1...7 {
            for taps in [160, 161, 217] {
                try checkSums(level, outputs: outputs, taps: taps, rows: 2, columns: 3, spread: 1)
            }
            for columns in 6...17 {
                try checkSums(level, outputs: outputs, taps: 3, rows: 2, columns: columns, spread: 1)
            }
        }
    }

    /// `spread`: vectors from one column to the next.
    private func checkSums(
        _ level: SIMDLevel, outputs: Int, taps: Int, rows: Int, columns: Int, spread: Int
    ) throws {
        let lanes = Grid.lanes, column = spread * lanes, row = columns * column + 5, channel = rows * row + 3
        let tapOffsets = (0..<taps).map { ($0 * 29) % 64 }, outputOffsets = (0..<outputs).map { $0 * channel }
        let extent = outputs * channel
        let counts = [64 + rows * row + lanes, outputs * taps, outputs, outputs, extent, extent]
        for way in 0..<4 {
            try check(
                level, counts: counts,
                "\(outputs) outputs, \(taps) taps, \(rows)x\(columns), \(spread) apart, way \(way)"
            ) { table, memory in
                tapOffsets.withUnsafeBufferPointer { tapOffsets in
                    outputOffsets.withUnsafeBufferPointer { outputOffsets in
                        var sums = reprise_sums(
                            input: memory[0], tap_offsets: tapOffsets.baseAddress, taps: taps, input_row: row,
                            input_column: column, output: memory[4], output_offsets: outputOffsets.baseAddress,
                            outputs: outputs, output_row: row, output_column: column, rows: rows, columns: columns,
                            weights: memory[1], biases: way == 3 ? nil : UnsafePointer(memory[2]), slopes: memory[3],
                            // Without activation, beside the sums with and without biases, and in their place.
                            activated: way == 0 ? nil : way == 1 ? memory[4] : memory[5])
                        table.weighted_sums(&sums)
                    }
                }
            }
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `products over pixels have the bits of their scalar twin`(level: SIMDLevel) throws {
        for channels in 1...5 {
            for taps in 1...4 {
                try withEveryShape { spread, rows, columns in
                    try checkProducts(
                        level, channels: channels, taps: taps, rows: rows, columns: columns, spread: spread)
                }
            }
        }
    }

    /// `spread`: vectors from one column of the input to the next.
    private func checkProducts(
        _ level: SIMDLevel, channels: Int, taps: Int, rows: Int, columns: Int, spread: Int
    ) throws {
        let lanes = Grid.lanes, column = spread * lanes, row = columns * column + 5
        let denseRow = columns * lanes + 7, denseChannel = rows * denseRow + 2
        let tapOffsets = (0..<taps).map { ($0 * 29) % 64 }
        try check(
            level, counts: [channels * denseChannel, 64 + rows * row + lanes, channels * taps * lanes],
            "\(channels) channels, \(taps) taps, \(rows)x\(columns), \(spread) apart"
        ) { table, memory in
            tapOffsets.withUnsafeBufferPointer { tapOffsets in
                var products = reprise_products(
                    dense: memory[0], channels: channels, dense_channel: denseChannel, dense_row: denseRow,
                    input: memory[1], tap_offsets: tapOffsets.baseAddress, taps: taps, input_row: row,
                    input_column: column, rows: rows, columns: columns, sums: memory[2])
                table.pixel_products(&products)
            }
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `totals of lanes have the bits of their scalar twin`(level: SIMDLevel) throws {
        for count in 0...40 {
            try check(level, counts: [count * Grid.lanes, count], "\(count)") { table, memory in
                table.lane_totals(memory[0], count, memory[1])
            }
        }
    }

    @Test(arguments: SIMDLevel.available, [true, false])
    func `the way back through PReLU and bias has the bits of its scalar twin`(
        level: SIMDLevel, activates: Bool
    ) throws {
        try withEveryShape { channels, rows, columns in
            let grid = Grid(.batch, channels: channels, height: rows, width: columns, margins: Margins(1))
            let valuesGrid = Grid(
                .batch, channels: channels, height: rows, width: columns,
                margins: Margins(top: 0, bottom: 2, left: 2, right: 1))
            let lanes = channels * Grid.lanes
            try check(
                level, counts: [grid.count, valuesGrid.count, channels, lanes, lanes], "\(channels)x\(rows)x\(columns)"
            ) { table, memory in
                var gradient = reprise_activation_gradient(
                    gradient: memory[0] + grid.origin, gradient_channel: grid.channelStride,
                    gradient_row: grid.rowStride,
                    values: activates ? UnsafePointer(memory[1] + valuesGrid.origin) : nil,
                    values_channel: valuesGrid.channelStride, values_row: valuesGrid.rowStride, channels: channels,
                    rows: rows, columns: columns, slopes: memory[2], slope_sums: memory[3], bias_sums: memory[4])
                table.activation_gradient(&gradient)
            }
        }
    }

    @Test(arguments: SIMDLevel.available, [REPRISE_SQUARED, REPRISE_ABSOLUTE, REPRISE_CHARBONNIER])
    func `a loss has the bits of its scalar twin`(level: SIMDLevel, kind: reprise_loss_kind) throws {
        let epsilons: [Float] = kind == REPRISE_CHARBONNIER ? [1e-18, 1e-3, 0.7, 1e18] : [0]
        try withEveryShape { channels, rows, columns in
            let output = Grid(.batch, channels: channels, height: rows, width: columns, margins: Margins(1))
            let labels = Grid(.batch, channels: channels, height: rows, width: columns)
            let gradient = Grid(
                .batch, channels: channels, height: rows, width: columns,
                margins: Margins(top: 2, bottom: 0, left: 0, right: 3))
            for epsilon in epsilons {
                try check(
                    level, counts: [output.count, labels.count, gradient.count, Grid.lanes, Grid.lanes, Grid.lanes],
                    "\(channels)x\(rows)x\(columns), epsilon \(epsilon)"
                ) { table, memory in
                    var loss = reprise_loss(
                        kind: kind, epsilon: epsilon, output: memory[0] + output.origin,
                        output_channel: output.channelStride, output_row: output.rowStride,
                        labels: memory[1] + labels.origin, label_channel: labels.channelStride,
                        label_row: labels.rowStride, gradient: memory[2] + gradient.origin,
                        gradient_channel: gradient.channelStride, gradient_row: gradient.rowStride,
                        channels: channels, rows: rows, columns: columns, scales: memory[3], weights: memory[4],
                        sums: memory[5])
                    table.loss(&loss)
                }
            }
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `Adam has the bits of its scalar twin`(level: SIMDLevel) throws {
        for count in 0...40 {
            try check(level, counts: [count, count, count, count, count], "\(count)") { table, memory in
                // Squares are summed in the second moments: most are not negative.
                for place in 0..<count where place % 8 > 0 { memory[3][place] = memory[3][place].magnitude }
                var step = reprise_adam(
                    parameters: memory[0], gradients: memory[1], first_moments: memory[2], second_moments: memory[3],
                    rates: memory[4], count: count, beta1: 0.9, beta2: 0.999, one_minus_beta1: 0.1,
                    one_minus_beta2: 0.001, correction1: 0.271, correction2: 0.002997001, epsilon: 1e-8)
                table.adam(&step)
            }
        }
    }

    @Test(arguments: SIMDLevel.available, [false, true])
    func `momentum has the bits of its scalar twin`(level: SIMDLevel, nesterov: Bool) throws {
        for count in 0...40 {
            try check(level, counts: [count, count, count, count], "\(count)") { table, memory in
                var step = reprise_momentum(
                    parameters: memory[0], gradients: memory[1], velocities: memory[2], rates: memory[3], count: count,
                    momentum: 0.9, nesterov: nesterov)
                table.momentum(&step)
            }
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `RMSprop has the bits of its scalar twin`(level: SIMDLevel) throws {
        for count in 0...40 {
            try check(level, counts: [count, count, count, count], "\(count)") { table, memory in
                for place in 0..<count where place % 8 > 0 { memory[2][place] = memory[2][place].magnitude }
                var step = reprise_rmsprop(
                    parameters: memory[0], gradients: memory[1], squares: memory[2], rates: memory[3], count: count,
                    rho: 0.9, one_minus_rho: 0.1, epsilon: 1e-7)
                table.rmsprop(&step)
            }
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `fused multiply-adds have the bits of their scalar twin`(level: SIMDLevel) throws {
        for vectors in 0...40 {
            let count = vectors * Grid.lanes
            try check(level, counts: [count, count, count, count], "\(count)") { table, memory in
                table.fused(memory[0], memory[1], memory[2], memory[3], count)
            }
        }
    }
}
