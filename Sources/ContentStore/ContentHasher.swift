// SPDX-License-Identifier: Apache-2.0

import Crypto
package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

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
        try self.init(ofFileAt: path, through: FileBuffer())
    }

    /// Reads through a buffer of the caller's, who has many files to read.
    ///
    /// - Parameter status: what the file system said of the file a moment ago.
    package init(ofFileAt path: FilePath, _ status: FileStatus, through buffer: FileBuffer) throws(StoreError) {
        try self.init(ofFileAt: path, expectedByteCount: status.byteCount, through: buffer)
    }

    private init(
        ofFileAt path: FilePath, expectedByteCount: Int? = nil, through buffer: FileBuffer
    ) throws(StoreError) {
        var hasher = ContentHasher()
        var byteCount = 0
        try buffer.read(path, expectedByteCount: expectedByteCount) { piece in
            hasher.update(piece)
            byteCount += piece.count
        }
        self.init(digest: hasher.finalized(), byteCount: byteCount)
    }
}

/// Memory through which the bytes of files pass, small enough to stay in a processor's own cache between being read and
/// being hashed.
package final class FileBuffer {
    private static let byteCount = 1 << 18

    private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)

    package init() {}

    deinit { bytes.deallocate() }

    /// Hands all bytes of a file to `body`, piece by piece.
    ///
    /// - Parameter expectedByteCount: how long the file is, where that is known: after so many bytes its end is not
    ///   looked for. Whoever knows it knows the file's status too, and notices by it that a file has grown since.
    func read(
        _ path: FilePath, expectedByteCount: Int? = nil, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StoreError) {
        LookedAt.current?.note(path)
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno)) }
        defer { close(descriptor) }
        #if !canImport(Darwin)
            if expectedByteCount ?? .max > Self.byteCount {
                posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
            }
        #endif
        var readByteCount = 0
        // Of a file that says it is empty the end is looked for: the kernel's own files say so.
        while readByteCount == 0 || readByteCount != expectedByteCount {
            let count = platformRead(descriptor, bytes)
            if count == 0 { return }
            if count < 0 {
                if errno == EINTR { continue }
                throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno))
            }
            body(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            readByteCount += count
        }
    }
}

// The class's own `read` hides the C function of this name.
private func platformRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}
