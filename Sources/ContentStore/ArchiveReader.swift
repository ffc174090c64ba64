// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// A file in an archive.
package struct ArchiveMember: Hashable, Sendable {
    /// Relative; no part of it is `..`, `.` or empty.
    package let name: String
    /// Where its bytes lie in the archive's file.
    let range: Range<Int>

    package var byteCount: Int { range.count }
}

/// The files of an archive, which nobody vouches for.
///
/// All headers are read and checked before anything is unpacked: sums, lengths, names that stay below a folder and
/// stand once, plain files only, and an end. What the bytes are worth, a digest has to say.
package struct ArchiveReader: Sendable {
    package var path: FilePath { file.path }
    /// In the archive's order.
    package let members: [ArchiveMember]
    private let names: ArchiveNames
    private let file: ArchiveFile

    /// A piece of a file's bytes in memory; one that is not longer is read and written in one go.
    private static let pieceByteCount = 1 << 20

    package init(readingFrom path: FilePath) throws(ArchiveError) {
        file = try ArchiveFile(path)
        var scan = ArchiveScan(file)
        (members, names) = try scan.members()
        try file.checkUnchanged()
    }

    /// The file of this very name, by its bytes.
    package func member(named name: String) -> ArchiveMember? { names.place(of: name).map { members[$0] } }

    /// Hands the bytes of a file to `body` in pieces of at most a mebibyte.
    package func read(
        _ member: ArchiveMember, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(ArchiveError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(1, min(Self.pieceByteCount, member.byteCount)), alignment: 64)
        defer { buffer.deallocate() }
        var offset = member.range.lowerBound
        while offset < member.range.upperBound {
            let piece = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<min(buffer.count, member.range.upperBound - offset)])
            let count = try file.read(at: offset, into: piece)
            guard count == piece.count else {
                throw .malformed(path: path, offset: offset + count, reason: "it ends here")
            }
            do throws(StoreError) {
                try body(UnsafeRawBufferPointer(piece))
            } catch {
                throw .store(error)
            }
            offset += count
        }
        try file.checkUnchanged()
    }

    /// All bytes of a file; one longer than `limit` is refused.
    package func bytes(of member: ArchiveMember, limit: Int = 1 << 28) throws(ArchiveError) -> [UInt8] {
        guard member.byteCount <= limit else {
            throw .malformed(path: path, offset: member.range.lowerBound, reason: "'\(member.name)' is too long")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(member.byteCount)
        try read(member) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Writes a file's bytes to `target`, whose folder exists, in one step.
    ///
    /// - Returns: their digest.
    @discardableResult
    package func unpack(_ member: ArchiveMember, to target: FilePath) throws(ArchiveError) -> Digest {
        var hasher = ContentHasher()
        do {
            try Files.replace(target) { (append: ([UInt8]) throws(StoreError) -> Void) throws in
                try read(member) { (piece) throws(StoreError) in
                    hasher.update(piece)
                    try append(Array(piece))
                }
            }
        } catch let error as ArchiveError {
            throw error
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            preconditionFailure("unpacking an archive throws its own errors only")
        }
        return hasher.finalized()
    }

    /// Writes a file's bytes to `target`, whose folder exists and where nothing is yet.
    ///
    /// - Returns: their digest.
    @discardableResult
    package func unpack(_ member: ArchiveMember, toNew target: FilePath) throws(ArchiveError) -> Digest {
        guard member.byteCount <= Self.pieceByteCount else { return try unpack(member, to: target) }
        let bytes = try bytes(of: member)
        do throws(StoreError) {
            try Files.write(bytes, toNew: target)
        } catch {
            throw .store(error)
        }
        return Digest(of: bytes)
    }

    /// Writes all files below `folder`, which is made where it is missing and holds nothing yet.
    package func unpackAll(into folder: FilePath) throws(ArchiveError) {
        var made: FilePath?
        for member in members {
            let target = folder.pushing(FilePath(member.name))
            let parent = target.removingLastComponent()
            if parent != made {
                do throws(StoreError) {
                    try Files.makeFolder(parent)
                } catch {
                    throw .store(error)
                }
                made = parent
            }
            try unpack(member, toNew: target)
        }
    }
}
