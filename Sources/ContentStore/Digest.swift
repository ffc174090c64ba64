// SPDX-License-Identifier: Apache-2.0

import Crypto

/// The SHA-256 of some bytes.
package struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The 32 bytes as four big-endian words, so that the digest is stored without an allocation.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    package init(of bytes: some Sequence<UInt8>) {
        var hasher = ContentHasher()
        hasher.update(Array(bytes))
        self = hasher.finalized()
    }

    package init(ofText text: String) {
        self.init(of: text.utf8)
    }

    init(_ digest: SHA256.Digest) {
        words = digest.withUnsafeBytes { bytes in
            func word(_ index: Int) -> UInt64 {
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
            return (word(0), word(1), word(2), word(3))
        }
    }

    /// Takes its 32 bytes; `nil` for any other number of them.
    package init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count == 32 else { return nil }
        words = bytes.withUnsafeBytes { bytes in
            func word(_ index: Int) -> UInt64 {
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
            return (word(0), word(1), word(2), word(3))
        }
    }

    /// Reads 64 lower-case hexadecimal digits; `nil` for anything else.
    package init?(hexadecimal text: some StringProtocol) {
        let digits = text.utf8
        guard
            let parsed = digits.withContiguousStorageIfAvailable(Self.words)
                ?? Array(digits).withUnsafeBufferPointer(Self.words)
        else { return nil }
        words = parsed
    }

    private static func words(_ digits: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64, UInt64, UInt64)? {
        guard digits.count == 64, let first = word(digits[0..<16]), let second = word(digits[16..<32]),
            let third = word(digits[32..<48]), let fourth = word(digits[48..<64])
        else { return nil }
        return (first, second, third, fourth)
    }

    private static func word(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        var word: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): word = word << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): word = word << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return word
    }

    /// 64 lower-case hexadecimal digits.
    package var description: String {
        String(unsafeUninitializedCapacity: 64) { buffer in
            write(words.0, to: buffer, at: 0)
            write(words.1, to: buffer, at: 16)
            write(words.2, to: buffer, at: 32)
            write(words.3, to: buffer, at: 48)
            return 64
        }
    }

    private func write(_ word: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        for place in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * place) & 15)
            buffer[start + place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in withUnsafeBytes(of: word.bigEndian, Array.init) }
    }

    /// The first 12 digits: enough to tell digests apart in a table for people.
    package var abbreviated: String { String(description.prefix(12)) }

    package static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    package static func < (left: Self, right: Self) -> Bool { left.words < right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}
