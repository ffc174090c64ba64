// SPDX-License-Identifier: Apache-2.0

/// Writes JSON values as bytes; keys of thousands of actions are made of them, so no text is built on the way.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    /// - Parameter indentation: how deep the value lies, two spaces a level; `nil` writes no space at all.
    mutating func write(_ value: JSONValue, indentation: Int?) {
        switch value {
        case .null: append("null")
        case .boolean(let value): append(value ? "true" : "false")
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let value):
            precondition(value.isFinite, "JSON has no infinities and no NaN")
            bytes.append(contentsOf: value.description.utf8)
        case .text(let value): quote(value)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                beginElement(index, indentation)
                write(element, indentation: indentation.map { $0 + 1 })
            }
            end(with: UInt8(ascii: "]"), isEmpty: elements.isEmpty, indentation)
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { Self.precedes($0.key, $1.key) }).enumerated() {
                beginElement(index, indentation)
                quote(member.key)
                append(indentation == nil ? ":" : ": ")
                write(member.value, indentation: indentation.map { $0 + 1 })
            }
            end(with: UInt8(ascii: "}"), isEmpty: members.isEmpty, indentation)
        }
    }

    private mutating func beginElement(_ index: Int, _ indentation: Int?) {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        if let indentation { beginLine(indentation + 1) }
    }

    private mutating func end(with bracket: UInt8, isEmpty: Bool, _ indentation: Int?) {
        if let indentation, !isEmpty { beginLine(indentation) }
        bytes.append(bracket)
    }

    private mutating func beginLine(_ indentation: Int) {
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * indentation))
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            for (offset, byte) in utf8.enumerated() where Self.isEscaped(byte) {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<offset]))
                escape(byte)
                start = offset + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7f
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x0a: append("\\n")
        case 0x0d: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            bytes.append(Self.digits[Int(byte >> 4)])
            bytes.append(Self.digits[Int(byte & 15)])
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// By the bytes of their UTF-8.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let isBefore = left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { left.lexicographicallyPrecedes($0) }
        }
        return (isBefore ?? nil) ?? left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
