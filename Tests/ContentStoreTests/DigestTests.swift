// SPDX-License-Identifier: Apache-2.0

import ContentStore
import SystemPackage
import Testing

struct DigestTests {
    /// FIPS 180-4 examples and the usual vectors of NIST.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `a digest is the SHA-256 of the standard`(text: String, expected: String) {
        #expect(Digest(ofText: text).description == expected)
        #expect(Digest(of: Array(text.utf8)).description == expected)
    }

    @Test func `a million letters have the digest of the standard, whatever the pieces`() {
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        for pieceLength in [1_000_000, 9973, 64, 63] {
            var hasher = ContentHasher()
            var rest = 1_000_000
            while rest > 0 {
                let count = min(rest, pieceLength)
                hasher.update([UInt8](repeating: UInt8(ascii: "a"), count: count))
                rest -= count
            }
            #expect(hasher.finalized().description == expected)
        }
    }

    @Test func `hexadecimal digits give the digest back`() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<200 {
            let digest = Digest(ofText: String(random.next()))
            #expect(Digest(hexadecimal: digest.description) == digest)
            #expect(digest.abbreviated == String(digest.description.prefix(12)))
        }
    }

    @Test func `a text that is not 64 lower-case digits is no digest`() {
        let good = Digest(ofText: "x").description
        for count in 0..<64 { #expect(Digest(hexadecimal: good.prefix(count)) == nil) }
        #expect(Digest(hexadecimal: good + "0") == nil)
        #expect(Digest(hexadecimal: good.uppercased()) == nil)
        for position in 0..<64 {
            for wrong in ["g", "/", ":", "`", "é", " "] {
                var characters = good.map(String.init)
                characters[position] = wrong
                #expect(Digest(hexadecimal: characters.joined()) == nil)
            }
        }
    }

    @Test func `digests sort as their digits do`() {
        let digests = (0..<100).map { Digest(ofText: "\($0)") }
        #expect(digests.sorted().map(\.description) == digests.map(\.description).sorted())
    }

    @Test func `a file has the digest of its bytes, pieces and all`() throws {
        try withTemporaryFolder { folder in
            for count in [0, 1, Files.bufferByteCount - 1, Files.bufferByteCount, Files.bufferByteCount + 1] {
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                let path = folder.appending("\(count)")
                try Files.write(bytes, toNew: path)
                #expect(try FileDigest(ofFileAt: path) == FileDigest(digest: Digest(of: bytes), byteCount: count))
            }
        }
    }
}
