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

struct FolderListingTests {
    private func names(_ folder: FilePath) throws -> [String] { try FolderListing(folder).files.map(\.name) }

    private func write(_ names: [String], in folder: FilePath) throws {
        for name in names {
            let path = folder.appending(name)
            try Files.makeFolder(path.removingLastComponent())
            try Files.write(Array(name.utf8), toNew: path)
        }
    }

    @Test func `files are listed by the bytes of their names, with their status`() throws {
        try withTemporaryFolder { folder in
            let written = ["b", "a/c", "a-b", "a/b/d", "B", "\u{e9}", "e\u{301}", "a.b", "10", "9"]
            try write(written + [".hidden", "a/.git/x", ".dot/y"], in: folder)
            let files = try FolderListing(folder).files
            #expect(
                files.map { Array($0.name.utf8) }
                    == written.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
            for (name, status) in files { #expect(try Files.status(folder.appending(name)) == status) }
        }
    }

    @Test func `any number of files is listed as a walk in one thread lists them`() throws {
        try withTemporaryFolder { folder in
            let written = (0..<900).map { "folder-\($0 % 13)/file-\($0 * 7919 % 900)" }
            try write(written, in: folder)
            #expect(try names(folder) == written.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
    }

    @Test func `a link to a file is the file, one to nothing is a link, one to a folder is refused`() throws {
        try withTemporaryFolder { folder in
            try write(["file", "deep/x"], in: folder)
            symlink("file", folder.appending("linked").string)
            symlink("nowhere", folder.appending("broken").string)
            let files = try FolderListing(folder).files
            #expect(files.map(\.name) == ["broken", "deep/x", "file", "linked"])
            #expect(files.map(\.status.kind) == [.link, .file, .file, .file])
            #expect(files[3].status == files[2].status)
            let inner = folder.appending("deep/back")
            symlink("..", inner.string)
            #expect(
                throws: StoreError.cannot(
                    action: "follow the linked folder", path: inner, reason: .tooManySymbolicLinkLevels)
            ) {
                try FolderListing(folder)
            }
        }
    }

    @Test func `pipes are passed over, and so is a folder that is marked as a cache`() throws {
        try withTemporaryFolder { folder in
            try write(["cache/CACHEDIR.TAG", "cache/objects/a", "kept/a"], in: folder)
            mkfifo(folder.appending("pipe").string, 0o600)
            #expect(try names(folder) == ["kept/a"])
            // One that is asked for by its name is meant.
            #expect(try names(folder.appending("cache")) == ["CACHEDIR.TAG", "objects/a"])
        }
    }

    @Test func `a name that is no text is refused`() throws {
        try withTemporaryFolder { folder in
            let path = folder.string + "/bad-"
            let file = path.withCString { start in
                var bytes = Array(UnsafeBufferPointer(start: start, count: strlen(start)))
                bytes += [CChar(bitPattern: 0xff), 0]
                return open(bytes, O_WRONLY | O_CREAT, 0o600)
            }
            close(file)
            #expect(throws: StoreError.self) { try FolderListing(folder) }
        }
    }
}
