// SPDX-License-Identifier: Apache-2.0

/// What an unquoted word of a manifest stands for, after YAML 1.2's core schema: `true` and `false`, decimal integers,
/// decimal numbers; anything else is text.
///
/// Words whose meaning differs between YAML's versions are refused where they look like numbers: `010` (eight in
/// YAML 1.1), `0x1F`, `0o17`, `.inf`, `.nan`. `yes`, `no`, `on`, `off` and `1:20` are text.
package enum PlainScalar: Equatable {
    case value(SettingValue)
    /// Looks like a number and cannot be one; why, and what to do about it.
    case refused(reason: String, hint: String)

    package init(_ word: String) {
        switch word {
        case "true", "True", "TRUE": self = .value(.boolean(true))
        case "false", "False", "FALSE": self = .value(.boolean(false))
        default: self = PlainScalar.number(word) ?? .value(.text(word))
        }
    }

    /// Nil where the word does not look like a number.
    private static func number(_ word: String) -> PlainScalar? {
        let characters = Array(word.utf8)
        var rest = characters[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(String(decoding: rest, as: UTF8.self)) {
            return refused(word, "is not finite", "write a finite number, or the text in quotes")
        }
        if isRadixPrefixed(rest) {
            return refused(word, "is not decimal", "write a number in decimal, or the text in quotes")
        }
        guard let shape = shape(of: rest) else { return nil }
        if shape.hasLeadingZero {
            return refused(
                word, "starts with a zero, which some readers take for octal",
                "write the number without it, or the text in quotes")
        }
        return shape.isInteger ? integer(word) : double(word)
    }

    private static func integer(_ word: String) -> PlainScalar {
        Int(word).map { .value(.integer($0)) }
            ?? refused(word, "is too large for an integer", "write the text in quotes if no number is meant")
    }

    private static func double(_ word: String) -> PlainScalar {
        guard let number = Double(word), number.isFinite else {
            return refused(word, "is too large for a number", "write the text in quotes if no number is meant")
        }
        return .value(.number(number == 0 ? 0 : number))
    }

    private static func refused(_ word: String, _ reason: String, _ hint: String) -> PlainScalar {
        .refused(reason: "the number \(quoted(word)) \(reason)", hint: hint)
    }

    private static func isRadixPrefixed(_ digits: ArraySlice<UInt8>) -> Bool {
        guard digits.count > 2, digits.first == UInt8(ascii: "0") else { return false }
        let tail = digits.dropFirst(2)
        switch digits.dropFirst().first {
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            return tail.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20) }
        case UInt8(ascii: "o"): return tail.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
        case UInt8(ascii: "b"): return tail.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") }
        default: return false
        }
    }

    private struct Shape {
        var isInteger: Bool
        var hasLeadingZero: Bool
    }

    /// Digits, then a point with digits on either side of it, then an exponent, each after the first optional.
    private static func shape(of text: ArraySlice<UInt8>) -> Shape? {
        let whole = text.prefix(while: isDigit)
        var rest = text.dropFirst(whole.count)
        var isInteger = true
        var digitCount = whole.count
        if rest.first == UInt8(ascii: ".") {
            isInteger = false
            let fraction = rest.dropFirst().prefix(while: isDigit)
            digitCount += fraction.count
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard digitCount > 0 else { return nil }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            isInteger = false
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard let next = rest.first, isDigit(next) else { return nil }
            rest = rest.drop(while: isDigit)
        }
        guard rest.isEmpty else { return nil }
        return Shape(isInteger: isInteger, hasLeadingZero: whole.count > 1 && whole.first == UInt8(ascii: "0"))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
