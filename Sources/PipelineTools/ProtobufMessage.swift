// SPDX-License-Identifier: Apache-2.0

/// A message of Protocol Buffers: fields in the order in which they are added.
///
/// The encoding is that of https://protobuf.dev/programming-guides/encoding: a varint of 8 * field + kind, and then a
/// varint (kind 0) or a length and bytes (kind 2).
struct ProtobufMessage {
    enum Value {
        case integer(Int)
        case text(String)
        case bytes([UInt8])
        case message(ProtobufMessage)
    }

    private(set) var bytes: [UInt8] = []

    /// A field may stand several times: that is a list.
    init(_ fields: KeyValuePairs<Int, Value>) {
        for (field, value) in fields { add(field, value) }
    }

    mutating func add(_ field: Int, _ value: Value) {
        switch value {
        case .integer(let integer):
            append(varint: UInt64(field) << 3)
            append(varint: UInt64(bitPattern: Int64(integer)))
        case .text(let text): add(field, .bytes(Array(text.utf8)))
        case .message(let message): add(field, .bytes(message.bytes))
        case .bytes(let content):
            append(varint: UInt64(field) << 3 | 2)
            append(varint: UInt64(content.count))
            bytes += content
        }
    }

    mutating func add(_ field: Int, _ values: [Value]) {
        for value in values { add(field, value) }
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
