// SPDX-License-Identifier: Apache-2.0

import ContentStore
import SystemPackage
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

struct AnswerMemoTests {
    private static let question = Digest(ofText: "question")
    private static let answer = AnswerMemo.Answer(text: "Nothing to do: ß.\n", exitCode: 3)

    /// What was looked at by a command that began long after all files of today were written.
    private static func lookedAt(_ paths: [FilePath], links: [FilePath] = []) throws -> LookedAt {
        let lookedAt = LookedAt(clock: LaterClock())
        for path in paths { lookedAt.note(path, as: try Files.status(path)) }
        for path in links { lookedAt.note(path, followsLink: false, as: try Files.linkStatus(path)) }
        return lookedAt
    }

    private static func memoFile(in folder: FilePath) -> FilePath {
        folder.appending("memo").appending(question.description)
    }

    /// A folder with a file, a link to it and an inner folder, an answer that depends on all of them, and the answer
    /// after `change`.
    private func answer(after change: (FilePath) throws -> Void) throws -> AnswerMemo.Answer? {
        try withTemporaryFolder { folder in
            let data = folder.appending("data")
            try Files.makeFolder(data.appending("inner"))
            try Files.write([1, 2, 3], toNew: data.appending("file"))
            try Files.write([1, 2, 4], toNew: data.appending("other"))
            #expect(symlink("file", data.appending("link").string) == 0)
            let memo = AnswerMemo(cache: folder)
            let places = ["file", "link", "inner", "absent"].map { data.appending($0) }
            try memo.keep(
                Self.answer, to: Self.question, lookedAt: try Self.lookedAt(places, links: [data.appending("link")]))
            #expect(memo.answer(to: Self.question) == Self.answer)
            try change(data)
            return memo.answer(to: Self.question)
        }
    }

    @Test func `an answer is given again while nothing has changed, and to its question only`() throws {
        #expect(try answer { _ in } == Self.answer)
        try withTemporaryFolder { folder in
            let memo = AnswerMemo(cache: folder)
            #expect(memo.answer(to: Self.question) == nil)
            try memo.keep(Self.answer, to: Self.question, lookedAt: try Self.lookedAt([]))
            #expect(memo.answer(to: Self.question) == Self.answer)
            let other = Digest(ofText: "other")
            #expect(memo.answer(to: other) == nil)
            try Files.rename(Self.memoFile(in: folder), to: folder.appending("memo").appending(other.description))
            #expect(memo.answer(to: other) == nil)
        }
    }

    @Test func `what nobody looked at may change`() throws {
        #expect(try answer { try Files.replace($0.appending("other"), with: [9]) } == Self.answer)
    }

    @Test func `a change of anything that was looked at is noticed`() throws {
        let changes: [(String, (FilePath) throws -> Void)] = [
            ("bytes", { try Files.replace($0.appending("file"), with: [1, 2, 4]) }),
            ("length", { try Files.replace($0.appending("file"), with: [1, 2]) }),
            ("bytes in place", { try Self.overwrite($0.appending("file"), with: [7]) }),
            ("time", { #expect(utimes($0.appending("file").string, nil) == 0) }),
            ("permissions", { try Files.setPermissions($0.appending("file"), 0o400) }),
            ("name", { try Files.rename($0.appending("file"), to: $0.appending("renamed")) }),
            ("removal", { try Files.remove($0.appending("file")) }),
            (
                "another file of the same bytes",
                { try Files.rename($0.appending("other"), to: $0.appending("file")) }
            ),
            ("new file in a folder", { try Files.write([], toNew: $0.appending("inner").appending("new")) }),
            ("folder in place of a file", { try Self.makeFolder(inPlaceOf: $0.appending("file")) }),
            ("what was absent", { try Files.write([], toNew: $0.appending("absent")) }),
            ("target of a link", { try Self.link($0.appending("link"), to: "other") }),
            ("the same link made anew", { try Self.link($0.appending("link"), to: "file") }),
            ("the folder above", { try Files.rename($0, to: $0.removingLastComponent().appending("moved")) }),
        ]
        for (name, change) in changes { #expect(try answer(after: change) == nil, "\(name)") }
    }

    private static func overwrite(_ path: FilePath, with bytes: [UInt8]) throws {
        let file = try FileDescriptor.open(path, .writeOnly)
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    private static func makeFolder(inPlaceOf path: FilePath) throws {
        try Files.remove(path)
        try Files.makeFolder(path)
    }

    private static func link(_ path: FilePath, to target: String) throws {
        try Files.remove(path)
        #expect(symlink(target, path.string) == 0)
    }

    @Test func `a file with any byte changed, or cut short anywhere, answers nothing`() throws {
        try withTemporaryFolder { folder in
            try Files.write([1], toNew: folder.appending("file"))
            let memo = AnswerMemo(cache: folder)
            try memo.keep(Self.answer, to: Self.question, lookedAt: try Self.lookedAt([folder.appending("file")]))
            let path = Self.memoFile(in: folder)
            let bytes = try Files.bytes(of: path)
            for offset in bytes.indices {
                var damaged = bytes
                damaged[offset] ^= 0x11
                try Files.replace(path, with: damaged)
                #expect(memo.answer(to: Self.question) == nil, "byte \(offset)")
                try Files.replace(path, with: Array(bytes[..<offset]))
                #expect(memo.answer(to: Self.question) == nil, "\(offset) bytes")
            }
            try Files.replace(path, with: bytes)
            #expect(memo.answer(to: Self.question) == Self.answer)
        }
    }

    @Test func `what is as young as the command, or cannot be looked at again, is not kept`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending("file")
            try Files.write([1], toNew: file)
            let memo = AnswerMemo(cache: folder)
            let young = LookedAt()
            young.note(file, as: try Files.status(file))
            try memo.keep(Self.answer, to: Self.question, lookedAt: young)
            #expect(memo.answer(to: Self.question) == nil)
            let unseen = try Self.lookedAt([file])
            unseen.noteWhatCannotBeSeen()
            try memo.keep(Self.answer, to: Self.question, lookedAt: unseen)
            #expect(memo.answer(to: Self.question) == nil)
        }
    }

    @Test func `what was found different at a second look keeps no answer`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending("file")
            let memo = AnswerMemo(cache: folder)
            let changes: [(FilePath) throws -> Void] = [
                { try Files.write([1], toNew: $0) }, { try Files.replace($0, with: [2]) }, { try Files.remove($0) },
            ]
            for change in changes {
                let lookedAt = try Self.lookedAt([file])
                try change(file)
                lookedAt.note(file, as: try Files.status(file))
                try memo.keep(Self.answer, to: Self.question, lookedAt: lookedAt)
                #expect(memo.answer(to: Self.question) == nil)
            }
        }
    }

    @Test func `an answer is about the first look, whatever has changed since`() throws {
        try withTemporaryFolder { folder in
            let (file, link) = (folder.appending("file"), folder.appending("link"))
            for name in ["file", "other"] { try Files.write([1], toNew: folder.appending(name)) }
            try Files.symbolicLink(at: link, to: "file")
            let memo = AnswerMemo(cache: folder)
            let changes: [() throws -> Void] = [
                { try Self.link(link, to: "other") }, { try Files.remove(file) },
            ]
            for change in changes {
                let lookedAt = try Self.lookedAt([file, link])
                try change()
                try memo.keep(Self.answer, to: Self.question, lookedAt: lookedAt)
                #expect(memo.answer(to: Self.question) == nil)
            }
        }
    }

    @Test func `an answer in a file that others can write to, or behind a link, is none`() throws {
        try withTemporaryFolder { folder in
            let (memo, file) = (AnswerMemo(cache: folder), Self.memoFile(in: folder))
            func keep() throws { try memo.keep(Self.answer, to: Self.question, lookedAt: try Self.lookedAt([])) }
            try keep()
            #expect(memo.answer(to: Self.question) == Self.answer)
            for mode in [0o620, 0o602, 0o666] as [UInt16] {
                try Files.setPermissions(file, mode)
                #expect(memo.answer(to: Self.question) == nil)
            }
            try keep()
            #expect(memo.answer(to: Self.question) == Self.answer)
            try Files.rename(file, to: folder.appending("elsewhere"))
            try Files.symbolicLink(at: file, to: folder.appending("elsewhere"))
            #expect(memo.answer(to: Self.question) == nil)
            guard geteuid() == 0 else { return }
            try keep()
            #expect(file.withPlatformString { chown($0, 65534, 65534) } == 0)
            #expect(memo.answer(to: Self.question) == nil)
        }
    }

    @Test(arguments: [1300, 2048, 2049, 2600])
    func `each of many places is looked at, by however many threads`(count: Int) throws {
        try withTemporaryFolder { folder in
            let files = (0..<count).map { folder.appending("file-\($0)") }
            for file in files { try Files.write([1], toNew: file) }
            let memo = AnswerMemo(cache: folder)
            for changed in [0, 511, 512, 700, 1299, count - 1] {
                try memo.keep(Self.answer, to: Self.question, lookedAt: try Self.lookedAt(files))
                #expect(memo.answer(to: Self.question) == Self.answer)
                try Files.replace(files[changed], with: [2])
                #expect(memo.answer(to: Self.question) == nil, "file \(changed)")
            }
        }
    }

    @Test func `old answers make room for new ones`() throws {
        try withTemporaryFolder { folder in
            let memo = AnswerMemo(cache: folder)
            for number in 0..<200 {
                let question = Digest(ofText: "question \(number)")
                try memo.keep(Self.answer, to: question, lookedAt: try Self.lookedAt([]))
                #expect(memo.answer(to: question) == Self.answer)
                #expect(try Files.names(in: folder.appending("memo")).count <= 64)
            }
        }
    }

    @Test func `all that the file operations look at is noted`() throws {
        try withTemporaryFolder { folder in
            let names = ["status", "link", "listed", "read", "absent"]
            for name in names.dropLast() { try Files.makeFolder(folder.appending(name)) }
            try Files.write([1], toNew: folder.appending("read").appending("file"))
            let memo = AnswerMemo(cache: folder)
            for name in names {
                let lookedAt = LookedAt(clock: LaterClock())
                try LookedAt.$current.withValue(lookedAt) {
                    _ = try Files.status(folder.appending("status"))
                    _ = try Files.linkStatus(folder.appending("link"))
                    _ = try Files.names(in: folder.appending("listed"))
                    _ = try Files.bytes(of: folder.appending("read").appending("file"))
                    _ = try Files.status(folder.appending("absent"))
                }
                try memo.keep(Self.answer, to: Self.question, lookedAt: lookedAt)
                #expect(memo.answer(to: Self.question) == Self.answer)
                switch name {
                case "absent": try Files.makeFolder(folder.appending(name))
                case "read": try Files.replace(folder.appending("read").appending("file"), with: [2])
                default: try Files.write([], toNew: folder.appending(name).appending("new"))
                }
                #expect(memo.answer(to: Self.question) == nil, "\(name)")
            }
        }
    }
}

/// The clock of a command that began a minute after everything was written.
struct LaterClock: FileClock {
    func trust(in status: FileStatus, at path: FilePath) -> StatusTrust { .since(LookedAt.now() + 60_000_000_000) }
    var uptime: Uptime? { nil }
}
