// SPDX-License-Identifier: Apache-2.0

import CHDF5

extension AttributeValue {
    /// Writes the attribute to an open object; call inside `HDF5.locked`.
    func write(named name: String, to object: hid_t, failure: (_ reason: String) -> TensorFileError) throws {
        switch self {
        case .text(let text):
            try Self.write([text], name, object, isScalar: true, failure)
        case .texts(let texts):
            try Self.write(texts, name, object, isScalar: false, failure)
        case .integer(let integer):
            try Self.write([Int64(integer)], reprise_h5_int64(), name, object, isScalar: true, failure)
        case .integers(let integers):
            try Self.write(integers.map(Int64.init), reprise_h5_int64(), name, object, isScalar: false, failure)
        case .number(let number):
            try Self.write([number], reprise_h5_float64(), name, object, isScalar: true, failure)
        case .numbers(let numbers):
            try Self.write(numbers, reprise_h5_float64(), name, object, isScalar: false, failure)
        }
    }

    private static func write(
        _ texts: [String], _ name: String, _ object: hid_t, isScalar: Bool,
        _ failure: (_ reason: String) -> TensorFileError
    ) throws {
        let packed = try PackedText(texts, failure)
        let type = try packed.makeType(failure)
        try write(packed.bytes, type.value, name, object, isScalar: isScalar, count: texts.count, failure)
    }

    private static func write<Value: BitwiseCopyable>(
        _ values: [Value], _ type: hid_t, _ name: String, _ object: hid_t, isScalar: Bool, count: Int? = nil,
        _ failure: (_ reason: String) -> TensorFileError
    ) throws {
        var extent = hsize_t(count ?? values.count)
        let space = try Identifier(isScalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, nil), failure)
        let creation = try Identifier(H5Pcreate(reprise_h5_attribute_creation()), failure)
        try HDF5.check(H5Pset_char_encoding(creation.value, H5T_CSET_UTF8), failure)
        let attribute = try Identifier(
            H5Acreate2(object, name, type, space.value, creation.value, reprise_h5_default()), failure)
        if !values.isEmpty {
            try HDF5.check(values.withUnsafeBytes { H5Awrite(attribute.value, type, $0.baseAddress) }, failure)
        }
        try attribute.close(failure)
    }
}

/// Strings as HDF5 fields of one width, each padded with zero bytes.
struct PackedText {
    /// The length of the longest string, at least 1 since HDF5 has no empty type.
    let width: Int

    /// `width` bytes a string.
    let bytes: [UInt8]

    /// Zero bytes cannot be told from the padding, so a text that holds one is refused.
    init(_ texts: [String], _ failure: (_ reason: String) -> TensorFileError) throws {
        if texts.contains(where: { $0.utf8.contains(0) }) { throw failure("a text holds a zero byte") }
        width = max(1, texts.map(\.utf8.count).max() ?? 1)
        var bytes = [UInt8]()
        bytes.reserveCapacity(width * texts.count)
        for text in texts {
            bytes.append(contentsOf: text.utf8)
            bytes.append(contentsOf: repeatElement(0, count: width - text.utf8.count))
        }
        self.bytes = bytes
    }

    func makeType(_ failure: (_ reason: String) -> TensorFileError) throws -> Identifier {
        let type = try Identifier(H5Tcopy(reprise_h5_c_string()), failure)
        try HDF5.check(H5Tset_size(type.value, width), failure)
        try HDF5.check(H5Tset_strpad(type.value, H5T_STR_NULLPAD), failure)
        try HDF5.check(H5Tset_cset(type.value, H5T_CSET_UTF8), failure)
        return type
    }
}
