// SPDX-License-Identifier: Apache-2.0

import CHDF5
package import Tensors

/// An array on disk that grows by rows along its first axis, for more values than fit in memory.
///
/// Holds one chunk (about 1 MiB) and hands each full one to libhdf5 as it is on disk.
package final class TensorStream<Element: TensorElement>: UnfinishedStream {
    package let name: String

    /// The shape of one row; the dataset's is `rowCount` followed by this.
    package let rowShape: Shape

    /// Rows appended so far.
    package private(set) var rowCount = 0

    /// The dataset's identifier, negative once the stream is finished.
    private(set) var dataset: hid_t

    /// How many rows one chunk has.
    private let chunkRows: Int

    /// Values of the chunk being filled, fewer than a chunk's.
    private var pending: [Element] = []

    private let failure: (_ reason: String) -> TensorFileError

    private var chunkCount: Int { chunkRows * rowShape.count }

    /// Creates the dataset with no rows; call inside `HDF5.locked`.
    init(
        in file: hid_t, name: String, rowShape: Shape, failure: @escaping (_ reason: String) -> TensorFileError
    ) throws {
        precondition(rowShape.count > 0, "rows of the shape \(rowShape) have no elements")
        precondition(rowShape.rank < 32, "HDF5 has at most 32 axes, not the \(rowShape.rank) of a row and one more")
        self.name = name
        self.rowShape = rowShape
        self.failure = failure
        self.chunkRows = max(1, 1 << 20 / (rowShape.count * MemoryLayout<Element>.stride))
        let row = rowShape.extents.map { hsize_t($0) }
        let space = try Identifier(
            H5Screate_simple(Int32(row.count + 1), [0] + row, [reprise_h5_unlimited()] + row), failure)
        let creation = try DatasetCreation(failure)
        try creation.setChunk([hsize_t(chunkRows)] + row, failure)
        dataset = try creation.makeDataset(
            name, in: file, type: Element.elementType.identifier, space: space.value, failure
        ).released()
        pending.reserveCapacity(chunkCount)
    }

    /// Appends whole rows, row-major.
    package func append(_ rows: UnsafeBufferPointer<Element>) throws {
        precondition(dataset >= 0, "rows are appended to '\(name)' after it was finished")
        precondition(
            rows.count.isMultiple(of: rowShape.count), "\(rows.count) values are no whole rows of the shape \(rowShape)")
        var rest = rows[...]
        while !rest.isEmpty {
            if pending.isEmpty && rest.count >= chunkCount {
                try writeChunk(UnsafeBufferPointer(rebasing: rest.prefix(chunkCount)), rows: chunkRows)
                rest = rest.dropFirst(chunkCount)
            } else {
                let part = rest.prefix(chunkCount - pending.count)
                pending.append(contentsOf: part)
                rest = rest.dropFirst(part.count)
                if pending.count == chunkCount { try writePending() }
            }
        }
    }

    package func append(_ rows: [Element]) throws {
        try rows.withUnsafeBufferPointer { try append($0) }
    }

    /// Writes what is pending and closes the dataset; closing the file does it too. Once finished, again is nothing.
    package func finish() throws {
        guard dataset >= 0 else { return }
        if !pending.isEmpty { try writePending() }
        let dataset = dataset
        self.dataset = -1
        try HDF5.locked { _ = try HDF5.check(H5Dclose(dataset), failure) }
    }

    /// Writes the pending rows as a chunk; what the last one lacks is zero.
    private func writePending() throws {
        let rows = pending.count / rowShape.count
        pending.append(contentsOf: repeatElement(Element.zero, count: chunkCount - pending.count))
        try pending.withUnsafeBufferPointer { try writeChunk($0, rows: rows) }
        pending.removeAll(keepingCapacity: true)
    }

    /// Writes one chunk of which `rows` rows count. Only the last has fewer than `chunkRows`.
    private func writeChunk(_ values: UnsafeBufferPointer<Element>, rows: Int) throws {
        var offset = [hsize_t](repeating: 0, count: rowShape.rank + 1)
        offset[0] = hsize_t(rowCount)
        let extents = [hsize_t(rowCount + rows)] + rowShape.extents.map { hsize_t($0) }
        let bytes = UnsafeRawBufferPointer(values)
        try HDF5.locked {
            try HDF5.check(H5Dset_extent(dataset, extents), failure)
            try HDF5.check(
                H5Dwrite_chunk(dataset, reprise_h5_default(), 0, offset, bytes.count, bytes.baseAddress), failure)
        }
        rowCount += rows
    }
}

/// A stream as its writer sees it.
protocol UnfinishedStream: AnyObject {
    func finish() throws
}
