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

/// What entries of a command's `code` stand for.
struct CodeListingTests {
    private static let names = [
        "main.py", "notes.md", "a*b.py", ".hidden.py", "old.pyc", "src/net.py", "src/net.pyc", "src/deep/er/loss.py",
        "src/deep/er/table.csv", "src/.git/config.py", "src/__pycache__/net.py", "cache/CACHEDIR.TAG", "cache/x.py",
        "srcs/other.py", "empty/.keep",
    ]

    private func content(of code: String, in folder: FilePath) throws -> SourceContent {
        let graph = try graph("reprise: 1\nstages: {c: {run: x, code: \(code), outputs: {o: o}}}\n")
        var observer = SourceObserver(
            graph: graph, needed: graph.stages(neededFor: []), dataFolder: folder, manifestFolder: folder,
            memory: NoMemory())
        return try #require(try observer.snapshot().code["c"])
    }

    private func withProject(_ body: (FilePath) throws -> Void) throws {
        try withTemporaryFolder { folder in
            for name in Self.names {
                let path = folder.pushing(FilePath(name))
                try Files.makeFolder(path.removingLastComponent())
                try Files.write(Array(name.utf8), toNew: path)
            }
            try body(folder)
        }
    }

    @Test(arguments: [
        ("[main.py]", ["main.py"]),
        ("[src/]", ["src/deep/er/loss.py", "src/deep/er/table.csv", "src/net.py"]),
        ("[src]", ["src/deep/er/loss.py", "src/deep/er/table.csv", "src/net.py"]),
        ("['*.py']", ["a*b.py", "main.py"]),
        ("['**/*.py']", ["a*b.py", "main.py", "src/deep/er/loss.py", "src/net.py", "srcs/other.py"]),
        ("['src/**/*.py']", ["src/deep/er/loss.py", "src/net.py"]),
        ("['src/**/er/*']", ["src/deep/er/loss.py", "src/deep/er/table.csv"]),
        ("['src/*']", ["src/net.py"]),
        ("['src*/*.py']", ["src/net.py", "srcs/other.py"]),
        ("['*/deep/er/loss.py']", ["src/deep/er/loss.py"]),
        ("['src/**']", ["src/deep/er/loss.py", "src/deep/er/table.csv", "src/net.py"]),
        ("['m?in.py', main.py, '*.md']", ["main.py", "notes.md"]),
        ("['a*b.py']", ["a*b.py"]),
        ("[old.pyc, .hidden.py]", [".hidden.py", "old.pyc"]),
        ("[cache/x.py]", ["cache/x.py"]),
    ])
    func `an entry stands for files`(code: String, expected: [String]) throws {
        try withProject { folder in
            let files = try content(of: code, in: folder).files
            #expect(files.map(\.name) == expected)
        }
    }

    @Test func `an entry that stands for nothing is told`() throws {
        try withProject { folder in
            do {
                _ = try content(of: "[absent.py, '*.c', empty, 'main.py/*', '**/x.py']", in: folder)
                Issue.record("nothing was told")
            } catch let diagnostics as Diagnostics {
                let told = DiagnosticText().text(of: diagnostics)
                    .split(separator: folder.string, omittingEmptySubsequences: false).joined(separator: "HERE")
                let line =
                    "  stages: {c: {run: x, code: [absent.py, '*.c', empty, 'main.py/*', '**/x.py'], outputs: {o: o}}}"
                #expect(
                    told == """
                        error: p.yml:2:29: there is no file 'absent.py'
                        \(line)
                                                      ^^^^^^^^^
                          looked for: HERE/absent.py
                        hint: code is looked up beside the manifest

                        error: p.yml:2:40: no file fits '*.c'
                        \(line)
                                                                 ^^^^^
                          looked in: HERE
                        hint: code is looked up beside the manifest; hidden files, caches and compiled Python do not count

                        error: p.yml:2:47: the folder 'empty' holds no code
                        \(line)
                                                                        ^^^^^
                          looked in: HERE/empty
                        hint: code is looked up beside the manifest; hidden files, caches and compiled Python do not count

                        error: p.yml:2:54: no file fits 'main.py/*'
                        \(line)
                                                                               ^^^^^^^^^^^
                          looked in: HERE
                        hint: code is looked up beside the manifest; hidden files, caches and compiled Python do not count

                        error: p.yml:2:67: no file fits '**/x.py'
                        \(line)
                                                                                            ^^^^^^^^^
                          looked in: HERE
                        hint: code is looked up beside the manifest; hidden files, caches and compiled Python do not count

                        5 mistakes in p.yml

                        """)
            }
        }
    }

    @Test func `the key has the names and bytes of what a pattern found`() throws {
        try withProject { folder in
            let before = try content(of: "['src/**/*.py']", in: folder)
            #expect(try content(of: "[src/net.py, src/deep/er/loss.py]", in: folder).content == before.content)
            try Files.write([1], toNew: folder.pushing("src/deep/new.py"))
            let after = try content(of: "['src/**/*.py']", in: folder)
            #expect(after.files.map(\.name) == ["src/deep/er/loss.py", "src/deep/new.py", "src/net.py"])
            #expect(after.content != before.content)
        }
    }

    @Test func `a link to a folder is refused in patterns, and a link to a file is the file`() throws {
        try withProject { folder in
            try #require(symlink("net.py", folder.pushing("src/again.py").string) == 0)
            #expect(try content(of: "['src/*.py']", in: folder).files.map(\.name) == ["src/again.py", "src/net.py"])
            try #require(symlink("..", folder.pushing("src/loop").string) == 0)
            #expect(throws: Diagnostics.self) { _ = try content(of: "['src/**/*.py']", in: folder) }
        }
    }
}
