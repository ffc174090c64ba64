// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The largest distance from the C library in units of the last place, over 100,000 random arguments.
private func worst(
    seed: UInt64, argument: (inout CounterRandom) -> Double, ours: (Double) -> Double, theirs: (Double) -> Double
) -> Double {
    var random = CounterRandom(seed: seed, purpose: RandomPurpose(rawValue: 1003), sample: 0)
    var worst = 0.0
    for _ in 0..<100_000 {
        let x = argument(&random)
        let reference = theirs(x)
        worst = max(worst, (ours(x) - reference).magnitude / reference.ulp)
    }
    return worst
}

private func anyPositive(_ random: inout CounterRandom) -> Double {
    Double(bitPattern: random.nextUInt64() & 0x7FFF_FFFF_FFFF_FFFF % 0x7FE0_0000_0000_0000 | 1)
}

@Suite struct ElementaryTests {
    @Test func `the logarithm is within an ulp of the C library's`() {
        let ours = { (x: Double) in Elementary.log(x) }, theirs = { (x: Double) in log(x) }
        #expect(worst(seed: 1, argument: anyPositive, ours: ours, theirs: theirs) <= 1)
        #expect(worst(seed: 2, argument: { 0.5 + $0.nextUniform() }, ours: ours, theirs: theirs) <= 1)
        #expect(worst(seed: 3, argument: { $0.nextUniform() + 0x1p-60 }, ours: ours, theirs: theirs) <= 1)
        #expect(Elementary.log(1) == 0 && Elementary.log(0) == -.infinity && Elementary.log(-1).isNaN)
        #expect(Elementary.log(.infinity) == .infinity && Elementary.log(.nan).isNaN)
    }

    /// glibc's own log10 errs by up to 1.6 ulp there, ours by 0.51.
    @Test func `the decimal logarithm is near the C library's and exact at powers of ten`() {
        let ours = { (x: Double) in Elementary.log10(x) }, theirs = { (x: Double) in log10(x) }
        #expect(worst(seed: 4, argument: anyPositive, ours: ours, theirs: theirs) <= 2)
        #expect(worst(seed: 5, argument: { 0.5 + 4 * $0.nextUniform() }, ours: ours, theirs: theirs) <= 2)
        var power = 1.0
        for exponent in 0...22 {
            #expect(Elementary.log10(power) == Double(exponent))
            power *= 10
        }
    }

    @Test func `the exponential is within an ulp of the C library's`() {
        let ours = { (x: Double) in Elementary.exp(x) }, theirs = { (x: Double) in exp(x) }
        #expect(worst(seed: 6, argument: { $0.nextUniform() * 1417 - 708 }, ours: ours, theirs: theirs) <= 1)
        #expect(worst(seed: 7, argument: { $0.nextUniform() * 2 - 1 }, ours: ours, theirs: theirs) <= 1)
        #expect(worst(seed: 8, argument: { -708 - $0.nextUniform() * 36 }, ours: ours, theirs: theirs) <= 2)
        #expect(Elementary.exp(0) == 1 && Elementary.exp(-.infinity) == 0 && Elementary.exp(.infinity) == .infinity)
        #expect(Elementary.exp(710) == .infinity && Elementary.exp(-746) == 0 && Elementary.exp(.nan).isNaN)
    }

    @Test func `powers are within two ulp of the C library's`() {
        for (seed, exponent) in [(UInt64(9), 2.4), (10, 1 / 2.2), (11, -1.5), (12, 3), (13, 0.5), (14, 10)] {
            #expect(
                worst(
                    seed: seed, argument: { $0.nextUniform() * 8 + 0.001 }, ours: { Elementary.pow($0, exponent) },
                    theirs: { pow($0, exponent) }) <= 2)
        }
        #expect(Elementary.pow(2, 10) == 1024 && Elementary.pow(0, 2) == 0 && Elementary.pow(5, 0) == 1)
        #expect(Elementary.pow(0, -1) == .infinity && Elementary.pow(-1, 2).isNaN)
        #expect(Elementary.pow(10, 400) == .infinity && Elementary.pow(10, -400) == 0)
    }

    @Test func `sine and cosine are within an ulp of the C library's`() {
        for (seed, range) in [(UInt64(15), 1.0), (16, 7), (17, 1000), (18, 1_000_000)] {
            let argument = { (random: inout CounterRandom) in (random.nextUniform() * 2 - 1) * range }
            #expect(worst(seed: seed, argument: argument, ours: Elementary.sin, theirs: { sin($0) }) <= 1)
            #expect(worst(seed: seed, argument: argument, ours: Elementary.cos, theirs: { cos($0) }) <= 1)
        }
        #expect(Elementary.sin(0) == 0 && Elementary.cos(0) == 1 && Elementary.sin(.infinity).isNaN)
    }

    @Test func `the cosine of turns is exact at quarters and meets the C library's between`() {
        for quarter in -8...8 {
            let wanted = [1.0, 0, -1, 0][(quarter % 4 + 4) % 4]
            #expect(Elementary.cosine(turns: Double(quarter) / 4) == wanted)
        }
        var random = CounterRandom(seed: 19, purpose: RandomPurpose(rawValue: 1003), sample: 0)
        for _ in 0..<10_000 {
            let turns = random.nextUniform()
            #expect((Elementary.cosine(turns: turns) - cos(2 * Double.pi * turns)).magnitude < 1e-15)
        }
    }
}
