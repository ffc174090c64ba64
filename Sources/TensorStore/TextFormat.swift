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
/// Strings of any length lie in a heap whose own fields libhdf5 trusts and no checksum guards: a file damaged just
/// there can crash it. This project writes none of them; a stage that reads such a file is a process of its own.
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

    /// The strings of an attribute; call inside `HDF5.locked`.
    func readAttribute(
        _ attribute: hid_t, count: Int, byteLimit: Int, _ failure: (_ reason: String) -> TensorFileError
    ) throws -> [String] {
        if count == 0 { return [] }
        let type = try Identifier(H5Aget_type(attribute), failure)
        let space = try Identifier(H5Aget_space(attribute), failure)
        return try strings(count: count, space: space.value, type: type.value, byteLimit: byteLimit, failure) {
            H5Aread(attribute, type.value, $0)
        }
    }

    /// `count` strings that `read` puts into memory described by `space` and `type`.
    func strings(
        count: Int, space: hid_t, type: hid_t, byteLimit: Int, _ failure: (_ reason: String) -> TensorFileError,
        read: (UnsafeMutableRawPointer?) -> herr_t
    ) throws -> [String] {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: fieldByteCount)
        guard !overflow, bytes <= byteLimit else { throw failure("\(count) strings are too many") }
        let fields = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 16)
        fields.initializeMemory(as: UInt8.self, repeating: 0)
        defer { fields.deallocate() }
        try HDF5.check(read(fields.baseAddress), failure)
        switch self {
        case .variable:
            defer { H5Dvlen_reclaim(type, space, reprise_h5_default(), fields.baseAddress) }
            return try fields.bindMemory(to: UnsafePointer<CChar>?.self).map { try Self.string($0, failure) }
        case .fixed(let width, let padding):
            return try (0..<count).map {
                let field = fields[($0 * width)..<(($0 + 1) * width)]
                return try Self.string(Self.unpadded(field, padding), failure)
            }
        }
    }

    /// Bytes in memory of one field: the width, or a pointer.
    var fieldByteCount: Int {
        switch self {
        case .fixed(let width, _): width
        case .variable: MemoryLayout<UnsafePointer<CChar>?>.stride
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

    private static func string(
        _ text: UnsafePointer<CChar>?, _ failure: (_ reason: String) -> TensorFileError
    ) throws -> String {
        guard let text else { return "" }
        guard let string = String(validatingCString: text) else { throw failure("a string is not UTF-8") }
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
