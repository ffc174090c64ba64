// SPDX-License-Identifier: Apache-2.0

import CHDF5
import TensorStore
import Testing

/// HDF5 files as others write them, made with libhdf5 itself.
struct ForeignFile {
    let file: hid_t

    /// Creates `path` with `content`, in the oldest format unless told otherwise.
    static func write(_ path: String, latest: Bool = false, _ content: (ForeignFile) throws -> Void) throws {
        try HDF5.locked { try writeLocked(path, latest, content) }
    }

    private static func writeLocked(
        _ path: String, _ latest: Bool, _ content: (ForeignFile) throws -> Void
    ) throws {
        let access = H5Pcreate(reprise_h5_file_access())
        H5Pset_libver_bounds(access, latest ? H5F_LIBVER_V110 : H5F_LIBVER_EARLIEST, H5F_LIBVER_V110)
        let file = H5Fcreate(path, reprise_h5_create_exclusive(), reprise_h5_default(), access)
        try #require(file >= 0)
        try content(ForeignFile(file: file))
        H5Pclose(access)
        try #require(H5Fclose(file) >= 0)
    }

    /// A dataset with its values; `chunk` and what else `creation` sets decide the layout.
    func write<Value: BitwiseCopyable>(
        _ name: String, _ values: [Value], _ type: hid_t, extents: [hsize_t], chunk: [hsize_t]? = nil,
        memoryType: hid_t? = nil, creation: (hid_t) -> Void = { _ in }
    ) throws {
        let properties = H5Pcreate(reprise_h5_dataset_creation())
        if let chunk { H5Pset_chunk(properties, Int32(chunk.count), chunk) }
        creation(properties)
        let space = H5Screate_simple(Int32(extents.count), extents, nil)
        let dataset = H5Dcreate2(
            file, name, type, space, reprise_h5_default(), properties, reprise_h5_default())
        try #require(dataset >= 0)
        let whole = reprise_h5_whole_space()
        if !values.isEmpty {
            try #require(
                H5Dwrite(dataset, memoryType ?? type, whole, whole, reprise_h5_default(), values) >= 0)
        }
        H5Dclose(dataset)
        H5Sclose(space)
        H5Pclose(properties)
    }

    func makeGroup(_ name: String) {
        H5Gclose(
            H5Gcreate2(file, name, reprise_h5_default(), reprise_h5_default(), reprise_h5_default()))
    }

    /// An attribute of one value (`count` nil) or a list.
    func setAttribute<Value: BitwiseCopyable>(
        _ name: String, _ values: [Value], _ type: hid_t, count: Int? = nil, on object: String = "/"
    ) throws {
        let target = H5Oopen(file, object, reprise_h5_default())
        var extent = hsize_t(count ?? 0)
        let space = count == nil ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, nil)
        let attribute = H5Acreate2(target, name, type, space, reprise_h5_default(), reprise_h5_default())
        try #require(attribute >= 0)
        if !values.isEmpty { try #require(H5Awrite(attribute, type, values) >= 0) }
        H5Aclose(attribute)
        H5Sclose(space)
        H5Oclose(target)
    }

    static func stringType(_ size: Int, _ padding: H5T_str_t = H5T_STR_NULLTERM) -> hid_t {
        let type = H5Tcopy(reprise_h5_c_string())
        H5Tset_size(type, size)
        H5Tset_strpad(type, padding)
        return type
    }
}
