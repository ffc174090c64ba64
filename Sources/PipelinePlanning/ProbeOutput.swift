// SPDX-License-Identifier: Apache-2.0

package import ContentStore

/// What a probe printed, byte for byte.
package struct ProbeOutput: Hashable, Sendable, ExpressibleByStringLiteral {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(stringLiteral text: String) {
        bytes = Array(text.utf8)
    }

    /// The text, or where it is none its bytes as hexadecimal digits.
    package var json: JSONValue {
        if let text = String(validating: bytes, as: UTF8.self) { return .text(text) }
        return ["bytes": .text(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())]
    }
}
