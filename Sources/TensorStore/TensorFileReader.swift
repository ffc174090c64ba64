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

/// Reads one HDF5 file of tensors, whoever wrote it, without ever leaving that file.
///
/// Opening lists every dataset and group and refuses what leads elsewhere or round in circles: soft, external and
/// user-defined links, groups with two names. Values are checked as a dataset is first used; see `Dataset`. Before
/// that, a process of its own reads the file as a rehearsal (`rehearsal.h`), so that one which libhdf5 does not survive
/// is an error like others.
///
/// `@unchecked Sendable`: its variables, the list of open datasets and the heap of strings, and the datasets in the
/// list are used inside `HDF5.locked` only.
package final class TensorFileReader: @unchecked Sendable {
    package let path: String

    /// Every dataset with its folders, such as `images/00001`, in byte order.
    package let datasetNames: [String]

    /// Every group but the root, in byte order.
    package let groupNames: [String]

    private let file: hid_t
    private let fileByteCount: Int
    private let heap: StringHeap

    /// The datasets used last, most recent at the end.
    private var openDatasets: [Dataset] = []

    private static let openDatasetLimit = 8

    package init(path: String) throws {
        self.path = path
        let fileByteCount = try regularFileByteCount(path)
        self.fileByteCount = fileByteCount
        (file, datasetNames, groupNames) = try HDF5.locked {
            let file = try openFile(path, byteCount: fileByteCount)
            let listing = try FileListing(of: file.value, path: path)
            return (file.released(), listing.datasets, listing.groups)
        }
        heap = StringHeap(of: file, path: path, fileByteCount: fileByteCount)
    }

    deinit {
        HDF5.locked {
            openDatasets = []
            _ = H5Fclose(file)
        }
    }

    package func shape(of dataset: String) throws -> Shape {
        try HDF5.locked { try open(dataset).shape }
    }

    package func elementType(of dataset: String) throws -> ElementType {
        try HDF5.locked { try open(dataset).elementType }
    }

    /// The attributes of a dataset or group, or of the file itself, in byte order of their names.
    package func attributes(of object: String? = nil) throws -> [Attribute] {
        try HDF5.locked {
            if let object, !datasetNames.containsInBytes(object), !groupNames.containsInBytes(object) {
                throw TensorFileError.missing(file: path, object: object)
            }
            let target = try Identifier(H5Oopen(file, object ?? "/", reprise_h5_default())) {
                .cannotRead(file: path, object: object ?? "", reason: $0)
            }
            return try Attribute.all(of: target.value, file: path, objectName: object ?? "", heap: heap)
        }
    }

    /// One attribute, `nil` where the dataset, the group or the file has none of that name.
    package func attribute(_ name: String, of object: String? = nil) throws -> AttributeValue? {
        try attributes(of: object).first { $0.name.equalsInBytes(name) }?.value
    }

    /// All values of a dataset, row-major.
    ///
    /// Types are not converted: another one is an error.
    package func read<Element: TensorElement>(_ name: String, as _: Element.Type = Element.self) throws -> [Element] {
        try HDF5.locked {
            let dataset = try open(name)
            try dataset.check(is: Element.self)
            let shape = dataset.shape
            return try [Element](unsafeUninitializedCapacity: shape.count) { buffer, initializedCount in
                if shape.count > 0 {
                    let start = [Int](repeating: 0, count: shape.rank)
                    try dataset.readBox(start: start, count: shape.extents, into: buffer.baseAddress)
                }
                initializedCount = shape.count
            }
        }
    }

    /// A float32 dataset as a tensor.
    package func readTensor(_ name: String) throws -> Tensor {
        Tensor(shape: try shape(of: name), values: try read(name))
    }

    /// A list of strings, or a single one, of any of HDF5's string formats.
    package func readStrings(_ name: String) throws -> [String] {
        try HDF5.locked {
            let dataset = try open(name)
            try dataset.checkIsTextList()
            var strings: [String] = []
            for block in dataset.textBlocks { strings += try dataset.readStrings(block) }
            return strings
        }
    }

    /// The open dataset of that name; call inside `HDF5.locked`.
    func open(_ name: String) throws -> Dataset {
        if let index = openDatasets.lastIndex(where: { $0.name.equalsInBytes(name) }) {
            let dataset = openDatasets.remove(at: index)
            openDatasets.append(dataset)
            return dataset
        }
        guard datasetNames.containsInBytes(name) else { throw TensorFileError.missing(file: path, object: name) }
        let dataset = try Dataset(name, in: file, path: path, fileByteCount: fileByteCount, heap: heap)
        if openDatasets.count == Self.openDatasetLimit { openDatasets.removeFirst() }
        openDatasets.append(dataset)
        return dataset
    }
}

/// The size of a file, found before libhdf5 sees it, so that folders and pipes are refused in plain words.
private func regularFileByteCount(_ path: String) throws -> Int {
    var details = stat()
    guard stat(path, &details) == 0 else {
        throw TensorFileError.cannotOpen(file: path, reason: String(errorNumber: errno))
    }
    guard details.st_mode & S_IFMT == S_IFREG else {
        throw TensorFileError.cannotOpen(file: path, reason: "it is not a regular file")
    }
    guard access(path, R_OK) == 0 else {
        throw TensorFileError.cannotOpen(file: path, reason: String(errorNumber: errno))
    }
    return Int(details.st_size)
}

private func openFile(_ path: String, byteCount: Int) throws -> Identifier {
    let error = { (reason: String) in TensorFileError.cannotOpen(file: path, reason: reason) }
    let access = try Identifier(H5Pcreate(reprise_h5_file_access()), error)
    try HDF5.check(H5Pset_fapl_sec2(access.value), error)
    try HDF5.check(reprise_h5_without_file_locking(access.value), error)
    // Rows are read as they are asked for: a buffer around each would be read anew for every row of a random batch.
    try HDF5.check(H5Pset_sieve_buf_size(access.value, 0), error)
    try HDF5.check(H5Pset_fclose_degree(access.value, H5F_CLOSE_STRONG), error)
    try HDF5.check(HDF5.referenceAllowance, error)
    guard reprise_h5_survives(path, access.value, rehearsalSeconds(byteCount: byteCount)) == 1 else {
        throw error("it is damaged in a way that libhdf5 does not survive")
    }
    guard try HDF5.check(reprise_h5_is_hdf5(path, access.value), error) > 0 else {
        throw TensorFileError.notHDF5(file: path)
    }
    return try Identifier(H5Fopen(path, reprise_h5_read_only(), access.value), error)
}

/// Far more processor time than libhdf5 takes for a sound file: ten seconds, and one for each 4 MB.
private func rehearsalSeconds(byteCount: Int) -> UInt64 {
    10 + UInt64(byteCount) / 4_000_000
}

extension [String] {
    /// Whether `name` is among these strings, which are in byte order.
    fileprivate func containsInBytes(_ name: String) -> Bool {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle].precedesInBytes(name) { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && self[low].equalsInBytes(name)
    }
}
