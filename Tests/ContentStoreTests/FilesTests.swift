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

struct FilesTests {
    /// What the failing `body` says, with the folder's name left out.
    private func complaint(in folder: FilePath, _ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)".split(separator: folder.string, omittingEmptySubsequences: false).joined(
                separator: "HERE")
        }
    }

    @Test func `errors name the action, the file and the reason`() throws {
        try withTemporaryFolder { folder in
            let (file, subfolder) = (folder.appending("file"), folder.appending("sub"))
            let missing = folder.appending("missing")
            try Files.write([1], toNew: file)
            try Files.makeFolder(subfolder)
            try Files.write([1], toNew: subfolder.appending("x"))
            func says(_ expected: String, _ body: () throws -> Void) {
                #expect(complaint(in: folder, body) == expected)
            }
            says("cannot read 'HERE/missing': no such file or directory") { _ = try Files.bytes(of: missing) }
            says("cannot read 'HERE/sub': is a directory") { _ = try Files.bytes(of: subfolder) }
            says("cannot read 'HERE/missing': no such file or directory") { _ = try FileDigest(ofFileAt: missing) }
            says("cannot read 'HERE/file': file too large") { _ = try Files.bytes(of: file, limit: 0) }
            says("cannot write 'HERE/file': file exists") { try Files.write([], toNew: file) }
            says("cannot write 'HERE/file': file exists") { try Files.copy(subfolder.appending("x"), toNew: file) }
            says("cannot read 'HERE/sub': is a directory") { try Files.copy(subfolder, toNew: missing) }
            says("cannot read 'HERE/sub': is a directory") { _ = try FileDigest(ofFileAt: subfolder) }
            says("cannot read 'HERE/missing': no such file or directory") {
                try Files.copy(missing, toNew: folder.appending("copy"))
            }
            says("cannot list 'HERE/file': not a directory") { _ = try Files.names(in: file) }
            says("cannot make the folder 'HERE/file': file exists") { try Files.makeFolder(file) }
            says("cannot make the folder 'HERE/file/x': not a directory") {
                try Files.makeFolder(file.appending("x"))
            }
            says("cannot move 'HERE/missing' to 'HERE/file': no such file or directory") {
                try Files.rename(missing, to: file)
            }
            says("cannot move 'HERE/file' to 'HERE/sub': is a directory") { try Files.rename(file, to: subfolder) }
            says("cannot remove 'HERE/sub': is a directory") { try Files.remove(subfolder) }
            says("cannot sync 'HERE/missing': no such file or directory") { try Files.sync(missing) }
            says("cannot set the permissions of 'HERE/missing': no such file or directory") {
                try Files.setPermissions(missing, 0o444)
            }
            #expect(try Files.names(in: folder) == ["file", "sub"], "a failure left something behind")
        }
    }

    /// Root may read and write everything, so there is nothing to see.
    @Test(.enabled(if: geteuid() != 0)) func `a file without permission says so`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending("file")
            try Files.write([1], toNew: file)
            try Files.setPermissions(file, 0)
            #expect(
                complaint(in: folder) { _ = try Files.bytes(of: file) } == "cannot read 'HERE/file': permission denied")
        }
    }

    @Test func `a status tells files, folders and links apart, and what is not there`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending("file")
            try Files.write([1, 2, 3], toNew: file)
            #expect(try Files.status(file)?.kind == .file)
            #expect(try Files.status(file)?.byteCount == 3)
            #expect(try Files.status(folder)?.kind == .folder)
            #expect(try Files.status(folder.appending("none")) == nil)
            #expect(try Files.status(file.appending("below")) == nil)
            #expect(symlink("file", folder.appending("link").string) == 0)
            #expect(symlink("nowhere", folder.appending("dangling").string) == 0)
            #expect(try Files.status(folder.appending("link"))?.kind == .file)
            #expect(try Files.linkStatus(folder.appending("link"))?.kind == .link)
            #expect(try Files.status(folder.appending("dangling")) == nil)
            #expect(try Files.linkStatus(folder.appending("dangling"))?.kind == .link)
            #expect(mkfifo(folder.appending("pipe").string, 0o600) == 0)
            #expect(try Files.status(folder.appending("pipe"))?.kind == .other)
        }
    }

    @Test func `a replaced file is the old one or the new one, and nothing is left beside it`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending("file")
            try Files.replace(file, with: [1])
            let before = try #require(try Files.status(file))
            try Files.replace(file, with: [2, 3])
            #expect(try Files.bytes(of: file) == [2, 3])
            #expect(try Files.status(file)?.inode != before.inode, "the old bytes were written over")
            #expect(try Files.names(in: folder) == ["file"])

            try Files.makeFolder(folder.appending("taken"))
            #expect(throws: StoreError.self) { try Files.replace(folder.appending("taken"), with: [4]) }
            #expect(try Files.names(in: folder) == ["file", "taken"])
        }
    }

    @Test func `a file replaced in pieces is the old one until the last of them`() throws {
        struct Enough: Error {}
        try withTemporaryFolder { folder in
            let file = folder.appending("file")
            try Files.write([1], toNew: file)
            try Files.replace(file) { append in
                try append([2, 3])
                #expect(try Files.bytes(of: file) == [1])
                try append([])
                try append([4])
            }
            #expect(try Files.bytes(of: file) == [2, 3, 4])
            #expect(throws: Enough.self) {
                try Files.replace(file) { append in
                    try append([5])
                    throw Enough()
                }
            }
            #expect(try Files.bytes(of: file) == [2, 3, 4])
            try Files.makeFolder(folder.appending("taken"))
            #expect(
                complaint(in: folder) { try Files.replace(folder.appending("taken")) { try $0([6]) } }
                    == "cannot write 'HERE/taken': is a directory")
            let long = String(repeating: "x", count: 250)
            #expect(
                complaint(in: folder) { try Files.replace(folder.appending(long)) { try $0([6]) } }
                    == "cannot write 'HERE/\(long)': file name too long")
            #expect(try Files.names(in: folder) == ["file", "taken"])
        }
    }

    @Test func `a failing replacement leaves the old bytes`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending("file")
            try Files.write([1], toNew: file)
            // No name this long can be made, so the temporary file fails.
            let long = folder.appending(String(repeating: "x", count: 250))
            #expect(throws: StoreError.self) { try Files.replace(long, with: [2]) }
            #expect(try Files.names(in: folder) == ["file"])
        }
    }

    @Test func `names are sorted by their bytes, hidden ones too`() throws {
        try withTemporaryFolder { folder in
            for name in ["b", "a", "B", ".h", "é", "a.b", "10", "9"] {
                try Files.write([], toNew: folder.appending(name))
            }
            #expect(try Files.names(in: folder) == [".h", "10", "9", "B", "a", "a.b", "b", "é"])
        }
    }

    @Test func `folders are made with all above them, again and again`() throws {
        try withTemporaryFolder { folder in
            let deep = folder.pushing(FilePath("a/b/c/d"))
            try Files.makeFolder(deep)
            try Files.makeFolder(deep)
            #expect(try Files.status(deep)?.kind == .folder)
        }
    }

    @Test func `a tree is removed and what its links lead to is not`() throws {
        try withTemporaryFolder { folder in
            let (tree, other) = (folder.appending("tree"), folder.appending("other"))
            try Files.makeFolder(tree.pushing(FilePath("a/b")))
            try Files.makeFolder(other)
            try Files.write([1], toNew: other.appending("kept"))
            try Files.write([1], toNew: tree.pushing(FilePath("a/b/file")))
            #expect(symlink(other.string, tree.appending("link").string) == 0)
            #expect(symlink("nowhere", tree.appending("dangling").string) == 0)
            try Files.removeTree(tree)
            try Files.removeTree(tree)
            #expect(try Files.names(in: folder) == ["other"])
            #expect(try Files.names(in: other) == ["kept"])
        }
    }

    @Test func `a tree with names that are no text is removed too`() throws {
        try withTemporaryFolder { folder in
            let tree = folder.appending("tree")
            try Files.makeFolder(tree)
            let name: [CChar] = [0x61, CChar(bitPattern: 0xff), 0x62, 0]
            let strange = tree.appending(try #require(FilePath.Component(platformString: name)))
            try Files.makeFolder(strange)
            try Files.write([1], toNew: strange.appending("file"))
            try Files.removeTree(tree)
            #expect(try Files.names(in: folder) == [])
        }
    }

    @Test func `a tree is removed though its folders are read-only and lie deeper than a path can say`() throws {
        try withTemporaryFolder { folder in
            let tree = folder.appending("tree")
            try Files.makeFolder(tree)
            var descriptor = tree.withPlatformString { open($0, O_RDONLY | O_DIRECTORY) }
            for level in 0..<300 {
                #expect(mkdirat(descriptor, "a-folder-of-some-length", 0o700) == 0)
                let file = openat(descriptor, "file", O_WRONLY | O_CREAT, 0o400)
                close(file)
                let below = openat(descriptor, "a-folder-of-some-length", O_RDONLY | O_DIRECTORY)
                // Some that nobody may write to, and one that nobody may read.
                if level % 50 == 7 { fchmod(descriptor, level == 57 ? 0o000 : 0o555) }
                close(descriptor)
                descriptor = below
            }
            close(descriptor)
            try Files.removeTree(tree)
            #expect(try Files.names(in: folder) == [])
        }
    }

    @Test func `a copy is another file with the same bytes`() throws {
        try withTemporaryFolder { folder in
            let bytes = (0..<(Files.bufferByteCount * 2 + 7)).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
            let (file, copy) = (folder.appending("file"), folder.appending("copy"))
            try Files.write(bytes, toNew: file)
            try Files.setPermissions(file, 0o444)
            try Files.copy(file, toNew: copy)
            #expect(try Files.bytes(of: copy) == bytes)
            #expect(try Files.status(copy)?.inode != Files.status(file)?.inode)
        }
    }

    @Test func `temporary names differ`() {
        let path = FilePath("/cache/objects/x")
        let names = Set((0..<100).map { _ in Files.temporarySibling(of: path) })
        #expect(names.count == 100)
        #expect(
            names.allSatisfy { $0.removingLastComponent() == "/cache/objects" && $0.lastComponent?.string.first == "." }
        )
    }
}
