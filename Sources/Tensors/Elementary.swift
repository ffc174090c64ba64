// SPDX-License-Identifier: Apache-2.0
//
// Logarithm, exponential, powers, sine and cosine from +, -, *, / and fma alone. The C library's own differ between
// versions and processors, and a result that reaches an artifact must not. The coefficients are those of the Taylor
// series; the ranges are reduced far enough that the series end below half a unit in the last place.

/// Elementary functions of `Double` with the same bits on every machine.
package enum Elementary {
    /// The natural logarithm, within 1 ulp; -infinity at 0, NaN below.
    package static func log(_ x: Double) -> Double {
        guard x > 0, x < .infinity else { return logOfSpecial(x) }
        let value = logPair(x)
        return value.high + value.low
    }

    /// The decimal logarithm, within 1 ulp; -infinity at 0, NaN below.
    ///
    /// Exact at powers of ten up to 10^22.
    package static func log10(_ x: Double) -> Double {
        guard x > 0, x < .infinity else { return logOfSpecial(x) }
        let value = logPair(x)
        let product = Pair(product: value.high, oneOverLog10.high)
        return product.high + (product.low + (value.high * oneOverLog10.low + value.low * oneOverLog10.high))
    }

    /// e to the power of `x`, within 1 ulp; subnormal results within 2.
    package static func exp(_ x: Double) -> Double {
        exp(Pair(high: x, low: 0))
    }

    /// `x` to the power of `y` for `x` at least 0 (NaN below): within 2 ulp while |y log x| stays under 30, a few more
    /// beyond.
    ///
    /// 1 when `y` is 0.
    package static func pow(_ x: Double, _ y: Double) -> Double {
        if y == 0 || x == 1 { return 1 }
        if x.isNaN || y.isNaN || x < 0 { return .nan }
        if x == 0 { return y > 0 ? 0 : .infinity }
        if x == .infinity { return y > 0 ? .infinity : 0 }
        if y.isInfinite { return (x > 1) == (y > 0) ? .infinity : 0 }
        let logarithm = logPair(x)
        let product = Pair(product: logarithm.high, y)
        guard product.high.isFinite else { return product.high > 0 ? .infinity : 0 }
        return exp(Pair(sum: product.high, product.low + logarithm.low * y))
    }

    /// The sine of `x` radians for |x| up to 2^20, within 1 ulp near the axis's zeros too.
    package static func sin(_ x: Double) -> Double {
        let (quadrant, angle) = reduced(x)
        switch quadrant {
        case 0: return sinePolynomial(angle)
        case 1: return cosinePolynomial(angle)
        case 2: return -sinePolynomial(angle)
        default: return -cosinePolynomial(angle)
        }
    }

    /// The cosine of `x` radians for |x| up to 2^20, within 1 ulp.
    package static func cos(_ x: Double) -> Double {
        let (quadrant, angle) = reduced(x)
        switch quadrant {
        case 0: return cosinePolynomial(angle)
        case 1: return -sinePolynomial(angle)
        case 2: return -cosinePolynomial(angle)
        default: return sinePolynomial(angle)
        }
    }

    /// The cosine of `turns` full turns, for any magnitude below 2^50; 1 at whole turns, exactly 0 at odd quarters.
    package static func cosine(turns: Double) -> Double {
        let quarters = (turns * 4).rounded(.toNearestOrEven)
        let rest = turns - quarters * 0.25
        let high = rest * (4 * halfPi.0)
        let low = (-high).addingProduct(rest, 4 * halfPi.0).addingProduct(rest, 4 * halfPi.1)
        let angle = Pair(high: high, low: low)
        switch Int(quarters) & 3 {
        case 0: return cosinePolynomial(angle)
        case 1: return 0 - sinePolynomial(angle)
        case 2: return -cosinePolynomial(angle)
        default: return sinePolynomial(angle)
        }
    }

    // MARK: Double-double pieces

    /// A sum of two doubles whose second is below half an ulp of the first.
    private struct Pair {
        var high, low: Double

        init(high: Double, low: Double) {
            self.high = high
            self.low = low
        }

        /// a + b exactly, for |a| at least |b|.
        init(sum a: Double, _ b: Double) {
            high = a + b
            low = b - (high - a)
        }

        /// a * b exactly.
        init(product a: Double, _ b: Double) {
            high = a * b
            low = (-high).addingProduct(a, b)
        }
    }

    /// The first 32 bits of log 2, so that its multiples by exponents are exact, and the rest.
    private static let log2Head = (0x1.62e42fep-1, 0x1.f473de6af278fp-30)
    private static let oneOverLog10 = Pair(high: 0x1.bcb7b1526e50ep-2, low: 0x1.95355baaafad3p-57)
    /// Half pi in three parts, each adding 53 bits.
    private static let halfPi = (0x1.921fb54442d18p0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110)

    private static func logOfSpecial(_ x: Double) -> Double {
        x == 0 ? -.infinity : x < 0 ? .nan : x
    }

    /// log x for finite x above 0, to about 2^-63 of the larger of 1 and |log x|.
    ///
    /// With x = m 2^e, m within a factor of the square root of 2 of 1, and s = (m - 1) / (m + 1): log m = 2 (s + s^3 /
    /// 3 + s^5 / 5 + ...).
    private static func logPair(_ x: Double) -> Pair {
        var exponent = Double(x.exponent)
        var m = x.significand
        if m > 1.4142135623730951 {
            m *= 0.5
            exponent += 1
        }
        let f = m - 1
        let denominator = Pair(sum: 2, f)
        let s = f / denominator.high
        let remainder = f.addingProduct(-s, denominator.high).addingProduct(-s, denominator.low)
        let sLow = remainder / denominator.high
        let z = s * s
        var series = 1.0 / 25
        for odd in stride(from: 23.0, through: 5, by: -2) { series = (1 / odd).addingProduct(series, z) }
        // s^3 / 3 is kept to twice the precision, the rest is small enough without.
        let square = Pair(product: s, s)
        let cube = Pair(product: square.high, s)
        let cubeLow = cube.low + square.low * s + 3 * square.high * sLow
        let third = cube.high / 3
        let thirdLow = (cube.high.addingProduct(-third, 3) + cubeLow) / 3
        let tail = 2 * (sLow + thirdLow + (z * cube.high) * series)
        let partial = Pair(sum: 2 * s, 2 * third)
        if exponent == 0 { return Pair(sum: partial.high, partial.low + tail) }
        let whole = Pair(sum: exponent * log2Head.0, partial.high)
        return Pair(sum: whole.high, whole.low + (partial.low + tail + exponent * log2Head.1))
    }

    private static func exp(_ x: Pair) -> Double {
        if x.high.isNaN { return .nan }
        if x.high > 709.79 { return .infinity }
        if x.high < -745.2 { return 0 }
        let k = (x.high * 0x1.71547652b82fep0).rounded(.toNearestOrEven)
        let high = x.high.addingProduct(-k, log2Head.0)
        let r = Pair(sum: high, x.low - k * log2Head.1)
        // e^r = 1 + r + r^2 / 2 + ... + r^14 / 14!, with the low part of r as a first-order correction.
        var series = 1 / 87_178_291_200.0
        for divisor in [
            6_227_020_800.0, 479_001_600, 39_916_800, 3_628_800, 362_880, 40_320, 5_040, 720, 120, 24, 6, 2,
        ] {
            series = (1 / divisor).addingProduct(series, r.high)
        }
        let square = r.high * r.high
        let lead = Pair(sum: 1, r.high)
        let value = lead.high + (lead.low + (square * series + (r.low + r.low * r.high)))
        return scaled(value, by: Int(k))
    }

    /// value * 2^exponent with one rounding; value within a factor of 2 of 1.
    private static func scaled(_ value: Double, by exponent: Int) -> Double {
        if exponent > 1023 { return value * 0x1p1023 * Double(sign: .plus, exponent: exponent - 1023, significand: 1) }
        if exponent >= -1021 { return value * Double(sign: .plus, exponent: exponent, significand: 1) }
        return value * Double(sign: .plus, exponent: exponent + 100, significand: 1) * 0x1p-100
    }

    /// The quadrant 0...3 of an angle, and what is left within a quarter pi of its middle.
    private static func reduced(_ x: Double) -> (quadrant: Int, angle: Pair) {
        guard x.isFinite else { return (0, Pair(high: .nan, low: 0)) }
        precondition(x.magnitude <= 0x1p20, "sine and cosine are for angles up to 2^20 radians, not \(x)")
        let k = (x * 0x1.45f306dc9c883p-1).rounded(.toNearestOrEven)
        // x - k halfPi.0 is exact in a pair; the smaller parts are then taken off.
        let product = Pair(product: k, halfPi.0)
        let difference = x - product.high
        let small = Pair(product: k, halfPi.1)
        let first = twoSum(difference, -product.low)
        let second = twoSum(first.high, -small.high)
        let low = first.low + second.low - small.low - k * halfPi.2
        return (Int(k) & 3, Pair(sum: second.high, low))
    }

    private static func twoSum(_ a: Double, _ b: Double) -> Pair {
        let sum = a + b
        let part = sum - a
        return Pair(high: sum, low: (a - (sum - part)) + (b - part))
    }

    private static func sinePolynomial(_ angle: Pair) -> Double {
        let x = angle.high
        let z = x * x
        var series = -1 / 121_645_100_408_832_000.0
        for divisor in [
            355_687_428_096_000.0, -1_307_674_368_000, 6_227_020_800, -39_916_800, 362_880, -5_040, 120, -6,
        ] {
            series = (1 / divisor).addingProduct(series, z)
        }
        return x + (x * z * series + angle.low * (1 - 0.5 * z))
    }

    private static func cosinePolynomial(_ angle: Pair) -> Double {
        let x = angle.high
        let z = x * x
        var series = 1 / 2_432_902_008_176_640_000.0
        for divisor in [
            -6_402_373_705_728_000.0, 20_922_789_888_000, -87_178_291_200, 479_001_600, -3_628_800, 40_320, -720, 24,
        ] {
            series = (1 / divisor).addingProduct(series, z)
        }
        let half = 0.5 * z
        let lead = 1 - half
        return lead + ((1 - lead - half) + (z * z * series - x * angle.low))
    }
}
