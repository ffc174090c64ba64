// SPDX-License-Identifier: Apache-2.0

import CHDF5

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How strings are stored: fields of one width with padding, or references to strings of any length.
///
/// Strings of any length are read through `StringHeap`. This project writes none of them.
enum TextFormat {
    case fixed(width: Int, padding: H5T_str_t)
    case variable

    init(_ type: hid_t, _ failure: (_ reason: String) -> TensorFileError) throws {
        if try HDF5.check(H5Tis_variable_str(type), failure) > 0 {
            self = .variable
        } else {
            let width = H5Tget_size(type)
            guard width > 0, width <= Int(Int32.max) else { throw failure("strings of \(width) bytes are refused") }
            self = .fixed(width: width, padding: H5Tget_strpad(type))
        }
    }

    /// The `count` strings that `read` puts, or references to them, into memory of the type it is handed.
    ///
    /// Call inside `HDF5.locked`.
    func strings(
        count: Int, type: hid_t, heap: StringHeap, byteLimit: Int, _ failure: (_ reason: String) -> TensorFileError,
        read: (_ type: hid_t, _ target: UnsafeMutableRawPointer?) -> herr_t
    ) throws -> [String] {
        if count == 0 { return [] }
        guard case .fixed(let width, let padding) = self else {
            return try heap.strings(count: count, failure, read: read)
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow, bytes <= byteLimit else { throw failure("\(count) strings are too many") }
        let fields = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 16)
        fields.initializeMemory(as: UInt8.self, repeating: 0)
        defer { fields.deallocate() }
        try HDF5.check(read(type, fields.baseAddress), failure)
        return try (0..<count).map {
            let field = fields[($0 * width)..<(($0 + 1) * width)]
            return try Self.string(Self.unpadded(field, padding), failure)
        }
    }

    /// Bytes in memory of one field: the width, or a reference.
    var fieldByteCount: Int {
        switch self {
        case .fixed(let width, _): width
        case .variable: 16
        }
    }

    private static func unpadded(
        _ field: Slice<UnsafeMutableRawBufferPointer>, _ padding: H5T_str_t
    ) -> Slice<UnsafeMutableRawBufferPointer> {
        switch padding {
        case H5T_STR_NULLTERM: return field.prefix { $0 != 0 }
        case H5T_STR_SPACEPAD: return field.dropTrailing(UInt8(ascii: " "))
        default: return field.dropTrailing(0)
        }
    }

    private static func string(
        _ bytes: Slice<UnsafeMutableRawBufferPointer>, _ failure: (_ reason: String) -> TensorFileError
    ) throws -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else { throw failure("a string is not UTF-8") }
        return string
    }
}

extension Slice<UnsafeMutableRawBufferPointer> {
    fileprivate func dropTrailing(_ padding: UInt8) -> Self {
        var end = endIndex
        while end > startIndex && self[end - 1] == padding { end -= 1 }
        return self[startIndex..<end]
    }
}
