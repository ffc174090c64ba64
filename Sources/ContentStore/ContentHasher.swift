// SPDX-License-Identifier: Apache-2.0

import Crypto
package import SystemPackage

/// Takes the SHA-256 of bytes that arrive piece by piece.
package struct ContentHasher {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
    }

    package consuming func finalized() -> Digest {
        Digest(hash.finalize())
    }
}

/// The digest and length of a file's bytes, read in bounded memory.
package struct FileDigest: Hashable, Sendable {
    package let digest: Digest
    package let byteCount: Int

    package init(digest: Digest, byteCount: Int) {
        self.digest = digest
        self.byteCount = byteCount
    }

    package init(ofFileAt path: FilePath) throws(StoreError) {
        let file = try SystemOpenFile(path)
        Files.note(file.descriptor, of: path)
        try self.init(of: file, through: FileBuffer())
    }

    /// Reads a file to its end.
    ///
    /// - Parameter expectedByteCount: how long the file is said to be: after so many bytes its end is not looked for.
    ///   Whoever knows it knows the file's status too, and notices by it that a file has grown since.
    package init(
        of file: some OpenFile, expectedByteCount: Int? = nil, through buffer: FileBuffer
    ) throws(StoreError) {
        var hasher = ContentHasher()
        var byteCount = 0
        // Of a file that says it is empty the end is looked for: the kernel's own files say so.
        while byteCount == 0 || byteCount != expectedByteCount {
            if Task.isCancelled { throw .interrupted }
            let count = try file.read(into: buffer.bytes)
            if count == 0 { break }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]))
            byteCount += count
        }
        self.init(digest: hasher.finalized(), byteCount: byteCount)
    }
}

/// Memory through which the bytes of files pass, small enough to stay in a processor's own cache between being read and
/// being hashed.
package final class FileBuffer {
    private static let byteCount = 1 << 18

    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)

    package init() {}

    deinit { bytes.deallocate() }
}
