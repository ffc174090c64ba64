// SPDX-License-Identifier: Apache-2.0

/// What went wrong with a tensor file; `object` is the name of a dataset or group, empty for the file as a whole.
package enum TensorFileError: Error, Hashable, CustomStringConvertible {
    case cannotOpen(file: String, reason: String)
    case cannotCreate(file: String, reason: String)
    case notHDF5(file: String)
    case missing(file: String, object: String)
    case wrongType(file: String, dataset: String, expected: ElementType, found: ElementType)
    /// HDF5 that this reader refuses: a link out of the file, a compound type, an unknown filter.
    case unsupported(file: String, object: String, reason: String)
    /// A dataset that declares more values than its stored bytes can hold.
    case implausible(file: String, dataset: String, declaredBytes: Int, storedBytes: Int)
    case cannotRead(file: String, object: String, reason: String)
    case cannotWrite(file: String, object: String, reason: String)
    case noSpace(file: String)

    package var description: String {
        switch self {
        case .cannotOpen(let file, let reason):
            "cannot open '\(file)': \(reason)"
        case .cannotCreate(let file, let reason):
            "cannot create '\(file)': \(reason)"
        case .notHDF5(let file):
            "cannot open '\(file)': it is not an HDF5 file"
        case .missing(let file, let object):
            "cannot find '\(object)' in '\(file)'"
        case .wrongType(let file, let dataset, let expected, let found):
            "cannot read '\(dataset)' in '\(file)' as \(expected): its elements are \(found)"
        case .unsupported(let file, let object, let reason):
            "cannot use \(Self.place(file, object)): \(reason)"
        case .implausible(let file, let dataset, let declaredBytes, let storedBytes):
            "cannot read '\(dataset)' in '\(file)': it declares \(declaredBytes) bytes of values and "
                + "stores \(storedBytes)"
        case .cannotRead(let file, let object, let reason):
            "cannot read \(Self.place(file, object)): \(reason)"
        case .cannotWrite(let file, let object, let reason):
            "cannot write \(Self.place(file, object)): \(reason)"
        case .noSpace(let file):
            "cannot write '\(file)': no space left on the disk"
        }
    }

    private static func place(_ file: String, _ object: String) -> String {
        object.isEmpty ? "'\(file)'" : "'\(object)' in '\(file)'"
    }
}
