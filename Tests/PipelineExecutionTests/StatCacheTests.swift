// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import Synchronization
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
        let fileSystem = SaidFileSystem()
        var memory = StatCache(at: cache, of: fileSystem)
        for status in statuses {
            fileSystem.says(status, of: file)
            #expect(try memory.digest(ofFileAt: file, status: status).bytes.digest == Digest(of: [1, 2, 3]))
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
            #expect(String(decoding: bytes.prefix(8), as: UTF8.self) == "rpstat 4")
            for index in bytes.indices.dropLast() {
                var changed = bytes
                changed[index] ^= 1
                try Files.replace(cache, with: changed)
                let fileSystem = SaidFileSystem()
                fileSystem.says(Self.settled(), of: file)
                var memory = StatCache(at: cache, of: fileSystem)
                _ = try memory.digest(ofFileAt: file, status: Self.settled())
                #expect(memory.hashedCount == 1, "byte \(index)")
                try Files.replace(cache, with: Array(bytes[..<index]))
                memory = StatCache(at: cache, of: fileSystem)
                _ = try memory.digest(ofFileAt: file, status: Self.settled())
                #expect(memory.hashedCount == 1, "\(index) bytes")
            }
        }
    }

    @Test(arguments: ["", "\n", "rpstat 3", "rpstat 4", "reprise-stat 2\nseal\n", "\u{0}\u{0}"])
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

    @Test func `a cache that others can write to, or somebody else's, is empty`() throws {
        try withFile { cache, file throws in
            #expect(try hashed(cache, file, [Self.settled()]) == 1)
            for mode in [0o660, 0o606] as [UInt16] {
                try Files.setPermissions(cache, mode)
                #expect(try hashed(cache, file, [Self.settled()]) == 1)
                #expect(try hashed(cache, file, [Self.settled()]) == 0, "it is written anew as one's own")
            }
            guard geteuid() == 0 else { return }
            #expect(cache.withPlatformString { chown($0, 65534, 65534) } == 0)
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
            let fileSystem = SaidFileSystem()
            for (file, status) in asked { fileSystem.says(status, of: file) }
            var memory = StatCache(at: cache, of: fileSystem)
            for _ in 0..<2 {
                let digests = memory.digests(of: asked)
                for (digest, count) in zip(digests, counts) {
                    let bytes = [UInt8](repeating: UInt8(count % 251), count: count)
                    #expect(try digest.get().bytes == FileDigest(digest: Digest(of: bytes), byteCount: count))
                }
                #expect(throws: StoreError.cannot(action: "read", path: absent, reason: .noSuchFileOrDirectory)) {
                    _ = try digests.last?.get()
                }
                #expect(memory.hashedCount == 40)
            }
            try memory.save()
            var later = StatCache(at: cache, of: fileSystem)
            #expect(later.digests(of: asked.dropLast()).compactMap { try? $0.get() }.count == 40)
            #expect(later.hashedCount == 0)
        }
    }

    @Test func `a file that is as young as its hash is hashed at every look`() throws {
        try withFile { cache, file throws in
            let other = file.removingLastComponent().appending("other")
            try Files.write([1, 2, 3], toNew: other)
            let young = Self.settled(at: LookedAt.now())
            let fileSystem = SaidFileSystem()
            for file in [file, other] { fileSystem.says(young, of: file) }
            var memory = StatCache(at: cache, of: fileSystem)
            for count in [2, 4, 6] {
                let digests = try memory.digests(of: [(file, young), (other, young)]).map { try $0.get().bytes.digest }
                #expect(digests == [Digest(of: [1, 2, 3]), Digest(of: [1, 2, 3])])
                #expect(memory.hashedCount == count)
            }
        }
    }

    @Test func `a file is read whole whatever length it was said to have`() throws {
        try withFile { _, file throws in
            let status = try #require(try Files.status(file))
            for known in [0, 2, 3, 9] {
                let looked = Self.settled(known)
                let hashed = try HashedFile(
                    readingFrom: file, lookedAt: looked, in: SystemFileSystem(), through: FileBuffer())
                #expect(hashed.bytes == FileDigest(digest: Digest(of: [1, 2, 3]), byteCount: 3))
                #expect(hashed.status == status)
            }
        }
    }

    @Test func `a file that is written to all the time is told`() throws {
        let clock = SimulatedClock(.told)
        let fileSystem = SimulatedFileSystem(tick: 1, clock: clock)
        fileSystem.make(.replace("/log", "line"))
        let status = try #require(try fileSystem.status(of: "/log", followsLink: true))
        fileSystem.plan((0..<100).map { ($0, .write("/log", "line \($0)")) })
        #expect(throws: StoreError.changing(path: "/log")) {
            try HashedFile(readingFrom: "/log", lookedAt: status, in: fileSystem, through: FileBuffer())
        }
        #expect(
            "\(StoreError.changing(path: "/log"))" == "cannot read '/log': it changed each time that it was read")
    }

    /// Looks at a file, in this order, at times after the first one; how often it was read by then.
    @Test(arguments: [SimulatedClock.Knowledge.told, .silent, .undated])
    func `a file is believed to be as it was once the clock of its file system is past it`(
        knowledge: SimulatedClock.Knowledge
    ) throws {
        let clock = SimulatedClock(knowledge)
        let fileSystem = SimulatedFileSystem(tick: 1_000_000_000, clock: clock)
        fileSystem.wait(1_000_000_000_000)
        fileSystem.make(.replace("/file", "one"))
        var memory = StatCache(at: "/nonexistent/stat", of: fileSystem)
        var read: [Int] = []
        for pause in [1_000_000_000, 500_000_000, 1_000_000_000, 1_000_000_000, 5_000_000_000] as [Int64] {
            fileSystem.wait(pause)
            clock.begin(at: fileSystem.time)
            let status = try #require(try fileSystem.status(of: "/file", followsLink: true))
            #expect(try memory.digest(ofFileAt: "/file", status: status).bytes.digest == Digest(ofText: "one"))
            read.append(memory.hashedCount)
        }
        switch knowledge {
        case .told: #expect(read == [1, 2, 3, 3, 3])
        // Known to be as it is for more than two seconds when it is read for the fourth time.
        case .silent: #expect(read == [1, 2, 3, 4, 4])
        case .undated: #expect(read == [1, 2, 3, 4, 5])
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

/// The files of this machine, with the statuses that they are said to have.
private final class SaidFileSystem: FileSystem {
    private let said = Mutex<[FilePath: FileStatus]>([:])
    private let system = SystemFileSystem()

    func says(_ status: FileStatus, of path: FilePath) { said.withLock { $0[path] = status } }

    /// The clock of this machine, whatever device a file is said to be on.
    var clock: any FileClock { SaidClock() }

    func status(of path: FilePath, followsLink: Bool) throws(StoreError) -> FileStatus? {
        if let said = said.withLock({ $0[path] }) { return said }
        return try system.status(of: path, followsLink: followsLink)
    }

    func statuses(of names: [String], in folder: FilePath) -> [Result<FileStatus?, StoreError>] {
        system.statuses(of: names, in: folder)
    }

    func listing(of folder: FilePath) throws(StoreError) -> ListedFolder { try system.listing(of: folder) }

    func open(_ path: FilePath) throws(StoreError) -> any OpenFile {
        let file = try system.open(path)
        return said.withLock { $0[path] }.map { SaidFile(file, $0) } ?? file
    }
}

private struct SaidClock: FileClock {
    func trust(in status: FileStatus, at path: FilePath) -> StatusTrust { .since(LookedAt.now()) }
    var uptime: Uptime? { nil }
}

private final class SaidFile: OpenFile {
    private let file: any OpenFile
    private let said: FileStatus

    init(_ file: any OpenFile, _ said: FileStatus) {
        self.file = file
        self.said = said
    }

    func status() -> FileStatus { said }
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int { try file.read(into: buffer) }
}
