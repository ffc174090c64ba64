// SPDX-License-Identifier: Apache-2.0

import CHDF5

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The strings of any length of one file.
///
/// A dataset or attribute holds references to them: a length, the address of a collection of heap objects, an index
/// into it. libhdf5 follows references without a look at their lengths and indices, and no checksum guards any of it,
/// so that a damaged file could make it read and write where it should not. Here libhdf5 hands over the references as
/// they are (`reprise_h5_allow_references`), and they are followed with every bound checked (HDF5 File Format
/// Specification, III.E, Disk Format: Level 1E - Global Heap).
final class StringHeap {
    private let path: String
    private let fileByteCount: Int
    private let file: hid_t
    private var collections: [Int: HeapCollection] = [:]

    /// Collections in memory before all are let go; one holds 4 KiB or a single longer string as libhdf5 writes them.
    private static let cachedByteLimit = 16 << 20

    /// What the strings of one block or attribute may take together.
    static let byteLimit = 64 << 20

    /// Of the open file `file`, which outlives the heap.
    init(of file: hid_t, path: String, fileByteCount: Int) {
        self.file = file
        self.path = path
        self.fileByteCount = fileByteCount
    }

    /// `count` strings whose references `read` puts into memory of the type it is handed; call inside `HDF5.locked`.
    func strings(
        count: Int, _ failure: (_ reason: String) -> TensorFileError,
        read: (_ type: hid_t, _ target: UnsafeMutableRawPointer?) -> herr_t
    ) throws -> [String] {
        let widths = try FieldWidths(of: file, failure)
        let type = try Identifier(H5Tcreate(H5T_OPAQUE, widths.reference), failure)
        guard count <= Self.byteLimit / widths.reference else { throw failure("\(count) strings are too many") }
        var bytes = [UInt8](repeating: 0, count: count * widths.reference)
        try HDF5.check(bytes.withUnsafeMutableBytes { read(type.value, $0.baseAddress) }, failure)
        let references = (0..<count).map { HeapReference(bytes, at: $0 * widths.reference, widths) }
        let byteCount = references.reduce(0) { $0 + $1.length }
        guard byteCount <= Self.byteLimit else { throw failure("strings of \(byteCount) bytes together are refused") }
        let heap = try HeapFile(path: path, byteCount: fileByteCount, widths)
        return try references.map { try string($0, in: heap, failure) }
    }

    private func string(
        _ reference: HeapReference, in heap: borrowing HeapFile, _ failure: (_ reason: String) -> TensorFileError
    ) throws -> String {
        if reference.address == 0 || reference.length == 0 { return "" }
        let collection = try collection(at: reference.address, in: heap)
        guard let collection, let object = collection.objects[reference.index], reference.length <= object.count else {
            throw failure("a reference to a string is damaged")
        }
        let bytes = collection.bytes[object.prefix(reference.length)].prefix { $0 != 0 }
        guard let string = String(validating: bytes, as: UTF8.self) else { throw failure("a string is not UTF-8") }
        return string
    }

    private func collection(at address: Int, in heap: borrowing HeapFile) throws -> HeapCollection? {
        if let known = collections[address] { return known }
        guard let collection = try HeapCollection(at: address, in: heap) else { return nil }
        if collections.values.reduce(collection.bytes.count, { $0 + $1.bytes.count }) > Self.cachedByteLimit {
            collections = [:]
        }
        collections[address] = collection
        return collection
    }
}

/// Bytes of an address and of a length in this file, and where its addresses begin.
private struct FieldWidths {
    let address: Int
    let length: Int
    let base: Int

    /// A reference: 4 bytes of length, an address, 4 bytes of index.
    var reference: Int { address + 8 }

    init(of file: hid_t, _ failure: (_ reason: String) -> TensorFileError) throws {
        let creation = try Identifier(H5Fget_create_plist(file), failure)
        var (address, length, base) = (0, 0, hsize_t(0))
        try HDF5.check(H5Pget_sizes(creation.value, &address, &length), failure)
        try HDF5.check(H5Pget_userblock(creation.value, &base), failure)
        guard [4, 8].contains(address), [4, 8].contains(length) else {
            throw failure("its strings have addresses of \(address) and lengths of \(length) bytes")
        }
        self.address = address
        self.length = length
        self.base = Int(clamping: base)
    }
}

/// Where a string is: at most `length` bytes of object `index` in the collection at `address`; 0 for no string.
private struct HeapReference {
    let length: Int
    let address: Int
    let index: Int

    init(_ bytes: [UInt8], at start: Int, _ widths: FieldWidths) {
        length = bytes.littleEndian(at: start, 4)
        address = bytes.littleEndian(at: start + 4, widths.address)
        index = bytes.littleEndian(at: start + 4 + widths.address, 4)
    }
}

/// The file's bytes, read beside libhdf5.
private struct HeapFile: ~Copyable {
    let byteCount: Int
    let widths: FieldWidths
    private let path: String
    private let descriptor: Int32

    init(path: String, byteCount: Int, _ widths: FieldWidths) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TensorFileError.cannotOpen(file: path, reason: String(errorNumber: errno))
        }
        self.path = path
        self.byteCount = byteCount
        self.widths = widths
    }

    deinit { _ = close(descriptor) }

    /// `nil` where the file does not hold as many bytes at an address.
    func bytes(at address: Int, count: Int) throws -> [UInt8]? {
        let (start, overflow) = address.addingReportingOverflow(widths.base)
        guard !overflow, count >= 0, start >= 0, count <= byteCount, start <= byteCount - count else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let read = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress.map { $0 + done }, count - done, off_t(start + done))
            }
            if read < 0 && errno == EINTR { continue }
            guard read >= 0 else {
                throw TensorFileError.cannotRead(file: path, object: "", reason: String(errorNumber: errno))
            }
            if read == 0 { return nil }
            done += read
        }
        return bytes
    }
}

/// A part of the heap with its objects by their indices.
private struct HeapCollection {
    let bytes: [UInt8]
    private(set) var objects: [Int: Range<Int>] = [:]

    /// `nil` where no sound collection is at that address.
    init?(at address: Int, in heap: borrowing HeapFile) throws {
        let headerByteCount = 8 + heap.widths.length
        guard let header = try heap.bytes(at: address, count: headerByteCount),
            header.starts(with: Array("GCOL".utf8) + [1])
        else { return nil }
        let byteCount = header.littleEndian(at: 8, heap.widths.length)
        guard byteCount >= headerByteCount, let bytes = try heap.bytes(at: address, count: byteCount) else {
            return nil
        }
        self.bytes = bytes
        guard addObjects(from: headerByteCount, lengthByteCount: heap.widths.length) else { return nil }
    }

    /// Objects follow one another in multiples of eight bytes; number 0 is the free space behind the last.
    private mutating func addObjects(from first: Int, lengthByteCount: Int) -> Bool {
        var start = first
        while start + 8 + lengthByteCount <= bytes.count {
            let index = bytes.littleEndian(at: start, 2)
            if index == 0 { return true }
            let length = bytes.littleEndian(at: start + 8, lengthByteCount)
            start += 8 + lengthByteCount
            guard length >= 0, length <= bytes.count - start else { return false }
            guard objects.updateValue(start..<start + length, forKey: index) == nil else { return false }
            start += (length + 7) / 8 * 8
        }
        return true
    }
}

extension [UInt8] {
    /// An unsigned number of at most eight bytes; those beyond Int are negative.
    fileprivate func littleEndian(at start: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(self[start + $1]) << (8 * $1) }
    }
}
