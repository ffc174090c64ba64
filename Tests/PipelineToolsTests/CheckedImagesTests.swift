// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import PipelineTools
import Synchronization
import SystemPackage
import Testing

/// The `images` tool with a source that names a catalogue.
@Suite struct CheckedImagesTests {
    private let pictures = (0..<30).map { pattern(5, 6, seed: $0 + 1) }

    /// Runs the tool on files whose catalogue says other things, and returns its remarks.
    private func run(
        _ files: [String: [UInt8]], _ catalogue: String, part: String = ""
    ) throws -> [String] {
        let workshop = try Workshop()
        let path = try workshop.newPath("c.yml")
        try Files.write(Array(catalogue.utf8), toNew: path)
        let input = try workshop.files(files)
        let remarks = Mutex<[String]>([])
        do {
            try workshop.run(
                "images",
                ["files": [ToolInput(format: .folder, files: input.files, catalogue: .init(name: part, path: path))]],
                note: { remark in remarks.withLock { $0.append(remark) } })
        } catch let failure as ToolFailure {
            throw CheckFailure(failure: failure, remarks: remarks.withLock { $0 })
        }
        return remarks.withLock { $0 }
    }

    private struct CheckFailure: Error {
        let failure: ToolFailure
        let remarks: [String]
    }

    private func catalogue(_ images: [String: Image], part: String? = nil) -> String {
        let images = images.map { Catalogue.Image($0.value, name: $0.key) }.sorted { $0.name < $1.name }
        return Catalogue(
            title: "Mine", origin: nil, reference: nil, terms: nil, parts: [.init(name: part, images: images)]
        ).text
    }

    @Test func `images that are those of the catalogue pass, with a remark`() throws {
        let text = catalogue(["a": pictures[0], "b/c": pictures[1]])
        let files = try ["a.bmp": bmp(pictures[0]), "b/c.png": pictures[1].png()]
        #expect(try run(files, text) == ["the images are those of Mine: all 2"])
        let parted = catalogue(["a": pictures[0], "b/c": pictures[1]], part: "x2/HR")
        #expect(try run(files, parted, part: "x2/HR") == ["the images are those of Mine, part 'x2/HR': all 2"])
    }

    @Test func `images and a catalogue that are others than the stage's key says are refused`() throws {
        let workshop = try Workshop()
        let path = try workshop.newPath("c.yml")
        try Files.write(Array(catalogue(["a": pictures[0]]).utf8), toNew: path)
        let image = try #require(try workshop.files(["a.png": pictures[0].png()]).files.first)
        func run(image imageBytes: FileDigest, catalogue catalogueBytes: FileDigest) throws {
            let input = ToolInput(
                format: .folder, files: [.init(name: image.name, path: image.path, bytes: imageBytes)],
                catalogue: .init(name: "", path: path, bytes: catalogueBytes))
            try workshop.run("images", ["files": [input]])
        }
        let (imageBytes, catalogueBytes) = (try FileDigest(ofFileAt: image.path), try FileDigest(ofFileAt: path))
        try run(image: imageBytes, catalogue: catalogueBytes)
        func failure(_ path: FilePath, at place: ToolFailure.Place) -> ToolFailure {
            ToolFailure(
                "'\(path)' changed while the stage read it", at: place,
                hint: "run again once nothing writes to the data")
        }
        #expect(throws: failure(image.path, at: .input("files"))) {
            try run(image: catalogueBytes, catalogue: catalogueBytes)
        }
        #expect(throws: failure(path, at: .catalogue(ofInput: "files"))) {
            try run(image: imageBytes, catalogue: imageBytes)
        }
    }

    @Test func `every image that is not as it should be is listed`() throws {
        let text = catalogue(["a": pictures[0], "b": pictures[1], "c": pictures[2]])
        let error = #expect(throws: CheckFailure.self) {
            try run(["a.png": pictures[0].png(), "b.png": pictures[3].png(), "d.png": pictures[2].png()], text)
        }
        #expect(
            error?.failure
                == ToolFailure(
                    "the images are not those of Mine: 1 altered, 1 renamed", at: .catalogue(ofInput: "files"),
                    details: ["altered 'b': 6x5 rgb8 with other pixels", "renamed 'd': it is 'c' of the catalogue"],
                    hint: "'reprise data check FOLDER' tells which set a folder holds"))
        #expect(error?.remarks == [])
    }

    @Test func `a long list is whole in the log and cut on the terminal`() throws {
        let text = catalogue(["a": pictures[0]])
        let files = Dictionary(uniqueKeysWithValues: try (0..<30).map { ("i\(10 + $0).png", try pictures[$0].png()) })
        let error = #expect(throws: CheckFailure.self) { try run(files, text) }
        #expect(error?.failure.message == "the images are not those of Mine: 1 renamed, 29 extra")
        #expect(error?.failure.details.count == 21)
        #expect(error?.failure.details.last == "and 10 more: 'reprise log' shows all of them")
        #expect(error?.remarks.count == 30)
        #expect(error?.remarks.first == "renamed 'i10': it is 'a' of the catalogue")
    }

    @Test func `images that are too many point at the source's patterns`() throws {
        let error = #expect(throws: CheckFailure.self) {
            try run(["a.png": pictures[0].png(), "b.png": pictures[1].png()], catalogue(["a": pictures[0]]))
        }
        #expect(error?.failure.details == ["extra 'b'"])
        #expect(error?.failure.hint == "'files:' of the source says which of its files count")
    }

    @Test func `a catalogue that broke since it was looked at fails the stage`() throws {
        let files = try ["a.png": pictures[0].png()]
        let broken = #expect(throws: CheckFailure.self) { try run(files, "catalogue: 1\n") }
        #expect(broken?.failure.message.contains("c.yml:1: the catalogue needs 'images' or 'parts'") == true)
        #expect(broken?.failure.place == .catalogue(ofInput: "files"))
        let other = #expect(throws: CheckFailure.self) { try run(files, catalogue(["a": pictures[0]]), part: "x") }
        #expect(other?.failure.message == "the catalogue of Mine has no part 'x'")
    }
}
