// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage
import Testing

struct FilePatternTests {
    /// Which of some names a source with this pattern holds.
    private func matches(_ pattern: String, among names: [String]) throws -> [String] {
        try withTemporaryFolder { folder in
            for name in names {
                let path = folder.pushing(FilePath("s")).pushing(FilePath(name))
                try Files.makeFolder(path.removingLastComponent())
                try Files.write([1], toNew: path)
            }
            try Files.makeFolder(folder.appending("s"))
            let text = """
                reprise: 1
                sources: {s: {path: s, files: '\(pattern)'}}
                stages: {load: {tool: load, inputs: s}}

                """
            let graph = try graph(text)
            var observer = SourceObserver(
                graph: graph, needed: graph.stages(neededFor: []), dataFolder: folder, manifestFolder: folder,
                memory: NoMemory())
            do {
                return try observer.snapshot().sources["s"]?.files.map(\.name) ?? []
            } catch let diagnostics as Diagnostics {
                #expect(diagnostics.all.map(\.code) == [.emptySource])
                return []
            }
        }
    }

    private static let names = ["a.png", "b.PNG", "a.bmp", "x/a.png", "x/y/b.png", "é.png", "ab.png", "png", ".h.png"]

    @Test(arguments: [
        ("*.png", ["a.png", "ab.png", "x/a.png", "x/y/b.png", "é.png"]),
        ("?.png", ["a.png", "x/a.png", "x/y/b.png", "é.png"]),
        ("??.png", ["ab.png"]),
        ("a.png", ["a.png", "x/a.png"]),
        ("*", ["a.bmp", "a.png", "ab.png", "b.PNG", "png", "x/a.png", "x/y/b.png", "é.png"]),
        ("x/*", ["x/a.png"]),
        ("x/**/*.png", ["x/a.png", "x/y/b.png"]),
        ("x/**", ["x/a.png", "x/y/b.png"]),
        ("**", ["a.bmp", "a.png", "ab.png", "b.PNG", "png", "x/a.png", "x/y/b.png", "é.png"]),
        ("a**.png", ["a.png", "ab.png", "x/a.png"]),
        ("**/b.png", ["x/y/b.png"]),
        ("**/a.png", ["a.png", "x/a.png"]),
        ("x/?/b.png", ["x/y/b.png"]),
        ("x?a.png", []),
        ("*a*p*", ["a.bmp", "a.png", "ab.png", "x/a.png"]),
        ("*.jpg", []),
        ("é.*", ["é.png"]),
        (".h.png", []),
        ("*/a.png", ["x/a.png"]),
    ])
    func `a pattern picks names`(pattern: String, expected: [String]) throws {
        #expect(try matches(pattern, among: Self.names) == expected)
    }

    @Test func `a slash or a star with an accent after it is one all the same`() throws {
        let name = "d/\u{301}x.png"
        for pattern in ["*.png", "d/*", "**/*.png", "\u{301}x.png", "?x.png"] {
            #expect(try matches(pattern, among: [name]) == [name], "\(pattern)")
        }
        #expect(FilePattern.isPattern("*\u{301}") && FilePattern.isPattern("?\u{301}"))
        #expect(FilePattern.fixedFolder(of: "a/\u{301}b/*") == "a/\u{301}b")
    }

    @Test func `a pattern of many stars takes no longer than its length times the name's`() {
        let pattern = FilePattern(String(repeating: "*a", count: 200) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 4000)))
        let folders = FilePattern(String(repeating: "**/a/", count: 200) + "b")
        #expect(!folders.matches(String(repeating: "a/", count: 2000) + "c"))
    }
}
