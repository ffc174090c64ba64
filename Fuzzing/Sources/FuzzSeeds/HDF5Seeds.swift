// SPDX-License-Identifier: Apache-2.0

import CHDF5
import Glibc
import TensorStore
import Tensors

/// Files of this project's writer, and files as others write them in the oldest and in the newest format, a feature
/// each so that they are small.
func writeHDF5Seeds(to folder: String) throws {
    try makeFolder(folder)
    try writeOwnFile("\(folder)/own")
    for isLatest in [false, true] {
        for seed in foreignSeeds {
            let path = "\(folder)/\(isLatest ? "latest" : "earliest")-\(seed.name)"
            unlink(path)
            HDF5.locked { writeForeignFile(path, isLatest: isLatest, seed.content) }
        }
    }
}

private func writeOwnFile(_ path: String) throws {
    unlink(path)
    let writer = try TensorFileWriter(path: path)
    try writer.setAttribute("scale", 3)
    try writer.setAttribute("rate", 0.5)
    try writer.setAttribute("layers", .texts(["a", "bc"]))
    try writer.write("images/a", [1, 2, 3] as [Float], shape: [3], attributes: ["name": "first"])
    try writer.write("images/b", [1, 2, 3, 4] as [UInt8], shape: [2, 2])
    try writer.writeStrings("names", ["a", "bc"])
    try writer.close()
}

private func writeForeignFile(_ path: String, isLatest: Bool, _ content: (hid_t) -> Void) {
    let access = H5Pcreate(reprise_h5_file_access())
    H5Pset_libver_bounds(access, isLatest ? H5F_LIBVER_V110 : H5F_LIBVER_EARLIEST, H5F_LIBVER_V110)
    let file = H5Fcreate(path, reprise_h5_create_exclusive(), reprise_h5_default(), access)
    content(file)
    H5Pclose(access)
    H5Fclose(file)
}

private let foreignSeeds: [(name: String, content: @Sendable (hid_t) -> Void)] = [
    ("contiguous", { writeDataset($0, "d", [1, 2, 3] as [Float], reprise_h5_float32(), [3]) }),
    (
        "compact",
        { writeDataset($0, "d", [1, 2] as [Int32], reprise_h5_int32(), [2]) { H5Pset_layout($0, H5D_COMPACT) } }
    ),
    ("big-endian", { writeDataset($0, "d", [1, 2] as [Double], reprise_h5_float64_big_endian(), [2]) }),
    ("scalar", { writeDataset($0, "d", [7] as [Int64], reprise_h5_int64(), []) }),
    (
        "chunked",
        {
            writeDataset($0, "d", [1, 2, 3, 4, 5, 6] as [UInt8], reprise_h5_uint8(), [3, 2]) { chunk($0, [2, 2]) }
        }
    ),
    (
        "unlimited",
        {
            writeDataset($0, "d", [1, 2, 3] as [UInt8], reprise_h5_uint8(), [3], isUnlimited: true) { chunk($0, [2]) }
        }
    ),
    (
        "filtered",
        {
            writeDataset($0, "d", (0..<64).map { Float($0) }, reprise_h5_float32(), [8, 8]) {
                chunk($0, [4, 8])
                H5Pset_shuffle($0)
                H5Pset_deflate($0, 6)
                H5Pset_fletcher32($0)
            }
        }
    ),
    ("fixed-strings", { writeDataset($0, "d", Array("ab cd ".utf8), text(3, H5T_STR_SPACEPAD), [2]) }),
    ("references", { writeReferences($0) }),
    (
        "attributes",
        { file in
            writeAttribute(file, "i", [1, -2] as [Int32], reprise_h5_int32(), 2)
            writeAttribute(file, "u", [3] as [UInt64], reprise_h5_uint64(), nil)
            writeAttribute(file, "f", [0.5] as [Float], reprise_h5_float32(), nil)
            writeAttribute(file, "t", Array("text".utf8), text(4, H5T_STR_NULLPAD), nil)
        }
    ),
    (
        "many-attributes",
        { file in
            for index in 0..<12 { writeAttribute(file, "a\(index)", [Int32(index)], reprise_h5_int32(), nil) }
        }
    ),
    (
        "groups",
        { file in
            for name in ["a", "a/b", "c"] {
                H5Gclose(H5Gcreate2(file, name, reprise_h5_default(), reprise_h5_default(), reprise_h5_default()))
            }
            writeDataset(file, "a/b/d", [1] as [UInt8], reprise_h5_uint8(), [1])
        }
    ),
    (
        "many-links",
        { file in
            for index in 0..<20 { writeDataset(file, "d\(index)", [1] as [UInt8], reprise_h5_uint8(), [1]) }
        }
    ),
    ("soft-link", { H5Lcreate_soft("/d", $0, "link", reprise_h5_default(), reprise_h5_default()) }),
]

private func chunk(_ creation: hid_t, _ extents: [hsize_t]) { H5Pset_chunk(creation, Int32(extents.count), extents) }

private func text(_ size: Int, _ padding: H5T_str_t) -> hid_t {
    let type = H5Tcopy(reprise_h5_c_string())
    H5Tset_size(type, size)
    H5Tset_strpad(type, padding)
    return type
}

private func writeDataset<Value: BitwiseCopyable>(
    _ file: hid_t, _ name: String, _ values: [Value], _ type: hid_t, _ extents: [hsize_t], isUnlimited: Bool = false,
    creation: (hid_t) -> Void = { _ in }
) {
    let properties = H5Pcreate(reprise_h5_dataset_creation())
    creation(properties)
    let limits = [hsize_t](repeating: reprise_h5_unlimited(), count: extents.count)
    let space =
        extents.isEmpty
        ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(extents.count), extents, isUnlimited ? limits : nil)
    let dataset = H5Dcreate2(file, name, type, space, reprise_h5_default(), properties, reprise_h5_default())
    let whole = reprise_h5_whole_space()
    H5Dwrite(dataset, type, whole, whole, reprise_h5_default(), values)
    H5Dclose(dataset)
    H5Sclose(space)
    H5Pclose(properties)
}

private func writeAttribute<Value: BitwiseCopyable>(
    _ file: hid_t, _ name: String, _ values: [Value], _ type: hid_t, _ count: Int?
) {
    let extents = count.map { [hsize_t($0)] }
    let space = extents.map { H5Screate_simple(1, $0, nil) } ?? H5Screate(H5S_SCALAR)
    let attribute = H5Acreate2(file, name, type, space, reprise_h5_default(), reprise_h5_default())
    H5Awrite(attribute, type, values)
    H5Aclose(attribute)
    H5Sclose(space)
}

/// Strings of any length in a dataset and in an attribute.
private func writeReferences(_ file: hid_t) {
    let type = text(reprise_h5_variable_length(), H5T_STR_NULLTERM)
    "first".withCString { first in
        "the second".withCString { second in
            writeDataset(file, "d", [first, second], type, [2])
            writeAttribute(file, "a", [second], type, nil)
        }
    }
}
