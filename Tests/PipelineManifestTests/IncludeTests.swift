// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// Manifests of several files.
@Suite struct IncludeTests {
    /// What is read, and what is told, of `p/main.yml` among files with these paths.
    private func reading(_ files: [String: String], main: String = "p/main.yml") -> (manifest: Manifest?, told: String)
    {
        let source = SourceText(file: main, text: files[main] ?? "")
        do {
            let manifest = try Manifest.parse(source, interfaces: Tools.all) { path in
                files[path].map { $0 == "?" ? .unreadable("it is not text in UTF-8") : .text($0) } ?? .missing
            }
            return (manifest, "(nothing)\n")
        } catch {
            return (nil, DiagnosticText().text(of: error))
        }
    }

    private func check(
        _ files: [String: String], tells expected: String, at place: Testing.SourceLocation = #_sourceLocation
    ) {
        let found = reading(files).told
        #expect(found == expected + "\n", "told:\n\(found)", sourceLocation: place)
    }

    @Test func `sections of all files belong together, and any may name what stands in another`() throws {
        let manifest = try #require(
            reading([
                "p/main.yml": """
                reprise: 1
                name: whole
                includes: [common.yml, ../shared/sets.yml]
                settings: {rate: "${base}"}
                stages:
                  train: {tool: train, inputs: {patches: patches}, settings: {epochs: 3, learning-rate: "${rate}"}}
                """,
                "p/common.yml": """
                reprise: 1
                includes: ../shared/sets.yml
                settings: {base: 0.5}
                pools: {gpu: 1}
                stages:
                  patches: {tool: patches, inputs: images}
                  many: {foreach: [a, b], run: make, outputs: {o: o}, resources: {gpu: 1}}
                """,
                "shared/sets.yml": """
                reprise: 1
                sources: {t91: {path: T91, catalogue: data/T91.yml#x2}}
                stages:
                  images: {tool: images, inputs: t91}
                  plot: {run: python3 plot.py, inputs: {all: [many]}, code: [plot.py], outputs: {o: o}}
                claims:
                  - {name: c, model: M, metric: psnr, dataset: D, scale: 2, protocol: y-double, value: 33.16}
                """,
            ]).manifest)
        #expect(manifest.name == "whole")
        #expect(
            manifest.stages.map(\.name.value) == ["train", "patches", "many@a", "many@b", "images", "plot"])
        #expect(manifest.settings.map(\.value) == [.number(0.5), .number(0.5)])
        #expect(manifest.claims.map(\.name.value) == ["c"] && manifest.pools.map(\.name.value) == ["gpu"])
        #expect(manifest.source.included.map(\.file) == ["p/common.yml", "shared/sets.yml"])
        let source = try #require(manifest.sources.first)
        #expect(source.path.value == "T91" && source.catalogue?.value.description == "../shared/data/T91.yml#x2")
        let commands = manifest.stages.compactMap { stage -> Command? in
            if case .command(let command) = stage.work { command } else { nil }
        }
        #expect(commands.map(\.folder) == ["", "", "../shared"])
        #expect(commands.last?.code.map(\.value) == ["plot.py"])
        let plot = try #require(manifest.stages.last)
        let file = manifest.source.file(at: plot.name.location)
        #expect(file.file == "shared/sets.yml" && file.line(plot.name.location.line).hasPrefix("  plot:"))
    }

    @Test func `mistakes are told with the file and the line they stand in`() {
        check(
            [
                "p/main.yml": """
                reprise: 1
                includes: [a.yml, b/c.yml]
                settings: {n: 1, m: x}
                pools: {gpu: 1}
                sources: {s: {path: s}}
                stages:
                  one: {tool: synthesize, settings: {cont: 1}}
                claims:
                  - {name: c, model: M, metric: psnr, dataset: D, scale: 2, protocol: y-double, value: 33.16}
                """,
                "p/a.yml": """
                reprise: 1
                name: part
                settings: {n: 2}
                stages:
                  one: {tool: synthesize}
                  two: {tool: images, inputs: s, settings: {scale: "${m}"}}
                  s: {tool: synthesize}
                """,
                "p/b/c.yml": """
                sources: {s: {path: t}}
                stages:
                  three: {tool: synthesize, resources: {gpu: 2}}
                  four: {run: "echo ${zz}", outputs: {a: ../a}}
                claims:
                  - {name: c, model: M, metric: psnr, dataset: D, scale: 2, protocol: y-double, value: 33.16}
                """,
            ],
            tells: #"""
                error: p/main.yml:7:38: tool 'synthesize' has no setting 'cont'
                    one: {tool: synthesize, settings: {cont: 1}}
                                                       ^^^^
                hint: did you mean 'count'?

                error: p/a.yml:2:1: unknown key 'name' in an included file
                  name: part
                  ^^^^
                hint: the keys here are 'reprise', 'includes', 'settings', 'pools', 'sources', 'stages' and 'claims'

                error: p/a.yml:3:12: setting 'n' is declared twice, first at line 3 of p/main.yml
                  settings: {n: 2}
                             ^

                error: p/a.yml:5:3: stage 'one' is declared twice, first at line 7 of p/main.yml
                    one: {tool: synthesize}
                    ^^^

                error: p/a.yml:6:52: setting 'scale' of tool 'images' takes 2, 3 or 4, not the text 'x'
                    two: {tool: images, inputs: s, settings: {scale: "${m}"}}
                                                                     ^^^^^^
                  ${m} is the text 'x', set at line 3 of p/main.yml

                error: p/a.yml:7:3: stage 's' has the name of the source at line 5 of p/main.yml
                    s: {tool: synthesize}
                    ^

                error: p/b/c.yml:1:1: an included file needs 'reprise'
                  sources: {s: {path: t}}
                  ^^^^^^^
                hint: start with 'reprise: 1'

                error: p/b/c.yml:1:11: source 's' is declared twice, first at line 5 of p/main.yml
                  sources: {s: {path: t}}
                            ^

                error: p/b/c.yml:3:46: stage 'three' takes 2 of pool 'gpu', which has 1
                    three: {tool: synthesize, resources: {gpu: 2}}
                                                               ^
                  pool 'gpu' is declared at line 4 of p/main.yml

                error: p/b/c.yml:4:21: no setting is called 'zz'
                    four: {run: "echo ${zz}", outputs: {a: ../a}}
                                      ^^^^^
                hint: name it under the manifest's 'settings', or write '$${' for the two characters themselves

                error: p/b/c.yml:4:42: path '../a' leaves its folder
                    four: {run: "echo ${zz}", outputs: {a: ../a}}
                                                           ^^^^
                hint: write a path without '..'

                error: p/b/c.yml:6:12: claim 'c' is declared twice, first at line 9 of p/main.yml
                    - {name: c, model: M, metric: psnr, dataset: D, scale: 2, protocol: y-double, value: 33.16}
                             ^

                12 mistakes
                """#)
    }

    @Test func `files that cannot be included are told, and nothing that may stand in them`() {
        check(
            [
                "p/main.yml": """
                reprise: 1
                includes: [none.yml, bad.yml, list.yml, empty.yml, old.yml, "~/x.yml", folder/, 3, [a]]
                stages:
                  one: {tool: images, inputs: unknown, settings: {scale: "${unknown}"}, resources: {gpu: 1}}
                  two: {tool: patches, inputs: ["unknown@*"]}
                """,
                "p/bad.yml": "?", "p/list.yml": "[1]", "p/empty.yml": "", "p/old.yml": "reprise: 7",
            ],
            tells: #"""
                error: p/main.yml:2:12: there is no file 'none.yml' to include
                  includes: [none.yml, bad.yml, list.yml, empty.yml, old.yml, "~/x.yml", folder/, 3, [a]]
                             ^^^^^^^^
                  looked for: p/none.yml
                hint: it is looked up beside the file that includes it

                error: p/main.yml:2:22: the file 'bad.yml' cannot be included
                  includes: [none.yml, bad.yml, list.yml, empty.yml, old.yml, "~/x.yml", folder/, 3, [a]]
                                       ^^^^^^^
                  it is not text in UTF-8

                error: p/main.yml:2:61: '~/x.yml' names no file to include
                  includes: [none.yml, bad.yml, list.yml, empty.yml, old.yml, "~/x.yml", folder/, 3, [a]]
                                                                              ^^^^^^^^^
                hint: write a path relative to the file that includes it

                error: p/main.yml:2:72: 'folder/' names no file to include
                  includes: [none.yml, bad.yml, list.yml, empty.yml, old.yml, "~/x.yml", folder/, 3, [a]]
                                                                                         ^^^^^^^
                hint: write a path relative to the file that includes it

                error: p/main.yml:2:81: there is no file '3' to include
                  includes: [none.yml, bad.yml, list.yml, empty.yml, old.yml, "~/x.yml", folder/, 3, [a]]
                                                                                                  ^
                  looked for: p/3
                hint: it is looked up beside the file that includes it

                error: p/main.yml:2:84: each element of 'includes' of the manifest takes text, not a list
                  includes: [none.yml, bad.yml, list.yml, empty.yml, old.yml, "~/x.yml", folder/, 3, [a]]
                                                                                                     ^

                error: p/list.yml:1:1: an included file takes a mapping with the keys 'reprise', 'includes', 'settings', 'pools', 'sources', 'stages' and 'claims', not a list
                  [1]
                  ^

                error: p/empty.yml:1:1: the manifest is empty
                hint: start with 'reprise: 1' and 'stages:'

                error: p/old.yml:1:10: version 7 of the manifest's form is not known
                  reprise: 7
                           ^
                hint: this Reprise reads version 1

                9 mistakes
                """#)
    }

    @Test func `files that include one another are told as a ring`() {
        check(
            [
                "p/main.yml": "reprise: 1\nincludes: a.yml\nstages: {s: {tool: synthesize}}",
                "p/a.yml": "reprise: 1\nincludes: [../p/b.yml]",
                "p/b.yml": "reprise: 1\nincludes: [./a.yml, main.yml, b.yml]",
            ],
            tells: #"""
                error: p/b.yml:2:12: 'p/a.yml' includes itself: 'p/a.yml' includes 'p/b.yml' includes 'p/a.yml'
                  includes: [./a.yml, main.yml, b.yml]
                             ^^^^^^^

                error: p/b.yml:2:21: 'p/main.yml' includes itself: 'p/main.yml' includes 'p/a.yml' includes 'p/b.yml' includes 'p/main.yml'
                  includes: [./a.yml, main.yml, b.yml]
                                      ^^^^^^^^

                error: p/b.yml:2:31: 'p/b.yml' includes itself: 'p/b.yml' includes 'p/b.yml'
                  includes: [./a.yml, main.yml, b.yml]
                                                ^^^^^

                3 mistakes in p/b.yml
                """#)
    }

    @Test func `all files together are no longer than one may be, and no more than 64`() {
        let half = "# " + String(repeating: "x", count: 600_000) + "\n"
        check(
            [
                "p/main.yml": "reprise: 1\nincludes: a.yml\nstages: {s: {tool: synthesize}}\n" + half,
                "p/a.yml": "reprise: 1\n" + half,
            ],
            tells: #"""
                error: p/a.yml:1:1: the manifest is longer than 1048576 bytes
                  reprise: 1
                  ^
                """#)
        var files = ["p/main.yml": "reprise: 1\nincludes: f0.yml\nstages: {s: {tool: synthesize}}"]
        for index in 0..<64 { files["p/f\(index).yml"] = "reprise: 1\nincludes: f\(index + 1).yml" }
        check(
            files,
            tells: #"""
                error: p/f62.yml:2:11: a manifest is made of at most 64 files
                  includes: f63.yml
                            ^^^^^^^
                """#)
    }
}
