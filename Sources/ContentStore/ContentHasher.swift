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
        var hasher = ContentHasher()
        var byteCount = 0
        try Files.read(path) { piece in
            hasher.update(piece)
            byteCount += piece.count
        }
        self.init(digest: hasher.finalized(), byteCount: byteCount)
    }
}
