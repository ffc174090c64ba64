// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

struct SourceObserverTests {
    private func snapshot(
        _ text: String, in folder: FilePath, data: String = "data", for targets: [String] = []
    ) throws -> SourceSnapshot {
        let graph = try graph(text)
        var observer = SourceObserver(
            graph: graph, needed: graph.stages(neededFor: targets), dataFolder: folder.pushing(FilePath(data)),
            manifestFolder: folder, memory: NoMemory())
        return try observer.snapshot()
    }

    /// What is told of sources, with the folder's name left out.
    private func told(_ text: String, in folder: FilePath) throws -> String {
        do {
            _ = try snapshot(text, in: folder)
            return "(nothing)"
        } catch let diagnostics as Diagnostics {
            return DiagnosticText().text(of: diagnostics)
                .split(separator: folder.string, omittingEmptySubsequences: false).joined(separator: "HERE")
        }
    }

    private func write(_ bytes: [UInt8], _ name: String, in folder: FilePath) throws {
        let path = folder.pushing(FilePath(name))
        try Files.makeFolder(path.removingLastComponent())
        try Files.write(bytes, toNew: path)
    }

    private static func manifest(_ path: String, more: String = "") -> String {
        """
        reprise: 1
        sources: {s: {path: \(path)\(more)}}
        stages: {load: {tool: load, inputs: s}}

        """
    }

    @Test func `missing, empty and strayed sources are told together`() throws {
        try withTemporaryFolder { folder in
            try write([1], "data/empty/.hidden", in: folder)
            try write([1], "data/text/a.txt", in: folder)
            let text = """
                reprise: 1
                sources:
                  gone: {path: sets/gone}
                  absolute: {path: /nowhere/at/all}
                  empty: {path: empty}
                  pictures: {path: text, files: ['*.png', '*.bmp']}
                  strayed: {path: empty/../../outside}
                  unused: {path: unused}
                stages:
                  own:
                    run: python3 a.py
                    inputs: {a: gone, b: absolute, c: empty, d: pictures, e: strayed}
                    code: [a.py, lib/b.py]
                    outputs: {o: o}

                """
            let told = try told(text, in: folder)
            #expect(
                told == """
                    error: p.yml:3:16: source 'gone' is not there
                        gone: {path: sets/gone}
                                     ^^^^^^^^^
                      looked for: HERE/data/sets/gone
                    hint: name the folder that holds 'sets/gone' with --data DIR or REPRISE_DATA

                    error: p.yml:4:20: source 'absolute' is not there
                        absolute: {path: /nowhere/at/all}
                                         ^^^^^^^^^^^^^^^
                      looked for: /nowhere/at/all
                    hint: write a path relative to the data folder, and name that with --data DIR or REPRISE_DATA

                    error: p.yml:5:17: source 'empty' holds no files
                        empty: {path: empty}
                                      ^^^^^
                      looked in: HERE/data/empty
                    hint: name another data folder with --data DIR or REPRISE_DATA

                    error: p.yml:6:20: source 'pictures' holds no files that fit '*.png', '*.bmp'
                        pictures: {path: text, files: ['*.png', '*.bmp']}
                                         ^^^^
                      looked in: HERE/data/text
                    hint: name another data folder with --data DIR or REPRISE_DATA

                    error: p.yml:7:19: source 'strayed' leads out of the data folder 'HERE/data'
                        strayed: {path: empty/../../outside}
                                        ^^^^^^^^^^^^^^^^^^^
                    hint: name another data folder with --data, or write an absolute path

                    error: p.yml:13:12: there is no file 'a.py'
                          code: [a.py, lib/b.py]
                                 ^^^^
                      looked for: HERE/a.py
                    hint: code is looked up beside the manifest

                    error: p.yml:13:18: there is no file 'lib/b.py'
                          code: [a.py, lib/b.py]
                                       ^^^^^^^^
                      looked for: HERE/lib/b.py
                    hint: code is looked up beside the manifest

                    7 mistakes in p.yml

                    """, "told:\n\(told)")
        }
    }

    @Test func `a link that leads nowhere is not left out without a word`() throws {
        try withTemporaryFolder { folder in
            try write([1], "data/s/a.png", in: folder)
            #expect(symlink("nowhere", folder.string + "/data/s/b.png") == 0)
            #expect(
                try told(Self.manifest("s"), in: folder) == """
                    error: p.yml:2:21: source 's' cannot be read
                      sources: {s: {path: s}}
                                          ^
                      cannot follow the link 'HERE/data/s/b.png': no such file or directory

                    """)
            let picky = Self.manifest("s", more: ", files: 'a*'")
            #expect(try snapshot(picky, in: folder).sources["s"]?.files.map(\.name) == ["a.png"])
        }
    }

    @Test func `a link to a folder is refused`() throws {
        try withTemporaryFolder { folder in
            try write([1], "data/s/a.png", in: folder)
            #expect(symlink("..", folder.string + "/data/s/up") == 0)
            #expect(
                try told(Self.manifest("s"), in: folder) == """
                    error: p.yml:2:21: source 's' cannot be read
                      sources: {s: {path: s}}
                                          ^
                      cannot follow the linked folder 'HERE/data/s/up': too many levels of symbolic links

                    """)
        }
    }

    @Test func `a name that is no text is refused`() throws {
        try withTemporaryFolder { folder in
            try write([1], "data/s/a.png", in: folder)
            let name: [CChar] = [0x61, CChar(bitPattern: 0xff), 0]
            let component = try #require(FilePath.Component(platformString: name))
            try Files.write([1], toNew: folder.pushing("data/s").appending(component))
            let told = try told(Self.manifest("s"), in: folder)
            #expect(told.contains("source 's' cannot be read"), "\(told)")
        }
    }

    @Test func `a link to a file counts as the file, and hidden ones are passed over`() throws {
        try withTemporaryFolder { folder in
            try write([1, 2], "outside", in: folder)
            try write([1], "data/s/b", in: folder)
            try write([1], "data/s/.git/x", in: folder)
            try write([1], "data/s/.hidden", in: folder)
            #expect(symlink("../../outside", folder.string + "/data/s/a") == 0)
            #expect(symlink("..", folder.string + "/data/s/.git/loop") == 0)
            #expect(mkfifo(folder.string + "/data/s/pipe", 0o600) == 0)
            let files = try #require(try snapshot(Self.manifest("s"), in: folder).sources["s"]?.files)
            #expect(files.map(\.name) == ["a", "b"])
            #expect(files.map(\.bytes.byteCount) == [2, 1])
        }
    }

    @Test func `where files lie and how they are dated does not count, names and bytes do`() throws {
        try withTemporaryFolder { folder in
            func content(_ path: String, more: String = "", data: String = "data") throws -> Digest {
                try #require(
                    try snapshot(Self.manifest(path, more: more), in: folder, data: data).sources["s"]?.content)
            }
            for (place, bytes) in [("data/s", [UInt8(1)]), ("else/t/u", [1]), ("data/other", [2])] {
                try write(bytes, "\(place)/x/a.png", in: folder)
                try write([3], "\(place)/b.png", in: folder)
            }
            let base = try content("s")
            #expect(try content("t/u", data: "else") == base)
            #expect(try content(folder.string + "/else/t/u") == base)
            #expect(try content("./s/../s") == base)
            #expect(try content("other") != base)
            #expect(try content("s", more: ", files: 'b*'") != base)
            var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, folder.string + "/data/s/b.png", &times, 0) == 0)
            #expect(try content("s") == base)
            try Files.rename(folder.pushing("data/s/b.png"), to: folder.pushing("data/s/c.png"))
            #expect(try content("s") != base)
        }
    }

    @Test func `a content is not ambiguous about where a name ends`() {
        func content(_ names: [String]) -> Digest {
            let status = FileStatus(kind: .file, byteCount: 0, device: 0, inode: 0, modificationTime: 0, changeTime: 0)
            let empty = FileDigest(digest: Digest(of: []), byteCount: 0)
            return SourceContent(
                files: names.map { SourceContent.File(name: $0, path: "/", bytes: empty, status: status) }
            ).content
        }
        let line = "a\"\n\(Digest(of: [])) \"b"
        #expect(content(["a", "b"]) != content([line]))
        #expect(content(["a"]) != content(["a", "a"]))
        #expect(content([]) != content([""]))
    }

    @Test func `a source can be one file`() throws {
        try withTemporaryFolder { folder in
            try write([1, 2, 3], "data/s/a.png", in: folder)
            let source = try #require(try snapshot(Self.manifest("s/a.png"), in: folder).sources["s"])
            #expect(source.files.map(\.name) == ["a.png"])
            #expect(source.files.map(\.path) == [folder.pushing("data/s/a.png")])
            #expect(source.files.map(\.bytes.digest) == [Digest(of: [1, 2, 3])])
        }
    }

    @Test func `only what the wanted stages read is looked at`() throws {
        try withTemporaryFolder { folder in
            try write([1], "data/one/a", in: folder)
            let text = """
                reprise: 1
                sources: {one: {path: one}, two: {path: two}}
                stages:
                  first: {tool: load, inputs: one}
                  second: {run: python3 a.py, inputs: {x: two}, code: [a.py], outputs: {o: o}}

                """
            #expect(try snapshot(text, in: folder, for: ["first"]).sources.keys.sorted() == ["one"])
            #expect(throws: Diagnostics.self) { _ = try snapshot(text, in: folder) }
        }
    }

    @Test func `code is hashed under its declared names, sorted`() throws {
        try withTemporaryFolder { folder in
            try write([1], "lib/b.py", in: folder)
            try write([2], "a.py", in: folder)
            let text = """
                reprise: 1
                stages:
                  own: {run: python3 a.py, code: [lib/b.py, a.py], outputs: {o: o}}

                """
            let code = try #require(try snapshot(text, in: folder).code["own"])
            #expect(code.files.map(\.name) == ["a.py", "lib/b.py"])
            #expect(code.files.map(\.bytes.digest) == [Digest(of: [2]), Digest(of: [1])])
        }
    }
}
