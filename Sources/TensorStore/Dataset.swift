// SPDX-License-Identifier: Apache-2.0

import CHDF5
import Tensors

/// An open dataset whose kind, layout and size were found acceptable.
///
/// Refused are values kept in other files (external storage, virtual datasets), filters other than deflate, shuffle and
/// checksums, and a declared size that the stored bytes cannot hold. Reading one therefore allocates at most
/// `unwrittenByteLimit` plus what the file holds, or 1032 times that where it is deflated.
final class Dataset {
    let file: String
    let name: String
    let elementType: ElementType
    let shape: Shape

    /// Rows of one chunk along the first axis; `nil` where the layout has no chunks.
    let chunkRows: Int?

    let identifier: hid_t
    let space: hid_t

    /// How strings are stored; `nil` for numbers.
    let textFormat: TextFormat?

    private let heap: StringHeap

    /// Opens and checks; call inside `HDF5.locked`.
    init(_ name: String, in file: hid_t, path: String, fileByteCount: Int, heap: StringHeap) throws {
        self.file = path
        self.heap = heap
        self.name = name
        let checks = DatasetChecks(file: path, name: name, fileByteCount: fileByteCount)
        let opened = try checks.open(in: file)
        let layout = opened.layout
        let dataset = opened.identifier
        let type = try Identifier(H5Dget_type(dataset.value), checks.failure)
        let space = try Identifier(H5Dget_space(dataset.value), checks.failure)
        elementType = try checks.elementType(type.value)
        shape = try checks.shape(space.value)
        textFormat = elementType == .text ? try TextFormat(type.value, checks.failure) : nil
        try checks.checkSize(
            shape, elementByteCount: H5Tget_size(type.value), layout,
            storedByteCount: H5Dget_storage_size(dataset.value))
        chunkRows = layout.chunk?.first.map { Int(clamping: $0) }
        self.space = space.released()
        identifier = dataset.released()
    }

    deinit {
        HDF5.locked {
            _ = H5Sclose(space)
            _ = H5Dclose(identifier)
        }
    }

    func failure(_ reason: String) -> TensorFileError {
        .cannotRead(file: file, object: name, reason: reason)
    }

    func check<Element: TensorElement>(is _: Element.Type) throws {
        guard elementType == Element.elementType else {
            throw TensorFileError.wrongType(
                file: file, dataset: name, expected: Element.elementType, found: elementType)
        }
    }

    /// Reads a box of elements (`count` from `start` on along each axis) row-major into `target`, which has room for
    /// it.
    func readBox(start: [Int], count: [Int], into target: UnsafeMutableRawPointer?) throws {
        try select(start: start, count: count)
        let memory = try makeMemorySpace(count)
        try HDF5.check(
            H5Dread(identifier, elementType.identifier, memory.value, space, reprise_h5_default(), target), failure)
    }

    /// Strings `range` of a list of strings, or the only one of a scalar.
    func readStrings(_ range: Range<Int>) throws -> [String] {
        guard let textFormat, !range.isEmpty else { return [] }
        let isScalar = shape.rank == 0
        try select(start: isScalar ? [] : [range.lowerBound], count: isScalar ? [] : [range.count])
        let memory = try makeMemorySpace([range.count])
        let type = try Identifier(H5Dget_type(identifier), failure)
        return try textFormat.strings(count: range.count, type: type.value, heap: heap, byteLimit: .max, failure) {
            H5Dread(identifier, $0, memory.value, space, reprise_h5_default(), $1)
        }
    }

    private func select(start: [Int], count: [Int]) throws {
        if start.isEmpty { return }
        let start = start.map { hsize_t($0) }
        let count = count.map { hsize_t($0) }
        try HDF5.check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nil, count, nil), failure)
    }

    /// As many axes as the box has: libhdf5 is many times slower between boxes of unequal rank, element by element.
    private func makeMemorySpace(_ count: [Int]) throws -> Identifier {
        if count.isEmpty { return try Identifier(H5Screate(H5S_SCALAR), failure) }
        return try Identifier(H5Screate_simple(Int32(count.count), count.map { hsize_t($0) }, nil), failure)
    }
}

/// A dataset and what its storage is like.
struct OpenedDataset: ~Copyable {
    let identifier: Identifier
    let layout: DatasetLayout
}

/// The storage of a dataset as far as it matters for reading.
struct DatasetLayout {
    /// Extents of a chunk; `nil` for contiguous and compact datasets.
    var chunk: [hsize_t]?
    var isFiltered = false
    var isDeflated = false
}

/// What a dataset must be before its values are read.
struct DatasetChecks {
    /// Declared values that may lack stored bytes: never written parts read as zero.
    static let unwrittenByteLimit = 64 << 20

    /// Deflate yields at most 1032 bytes from one.
    static let deflateRatio = 1032

    /// The largest filtered chunk, which libhdf5 holds in memory whole.
    static let filteredChunkByteLimit = 256 << 20

    let file: String
    let name: String
    let fileByteCount: Int

    func failure(_ reason: String) -> TensorFileError {
        .cannotRead(file: file, object: name, reason: reason)
    }

    private func unsupported(_ reason: String) -> TensorFileError {
        .unsupported(file: file, object: name, reason: reason)
    }

    /// Opens with a chunk cache that suits the layout.
    ///
    /// Without filters the cache is off, so that a few rows of a chunk are read alone; with filters a chunk must be
    /// decoded whole, and neighbours should find it again.
    func open(in file: hid_t) throws -> OpenedDataset {
        let dataset = try open(in: file, cacheByteCount: 0)
        let layout = try layout(of: dataset.value)
        if !layout.isFiltered { return OpenedDataset(identifier: dataset, layout: layout) }
        try dataset.close(failure)
        return OpenedDataset(identifier: try open(in: file, cacheByteCount: 32 << 20), layout: layout)
    }

    private func open(in file: hid_t, cacheByteCount: Int) throws -> Identifier {
        let access = try Identifier(H5Pcreate(reprise_h5_dataset_access()), failure)
        try HDF5.check(H5Pset_chunk_cache(access.value, 521, cacheByteCount, 1), failure)
        return try Identifier(H5Dopen2(file, name, access.value), failure)
    }

    private func layout(of dataset: hid_t) throws -> DatasetLayout {
        let creation = try Identifier(H5Dget_create_plist(dataset), failure)
        var layout = DatasetLayout()
        switch H5Pget_layout(creation.value) {
        case H5D_COMPACT, H5D_CONTIGUOUS:
            if H5Pget_external_count(creation.value) != 0 { throw unsupported("its values are in another file") }
        case H5D_CHUNKED:
            var extents = [hsize_t](repeating: 0, count: 33)
            let rank = try HDF5.check(H5Pget_chunk(creation.value, 33, &extents), failure)
            layout.chunk = Array(extents.prefix(Int(rank)))
            try addFilters(of: creation.value, to: &layout)
        case H5D_VIRTUAL:
            throw unsupported("it is virtual: its values are in other datasets")
        default:
            throw failure("its layout is unknown")
        }
        return layout
    }

    private func addFilters(of creation: hid_t, to layout: inout DatasetLayout) throws {
        for index in 0..<(try HDF5.check(H5Pget_nfilters(creation), failure)) {
            var flags: UInt32 = 0
            var valueCount = 0
            var configuration: UInt32 = 0
            let filter = try HDF5.check(
                H5Pget_filter2(creation, UInt32(index), &flags, &valueCount, nil, 0, nil, &configuration), failure)
            switch filter {
            case H5Z_FILTER_DEFLATE where !layout.isDeflated: layout.isDeflated = true
            case H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32: break
            default:
                throw unsupported("it is stored with filter \(filter); only deflate, shuffle and fletcher32 are read")
            }
            layout.isFiltered = true
        }
    }

    func elementType(_ type: hid_t) throws -> ElementType {
        if H5Tget_class(type) == H5T_STRING { return .text }
        let known: [(ElementType, hid_t, hid_t)] = [
            (.float32, reprise_h5_float32(), reprise_h5_float32_big_endian()),
            (.float64, reprise_h5_float64(), reprise_h5_float64_big_endian()),
            (.uint8, reprise_h5_uint8(), reprise_h5_uint8_big_endian()),
            (.int32, reprise_h5_int32(), reprise_h5_int32_big_endian()),
            (.int64, reprise_h5_int64(), reprise_h5_int64_big_endian()),
        ]
        for (elementType, littleEndian, bigEndian) in known
        where H5Tequal(type, littleEndian) > 0 || H5Tequal(type, bigEndian) > 0 {
            return elementType
        }
        throw unsupported("its elements are none of float32, float64, uint8, int32, int64 and text")
    }

    func shape(_ space: hid_t) throws -> Shape {
        guard H5Sget_simple_extent_type(space) != H5S_NULL else { throw unsupported("it has no values and no shape") }
        let rank = Int(try HDF5.check(H5Sget_simple_extent_ndims(space), failure))
        var extents = [hsize_t](repeating: 0, count: max(1, rank))
        try HDF5.check(H5Sget_simple_extent_dims(space, &extents, nil), failure)
        return Shape(
            try extents.prefix(rank).map {
                guard let extent = Int(exactly: $0) else { throw failure("an extent of \($0) is refused") }
                return extent
            })
    }

    func checkSize(
        _ shape: Shape, elementByteCount: Int, _ layout: DatasetLayout, storedByteCount: hsize_t
    ) throws {
        let declared = byteCount(shape.extents, elementByteCount)
        let stored = min(Int(clamping: storedByteCount), fileByteCount)
        let ratio = layout.isDeflated ? Self.deflateRatio : 1
        if (declared - min(declared, Self.unwrittenByteLimit)) / ratio > stored {
            throw TensorFileError.implausible(
                file: file, dataset: name, declaredBytes: declared, storedBytes: stored)
        }
        if let chunk = layout.chunk, layout.isFiltered,
            byteCount(chunk.map { Int(clamping: $0) }, elementByteCount) > Self.filteredChunkByteLimit
        {
            throw unsupported("a compressed chunk has more than \(Self.filteredChunkByteLimit) bytes")
        }
    }

    /// The product, `Int.max` where it is too large; extents of 0 are left out, so that `Shape.count` cannot overflow
    /// either.
    private func byteCount(_ extents: [Int], _ elementByteCount: Int) -> Int {
        var product = max(1, elementByteCount)
        for extent in extents where extent > 0 {
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            if overflow { return .max }
            product = next
        }
        return product
    }
}
