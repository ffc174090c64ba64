// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import Imaging
import PipelineManifest
import PipelineTools
import SystemPackage
import Testing

/// Folders of images, and what they are told to be.
@Suite struct FolderCheckTests {
    private let workshop: Workshop
    private let pictures = (0..<6).map { pattern(6, 7 + $0, seed: $0 + 1) }

    init() throws {
        workshop = try Workshop()
    }

    private func folder(_ files: [String: [UInt8]]) throws -> ImageFolder {
        let root = try workshop.newPath("folder")
        for (name, bytes) in files {
            let path = root.appending(FilePath(name).components)
            try FileManager.default.createDirectory(
                atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(fileURLWithPath: path.string))
        }
        return try ImageFolder(root)
    }

    private func candidates(_ title: String, _ parts: [String?: [String: Image]]) -> [CatalogueCandidate] {
        let parts = parts.map { name, images in
            Catalogue.Part(
                name: name,
                images: images.map { Catalogue.Image($0.value, name: $0.key) }.sorted { $0.name < $1.name })
        }.sorted { ($0.name ?? "") < ($1.name ?? "") }
        let catalogue = Catalogue(title: title, origin: nil, reference: nil, terms: nil, parts: parts)
        return parts.map { CatalogueCandidate(file: "\(title).yml", catalogue: catalogue, part: $0) }
    }

    /// `FOLDER: LABEL or unknown: summary` for each group.
    private func told(
        _ folder: ImageFolder, _ candidates: [CatalogueCandidate], place: [String] = []
    ) -> [String] {
        FolderCheck(folder, among: candidates, place: place).groups.map { group in
            "\(group.folder): \(group.match?.label ?? "unknown"): \(group.summary)"
        }
    }

    @Test func `a folder is decoded file by file, and what is no image is passed over`() throws {
        let folder = try folder([
            "a.png": pictures[0].png(), "sub/b.x.bmp": bmp(pictures[1]), "README.md": Array("hello".utf8),
            "broken.png": Array("hello".utf8), "cut.dat": Array(try pictures[2].png().prefix(60)),
            "photo.jpg": [0xff, 0xd8, 0xff, 0xe0], ".hidden.png": pictures[3].png(), "empty": [],
        ])
        #expect(folder.others == ["README.md", "empty"])
        #expect(folder.files.map(\.name) == ["a.png", "broken.png", "cut.dat", "photo.jpg", "sub/b.x.bmp"])
        #expect(folder.files[0].image == Catalogue.Image(pictures[0], name: "a"))
        #expect(folder.files[4].image == Catalogue.Image(pictures[1], name: "sub/b.x"))
        #expect(folder.files.map { $0.damage == nil } == [true, false, false, false, true])
        #expect(folder.files[1].damage == "not a PNG or BMP file: it begins with 'hello'")
    }

    @Test func `PNG and BMP copies of an image agree`() throws {
        let (png, bmp) = try (folder(["a.png": pictures[0].png()]), folder(["a.bmp": bmp(pictures[0])]))
        #expect(try png.parts(isOnePart: false) == bmp.parts(isOnePart: false))
    }

    @Test func `the digest is what the catalogue says it is`() {
        let image = Image(height: 1, width: 2, mode: .rgb8, pixels: [1, 2, 3, 4, 5, 6])
        let digest = Digest(of: Array("reprise-image 1 rgb8 1 2\n".utf8) + [1, 2, 3, 4, 5, 6])
        #expect(Catalogue.Image(image, name: "x").pixels == digest.description)
    }

    @Test func `each folder of a set is told by itself`() throws {
        let folder = try folder([
            "HR/a.png": pictures[0].png(), "HR/b.png": pictures[1].png(), "LR/a.png": pictures[2].png(),
            "LR/b.bmp": bmp(pictures[3]), "more/x.png": pictures[4].png(),
        ])
        let candidates = candidates(
            "Two",
            [
                "HR": ["a": pictures[0], "b": pictures[1]], "LR": ["a": pictures[2], "b": pictures[3]],
                "LR/bicubic": ["a": pictures[5], "b": pictures[5]],
            ])
        #expect(told(folder, candidates) == ["HR: Two, part 'HR': ", "LR: Two, part 'LR': ", "more: unknown: "])
        let check = FolderCheck(folder, among: candidates, place: [])
        #expect(check.verdict == .unknown)
        #expect(check.absentParts.map(\.label) == ["Two, part 'LR/bicubic'"])
    }

    @Test func `of parts with the same images the one with the folder's name is told, and the others beside it`() throws
    {
        let images = ["a": pictures[0], "b": pictures[1]]
        let candidates = candidates("Set", ["original": images, "x2/HR": images, "x4/HR": images])
        let files = try ["x4/HR/a.png": pictures[0].png(), "x4/HR/b.png": pictures[1].png()]
        let group = try #require(FolderCheck(try folder(files), among: candidates, place: ["Set"]).groups.first)
        #expect(group.match?.part.name == "x4/HR")
        #expect(group.equals.map(\.part.name) == ["original", "x2/HR"])
        let flat = try folder(["a.png": pictures[0].png(), "b.png": pictures[1].png()])
        #expect(told(flat, candidates, place: ["data", "set", "X2", "HR"]) == [": Set, part 'x2/HR': "])
        #expect(told(flat, candidates, place: ["anything"]) == [": Set, part 'original': "])
    }

    @Test func `the nearest part is the one that shares most pixels, then most names`() throws {
        let one = candidates("One", [nil: ["a": pictures[0], "b": pictures[1], "c": pictures[2]]])
        let two = candidates("Two", [nil: ["a": pictures[3], "b": pictures[4], "d": pictures[5]]])
        let folder = try folder([
            "a.png": pictures[0].png(), "b.png": pictures[1].png(), "d.png": pictures[5].png(),
        ])
        #expect(told(folder, two + one) == [": One: 1 missing, 1 extra"])
        let altered = try self.folder([
            "a.png": pictures[0].rgb.png(), "b.png": pictures[0].png(), "e.png": pictures[0].png(),
        ])
        // Two of three names, and no pixels, of the second.
        #expect(told(altered, two) == [": Two: 1 missing, 2 altered, 1 extra"])
    }

    @Test func `images of which no catalogue has half are unknown, and the nearest is told`() throws {
        let candidates = candidates(
            "Five", [nil: Dictionary(uniqueKeysWithValues: (0..<5).map { ("i\($0)", pictures[$0]) })])
        let folder = try folder([
            "x.png": pictures[0].png(), "y.png": pictures[5].png(), "z.png": pattern(3, 3).png(),
            "w.png": pattern(3, 4).png(), "v.png": Array("?".utf8),
        ])
        let group = try #require(FolderCheck(folder, among: candidates, place: []).groups.first)
        #expect(group.verdict == .unknown)
        #expect(group.nearest?.label == "Five")
        #expect(group.nearestCount == 1)
        #expect(group.findings.map(\.text) == ["damaged 'v.png': not a PNG or BMP file: it begins with '?'"])
    }

    @Test func `a part whose names have folders is one with all below its folder`() throws {
        let candidates = candidates("Deep", [nil: ["x/a": pictures[0], "y/a": pictures[1], "y/b": pictures[2]]])
        let folder = try folder([
            "set/x/a.png": pictures[0].png(), "set/y/a.png": pictures[1].png(), "set/y/b.png": pictures[3].png(),
            "other/x.png": pictures[4].png(),
        ])
        #expect(told(folder, candidates) == ["other: unknown: ", "set: Deep: 1 altered"])
    }

    @Test func `a folder can be compared with a part that it is not like`() throws {
        let candidates = candidates("One", [nil: ["a": pictures[0], "b": pictures[1]]])
        let check = FolderCheck(try folder(["x/c.png": pictures[2].png()]), as: candidates[0])
        #expect(check.groups.map(\.summary) == ["2 missing, 1 extra"])
        #expect(check.verdict == .wrong)
    }

    // MARK: Making catalogues

    @Test func `folders become parts, and images beside folders one set`() throws {
        let files = try ["y/HR/a.png": pictures[0].png(), "x/b.png": pictures[1].png(), "x/a.bmp": bmp(pictures[2])]
        let parts = try folder(files).parts(isOnePart: false)
        #expect(parts.map(\.name) == ["x", "y/HR"])
        #expect(parts.map { $0.images.map(\.name) } == [["a", "b"], ["a"]])
        #expect(parts[1].images == [Catalogue.Image(pictures[0], name: "a")])
        for parts in try [
            folder(files).parts(isOnePart: true),
            folder(files.merging(["z.png": pictures[3].png()]) { $1 }).parts(isOnePart: false),
        ] {
            #expect(parts.map(\.name) == [nil])
            #expect(parts[0].images.map(\.name).prefix(3) == ["x/a", "x/b", "y/HR/a"])
        }
    }

    @Test func `folders that no catalogue can describe are refused`() throws {
        func error(_ files: [String: [UInt8]]) throws -> CataloguingError? {
            let folder = try folder(files)
            do throws(CataloguingError) {
                _ = try folder.parts(isOnePart: false)
                return nil
            } catch {
                return error
            }
        }
        #expect(try error(["a.bmp": bmp(pictures[0]), "a.png": pictures[0].png()]) == .oneName("a.bmp", "a.png"))
        #expect(try error(["a#b/a.png": pictures[0].png()]) == .unusableName("a#b"))
        #expect(try error(["a\nb.png": pictures[0].png()]) == .unusableName("a\nb"))
        #expect(
            try error(["a.png": [65]]) == .damaged(["'a.png': not a PNG or BMP file: it begins with 'A'"]))
    }
}
