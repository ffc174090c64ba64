// SPDX-License-Identifier: Apache-2.0

extension Double {
    /// The number with `decimals` digits after the point, halves away from zero, decided on the exact value of the
    /// double: 2.5 gives `3`, 1.005 (which lies just below) gives `1.00`.
    ///
    /// No exponent, `-` only where a digit differs from 0; `nan`, `inf` and `-inf` for what is no number. Independent
    /// of the locale.
    package func formatted(decimals: Int) -> String {
        precondition(decimals >= 0, "a number cannot be printed with \(decimals) decimals")
        guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
        var digits = magnitude.scaledByPowerOfTen(decimals).decimalDigits
        if digits.count <= decimals { digits = String(repeating: "0", count: decimals + 1 - digits.count) + digits }
        let sign = self < 0 && digits.contains { $0 != "0" } ? "-" : ""
        guard decimals > 0 else { return sign + digits }
        return sign + digits.dropLast(decimals) + "." + digits.suffix(decimals)
    }

    /// The nearest natural number to self * 10^exponent, halves up; self is finite and not negative.
    private func scaledByPowerOfTen(_ exponent: Int) -> Natural {
        let isNormal = exponentBitPattern != 0
        let significand = significandBitPattern | (isNormal ? 1 << 52 : 0)
        let binaryExponent = Int(isNormal ? exponentBitPattern : 1) - 1075
        var natural = Natural(significand)
        for _ in 0..<exponent { natural.multiply(by: 10) }
        if binaryExponent >= 0 {
            for _ in 0..<binaryExponent { natural.multiply(by: 2) }
        } else {
            natural.shiftRightRoundingHalfUp(-binaryExponent)
        }
        return natural
    }
}

/// A natural number of any size, least significant word first.
private struct Natural {
    private var words: [UInt32]

    init(_ value: UInt64) {
        words = [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
    }

    mutating func multiply(by factor: UInt32) {
        var carry: UInt64 = 0
        for index in words.indices {
            let product = UInt64(words[index]) * UInt64(factor) + carry
            words[index] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        if carry > 0 { words.append(UInt32(carry)) }
    }

    /// Divides by 2^`count` (at least 1); the highest bit that is lost rounds.
    mutating func shiftRightRoundingHalfUp(_ count: Int) {
        func bit(_ index: Int) -> UInt32 {
            index / 32 < words.count ? (words[index / 32] >> UInt32(index % 32)) & 1 : 0
        }
        let roundsUp = bit(count - 1) == 1
        let length = max(words.count * 32 - count, 0)
        var shifted = [UInt32](repeating: 0, count: length / 32 + 2)
        for index in 0..<length { shifted[index / 32] |= bit(index + count) << UInt32(index % 32) }
        words = shifted
        guard roundsUp else { return }
        for index in words.indices {
            words[index] &+= 1
            if words[index] != 0 { break }
        }
    }

    /// Without leading zeros; `0` for zero.
    var decimalDigits: String {
        var rest = words
        var groups: [UInt32] = []
        while let top = rest.lastIndex(where: { $0 != 0 }) {
            var remainder: UInt64 = 0
            for index in stride(from: top, through: 0, by: -1) {
                let value = remainder << 32 | UInt64(rest[index])
                rest[index] = UInt32(value / 1_000_000_000)
                remainder = value % 1_000_000_000
            }
            groups.append(UInt32(remainder))
        }
        guard let first = groups.popLast() else { return "0" }
        return groups.reversed().reduce(into: String(first)) { text, group in
            let digits = String(group)
            text += String(repeating: "0", count: 9 - digits.count) + digits
        }
    }
}
