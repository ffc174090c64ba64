// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Tensors
package import Training

extension Safetensors {
    /// The bytes of a file: values in byte order of their names, and a header without blanks, its members sorted, that
    /// is filled up to a multiple of 8.
    package static func bytes(of parameters: [Parameter], metadata: [String: String] = [:]) -> [UInt8] {
        let sorted = parameters.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var header: [String: JSONValue] = [:]
        var end = 0
        for parameter in sorted {
            let begin = end
            end += 4 * parameter.tensor.shape.count
            let entry: JSONValue = [
                "dtype": "F32", "shape": .array(parameter.tensor.shape.extents.map { .integer($0) }),
                "data_offsets": [.integer(begin), .integer(end)],
            ]
            let previous = header.updateValue(entry, forKey: parameter.name)
            precondition(previous == nil, "two tensors are called '\(parameter.name)'")
        }
        if !metadata.isEmpty {
            precondition(header["__metadata__"] == nil, "no tensor can be called '__metadata__'")
            header["__metadata__"] = .object(metadata.mapValues { .text($0) })
        }
        var text = JSONValue.object(header).canonicalBytes
        text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        var bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
        bytes.reserveCapacity(bytes.count + end)
        for parameter in sorted { bytes += parameter.tensor.values.littleEndianBytes }
        return bytes
    }
}

extension [Float] {
    /// Four bytes a value, the lowest first.
    var littleEndianBytes: [UInt8] {
        flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    }
}
