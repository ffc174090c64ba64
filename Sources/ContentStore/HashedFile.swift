// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// What a file held, with the status that it had while it was read.
package struct HashedFile: Hashable, Sendable {
    package let bytes: FileDigest
    /// Of the very file that was read, before and afterwards: a path may have led elsewhere a moment ago.
    package let status: FileStatus

    /// So often a file that changes while it is read is read anew.
    private static let maximumTries = 5

    package init(bytes: FileDigest, status: FileStatus) {
        self.bytes = bytes
        self.status = status
    }

    /// Reads a file until its status was the same before and afterwards.
    ///
    /// - Parameters:
    ///   - status: what the file system said of the path a moment ago; most of the time it is the file's status still.
    ///   - buffer: of the caller's, who has many files to read.
    /// - Throws: `StoreError.changing` for a file that is written to all the time.
    package init(
        readingFrom path: FilePath, lookedAt status: FileStatus, in fileSystem: some FileSystem,
        through buffer: FileBuffer
    ) throws(StoreError) {
        var before = status
        for _ in 0..<Self.maximumTries {
            let file = try fileSystem.open(path)
            let bytes = try FileDigest(of: file, expectedByteCount: before.byteCount, through: buffer)
            let after = try file.status()
            if after == before {
                self.init(bytes: bytes, status: after)
                return
            }
            // It is another file than was looked at, or one that has changed: what it is now is the next to hold.
            before = after
        }
        throw .changing(path: path)
    }
}
