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
        var block: [UInt8] = []
        try Files.read(path, in: 0..<ArchiveHeader.blockByteCount) { block.append(contentsOf: $0) }
        if headings.contains(where: { block.starts(with: $0.utf8) }) { return true }
        guard
            ArchiveHeader.isOurs(block) || block.count == ArchiveHeader.blockByteCount && block.allSatisfy({ $0 == 0 })
        else { return false }
        do throws(ArchiveError) {
            _ = try ArchiveReader(readingFrom: path)
            return true
        } catch {
            if case .store(let error) = error { throw error }
            return false
        }
    }
}
