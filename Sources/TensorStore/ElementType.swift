// SPDX-License-Identifier: Apache-2.0

#if !_endian(little)
    #error("tensor files are read and written without swapping bytes, which needs a little-endian machine")
#endif

/// What the elements of a dataset are; numbers are little-endian on disk.
package enum ElementType: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case float32
    case float64
    case uint8
    case int32
    case int64
    /// UTF-8 strings, read with `readStrings`.
    case text

    /// The size of one number; `nil` for `text`, whose elements have no common size.
    package var byteCount: Int? {
        switch self {
        case .uint8: 1
        case .float32, .int32: 4
        case .float64, .int64: 8
        case .text: nil
        }
    }

    package var description: String { rawValue }
}

/// A Swift number that a dataset can hold, its bits in memory being those on disk.
package protocol TensorElement: BitwiseCopyable, Sendable {
    static var elementType: ElementType { get }
}

extension Float: TensorElement {
    package static var elementType: ElementType { .float32 }
}

extension Double: TensorElement {
    package static var elementType: ElementType { .float64 }
}

extension UInt8: TensorElement {
    package static var elementType: ElementType { .uint8 }
}

extension Int32: TensorElement {
    package static var elementType: ElementType { .int32 }
}

extension Int64: TensorElement {
    package static var elementType: ElementType { .int64 }
}
