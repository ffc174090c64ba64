// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What runs when the images themselves change, counted stage by stage on files as a user has them.
@Suite struct PhotoTests {
    private static let manifest = """
        reprise: 1
        name: photos
        sources:
          train-photos: {path: train, role: train}
          test-photos: {path: test, role: test}
        stages:
          train-images: {tool: images, inputs: {files: train-photos}}
          test-images: {tool: images, inputs: {files: test-photos}}
          augment: {tool: augment, inputs: {images: train-images}, settings: {rotations: [0, 90], scales: [1]}}
          patches: {tool: patches, inputs: {images: augment}, settings: {scale: 2}}
          train:
            tool: train
            inputs: {patches: patches}
            settings: {architecture: fsrcnn-s, steps: 4, batch: 8, name: Net}
          bicubic: {tool: evaluate, inputs: {images: test-images}, settings: {dataset: Photos, scale: 2}}
          network: {tool: evaluate, inputs: {images: test-images, model: train}, settings: {dataset: Photos, scale: 2}}

        """

    private static let all: Set<String> = [
        "train-images", "test-images", "augment", "patches", "train", "bicubic", "network",
    ]

    private func project() throws -> CommandLineProject {
        let project = try CommandLineProject(["photos.yml": Self.manifest])
        for name in ["a", "b"] {
            try project.write(Photo(seed: name).bmp(bitsPerPixel: 24), to: "data/train/\(name).bmp")
        }
        try project.write(Photo(seed: "t").bmp(bitsPerPixel: 24), to: "data/test/t.bmp")
        #expect(try ran(project) == Self.all)
        return project
    }

    private func ran(_ project: CommandLineProject, _ arguments: String...) throws -> Set<String> {
        let outcomes =
            arguments.count == 2
            ? try project.outcomes("run", "photos.yml", "-q", arguments[0], arguments[1])
            : try project.outcomes("run", "photos.yml", "-q")
        return Set(outcomes.filter { $0.value == "ran" }.keys)
    }

    @Test func `one pixel of one training image runs only what depends on it`() throws {
        let project = try project()
        var photo = Photo(seed: "a")
        // In the middle, where a patch sees it, and by so much that the luma changes too.
        photo.pixels[(20 * Photo.width + 22) * 3 + 1] ^= 0x80
        try project.write(photo.bmp(bitsPerPixel: 24), to: "data/train/a.bmp")
        #expect(try ran(project) == Self.all.subtracting(["test-images", "bicubic"]))
    }

    @Test func `the same pixels in another form of file run the images stage and nothing after it`() throws {
        let project = try project()
        try project.write(Photo(seed: "a").bmp(bitsPerPixel: 32), to: "data/train/a.bmp")
        #expect(try ran(project) == ["train-images"])
    }

    @Test func `touching every file and moving the data folder run nothing`() throws {
        let project = try project()
        for name in ["train/a.bmp", "train/b.bmp", "test/t.bmp"] {
            let path = project.folder.appendingPathComponent("data/\(name)").path
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path)
        }
        #expect(try ran(project) == [])
        try FileManager.default.moveItem(
            at: project.folder.appendingPathComponent("data"), to: project.folder.appendingPathComponent("elsewhere"))
        #expect(try ran(project, "--data", "elsewhere") == [])
    }

    @Test func `a lost object runs nothing until something needs it, then only what makes it`() throws {
        let project = try project()
        let shown = try project.reprise("show", "photos.yml", "augment/images", "-q")
        let line = shown.output.split(separator: "\n").first { $0.hasPrefix("file ") } ?? ""
        let object = String(line.dropFirst("file ".count)).trimmingCharacters(in: .whitespaces)
        try FileManager.default.removeItem(at: project.folder.appendingPathComponent(object))
        #expect(try ran(project) == [])
        try project.edit("photos.yml", "{scale: 2}}\n  train:", "{scale: 2, stride: 3}}\n  train:")
        #expect(try ran(project) == ["augment", "patches", "train", "network"])
    }
}

/// A small colour image of noise.
private struct Photo {
    static let (width, height) = (44, 40)

    /// Blue, green, red; rows from the bottom up, as BMP has them.
    var pixels: [UInt8]

    init(seed: String) {
        var state = seed.utf8.reduce(UInt64(88_172_645_463_325_252)) { $0 &* 31 &+ UInt64($1) }
        pixels = (0..<Self.width * Self.height * 3).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 32)
        }
    }

    func bmp(bitsPerPixel: Int) -> Data {
        let rows =
            bitsPerPixel == 24
            ? pixels
            : stride(from: 0, to: pixels.count, by: 3).flatMap { start in
                pixels[start..<start + 3] + [0]
            }
        func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        var file = Array("BM".utf8) + bytes(54 + rows.count, 4) + bytes(0, 4) + bytes(54, 4)
        file += bytes(40, 4) + bytes(Self.width, 4) + bytes(Self.height, 4) + bytes(1, 2) + bytes(bitsPerPixel, 2)
        file += bytes(0, 4) + bytes(rows.count, 4) + bytes(2835, 4) + bytes(2835, 4) + bytes(0, 8)
        return Data(file + rows)
    }
}
