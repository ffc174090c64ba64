// SPDX-License-Identifier: Apache-2.0

import CHDF5
package import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes one HDF5 file of tensors; the same calls with the same content give the same bytes at any time.
///
/// The file holds no timestamps and follows the HDF5 1.8 format (superblock 2), which h5py, h5dump and MATLAB read.
/// Whole arrays and those of a known number of rows are stored contiguously, streams in chunks of about 1 MiB along the
/// first axis; nothing is compressed.
/// A name may have folders (`images/00001`), each of which becomes a group. The file is complete only after `close()`.
package final class TensorFileWriter {
    package let path: String

    /// Negative once the file is closed.
    private var file: hid_t = -1

    /// Streams not yet finished, in the order they were begun.
    private var streams: [ChunkWriter] = []

    /// Where arrays are whose rows are written in any order.
    private var regions: [FileRegion] = []

    /// Creates the file; one that exists is never overwritten, since stored objects may share its bytes.
    package init(path: String) throws {
        self.path = path
        let error = { (reason: String) in TensorFileError.cannotCreate(file: path, reason: reason) }
        if access(path, F_OK) == 0 { throw error("the file exists already") }
        file = try HDF5.locked {
            let creation = try Identifier(H5Pcreate(reprise_h5_file_creation()), error)
            try HDF5.check(H5Pset_obj_track_times(creation.value, false), error)
            let access = try Identifier(H5Pcreate(reprise_h5_file_access()), error)
            try HDF5.check(H5Pset_fapl_sec2(access.value), error)
            try HDF5.check(H5Pset_libver_bounds(access.value, H5F_LIBVER_V18, H5F_LIBVER_V18), error)
            try HDF5.check(H5Pset_fclose_degree(access.value, H5F_CLOSE_STRONG), error)
            return try HDF5.check(
                H5Fcreate(path, reprise_h5_create_exclusive(), creation.value, access.value)
            ) { TensorFileError.isNoSpace($0) ? .noSpace(file: path) : error($0) }
        }
    }

    deinit {
        if file >= 0 { _ = HDF5.locked { H5Fclose(file) } }
    }

    /// Adds an attribute to the file or to a dataset or group in it; a name can be given once.
    package func setAttribute(_ name: String, _ value: AttributeValue, on object: String? = nil) throws {
        checkOpen()
        let place = object ?? ""
        let failure = failure(place)
        try HDF5.locked {
            if let object, !exists(object) { throw TensorFileError.missing(file: path, object: object) }
            let target = try Identifier(H5Oopen(file, object ?? "/", reprise_h5_default()), failure)
            try value.write(named: name, to: target.value, failure: failure)
        }
    }

    /// Writes a whole array, row-major.
    package func write<Element: TensorElement>(
        _ name: String, _ values: UnsafeBufferPointer<Element>, shape: Shape,
        attributes: [String: AttributeValue] = [:]
    ) throws {
        precondition(values.count == shape.count, "\(values.count) values cannot fill the shape \(shape) of '\(name)'")
        let type = Element.elementType.identifier
        try write(name, UnsafeRawBufferPointer(values), type, shape: shape, attributes: attributes)
    }

    package func write<Element: TensorElement>(
        _ name: String, _ values: [Element], shape: Shape, attributes: [String: AttributeValue] = [:]
    ) throws {
        try values.withUnsafeBufferPointer { try write(name, $0, shape: shape, attributes: attributes) }
    }

    package func write(_ name: String, _ tensor: Tensor, attributes: [String: AttributeValue] = [:]) throws {
        try write(name, tensor.values, shape: tensor.shape, attributes: attributes)
    }

    /// Writes a list of strings as UTF-8 fields of one width, padded with zero bytes.
    package func writeStrings(
        _ name: String, _ strings: [String], attributes: [String: AttributeValue] = [:]
    ) throws {
        let packed = try PackedText(strings, failure(name))
        let type = try HDF5.locked { try packed.makeType(failure(name)) }
        try packed.bytes.withUnsafeBytes {
            try write(name, $0, type.value, shape: Shape([strings.count]), attributes: attributes)
        }
    }

    /// Begins an array that grows by rows along its first axis and may be larger than memory.
    ///
    /// Its layout depends on the size of a row alone: chunks of as many rows as fit in 1 MiB, at least one.
    package func stream<Element: TensorElement>(
        _ name: String, of element: Element.Type = Element.self, rowShape: Shape,
        attributes: [String: AttributeValue] = [:]
    ) throws -> TensorStream<Element> {
        checkOpen()
        checkName(name)
        let chunks = try HDF5.locked {
            try createGroups(above: name)
            let chunks = try ChunkWriter(
                name, in: file, elementType: Element.elementType, rowShape: rowShape, failure: failure(name))
            try write(attributes, to: chunks.dataset, failure(name))
            return chunks
        }
        streams.append(chunks)
        return TensorStream(name: name, rowShape: rowShape, chunks: chunks)
    }

    /// Begins an array of `count` rows that are written in any order and by any thread, in one piece of the file.
    package func rows<Element: TensorElement>(
        _ name: String, of element: Element.Type = Element.self, count: Int, rowShape: Shape,
        attributes: [String: AttributeValue] = [:]
    ) throws -> TensorRows<Element> {
        checkOpen()
        checkName(name)
        precondition(rowShape.count > 0, "rows of the shape \(rowShape) have no elements")
        let failure = failure(name)
        let region = try HDF5.locked {
            try createGroups(above: name)
            let space = try makeSpace(Shape([count] + rowShape.extents), failure)
            let creation = try DatasetCreation(failure)
            if count > 0 { try creation.allocateEarly(failure) }
            let dataset = try creation.makeDataset(
                name, in: file, type: Element.elementType.identifier, space: space.value, failure)
            try write(attributes, to: dataset.value, failure)
            let region = try FileRegion(
                of: dataset.value, named: name, byteCount: count * rowShape.count * MemoryLayout<Element>.stride,
                path: path)
            try dataset.close(failure)
            return region
        }
        regions.append(region)
        return TensorRows(name: name, rowShape: rowShape, count: count, region: region)
    }

    /// Finishes open streams and closes the file, after which the writer can't be used.
    ///
    /// A file whose `close()` throws is no good.
    package func close() throws {
        checkOpen()
        precondition(
            regions.allSatisfy(\.isComplete), "the tensor file '\(path)' is closed before all rows are written")
        regions = []
        try streams.forEach { try $0.finish() }
        streams = []
        let file = file
        self.file = -1
        try HDF5.locked { _ = try HDF5.check(H5Fclose(file), failure("")) }
    }
}

extension TensorFileWriter {
    private func write(
        _ name: String, _ bytes: UnsafeRawBufferPointer, _ type: hid_t, shape: Shape,
        attributes: [String: AttributeValue]
    ) throws {
        checkOpen()
        checkName(name)
        let failure = failure(name)
        try HDF5.locked {
            try createGroups(above: name)
            let space = try makeSpace(shape, failure)
            let creation = try DatasetCreation(failure)
            let dataset = try creation.makeDataset(name, in: file, type: type, space: space.value, failure)
            try write(attributes, to: dataset.value, failure)
            if !bytes.isEmpty {
                let whole = reprise_h5_whole_space()
                try HDF5.check(
                    H5Dwrite(dataset.value, type, whole, whole, reprise_h5_default(), bytes.baseAddress), failure)
            }
            try dataset.close(failure)
        }
    }

    private func write(
        _ attributes: [String: AttributeValue], to object: hid_t, _ failure: (_ reason: String) -> TensorFileError
    ) throws {
        for (name, value) in attributes.sorted(by: { $0.key.precedesInBytes($1.key) }) {
            try value.write(named: name, to: object, failure: failure)
        }
    }

    private func makeSpace(_ shape: Shape, _ failure: (_ reason: String) -> TensorFileError) throws -> Identifier {
        precondition(shape.rank <= 32, "HDF5 has at most 32 axes, not the \(shape.rank) of \(shape)")
        if shape.rank == 0 { return try Identifier(H5Screate(H5S_SCALAR), failure) }
        let extents = shape.extents.map { hsize_t($0) }
        return try Identifier(H5Screate_simple(Int32(extents.count), extents, nil), failure)
    }

    /// Makes the groups of a nested name that aren't there yet; made one by one, since libhdf5 dates those it makes
    /// itself.
    private func createGroups(above name: String) throws {
        let components = name.split(separator: "/").dropLast()
        for depth in 0..<components.count {
            let group = components.prefix(depth + 1).joined(separator: "/")
            if !exists(group) { try createGroup(group) }
        }
    }

    private func createGroup(_ name: String) throws {
        let failure = failure(name)
        let creation = try Identifier(H5Pcreate(reprise_h5_group_creation()), failure)
        try HDF5.check(H5Pset_obj_track_times(creation.value, false), failure)
        let link = try makeLinkCreation(failure)
        let group = try Identifier(
            H5Gcreate2(file, name, link.value, creation.value, reprise_h5_default()), failure)
        try group.close(failure)
    }

    /// Every folder on the way is asked for too, since libhdf5 only answers for the last component.
    private func exists(_ name: String) -> Bool {
        let components = name.split(separator: "/")
        return (1...max(1, components.count)).allSatisfy {
            H5Lexists(file, components.prefix($0).joined(separator: "/"), reprise_h5_default()) > 0
        }
    }

    private func failure(_ object: String) -> (_ reason: String) -> TensorFileError {
        { [path] reason in .writing(path, object, reason) }
    }

    private func checkOpen() {
        precondition(file >= 0, "the tensor file '\(path)' is used after it was closed")
    }

    private func checkName(_ name: String) {
        let components = name.split(separator: "/", omittingEmptySubsequences: false)
        precondition(
            components.allSatisfy { !$0.isEmpty && $0 != "." && !$0.utf8.contains(0) },
            "'\(name)' cannot name a dataset: a part of it is empty, a dot or holds a zero byte")
    }
}

/// How datasets are laid out: without timestamps, and without fill values since every value is written.
struct DatasetCreation: ~Copyable {
    private let properties: Identifier

    init(_ failure: (_ reason: String) -> TensorFileError) throws {
        let properties = try Identifier(H5Pcreate(reprise_h5_dataset_creation()), failure)
        try HDF5.check(H5Pset_obj_track_times(properties.value, false), failure)
        try HDF5.check(H5Pset_fill_time(properties.value, H5D_FILL_TIME_NEVER), failure)
        self.properties = properties
    }

    func setChunk(_ extents: [hsize_t], _ failure: (_ reason: String) -> TensorFileError) throws {
        try HDF5.check(H5Pset_chunk(properties.value, Int32(extents.count), extents), failure)
    }

    /// Sets the room for the values aside when the dataset is made.
    func allocateEarly(_ failure: (_ reason: String) -> TensorFileError) throws {
        try HDF5.check(H5Pset_alloc_time(properties.value, H5D_ALLOC_TIME_EARLY), failure)
    }

    func makeDataset(
        _ name: String, in file: hid_t, type: hid_t, space: hid_t, _ failure: (_ reason: String) -> TensorFileError
    ) throws -> Identifier {
        let link = try makeLinkCreation(failure)
        return try Identifier(
            H5Dcreate2(file, name, type, space, link.value, properties.value, reprise_h5_default()), failure)
    }
}

/// Links whose names are UTF-8.
private func makeLinkCreation(_ failure: (_ reason: String) -> TensorFileError) throws -> Identifier {
    let link = try Identifier(H5Pcreate(reprise_h5_link_creation()), failure)
    try HDF5.check(H5Pset_char_encoding(link.value, H5T_CSET_UTF8), failure)
    return link
}

extension ElementType {
    /// libhdf5's type of a number, valid as long as the process; `text` has none of its own.
    var identifier: hid_t {
        HDF5.locked {
            switch self {
            case .float32: reprise_h5_float32()
            case .float64: reprise_h5_float64()
            case .uint8: reprise_h5_uint8()
            case .int32: reprise_h5_int32()
            case .int64: reprise_h5_int64()
            case .text: preconditionFailure("strings have no common type")
            }
        }
    }
}
