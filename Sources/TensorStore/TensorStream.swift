// SPDX-License-Identifier: Apache-2.0

import CHDF5
package import Tensors

/// An array on disk that grows by rows along its first axis, for more values than fit in memory.
package final class TensorStream<Element: TensorElement> {
    package let name: String

    /// The shape of one row; the dataset's is `rowCount` followed by this.
    package let rowShape: Shape

    private let chunks: ChunkWriter

    init(name: String, rowShape: Shape, chunks: ChunkWriter) {
        self.name = name
        self.rowShape = rowShape
        self.chunks = chunks
    }

    /// Rows appended so far.
    package var rowCount: Int { chunks.rowCount }

    /// Appends whole rows, row-major.
    package func append(_ rows: UnsafeBufferPointer<Element>) throws {
        precondition(
            rows.count.isMultiple(of: rowShape.count),
            "\(rows.count) values are no whole rows of the shape \(rowShape) of '\(name)'")
        try chunks.append(UnsafeRawBufferPointer(rows))
    }

    package func append(_ rows: [Element]) throws {
        try rows.withUnsafeBufferPointer { try append($0) }
    }

    /// Writes what is pending and closes the dataset.
    ///
    /// Closing the file does it too; a second time does nothing.
    package func finish() throws {
        try chunks.finish()
    }
}

/// Writes a growing dataset chunk by chunk, handing each full one to libhdf5 as it is on disk.
///
/// It knows bytes only, so that it runs at memory speed for every element type. Holds one chunk, about 1 MiB.
final class ChunkWriter {
    /// The dataset's identifier, negative once finished.
    private(set) var dataset: hid_t

    private let rowShape: Shape
    private let rowByteCount: Int
    private let chunkRows: Int
    private let failure: (_ reason: String) -> TensorFileError

    /// Rows on disk, a multiple of `chunkRows` until the last chunk is written.
    private var writtenRowCount = 0

    /// The chunk being filled, of which the first `pendingByteCount` bytes count.
    private var pending: [UInt8]
    private var pendingByteCount = 0

    var rowCount: Int { writtenRowCount + pendingByteCount / rowByteCount }

    /// Creates the dataset with no rows; call inside `HDF5.locked`.
    ///
    /// The layout rule: a chunk has as many rows as fit in 1 MiB, at least one.
    init(
        _ name: String, in file: hid_t, elementType: ElementType, rowShape: Shape,
        failure: @escaping (_ reason: String) -> TensorFileError
    ) throws {
        precondition(rowShape.count > 0, "rows of the shape \(rowShape) have no elements")
        precondition(rowShape.rank < 32, "HDF5 has at most 32 axes, not the \(rowShape.rank) of a row and one more")
        self.rowShape = rowShape
        self.failure = failure
        rowByteCount = rowShape.count * (elementType.byteCount ?? 1)
        chunkRows = max(1, 1 << 20 / rowByteCount)
        pending = [UInt8](repeating: 0, count: chunkRows * rowByteCount)
        let row = rowShape.extents.map { hsize_t($0) }
        let space = try Identifier(
            H5Screate_simple(Int32(row.count + 1), [0] + row, [reprise_h5_unlimited()] + row), failure)
        let creation = try DatasetCreation(failure)
        try creation.setChunk([hsize_t(chunkRows)] + row, failure)
        dataset = try creation.makeDataset(
            name, in: file, type: elementType.identifier, space: space.value, failure
        ).released()
    }

    /// Appends the bytes of whole rows.
    func append(_ rows: UnsafeRawBufferPointer) throws {
        precondition(dataset >= 0, "rows are appended to a stream after it was finished")
        var rest = rows[...]
        while !rest.isEmpty {
            if pendingByteCount == 0 && rest.count >= pending.count {
                try writeChunk(UnsafeRawBufferPointer(rebasing: rest.prefix(pending.count)), rows: chunkRows)
                rest = rest.dropFirst(pending.count)
            } else {
                let part = rest.prefix(pending.count - pendingByteCount)
                keep(part)
                rest = rest.dropFirst(part.count)
                if pendingByteCount == pending.count { try writePending() }
            }
        }
    }

    func finish() throws {
        guard dataset >= 0 else { return }
        if pendingByteCount > 0 { try writePending() }
        let dataset = dataset
        self.dataset = -1
        pending = []
        try HDF5.locked { _ = try HDF5.check(H5Dclose(dataset), failure) }
    }

    private func keep(_ part: Slice<UnsafeRawBufferPointer>) {
        let start = pendingByteCount
        pending.withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0[start...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
        }
        pendingByteCount += part.count
    }

    /// Writes the pending rows as a chunk; what the last one lacks is zero.
    private func writePending() throws {
        let rows = pendingByteCount / rowByteCount
        pending.withUnsafeMutableBytes {
            _ = $0[pendingByteCount...].initializeMemory(as: UInt8.self, repeating: 0)
        }
        try pending.withUnsafeBytes { try writeChunk($0, rows: rows) }
        pendingByteCount = 0
    }

    /// Writes one chunk of which `rows` rows count, fewer than `chunkRows` only in the last.
    private func writeChunk(_ bytes: UnsafeRawBufferPointer, rows: Int) throws {
        var offset = [hsize_t](repeating: 0, count: rowShape.rank + 1)
        offset[0] = hsize_t(writtenRowCount)
        let extents = [hsize_t(writtenRowCount + rows)] + rowShape.extents.map { hsize_t($0) }
        try HDF5.locked {
            try HDF5.check(H5Dset_extent(dataset, extents), failure)
            try HDF5.check(
                H5Dwrite_chunk(dataset, reprise_h5_default(), 0, offset, bytes.count, bytes.baseAddress), failure)
        }
        writtenRowCount += rows
    }
}
