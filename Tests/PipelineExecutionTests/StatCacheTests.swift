// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

struct StatCacheTests {
    /// A status of the past, as a file has that was written long ago; a real one of today is too young to be
    /// remembered.
    private static func settled(_ byteCount: Int = 3, inode: UInt64 = 1, at time: Int64 = 1_000_000_000) -> FileStatus {
        FileStatus(
            kind: .file, byteCount: byteCount, device: 1, inode: inode, modificationTime: time, changeTime: time)
    }

    private func withFile(_ body: (FilePath, FilePath) throws -> Void) throws {
        let name = "reprise-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let folder = FilePath("/tmp").appending(name)
        try Files.makeFolder(folder)
        defer { try? Files.removeTree(folder) }
        try Files.write([1, 2, 3], toNew: folder.appending("file"))
        try body(folder.appending("stat"), folder.appending("file"))
    }

    /// How many of these looks at a file read it.
    private func hashed(_ cache: FilePath, _ file: FilePath, _ statuses: [FileStatus]) throws -> Int {
        var memory = StatCache(at: cache)
        for status in statuses {
            #expect(try memory.digest(ofFileAt: file, status: status).digest == Digest(of: [1, 2, 3]))
        }
        try memory.save()
        return memory.hashedCount
    }

    @Test func `a settled file is read once, in this run and the next`() throws {
        try withFile { cache, file throws in
            #expect(try hashed(cache, file, [Self.settled(), Self.settled()]) == 1)
            #expect(try hashed(cache, file, [Self.settled(), Self.settled()]) == 0)
        }
    }

    @Test func `a change of anything that the file system says has it read again`() throws {
        try withFile { cache, file throws in
            let base = Self.settled()
            #expect(try hashed(cache, file, [base]) == 1)
            let others = [
                Self.settled(4), Self.settled(inode: 2), Self.settled(at: 1_000_000_001),
                FileStatus(
                    kind: .file, byteCount: 3, device: 2, inode: 1, modificationTime: base.modificationTime,
                    changeTime: base.changeTime),
                FileStatus(
                    kind: .file, byteCount: 3, device: 1, inode: 1, modificationTime: base.modificationTime,
                    changeTime: base.changeTime + 1),
                FileStatus(
                    kind: .file, byteCount: 3, device: 1, inode: 1, modificationTime: base.modificationTime + 1,
                    changeTime: base.changeTime),
            ]
            for other in others { #expect(try hashed(cache, file, [other]) == 1) }
        }
    }

    @Test func `a file as young as the look at it is read each time`() throws {
        try withFile { cache, file throws in
            let young = try #require(try Files.status(file))
            #expect(try hashed(cache, file, [young, young]) == 2)
            #expect(try hashed(cache, file, [young]) == 1)
            let future = Self.settled(at: young.modificationTime + 3_600_000_000_000)
            #expect(try hashed(cache, file, [future, future]) == 2)
        }
    }

    @Test func `an old time of modification does not hide a young change`() throws {
        try withFile { cache, file throws in
            var times = [timespec(tv_sec: 7, tv_nsec: 0), timespec(tv_sec: 7, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, file.string, &times, 0) == 0)
            let status = try #require(try Files.status(file))
            #expect(status.modificationTime == 7_000_000_000)
            #expect(try hashed(cache, file, [status, status]) == 2)
        }
    }

    @Test func `a cache with any byte changed or cut off is empty`() throws {
        try withFile { cache, file throws in
            _ = try hashed(cache, file, [Self.settled()])
            let bytes = try Files.bytes(of: cache)
            #expect(String(decoding: bytes.prefix(8), as: UTF8.self) == "rpstat 3")
            for index in bytes.indices.dropLast() {
                var changed = bytes
                changed[index] ^= 1
                try Files.replace(cache, with: changed)
                var memory = StatCache(at: cache)
                _ = try memory.digest(ofFileAt: file, status: Self.settled())
                #expect(memory.hashedCount == 1, "byte \(index)")
                try Files.replace(cache, with: Array(bytes[..<index]))
                memory = StatCache(at: cache)
                _ = try memory.digest(ofFileAt: file, status: Self.settled())
                #expect(memory.hashedCount == 1, "\(index) bytes")
            }
        }
    }

    @Test(arguments: ["", "\n", "rpstat 3", "reprise-stat 2\nseal\n", "\u{0}\u{0}"])
    func `a cache that is none is empty, and written anew`(text: String) throws {
        try withFile { cache, file throws in
            try Files.write(Array(text.utf8), toNew: cache)
            #expect(try hashed(cache, file, [Self.settled()]) == 1)
            #expect(try hashed(cache, file, [Self.settled()]) == 0)
        }
    }

    @Test func `names with blanks, quotes and line ends are remembered`() throws {
        try withFile { cache, file throws in
            let strange = file.removingLastComponent().appending("a \"b\"\n\u{e9}")
            try Files.copy(file, toNew: strange)
            #expect(try hashed(cache, strange, [Self.settled()]) == 1)
            #expect(try hashed(cache, strange, [Self.settled()]) == 0)
            #expect(try hashed(cache, file, [Self.settled()]) == 1)
        }
    }

    @Test func `a cache that did not change is not written`() throws {
        try withFile { cache, file throws in
            _ = try hashed(cache, file, [Self.settled()])
            let before = try Files.status(cache)
            _ = try hashed(cache, file, [Self.settled()])
            #expect(try Files.status(cache) == before)
        }
    }

    @Test func `a file that cannot be read is told and not remembered`() throws {
        try withFile { cache, file throws in
            var memory = StatCache(at: cache)
            let missing = file.removingLastComponent().appending("missing")
            #expect(throws: StoreError.cannot(action: "read", path: missing, reason: .noSuchFileOrDirectory)) {
                _ = try memory.digest(ofFileAt: missing, status: Self.settled())
            }
            #expect(memory.hashedCount == 0)
        }
    }

    @Test func `many files at once give what each gives alone, in their order, and each is read once`() throws {
        try withFile { cache, file throws in
            let folder = file.removingLastComponent()
            // Large ones among small ones, since those are begun first.
            let counts = (0..<40).map { $0 % 7 == 3 ? 2_000_000 + $0 : $0 * 1000 }
            let files = counts.indices.map { folder.appending("many-\($0)") }
            for (file, count) in zip(files, counts) {
                try Files.write([UInt8](repeating: UInt8(count % 251), count: count), toNew: file)
            }
            let absent = folder.appending("absent")
            let asked = try (files + [absent]).map { file in
                (path: file, status: Self.settled(try Files.status(file)?.byteCount ?? 1))
            }
            var memory = StatCache(at: cache)
            for _ in 0..<2 {
                let digests = memory.digests(of: asked)
                for (digest, count) in zip(digests, counts) {
                    let bytes = [UInt8](repeating: UInt8(count % 251), count: count)
                    #expect(try digest.get() == FileDigest(digest: Digest(of: bytes), byteCount: count))
                }
                #expect(throws: StoreError.cannot(action: "read", path: absent, reason: .noSuchFileOrDirectory)) {
                    _ = try digests.last?.get()
                }
                #expect(memory.hashedCount == 40)
            }
            try memory.save()
            var later = StatCache(at: cache)
            #expect(later.digests(of: asked.dropLast()).compactMap { try? $0.get() }.count == 40)
            #expect(later.hashedCount == 0)
        }
    }

    @Test func `a file that is as young as its hash is hashed at every look`() throws {
        try withFile { cache, file throws in
            let other = file.removingLastComponent().appending("other")
            try Files.write([1, 2, 3], toNew: other)
            let young = Self.settled(at: LookedAt.now())
            var memory = StatCache(at: cache)
            for count in [2, 4, 6] {
                let digests = try memory.digests(of: [(file, young), (other, young)]).map { try $0.get().digest }
                #expect(digests == [Digest(of: [1, 2, 3]), Digest(of: [1, 2, 3])])
                #expect(memory.hashedCount == count)
            }
        }
    }

    @Test func `a file is read to the end that it had, and one that calls itself empty to the end that it has`() throws
    {
        try withFile { _, file throws in
            let bytes = FileBuffer()
            for (known, expected) in [(2, [1, 2, 3]), (3, [1, 2, 3]), (9, [1, 2, 3]), (0, [1, 2, 3])] {
                let digest = try FileDigest(ofFileAt: file, Self.settled(known), through: bytes)
                #expect(digest == FileDigest(digest: Digest(of: expected.map { UInt8($0) }), byteCount: 3))
            }
        }
    }

    @Test func `what was asked for is found among any number of names, in any order`() throws {
        try withFile { cache, file throws in
            let folder = file.removingLastComponent()
            let names = (0..<300).map { folder.appending("n\($0 * 7919 % 300)") }
            for name in names { try Files.write([1, 2, 3], toNew: name) }
            #expect(try names.reduce(0) { try $0 + hashed(cache, $1, [Self.settled()]) } == 300)
            #expect(try names.reversed().reduce(0) { try $0 + hashed(cache, $1, [Self.settled()]) } == 0)
        }
    }
}
