// SPDX-License-Identifier: Apache-2.0

import ContentStore
package import Tensors

// A safetensors file:
//
//     8 bytes    the length N of the header, little-endian
//     N bytes    JSON: for each tensor `"name":{"data_offsets":[begin,end],"dtype":"F32","shape":[2,3]}`, and
//                `"__metadata__"`, an object of texts; blanks may follow
//     the rest   the values, little-endian and row-major; from tensor to tensor there is no gap and no overlap

/// A safetensors file: tensors by name, and texts that say what they are.
///
/// Parsing checks that the header describes each byte of the file once, so that a tensor never takes more memory than
/// the file has bytes for it.
package struct Safetensors: Sendable {
    /// What the elements of a tensor are.
    package enum ElementType: String, Hashable, Sendable {
        case float32 = "F32"
        case float16 = "F16"
        case brainFloat16 = "BF16"
        case float64 = "F64"
        case int8 = "I8"
        case int16 = "I16"
        case int32 = "I32"
        case int64 = "I64"
        case uint8 = "U8"
        case uint16 = "U16"
        case uint32 = "U32"
        case uint64 = "U64"
        case boolean = "BOOL"

        package var byteCount: Int {
            switch self {
            case .int8, .uint8, .boolean: 1
            case .float16, .brainFloat16, .int16, .uint16: 2
            case .float32, .int32, .uint32: 4
            case .float64, .int64, .uint64: 8
            }
        }
    }

    /// One tensor of the header.
    package struct Entry: Hashable, Sendable {
        package let name: String
        package let elementType: ElementType
        package let shape: Shape
        /// Where its values are, counted from the end of the header.
        fileprivate let bytes: Range<Int>
    }

    package let metadata: [String: String]
    /// In byte order of their names.
    package let entries: [Entry]
    private let values: ArraySlice<UInt8>

    /// The most bytes of a header: some 40,000 tensors.
    private static let headerLimit = 4 << 20

    package init(parsing bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count >= 8 else {
            throw SafetensorsError("it ends before the length of its header does")
        }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(bytes.count - 8) else {
            throw SafetensorsError("its header has \(length) bytes, and the file ends after \(bytes.count - 8) of them")
        }
        guard length <= UInt64(Self.headerLimit) else {
            throw SafetensorsError("its header has \(length) bytes, more than \(Self.headerLimit)")
        }
        values = bytes[(8 + Int(length))...]
        let members = try Self.header(Array(bytes[8..<8 + Int(length)]))
        metadata = try Self.metadata(members["__metadata__"])
        entries = try members.filter { $0.key != "__metadata__" }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { (name, description) throws(SafetensorsError) in try Self.entry(name, description) }
        try Self.check(entries, cover: values.count)
    }

    /// The values of a tensor as float32, to which float16 and bfloat16 are converted without loss.
    ///
    /// Fails for integers, and for float64 where a value is not exactly a float32.
    package func tensor(_ entry: Entry) throws(SafetensorsError) -> Tensor {
        let start = values.startIndex
        let bytes = values[start + entry.bytes.lowerBound..<start + entry.bytes.upperBound]
        let floats: [Float]
        switch entry.elementType {
        case .float32: floats = Self.elements(of: bytes, as: UInt32.self).map { Float(bitPattern: $0) }
        case .brainFloat16:
            floats = Self.elements(of: bytes, as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
        case .float16: floats = Self.elements(of: bytes, as: UInt16.self).map { Float(halfBits: $0) }
        case .float64: floats = try Self.narrowed(Self.elements(of: bytes, as: UInt64.self), of: entry)
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .boolean:
            throw SafetensorsError(
                "the tensor '\(entry.name)' has elements of type \(entry.elementType.rawValue), which are no weights")
        }
        return Tensor(shape: entry.shape, values: floats)
    }
}

/// What is wrong with a safetensors file, to be read after its name.
package struct SafetensorsError: Error, Hashable, CustomStringConvertible {
    package let description: String

    fileprivate init(_ description: String) {
        self.description = description
    }
}

extension Safetensors {
    private static func header(_ bytes: [UInt8]) throws(SafetensorsError) -> [String: JSONValue] {
        // Readers of the format take no other first byte, and JSON has no other for an object but blanks.
        guard bytes.first == UInt8(ascii: "{") else { throw SafetensorsError("its header does not begin with '{'") }
        do throws(JSONError) {
            return try JSONValue(parsing: bytes).object ?? [:]
        } catch {
            throw SafetensorsError("its header is \(error)")
        }
    }

    private static func metadata(_ value: JSONValue?) throws(SafetensorsError) -> [String: String] {
        guard let value else { return [:] }
        guard let members = value.object else { throw SafetensorsError("its '__metadata__' is no object of texts") }
        var metadata: [String: String] = [:]
        for (name, member) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            guard let text = member.text else { throw SafetensorsError("its metadata '\(name)' is no text") }
            metadata[name] = text
        }
        return metadata
    }

    private static func entry(_ name: String, _ value: JSONValue) throws(SafetensorsError) -> Entry {
        guard let members = value.object, Set(members.keys) == ["dtype", "shape", "data_offsets"],
            let word = members["dtype"]?.text,
            let extents = naturals(members["shape"]), let offsets = naturals(members["data_offsets"])
        else { throw SafetensorsError("the tensor '\(name)' is not described by 'dtype', 'shape' and 'data_offsets'") }
        guard let type = ElementType(rawValue: word) else {
            throw SafetensorsError("the tensor '\(name)' has elements of the unknown type '\(word)'")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw SafetensorsError("the tensor '\(name)' has the offsets \(offsets), which are no begin and end")
        }
        guard let byteCount = product(extents + [type.byteCount]), byteCount == offsets[1] - offsets[0] else {
            throw SafetensorsError(
                "the tensor '\(name)' has \(offsets[1] - offsets[0]) bytes, which are not \(word) of the shape "
                    + "\(extents)")
        }
        return Entry(name: name, elementType: type, shape: Shape(extents), bytes: offsets[0]..<offsets[1])
    }

    /// A list of integers of at least 0.
    private static func naturals(_ value: JSONValue?) -> [Int]? {
        guard let elements = value?.array else { return nil }
        let integers = elements.compactMap(\.integer).filter { $0 >= 0 }
        return integers.count == elements.count ? integers : nil
    }

    /// Nil where it, or a part of it, is beyond `Int`.
    private static func product(_ factors: [Int]) -> Int? {
        var product = 1
        for factor in factors {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            product = next
        }
        return product
    }

    /// Each byte belongs to one tensor.
    private static func check(_ entries: [Entry], cover byteCount: Int) throws(SafetensorsError) {
        var end = 0
        // A tensor without values lies before the one that begins where it does.
        let sorted = entries.sorted {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        for entry in sorted {
            guard entry.bytes.lowerBound == end else {
                throw SafetensorsError(
                    "the values of '\(entry.name)' begin at byte \(entry.bytes.lowerBound) of the values, and those "
                        + "before end at \(end)")
            }
            end = entry.bytes.upperBound
        }
        guard end == byteCount else {
            throw SafetensorsError("its tensors have \(end) bytes of values, and the file has \(byteCount)")
        }
    }

    private static func elements<Bits: FixedWidthInteger>(of bytes: ArraySlice<UInt8>, as _: Bits.Type) -> [Bits] {
        bytes.withUnsafeBytes { buffer in
            (0..<buffer.count / MemoryLayout<Bits>.size).map { index in
                Bits(littleEndian: buffer.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self))
            }
        }
    }

    private static func narrowed(_ bits: [UInt64], of entry: Entry) throws(SafetensorsError) -> [Float] {
        var floats: [Float] = []
        floats.reserveCapacity(bits.count)
        for (index, bits) in bits.enumerated() {
            guard let float = Float(exactly: Double(bitPattern: bits)) else {
                throw SafetensorsError(
                    "element \(index) of the tensor '\(entry.name)' is \(Double(bitPattern: bits)), which is not "
                        + "exactly a float32")
            }
            floats.append(float)
        }
        return floats
    }
}

extension Float {
    /// The value of an IEEE 754 half: 1 bit of sign, 5 of exponent, 10 of fraction.
    ///
    /// `Float16` is not there on every processor that Swift runs on.
    fileprivate init(halfBits bits: UInt16) {
        let exponent = Int(bits >> 10 & 0x1f)
        let fraction = Float(bits & 0x3ff)
        let magnitude: Float =
            switch exponent {
            case 0: fraction * 0x1p-24
            case 0x1f: fraction == 0 ? .infinity : .nan
            default: Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
            }
        self = bits >> 15 == 0 ? magnitude : -magnitude
    }
}
