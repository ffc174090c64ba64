// SPDX-License-Identifier: Apache-2.0

import CHDF5
import Synchronization
package import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An array on disk of a shape known from the start, whose rows are written in any order and by any thread.
///
/// libhdf5 sets the room aside, in one piece; values then go straight to their place in the file, so several threads
/// write at once and nothing is held back. Every row has to be written once before the file is closed.
package final class TensorRows<Element: TensorElement>: Sendable {
    package let name: String

    /// The shape of one row; the dataset's is `count` followed by this.
    package let rowShape: Shape

    /// How many rows there are.
    package let count: Int

    private let region: FileRegion

    init(name: String, rowShape: Shape, count: Int, region: FileRegion) {
        self.name = name
        self.rowShape = rowShape
        self.count = count
        self.region = region
    }

    /// Writes whole rows, row-major, the first of them as row `first`.
    package func write(_ rows: UnsafeBufferPointer<Element>, from first: Int) throws(TensorFileError) {
        let rowCount = rows.count / rowShape.count
        precondition(
            rows.count == rowCount * rowShape.count,
            "\(rows.count) values are no whole rows of the shape \(rowShape) of '\(name)'")
        precondition(
            first >= 0 && rowCount <= count - first,
            "\(rowCount) rows from \(first) on are outside the \(count) of '\(name)'")
        try region.write(UnsafeRawBufferPointer(rows), at: first * rowShape.count * MemoryLayout<Element>.stride)
    }
}

/// The place of a dataset's values in a file, written without libhdf5.
final class FileRegion: Sendable {
    private let path: String
    private let object: String
    private let start: Int
    private let byteCount: Int
    /// Negative where there is nothing to write.
    private let descriptor: Int32
    private let writtenByteCount = Atomic<Int>(0)

    /// The values of a contiguous dataset whose room is set aside already; call inside `HDF5.locked`.
    init(of dataset: hid_t, named object: String, byteCount: Int, path: String) throws(TensorFileError) {
        self.path = path
        self.object = object
        self.byteCount = byteCount
        guard byteCount > 0 else {
            (start, descriptor) = (0, -1)
            return
        }
        let offset = H5Dget_offset(dataset)
        guard let start = Int(exactly: offset) else { throw .writing(path, object, "it has no place in the file") }
        self.start = start
        descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .writing(path, object, String(errorNumber: errno)) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether as many bytes were written as there are.
    var isComplete: Bool { writtenByteCount.load(ordering: .relaxed) == byteCount }

    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(TensorFileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let place = off_t(start + position + bytes.count - rest.count)
            let count = pwrite(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, place)
            if count < 0 {
                if errno == EINTR { continue }
                throw .writing(path, object, String(errorNumber: errno))
            }
            rest = rest.dropFirst(count)
        }
        writtenByteCount.add(bytes.count, ordering: .relaxed)
    }
}
