// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import SystemPackage
import Testing

struct ArchiveTests {
    private static let long = String(repeating: "folder/", count: 30) + "name"

    /// Names that need every form of header, and lengths around a block's.
    private static let files: [String: [UInt8]] = [
        "a": [], "b/c": [1, 2, 3], "b/d.h5": Array(repeating: 7, count: 512), "b/é": Array("text\n".utf8),
        long: Array(repeating: 9, count: 513), "name with spaces\n": [0],
    ]

    private func write(_ files: [String: [UInt8]], to path: FilePath) throws {
        try ArchiveWriter.write(files.map { ArchiveInput(name: $0.key, content: .bytes($0.value)) }, to: path)
    }

    private func contents(of path: FilePath) throws -> [String: [UInt8]] {
        let reader = try ArchiveReader(readingFrom: path)
        var contents: [String: [UInt8]] = [:]
        for member in reader.members { contents[member.name] = try reader.bytes(of: member) }
        return contents
    }

    private func error(reading bytes: [UInt8], in folder: FilePath) throws -> String? {
        let path = folder.appending("hostile.tar")
        try Files.replace(path, with: bytes)
        do throws(ArchiveError) {
            _ = try ArchiveReader(readingFrom: path)
            return nil
        } catch {
            return error.description.replacingOccurrences(of: folder.string, with: "FOLDER")
        }
    }

    /// What the system's own `tar` prints, with English messages.
    @discardableResult
    private func tar(_ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar"] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func `names that differ in bytes are two files, even where they are equal as text`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending("a.tar")
            let names = ["e\u{301}.txt", "\u{e9}.txt"]
            try ArchiveWriter.write(names.map { ArchiveInput(name: $0, content: .bytes(Array($0.utf8))) }, to: path)
            let reader = try ArchiveReader(readingFrom: path)
            #expect(reader.members.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
            #expect(try reader.members.map { try reader.bytes(of: $0) } == names.map { Array($0.utf8) })
            try reader.unpackAll(into: folder.appending("out"))
            #expect(try Files.entries(in: folder.appending("out")).count == 2)
        }
    }

    @Test func `names are compared in proportion to how many there are, whatever they are`() {
        for count in [1000, 16_000] {
            let names = (0..<count).map { "folder/\($0 * 7919 % count)/file" }
            // Twice what a merge of halves takes, and half as much again.
            #expect(ArchiveNames(names).comparisonCount < 3 * count * (Int.bitWidth - count.leadingZeroBitCount))
            let sorted = names.sorted()
            #expect(ArchiveNames(sorted).comparisonCount < 2 * count)
            #expect(ArchiveNames(names).fault == nil)
        }
        // However deep they are: what is looked at are neighbours, and no folder of any.
        let deep = (0..<1000).map { String(repeating: "\($0)/", count: 500) + "x" }
        #expect(ArchiveNames(deep).comparisonCount < 10_000)
        #expect(ArchiveNames(deep).fault == nil)
    }

    @Test func `a file that is also a folder, and one that stands twice, are found wherever they stand`() {
        func fault(_ names: String...) -> String? { ArchiveNames(names).fault.map { "\($0.index): \($0.reason)" } }
        #expect(fault("a", "a.b", "a-c", "a/b") == "3: file 'a' is also the folder of 'a/b'")
        #expect(fault("a/b", "a.b", "a") == "0: file 'a' is also the folder of 'a/b'")
        #expect(fault("a/b/c/d", "z", "a/b") == "0: file 'a/b' is also the folder of 'a/b/c/d'")
        #expect(fault("b", "a/b", "c", "a/b") == "3: file 'a/b' stands twice")
        #expect(fault("a", "a.b/c", "a-", "ab/c", "b/a") == nil)
        #expect(fault("a/b", "a\u{1}/b", "a0") == nil)
    }

    @Test func `a name is found by its bytes`() {
        let names = ArchiveNames(["e\u{301}", "z", "\u{e9}", "a/b", "a"].dropLast(1))
        #expect(names.place(of: "e\u{301}") == 0 && names.place(of: "\u{e9}") == 2)
        #expect(names.place(of: "a/b") == 3 && names.place(of: "a") == nil && names.place(of: "zz") == nil)
    }

    @Test func `a name of more than 4,096 bytes is refused, and one of 4,096 is read`() throws {
        try withTemporaryFolder { folder in
            let longest = String(repeating: "d/", count: 2047) + "xy"
            try #require(longest.utf8.count == 4096)
            #expect(try error(reading: archive(name: longest), in: folder) == nil)
            #expect(
                try error(reading: archive(name: "d/" + longest), in: folder)
                    == "the archive 'FOLDER/hostile.tar' is damaged at byte 0: "
                    + "the name '\(String(repeating: "d/", count: 20))…' has more than 4096 bytes")
        }
    }

    @Test func `what is no plain file is refused and not waited for`() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.appending("pipe")
            try #require(mkfifo(pipe.string, 0o600) == 0)
            for path in [pipe, folder, FilePath("/dev/zero")] {
                #expect(throws: ArchiveError.malformed(path: path, offset: 0, reason: "it is no plain file")) {
                    _ = try ArchiveReader(readingFrom: path)
                }
            }
        }
    }

    @Test func `an archive that grows or shrinks while it is read is told`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending("a.tar")
            try write(["a": Array(repeating: 1, count: 5000)], to: path)
            let byteCount = try #require(try Files.status(path)).byteCount
            let reader = try ArchiveReader(readingFrom: path)
            try #require(truncate(path.string, off_t(byteCount + 1)) == 0)
            #expect(throws: ArchiveError.changedWhileRead(path: path)) { try reader.bytes(of: reader.members[0]) }
            try #require(truncate(path.string, 1000) == 0)
            #expect(throws: ArchiveError.malformed(path: path, offset: 1000, reason: "it ends here")) {
                try reader.bytes(of: reader.members[0])
            }
        }
    }

    @Test func `zeros without end behind an archive are refused`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending("a.tar")
            try write(["a": []], to: path)
            try #require(truncate(path.string, off_t(1 << 40)) == 0)
            #expect(
                throws: ArchiveError.malformed(path: path, offset: 1536, reason: "it goes on after its end")
            ) { _ = try ArchiveReader(readingFrom: path) }
        }
    }

    @Test func `an object whose bytes are not those of its digest is told as changed`() throws {
        try withTemporaryFolder { folder in
            let (path, file) = (folder.appending("a.tar"), folder.appending("file"))
            try Files.write([1, 2, 3], toNew: file)
            func write(_ digest: Digest) throws(ArchiveError) {
                try ArchiveWriter.write([ArchiveInput(name: "a", content: .object(file, digest))], to: path)
            }
            #expect(throws: ArchiveError.changed(path: file)) { try write(Digest(of: [1, 2, 4])) }
            #expect(try Files.status(path) == nil)
            try write(Digest(of: [1, 2, 3]))
            #expect(try contents(of: path) == ["a": [1, 2, 3]])
        }
    }

    @Test func `what is packed is unpacked`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending("a.tar")
            try write(Self.files, to: path)
            #expect(try contents(of: path) == Self.files)
            try ArchiveReader(readingFrom: path).unpackAll(into: folder.appending("out"))
            for (name, bytes) in Self.files {
                #expect(try Files.bytes(of: folder.appending("out").pushing(FilePath(name))) == bytes)
            }
        }
    }

    @Test func `an archive of nothing is two empty blocks`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending("a.tar")
            try write([:], to: path)
            #expect(try Files.bytes(of: path) == Array(repeating: 0, count: 1024))
            #expect(try contents(of: path).isEmpty)
        }
    }

    @Test func `the same files give the same bytes, by bytes or by file, whatever their order and modes`() throws {
        try withTemporaryFolder { folder in
            let (first, second) = (folder.appending("a.tar"), folder.appending("b.tar"))
            try write(Self.files, to: first)
            var inputs: [ArchiveInput] = []
            for (index, (name, bytes)) in Self.files.sorted(by: { $0.key > $1.key }).enumerated() {
                let file = folder.appending("file-\(index)")
                try Files.write(bytes, toNew: file)
                try Files.setPermissions(file, index % 2 == 0 ? 0o755 : 0o400)
                inputs.append(ArchiveInput(name: name, content: .file(file)))
            }
            try ArchiveWriter.write(inputs, to: second)
            #expect(try Files.bytes(of: first) == Files.bytes(of: second))
            // The bytes of today are those of tomorrow: what holds packed folders is named by their digest.
            #expect(
                try FileDigest(ofFileAt: first).digest.description
                    == "765678b9eed01f51a079eef410d2a64396aedda2ba8c44a52b7febd3e0442944")
        }
    }

    @Test func `tar reads what is written`() throws {
        try withTemporaryFolder { folder in
            let (path, out) = (folder.appending("a.tar"), folder.appending("out"))
            try write(Self.files, to: path)
            try Files.makeFolder(out)
            try tar("-xf", path.string, "-C", out.string)
            for (name, bytes) in Self.files {
                #expect(try Files.bytes(of: out.pushing(FilePath(name))) == bytes, "\(name)")
            }
            let words = try tar("-tvf", path.string, "--numeric-owner").split(separator: "\n")[0].split(separator: " ")
            #expect(words == ["-rw-r--r--", "0/0", "0", "1970-01-01", "00:00", "a"])
        }
    }

    @Test func `what tar writes in its pax format is read`() throws {
        try withTemporaryFolder { folder in
            let (path, packed) = (folder.appending("a.tar"), folder.appending("in"))
            for (name, bytes) in Self.files {
                let file = packed.pushing(FilePath(name))
                try Files.makeFolder(file.removingLastComponent())
                try Files.write(bytes, toNew: file)
            }
            let names = Self.files.keys.sorted()
            try Files.write(Array(names.joined(separator: "\0").utf8), toNew: folder.appending("names"))
            try tar(
                "-cf", path.string, "--format=pax", "-C", packed.string, "--null", "-T",
                folder.appending("names").string)
            #expect(try contents(of: path) == Self.files)
        }
    }

    @Test func `a file of 8 GiB has its length in an extended header`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending("large.tar")
            let byteCount = 1 << 33 + 5
            let header = ArchiveHeader.blocks(name: "large", byteCount: byteCount, number: 1)
            try Files.write(header, toNew: path)
            // Nothing but a length: the file system stores no zeros.
            let end = header.count + byteCount + 512 - byteCount % 512 + 1024
            #expect(truncate(path.string, off_t(end)) == 0)
            #expect(try ArchiveReader(readingFrom: path).members.map(\.byteCount) == [byteCount])
            #expect(try tar("-tvf", path.string).split(separator: " ")[2] == "\(byteCount)")
        }
    }

    @Test func `a file that grows or vanishes while it is packed is told, and no archive stays`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending("a.tar")
            // Its status says 0 bytes and reading it gives some.
            let growing = FilePath("/proc/self/status")
            if try Files.status(growing) != nil {
                #expect(throws: ArchiveError.changed(path: growing)) {
                    try ArchiveWriter.write([ArchiveInput(name: "a", content: .file(growing))], to: path)
                }
            }
            let missing = folder.appending("missing")
            let absent = StoreError.cannot(action: "read", path: missing, reason: .noSuchFileOrDirectory)
            #expect(throws: ArchiveError.store(absent)) {
                try ArchiveWriter.write([ArchiveInput(name: "a", content: .file(missing))], to: path)
            }
            #expect(try Files.names(in: folder).isEmpty)
        }
    }

    @Test func `an archive cut short anywhere is told`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending("a.tar")
            try write(["a": [1, 2, 3], Self.long: [4]], to: path)
            let bytes = try Files.bytes(of: path)
            for count in 0..<bytes.count {
                let error = try error(reading: Array(bytes[..<count]), in: folder)
                #expect(error?.contains("is damaged at byte") == true, "\(count) bytes")
            }
            #expect(try error(reading: bytes, in: folder) == nil)
            #expect(
                try error(reading: Array(bytes[..<514]), in: folder)
                    == "the archive 'FOLDER/hostile.tar' is damaged at byte 514: 'a' is cut short")
        }
    }

    @Test func `a flipped bit is told, or it is in the bytes of a file, which have a digest`() throws {
        try withTemporaryFolder { folder in try checkFlips(at: folder.appending("a.tar")) }
    }

    private func checkFlips(at path: FilePath) throws {
        let files: [String: [UInt8]] = ["a": [1, 2, 3], Self.long: [4]]
        try write(files, to: path)
        let bytes = try Files.bytes(of: path)
        // Of the second file: an extended header, its records, a header, one byte.
        let records = 1536..<1536 + 226
        for offset in bytes.indices {
            var flipped = bytes
            flipped[offset] ^= UInt8(1 << (offset % 8))
            try Files.replace(path, with: flipped)
            guard let found = try? contents(of: path) else { continue }
            let isInContent = (512..<515).contains(offset) || offset == 2560
            let isInName = records.contains(offset) && found.count == 2 && found["a"] == [1, 2, 3]
            // A number may end with a zero byte or a space.
            #expect(isInContent || isInName || found == files, "byte \(offset)")
        }
    }

    /// An archive with one header of our own.
    private func archive(name: String, byteCount: Int = 0, change: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
        var block = ArchiveHeader.blocks(name: name, byteCount: byteCount, number: 1)
        change(&block)
        return block + Array(repeating: 0, count: 1024)
    }

    /// Puts the right sum into a header that was changed.
    private func summed(_ block: inout [UInt8]) {
        for index in 148..<156 { block[index] = 0x20 }
        let digits = String(block[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
        block.replaceSubrange(
            148..<156, with: Array((String(repeating: "0", count: 6 - digits.count) + digits).utf8) + [0, 32])
    }

    @Test func `names that leave the folder, stand twice or are no names are refused`() throws {
        try withTemporaryFolder { folder in
            func check(_ bytes: [UInt8], _ reason: String, at offset: Int = 0) throws {
                let expected = "the archive 'FOLDER/hostile.tar' is damaged at byte \(offset): \(reason)"
                #expect(try error(reading: bytes, in: folder) == expected)
            }
            try check(archive(name: "/etc/passwd"), "the name '/etc/passwd' is absolute")
            try check(archive(name: "../a"), "the name '../a' leads out of its folder")
            try check(archive(name: "a/../../b"), "the name 'a/../../b' leads out of its folder")
            try check(archive(name: "a/.."), "the name 'a/..' leads out of its folder")
            try check(archive(name: "./a"), "the name './a' has an empty part")
            try check(archive(name: "a//b"), "the name 'a//b' has an empty part")
            try check(archive(name: "a/"), "the name 'a/' has an empty part")
            try check(archive(name: ""), "the file has no name")
            let a = ArchiveHeader.blocks(name: "a", byteCount: 0, number: 1)
            try check(a + archive(name: "a"), "the file 'a' stands twice", at: 512)
            try check(a + archive(name: "a/b"), "the file 'a' is also the folder of 'a/b'", at: 512)
            try check(
                archive(name: "a") { block in
                    block[0] = 0xff
                    summed(&block)
                }, "a file's name is not text")
        }
    }

    @Test func `anything but plain files is refused`() throws {
        try withTemporaryFolder { (folder) throws in
            // Hard link, symbolic link, devices, folder, pipe, and GNU's own types.
            for type in "123456gLKSx".utf8 where type != UInt8(ascii: "x") {
                let bytes = archive(name: "a") { block in
                    block[156] = type
                    summed(&block)
                }
                #expect(
                    try error(reading: bytes, in: folder)
                        == "the archive 'FOLDER/hostile.tar' is damaged at byte 0: 'a' is no plain file")
            }
        }
    }

    @Test func `lengths that lie, headers that repeat and what follows the end are refused`() throws {
        try withTemporaryFolder { folder in
            func check(_ bytes: [UInt8], _ reason: String) throws {
                let expected = "the archive 'FOLDER/hostile.tar' is damaged at byte \(reason)"
                #expect(try error(reading: bytes, in: folder) == expected)
            }
            try check(archive(name: "a", byteCount: 1025), "1536: 'a' is cut short")
            try check(archive(name: "a", byteCount: 999_999_999_999), "2560: 'a' is cut short")
            try check([1] + Array(repeating: 0, count: 1023), "0: this is no header of a pax archive")
            try check(archive(name: "a") { $0[0] = 0x62 }, "0: the header's sum is wrong")
            try check(
                archive(name: "a") { block in
                    block[130] = 0x39
                    summed(&block)
                }, "0: a file's length is no number")
            let a = ArchiveHeader.blocks(name: "a", byteCount: 0, number: 1)
            try check(a + Array(repeating: 0, count: 512), "1024: it is cut short")
            try check(a + Array(repeating: 0, count: 512) + a, "1024: the second block of an end was expected")
            try check(archive(name: "a") + a, "1536: something follows the end")
            let long = ArchiveHeader.blocks(name: Self.long, byteCount: 0, number: 1)
            try check(Array(long[..<1024]) + long, "1024: a file's header was expected")
            try check(
                archive(name: Self.long) { $0[512] = 0x20 }, "0: an extended header is not understood")
            try check(
                archive(name: String(repeating: "n", count: 70_000)), "0: an extended header is too long")
        }
    }

    @Test func `a file that is no archive is told, and so is none`() throws {
        try withTemporaryFolder { (folder) throws in
            #expect(
                try error(reading: [], in: folder)
                    == "the archive 'FOLDER/hostile.tar' is damaged at byte 0: it is cut short")
            #expect(
                try error(reading: Array(repeating: 0x41, count: 4096), in: folder)
                    == "the archive 'FOLDER/hostile.tar' is damaged at byte 0: this is no header of a pax archive")
            let missing = folder.appending("missing.tar")
            #expect(
                throws: ArchiveError.store(
                    .cannot(action: "read", path: missing, reason: .noSuchFileOrDirectory))
            ) {
                _ = try ArchiveReader(readingFrom: missing)
            }
        }
    }

    @Test func `random names and bytes survive the way through an archive and tar`() throws {
        var generator = SystemRandomNumberGenerator()
        try withTemporaryFolder { folder in
            for round in 0..<20 {
                var files: [String: [UInt8]] = [:]
                for _ in 0..<Int.random(in: 0..<12, using: &generator) {
                    let parts = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                        String(
                            (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                                "aZ9 é漢-_.😀".randomElement() ?? "a"
                            })
                    }
                    // A part such as '..' is no name, and one that ends in a point apart from the others is one.
                    let name = parts.map { $0.allSatisfy { $0 == "." } ? "dots" : $0 }.joined(separator: "+/")
                    files[name] = (0..<Int.random(in: 0..<1500, using: &generator)).map {
                        UInt8(truncatingIfNeeded: $0)
                    }
                }
                let (path, out) = (folder.appending("\(round).tar"), folder.appending("out-\(round)"))
                try write(files, to: path)
                #expect(try contents(of: path) == files)
                try Files.makeFolder(out)
                try tar("-xf", path.string, "-C", out.string)
                for (name, bytes) in files {
                    #expect(try Files.bytes(of: out.pushing(FilePath(name))) == bytes)
                }
            }
        }
    }
}
