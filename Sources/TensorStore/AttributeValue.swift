// SPDX-License-Identifier: Apache-2.0

/// What an attribute says; on disk a UTF-8 string, an int64 or a float64, alone or as a list.
package enum AttributeValue: Hashable, Sendable {
    case text(String)
    case integer(Int)
    case number(Double)
    case texts([String])
    case integers([Int])
    case numbers([Double])
}

extension AttributeValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    package init(stringLiteral value: String) {
        self = .text(value)
    }

    package init(integerLiteral value: Int) {
        self = .integer(value)
    }

    package init(floatLiteral value: Double) {
        self = .number(value)
    }
}

/// A named fact about a file, a group or a dataset, such as `scale` = 3.
package struct Attribute: Hashable, Sendable {
    package let name: String
    package let value: AttributeValue

    package init(name: String, value: AttributeValue) {
        self.name = name
        self.value = value
    }
}
