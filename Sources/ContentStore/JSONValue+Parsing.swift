// SPDX-License-Identifier: Apache-2.0

/// Bytes that are not a JSON value as Reprise writes them.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted in bytes from 0.
    package let offset: Int
    package let reason: String

    package var description: String { "not valid JSON at byte \(offset): \(reason)" }
}

extension JSONValue {
    /// Far more than an honest document holds: the key of a stage with a hundred thousand files of code has a tenth.
    package static let usualValueLimit = 1 << 22

    /// Reads one JSON value that fills `bytes`, refusing repeated members, nesting beyond 128 levels and more values
    /// than `valueLimit`.
    ///
    /// A value takes up to a hundred bytes of memory beside its text, however few bytes it has there (`[`).
    package init(parsing bytes: [UInt8], valueLimit: Int = usualValueLimit) throws(JSONError) {
        var parser = JSONParser(bytes: bytes, valueLimit: valueLimit)
        self = try parser.document()
    }
}

/// A recursive-descent reader over bytes it does not trust.
private struct JSONParser {
    let bytes: [UInt8]
    var offset = 0
    static let depthLimit = 128
    /// How many values may still come.
    private var valuesLeft: Int

    init(bytes: [UInt8], valueLimit: Int) {
        self.bytes = bytes
        valuesLeft = valueLimit
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let result = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw error("text after the value") }
        return result
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < Self.depthLimit else { throw error("nested too deeply") }
        guard valuesLeft > 0 else { throw error("it holds too many values") }
        valuesLeft -= 1
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        offset += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if accept(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw error("a member's name was expected") }
            let name = try string()
            skipSpace()
            guard accept(UInt8(ascii: ":")) else { throw error("':' was expected") }
            guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
                throw error("the member '\(name)' stands twice")
            }
            skipSpace()
        } while accept(UInt8(ascii: ","))
        guard accept(UInt8(ascii: "}")) else { throw error("'}' was expected") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        offset += 1
        var elements: [JSONValue] = []
        skipSpace()
        if accept(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while accept(UInt8(ascii: ","))
        guard accept(UInt8(ascii: "]")) else { throw error("']' was expected") }
        return .array(elements)
    }

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        let start = offset
        while offset < bytes.count, Self.isPlain(bytes[offset]) { offset += 1 }
        var content = Array(bytes[start..<offset])
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw error("invalid UTF-8") }
                return text
            case UInt8(ascii: "\\"): content.append(contentsOf: try escape())
            case 0..<0x20: throw error("a control character in a text")
            default: content.append(byte)
            }
        }
        throw error("the text does not end")
    }

    /// Whether a text holds the byte as it stands here.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard let byte = peek else { throw error("the text does not end") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "u"): return Array(String(try escapedScalar()).utf8)
        default: throw error("an unknown escape")
        }
    }

    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try escapedUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xd800..<0xdc00).contains(first), accept(UInt8(ascii: "\\")), accept(UInt8(ascii: "u")) else {
            throw error("half of a surrogate pair")
        }
        let second = try escapedUnit()
        guard (0xdc00..<0xe000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xd800) << 10 + UInt32(second) - 0xdc00)
        else { throw error("half of a surrogate pair") }
        return scalar
    }

    private mutating func escapedUnit() throws(JSONError) -> UInt16 {
        guard offset + 4 <= bytes.count,
            bytes[offset..<offset + 4].allSatisfy({ $0 < 0x80 && Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16)
        else { throw error("four hexadecimal digits were expected") }
        offset += 4
        return unit
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = offset
        while let byte = peek, Self.isOfNumber(byte) { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard let first = text.utf8.first, first == UInt8(ascii: "-") || Self.digits.contains(first) else {
            throw JSONError(offset: start, reason: "a value was expected")
        }
        guard Self.isNumber(text.utf8[...]) else { throw JSONError(offset: start, reason: "not a number") }
        if let integer = Int(text) { return .integer(integer) }
        guard !text.utf8.allSatisfy({ Self.digits.contains($0) || $0 == UInt8(ascii: "-") }),
            let number = Double(text), number.isFinite
        else { throw JSONError(offset: start, reason: "not a number") }
        return .number(number)
    }

    /// Whether the text is a number by RFC 8259: no leading zeros, digits on both sides of the point.
    private static func isNumber(_ text: Substring.UTF8View) -> Bool {
        func isDigits(_ part: Substring.UTF8View) -> Bool { !part.isEmpty && part.allSatisfy(digits.contains) }
        let unsigned = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        let parts = unsigned.split(
            maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: { $0 | 0x20 == UInt8(ascii: "e") })
        if parts.count == 2 {
            let exponent = parts[1].first.map(signs.contains) == true ? parts[1].dropFirst() : parts[1]
            guard isDigits(exponent) else { return false }
        }
        let mantissa = parts[0].split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let whole = mantissa[0]
        return mantissa.allSatisfy(isDigits) && (whole.count == 1 || whole.first != UInt8(ascii: "0"))
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    private static let signs: [UInt8] = [UInt8(ascii: "+"), UInt8(ascii: "-")]

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        guard bytes[offset...].starts(with: text.utf8) else { throw error("a value was expected") }
        offset += text.utf8.count
        return value
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func accept(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private func error(_ reason: String) -> JSONError { JSONError(offset: offset, reason: reason) }
}
