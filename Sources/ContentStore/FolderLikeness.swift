// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Files whose bytes could be taken for what stands for something else in a key.
///
/// In keys a folder is the digest of a text or of an archive, and a tensor file or a picture that of a stream of its
/// values. A file that holds these very bytes has the same digest, and is told apart by a word beside it.
package enum FolderLikeness {
    /// What the text begins with whose digest is the content of a folder.
    package static let listingHeading = "reprise-folder 1\n"
    /// What streams begin with whose digests are contents of other formats.
    private static let headings = [listingHeading, "reprise-tensors 1\n", "reprise-image 1 "]

    /// Whether a file begins like such a text or stream, or is an archive like those that folders are packed in.
    ///
    /// Of most files it reads no more than a block.
    package static func isFound(inFileAt path: FilePath) throws(StoreError) -> Bool {
        try isFound(in: SystemOpenFile(path), at: path)
    }

    /// The same of a file that is open, and lies at `path`.
    package static func isFound(in file: some OpenFile, at path: FilePath) throws(StoreError) -> Bool {
        let block = try firstBlock(of: file)
        if headings.contains(where: { block.starts(with: $0.utf8) }) { return true }
        guard ArchiveHeader.isOurs(block) || isEndOfArchive(block) else { return false }
        do throws(ArchiveError) {
            _ = try ArchiveReader(readingFrom: path)
            return true
        } catch {
            if case .store(let error) = error { throw error }
            return false
        }
    }

    private static func firstBlock(of file: some OpenFile) throws(StoreError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ArchiveHeader.blockByteCount, alignment: 1)
        defer { buffer.deallocate() }
        var block: [UInt8] = []
        while block.count < ArchiveHeader.blockByteCount {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer.dropFirst(block.count))
            let count = try file.read(into: rest)
            if count == 0 { break }
            block.append(contentsOf: rest.prefix(count))
        }
        return block
    }

    /// An empty folder is packed in an archive that ends where it begins.
    private static func isEndOfArchive(_ block: [UInt8]) -> Bool {
        block.count == ArchiveHeader.blockByteCount && block.allSatisfy { $0 == 0 }
    }
}
