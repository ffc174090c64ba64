// SPDX-License-Identifier: Apache-2.0

/// A JSON value with one canonical text: no spaces, members sorted by the bytes of their names.
///
/// Key documents, results and records are such values. Integers and numbers are different types (`3` is an integer,
/// `3.0` a number), so that a setting's type is part of its key.
package enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    /// Always finite.
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByStringInterpolation
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(uniqueKeysWithValues: elements))
    }
}

extension JSONValue {
    /// The member of an object; `nil` for other values and missing members.
    package subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    package var text: String? { if case .text(let value) = self { value } else { nil } }
    package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    package var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    package var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }

    /// The value of a number or an integer.
    package var number: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// The digest that a text of a JSON object holds, for example `value["content"]?.digest`.
    package var digest: Digest? { text.flatMap { Digest(hexadecimal: $0) } }
}

extension JSONValue {
    /// The one text of this value.
    package var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }

    package var canonicalBytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(self, indentation: nil)
        return writer.bytes
    }

    /// The same value for people: two spaces a level, members sorted.
    package var indentedText: String {
        var writer = JSONWriter()
        writer.write(self, indentation: 0)
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }
}
