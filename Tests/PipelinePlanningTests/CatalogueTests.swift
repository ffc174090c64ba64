// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage
import Testing

/// Sources that name a catalogue.
struct CatalogueTests {
    private static let digest = String(repeating: "0123456789abcdef", count: 4)
    private static let image = "{name: a, width: 1, height: 1, mode: rgb8, pixels: \(digest)}"
    private static let flat = "catalogue: 1\ntitle: Flat\nimages: [\(image)]\n"
    private static let parted = "catalogue: 1\ntitle: Parted\nparts: {one: [\(image)], two: [\(image)]}\n"

    private func manifest(_ catalogue: String, stage: String = "{tool: load, inputs: photos}") -> String {
        """
        reprise: 1
        sources:
          photos: {path: photos, catalogue: \(catalogue)}
        stages:
          load: \(stage)

        """
    }

    /// What the author is told of a manifest in `m`, with `CATALOGUES` for the folder of these files.
    private func told(_ manifest: String, _ catalogues: [String: String]) throws -> String {
        try withTemporaryFolder { folder in
            for (name, text) in catalogues { try Files.write(Array(text.utf8), toNew: folder.appending(name)) }
            do throws(Diagnostics) {
                _ = try StageGraph.parse(
                    SourceText(file: "m/p.yml", text: manifest), interfaces: Tools.all, folder: folder.appending("m"))
                return ""
            } catch {
                return DiagnosticText().text(of: error).replacing(folder.string, with: "CATALOGUES")
            }
        }
    }

    @Test func `a catalogue is looked up from the manifest's folder, with its part`() throws {
        #expect(try told(manifest("../flat.yml"), ["flat.yml": Self.flat]) == "")
        #expect(try told(manifest("../parted.yml#two"), ["parted.yml": Self.parted]) == "")
    }

    @Test func `a catalogue that is not there is told with where it was looked for`() throws {
        #expect(
            try told(manifest("../flat.yml"), [:]) == """
                error: m/p.yml:3:37: there is no catalogue '../flat.yml'
                    photos: {path: photos, catalogue: ../flat.yml}
                                                      ^^^^^^^^^^^
                  looked for: CATALOGUES/flat.yml
                hint: catalogues are looked up beside the manifest

                """)
    }

    @Test func `a part that the catalogue lacks, or that is not named, is told`() throws {
        #expect(
            try told(manifest("../parted.yml#too"), ["parted.yml": Self.parted]) == """
                error: m/p.yml:3:37: the catalogue of Parted has no part 'too'
                    photos: {path: photos, catalogue: ../parted.yml#too}
                                                      ^^^^^^^^^^^^^^^^^
                hint: did you mean 'two'?

                """)
        #expect(
            try told(manifest("../parted.yml"), ["parted.yml": Self.parted]) == """
                error: m/p.yml:3:37: the catalogue of Parted has several parts, and none of them is named
                    photos: {path: photos, catalogue: ../parted.yml}
                                                      ^^^^^^^^^^^^^
                hint: write '#' and a part after the file; its parts are 'one' and 'two'

                """)
    }

    @Test func `the mistakes of manifest and catalogue are told together, each at its own place`() throws {
        #expect(
            try told(
                manifest("../flat.yml", stage: "{tool: laod, inputs: photos}"),
                ["flat.yml": "catalogue: 1\ntitle: Flat\nimages: [{name: a}, t1]\n"])
                    == """
                    error: m/p.yml:5:16: no tool is called 'laod'
                        load: {tool: laod, inputs: photos}
                                     ^^^^
                    hint: did you mean 'load'?

                    error: CATALOGUES/flat.yml:3:10: the image needs 'height'
                      images: [{name: a}, t1]
                               ^

                    error: CATALOGUES/flat.yml:3:10: the image needs 'mode'
                      images: [{name: a}, t1]
                               ^

                    error: CATALOGUES/flat.yml:3:10: the image needs 'pixels'
                      images: [{name: a}, t1]
                               ^

                    error: CATALOGUES/flat.yml:3:10: the image needs 'width'
                      images: [{name: a}, t1]
                               ^

                    error: CATALOGUES/flat.yml:3:21: the image takes a mapping with the keys 'name', 'width', 'height', \
                    'mode' and 'pixels', not the text 't1'
                      images: [{name: a}, t1]
                                          ^^

                    6 mistakes

                    """)
    }

    @Test func `a broken catalogue that two sources name is told once`() throws {
        let text = """
            reprise: 1
            sources:
              a: {path: a, catalogue: ../c.yml#x}
              b: {path: b, catalogue: ../c.yml#y}
            stages:
              load: {tool: load, inputs: a}

            """
        let found = try told(text, ["c.yml": "catalogue: 1\ntitle: x\n"])
        #expect(found.split(separator: "\n").filter { $0.hasPrefix("error:") }.count == 1, "\(found)")
    }

    @Test func `a stage that would not check the catalogue is told`() throws {
        let text = """
            reprise: 1
            sources:
              photos: {path: photos, catalogue: ../flat.yml}
            stages:
              list:
                run: ls ${inputs.photos}
                inputs: {photos: photos}
                outputs: {list: list.txt}
              load: {tool: load, inputs: photos}

            """
        #expect(
            try told(text, ["flat.yml": Self.flat]) == """
                error: m/p.yml:7:22: stage 'list' would read 'photos' without a look at its catalogue
                      inputs: {photos: photos}
                                       ^^^^^^
                hint: have it read by a stage of tool 'images', which checks it, or leave out the source's 'catalogue'

                """)
    }

    @Test(arguments: ["\"\"", "'#a'", "x.yml#", "~/x.yml"])
    func `a catalogue without a name is told`(written: String) throws {
        #expect(try told(manifest(written), [:]).contains("names no catalogue\n"))
    }

    // MARK: Keys

    /// The key of the stage `load` of a manifest that names `c.yml` and a part.
    private func key(_ reference: String?, _ catalogue: String) throws -> ActionKey {
        try withTemporaryFolder { folder in
            try Files.write(Array(catalogue.utf8), toNew: folder.appending("c.yml"))
            try Files.write(Array(catalogue.utf8), toNew: folder.appending("d.yml"))
            try Files.makeFolder(folder.appending("data").appending("photos"))
            try Files.write([1], toNew: folder.appending("data").appending("photos").appending("a.png"))
            let text = reference.map { manifest($0) } ?? manifest("x").replacing(", catalogue: x", with: "")
            let graph = try StageGraph.parse(
                SourceText(file: "p.yml", text: text), interfaces: Tools.all, folder: folder)
            var observer = SourceObserver(
                graph: graph, needed: graph.stages(neededFor: []), dataFolder: folder.appending("data"),
                manifestFolder: folder, memory: NoMemory())
            let planner = Planner(
                graph: graph, snapshot: try observer.snapshot(), cache: MemoryActionCache(), objects: NamedObjects())
            let node = try #require(graph.node(named: "load"))
            return try #require(try planner.resolution(of: node, results: [:]).key)
        }
    }

    @Test func `the bytes of the catalogue and its part count, its file's name does not`() throws {
        let key = try key("c.yml#one", Self.parted)
        #expect(try self.key("./c.yml#one", Self.parted) == key)
        #expect(try self.key("d.yml#one", Self.parted) == key)
        let others = [
            try self.key("c.yml#two", Self.parted), try self.key("c.yml#one", Self.parted + "# a remark\n"),
            try self.key("c.yml", Self.flat), try self.key(nil, Self.parted),
        ]
        #expect(Set(others + [key]).count == 5)
    }

    /// The digest of `{"inputs":{"files":…},"outputs":["images"],"schema":1,"settings":{},"tool":{…}}`.
    @Test func `without a catalogue nothing of one is in the key`() throws {
        #expect(
            try key(nil, Self.flat).description == "023b06ca038bd7460e85872444bac881082111c1d78f34dd3618b0f17004e7fe")
    }
}
