// SPDX-License-Identifier: Apache-2.0

import CKernels
import Tensors
import Testing

/// The table of a level, straight from C.
func kernels(_ level: SIMDLevel) throws -> reprise_kernels {
    let code: reprise_level =
        switch level {
        case .baseline: REPRISE_BASELINE
        case .avx2: REPRISE_AVX2
        case .avx512: REPRISE_AVX512
        case .neon: REPRISE_NEON
        }
    return try #require(reprise_kernels_of(code)).pointee
}

@Suite struct KernelTests {
    @Test func `baseline is always there and the best level is the last`() {
        #expect(SIMDLevel.available.contains(.baseline))
        #expect(SIMDLevel.available.last == SIMDLevel.best)
    }

    @Test func `a level is found by its name and refused with a sentence`() throws {
        #expect(try SIMDLevel.named("baseline") == .baseline)
        #expect(throws: SIMDLevelError.unknown(name: "sse9")) { () throws in _ = try SIMDLevel.named("sse9") }
        #expect(
            SIMDLevelError.unknown(name: "sse9").description
                == "REPRISE_SIMD names 'sse9', which is none of baseline, avx2, avx512, neon")
        for level in SIMDLevel.allCases where !SIMDLevel.available.contains(level) {
            #expect(throws: SIMDLevelError.unavailable(level)) { () throws in
                _ = try SIMDLevel.named(level.rawValue)
            }
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `a fused multiply-add rounds once, also near ties, zeros, subnormals and overflow`(level: SIMDLevel) throws {
        let table = try kernels(level)
        let special: [Float] = [
            0, -0.0, 1, -1, 0x1.000002p0, 0x1.fffffep-1, 0x1p-149, -0x1p-149, 0x1.fffff8p-127, 0x1p-126, 0x1.fffffep127,
            -0x1.fffffep127, 0x1p-75, 0x1p-100, 0x1.000002p-24, 3, 0x1p24, 0x1.000002p100, .infinity, -.infinity,
        ]
        var (a, b, c): ([Float], [Float], [Float]) = ([], [], [])
        for x in special { for y in special { for z in special { (a, b, c) = (a + [x], b + [y], c + [z]) } } }
        var random = CounterRandom(seed: 5, purpose: RandomPurpose(rawValue: 1001), sample: 0)
        for _ in 0..<200_000 {
            a.append(Float(bitPattern: random.nextUInt32() & 0x9FFF_FFFF | 0x2000_0000))
            b.append(Float(bitPattern: random.nextUInt32() & 0x9FFF_FFFF | 0x2000_0000))
            let product = a[a.count - 1] * b[b.count - 1]
            // Near the negative product, so that much cancels; or far from it, so that ties arise.
            switch random.next(below: 3) {
            case 0: c.append(-product)
            case 1: c.append(product * Float(sign: .plus, exponent: random.next(below: 60) - 30, significand: 1))
            default: c.append(Float(bitPattern: random.nextUInt32() & 0xBFFF_FFFF))
            }
        }
        while a.count % 16 != 0 { (a, b, c) = (a + [1], b + [1], c + [1]) }
        var result = [Float](repeating: 0, count: a.count)
        table.fused(a, b, c, &result, a.count)
        var wrong = 0
        for place in a.indices {
            let wanted = reprise_reference_fused(a[place], b[place], c[place])
            if wanted.isNaN ? !result[place].isNaN : wanted.bitPattern != result[place].bitPattern { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test(arguments: SIMDLevel.available)
    func `lanes are added by halves`(level: SIMDLevel) throws {
        let lanes = randomValues(16 * 5, seed: 77)
        var totals = [Float](repeating: 0, count: 5)
        try kernels(level).lane_totals(lanes, 5, &totals)
        for item in 0..<5 {
            var sums = Array(lanes[item * 16..<(item + 1) * 16])
            while sums.count > 1 { sums = (0..<sums.count / 2).map { sums[$0] + sums[$0 + sums.count / 2] } }
            #expect(totals[item].bitPattern == sums[0].bitPattern)
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `the way back through PReLU has the bits of a scalar loop`(level: SIMDLevel) {
        let valuesGrid = Grid(.batch, channels: 3, height: 2, width: 5, margins: Margins(1))
        let grid = Grid(.batch, channels: 3, height: 2, width: 5, margins: Margins(2))
        let v = randomValues(16 * 30, seed: 3), d = randomValues(16 * 30, seed: 4)
        let values = laneMemory(v, valuesGrid), gradient = laneMemory(d, grid)
        let slopes = FloatMemory(count: 3)
        for (channel, slope) in [Float(0.25), -0.5, 1.5].enumerated() { slopes.pointer[channel] = slope }
        let scratch = FloatMemory(count: 2 * 3 * 16), biases = FloatMemory(count: 3),
            slopeTotals = FloatMemory(count: 3)
        Elementwise.activationGradient(
            level, gradient: gradient.pointer, grid: grid,
            values: (UnsafePointer(values.pointer), valuesGrid, UnsafePointer(slopes.pointer)),
            scratch: scratch.pointer, biasTotals: biases.pointer, slopeTotals: slopeTotals.pointer)
        for channel in 0..<3 {
            var biasLanes = [Float](repeating: 0, count: 16), slopeLanes = biasLanes
            for lane in 0..<16 {
                let result = sample(lane, of: gradient, grid)
                for pixel in channel * 10..<channel * 10 + 10 {
                    let (value, slope) = (v[lane * 30 + pixel], d[lane * 30 + pixel])
                    let wanted = value > 0 ? slope : slope * slopes.pointer[channel]
                    slopeLanes[lane] = reprise_reference_fused(slope, value > 0 ? 0 : value, slopeLanes[lane])
                    biasLanes[lane] += wanted
                    #expect(result[pixel].bitPattern == wanted.bitPattern)
                }
            }
            func total(_ lanes: [Float]) -> Float {
                lanes.count == 1
                    ? lanes[0] : total((0..<lanes.count / 2).map { lanes[$0] + lanes[$0 + lanes.count / 2] })
            }
            #expect(biases.pointer[channel].bitPattern == total(biasLanes).bitPattern)
            #expect(slopeTotals.pointer[channel].bitPattern == total(slopeLanes).bitPattern)
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `the squared loss has the bits of a scalar loop and leaves absent samples out`(level: SIMDLevel) {
        let grid = Grid(.batch, channels: 2, height: 3, width: 3)
        let y = randomValues(16 * 18, seed: 8), t = randomValues(16 * 18, seed: 9)
        let output = laneMemory(y, grid), labels = laneMemory(t, grid), gradient = FloatMemory(count: grid.count)
        let weights = (0..<16).map { Float($0 < 11 ? 1 : 0) }
        let sums = FloatMemory(count: 16)
        Elementwise.loss(
            level, .squared, output: output.pointer, outputGrid: grid, labels: labels.pointer, labelGrid: grid,
            gradient: gradient.pointer, gradientGrid: grid, scales: weights.map { $0 * 0.125 }, weights: weights,
            sums: sums.pointer)
        for lane in 0..<16 {
            var sum: Float = 0
            let result = sample(lane, of: gradient, grid)
            for pixel in 0..<18 {
                let difference = y[lane * 18 + pixel] - t[lane * 18 + pixel]
                sum = reprise_reference_fused(weights[lane] * difference, difference, sum)
                #expect(result[pixel] == weights[lane] * 0.125 * difference)
            }
            #expect(sums.pointer[lane].bitPattern == sum.bitPattern)
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `Adam has the bits of its formula`(level: SIMDLevel) {
        let count = 37
        let start = randomValues(count, seed: 20), g = randomValues(count, seed: 21)
        let first = randomValues(count, seed: 22), second = randomValues(count, seed: 23).map(\.magnitude)
        let rates = randomValues(count, seed: 24)
        var (p, m, v) = (start, first, second)
        Elementwise.adam(
            level, parameters: &p, gradients: g, firstMoments: &m, secondMoments: &v, rates: rates, count: count,
            beta1: 0.9, beta2: 0.999, corrections: (0.271, 0.002997001), epsilon: 1e-8)
        for i in 0..<count {
            let moment = Float(0.9) * first[i] + Float(1 - 0.9) * g[i]
            let square = Float(0.999) * second[i] + Float(1 - 0.999) * (g[i] * g[i])
            let denominator = (square / Float(0.002997001)).squareRoot() + Float(1e-8)
            let wanted = start[i] - rates[i] * ((moment / Float(0.271)) / denominator)
            #expect(m[i].bitPattern == moment.bitPattern && v[i].bitPattern == square.bitPattern)
            #expect(p[i].bitPattern == wanted.bitPattern)
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `momentum has the bits of its formula`(level: SIMDLevel) {
        let count = 21
        let start = randomValues(count, seed: 30), g = randomValues(count, seed: 31)
        let before = randomValues(count, seed: 32), rates = randomValues(count, seed: 33)
        var (p, v) = (start, before)
        Elementwise.momentum(
            level, parameters: &p, gradients: g, velocities: &v, rates: rates, count: count, momentum: 0.9)
        for i in 0..<count {
            let velocity = Float(0.9) * before[i] + rates[i] * g[i]
            #expect(v[i].bitPattern == velocity.bitPattern)
            #expect(p[i].bitPattern == (start[i] - velocity).bitPattern)
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `the look ahead has the bits of its formula`(level: SIMDLevel) {
        let count = 21
        let start = randomValues(count, seed: 40), g = randomValues(count, seed: 41)
        let before = randomValues(count, seed: 42), rates = randomValues(count, seed: 43)
        var (p, v) = (start, before)
        Elementwise.momentum(
            level, parameters: &p, gradients: g, velocities: &v, rates: rates, count: count, momentum: 0.9,
            nesterov: true)
        for i in 0..<count {
            let velocity = Float(0.9) * before[i] + rates[i] * g[i]
            #expect(v[i].bitPattern == velocity.bitPattern)
            #expect(p[i].bitPattern == (start[i] - (Float(0.9) * velocity + rates[i] * g[i])).bitPattern)
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `RMSprop has the bits of its formula`(level: SIMDLevel) {
        let count = 37
        let start = randomValues(count, seed: 50), g = randomValues(count, seed: 51)
        let before = randomValues(count, seed: 52).map(\.magnitude), rates = randomValues(count, seed: 53)
        var (p, v) = (start, before)
        Elementwise.rmsprop(
            level, parameters: &p, gradients: g, squares: &v, rates: rates, count: count, rho: 0.9, epsilon: 1e-7)
        for i in 0..<count {
            let square = Float(0.9) * before[i] + Float(1 - 0.9) * (g[i] * g[i])
            let wanted = start[i] - (rates[i] * g[i]) / (square + Float(1e-7)).squareRoot()
            #expect(v[i].bitPattern == square.bitPattern && p[i].bitPattern == wanted.bitPattern)
        }
    }
}
