// SPDX-License-Identifier: Apache-2.0

import CHDF5

/// What one attribute may take in memory; hostile files declare anything.
private let attributeByteLimit = 64 << 20

extension Attribute {
    /// The attributes of an open object in byte order of their names; call inside `HDF5.locked`.
    static func all(
        of object: hid_t, file: String, objectName: String, heap: StringHeap
    ) throws -> [Attribute] {
        let failure = { TensorFileError.cannotRead(file: file, object: objectName, reason: $0) }
        return try names(of: object, failure).sorted { $0.precedesInBytes($1) }.map { name in
            let reader = AttributeReader(file: file, object: objectName, name: name, heap: heap)
            return Attribute(name: name, value: try reader.read(from: object))
        }
    }

    private static func names(
        of object: hid_t, _ failure: (_ reason: String) -> TensorFileError
    ) throws -> [String] {
        var names = NameList()
        try withUnsafeMutablePointer(to: &names) { names in
            _ = try HDF5.check(
                H5Aiterate2(
                    object, H5_INDEX_NAME, H5_ITER_INC, nil,
                    { _, name, _, context in
                        guard let name, let names = context?.assumingMemoryBound(to: NameList.self) else { return -1 }
                        return names.pointee.append(name)
                    }, names), failure)
        }
        if names.hasInvalidUTF8 { throw failure("the name of an attribute is not UTF-8") }
        return names.names
    }
}

/// Names collected by a callback from C, which cannot throw.
struct NameList {
    var names: [String] = []
    var hasInvalidUTF8 = false

    /// 0 goes on, another value ends the iteration.
    mutating func append(_ name: UnsafePointer<CChar>) -> Int32 {
        guard let name = String(validatingCString: name) else {
            hasInvalidUTF8 = true
            return 1
        }
        names.append(name)
        return 0
    }
}

/// Reads one attribute, of any width and byte order, as one of the kinds of `AttributeValue`.
private struct AttributeReader {
    let file: String
    let object: String
    let name: String
    let heap: StringHeap

    func read(from object: hid_t) throws -> AttributeValue {
        let attribute = try Identifier(H5Aopen(object, name, reprise_h5_default()), failure)
        let type = try Identifier(H5Aget_type(attribute.value), failure)
        let space = try Identifier(H5Aget_space(attribute.value), failure)
        let count = try count(of: space.value)
        let isScalar = H5Sget_simple_extent_type(space.value) == H5S_SCALAR
        switch H5Tget_class(type.value) {
        case H5T_STRING:
            let texts = try TextFormat(type.value, failure).strings(
                count: count, type: type.value, heap: heap, byteLimit: attributeByteLimit, failure
            ) { H5Aread(attribute.value, $0, $1) }
            return isScalar || H5Sget_simple_extent_type(space.value) == H5S_NULL
                ? .text(texts.first ?? "") : .texts(texts)
        case H5T_INTEGER, H5T_ENUM:
            let integers = try integers(attribute.value, type.value, count)
            return isScalar ? .integer(integers[0]) : .integers(integers)
        case H5T_FLOAT where H5Tget_size(type.value) <= 8:
            let numbers = try values(attribute.value, reprise_h5_float64(), count, Double.self)
            return isScalar ? .number(numbers[0]) : .numbers(numbers)
        default:
            throw unsupported("is neither text nor integers nor numbers of at most 64 bits")
        }
    }

    /// The number of elements: 0 for an empty attribute, 1 for a scalar.
    private func count(of space: hid_t) throws -> Int {
        if H5Sget_simple_extent_type(space) == H5S_NULL { return 0 }
        guard H5Sget_simple_extent_ndims(space) <= 1 else { throw unsupported("has more than one axis") }
        let count = try HDF5.check(H5Sget_simple_extent_npoints(space), failure)
        guard count <= attributeByteLimit / 8 else { throw unsupported("has \(count) elements") }
        return Int(count)
    }

    private func integers(_ attribute: hid_t, _ type: hid_t, _ count: Int) throws -> [Int] {
        guard H5Tget_size(type) <= 8 else { throw unsupported("has integers of more than 64 bits") }
        if H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE {
            return try values(attribute, reprise_h5_uint64(), count, UInt64.self).map {
                guard let value = Int(exactly: $0) else { throw unsupported("holds \($0), which is beyond Int64") }
                return value
            }
        }
        return try values(attribute, reprise_h5_int64(), count, Int64.self).map { Int($0) }
    }

    private func values<Value: BitwiseCopyable>(
        _ attribute: hid_t, _ type: hid_t, _ count: Int, _: Value.Type
    ) throws -> [Value] {
        if count == 0 { return [] }
        return try [Value](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            try HDF5.check(H5Aread(attribute, type, buffer.baseAddress), failure)
            initializedCount = count
        }
    }

    private func unsupported(_ reason: String) -> TensorFileError {
        .unsupported(file: file, object: object, reason: "its attribute '\(name)' \(reason)")
    }

    private func failure(_ reason: String) -> TensorFileError {
        .cannotRead(file: file, object: object, reason: "attribute '\(name)': \(reason)")
    }
}
