// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `reprise upscale` as a user meets it: a model out of a pipeline, an image, a picture.
@Suite struct UpscaleTests {
    private static let manifest = """
        reprise: 1
        stages:
          photos: {tool: synthesize, settings: {count: 1, height: 40, width: 36, seed: 3}}
          patches: {tool: patches, inputs: {images: photos}, settings: {scale: 2}}
          train:
            tool: train
            inputs: {patches: patches}
            settings: {architecture: bicubic, steps: 0, name: Net}

        """

    /// A project with `model.h5` and the image `images/synthetic-001.png`.
    private func project() throws -> CommandLineProject {
        let project = try CommandLineProject(["p.yml": Self.manifest])
        #expect(try project.reprise("export", "p.yml", "train", "--to", ".", "-q").code == 0)
        #expect(try project.reprise("export", "p.yml", "photos", "--to", ".", "--png", "-q").code == 0)
        return project
    }

    private let image = "images/synthetic-001.png"

    /// Width and height of a PNG file.
    private func extents(_ file: Data) -> [Int] {
        [16..<20, 20..<24].map { file[$0].reduce(0) { $0 << 8 | Int($1) } }
    }

    @Test func `the picture is written, its path told, and its bytes depend on no threads and no SIMD level`() throws {
        let project = try project()
        let first = try project.reprise("upscale", image, "--model", "model.h5", "--output", "large.png")
        #expect(first.code == 0 && first.output == "large.png\n" && first.errors.isEmpty)
        let file = try Data(contentsOf: project.folder.appendingPathComponent("large.png"))
        #expect(extents(file) == [72, 80])
        let second = try project.reprise(
            "upscale", image, "--model", "model.h5", "--scale", "2", "--output", "other.png", "--threads", "3", "-q",
            environment: ["REPRISE_SIMD": "baseline"])
        #expect(second.code == 0 && second.errors.isEmpty)
        #expect(try Data(contentsOf: project.folder.appendingPathComponent("other.png")) == file)
        // What was made can be made larger again, in the place of the other.
        #expect(try project.reprise("upscale", "large.png", "--model", "model.h5", "--output", "other.png").code == 0)
        #expect(extents(try Data(contentsOf: project.folder.appendingPathComponent("other.png"))) == [144, 160])
    }

    @Test func `each mistake is told with its exit code`() throws {
        let project = try project()
        try project.write(Data("hello".utf8), to: "notes.png")
        let long = String(repeating: "x", count: 250) + ".png"
        func check(
            _ image: String, _ arguments: [String], code: Int32, _ expected: String,
            location: Testing.SourceLocation = #_sourceLocation
        ) throws {
            let outcome = try project.reprise(list: ["upscale", image] + arguments)
            #expect(outcome.errors == expected, sourceLocation: location)
            #expect(outcome.code == code && outcome.output.isEmpty, sourceLocation: location)
        }
        try check(
            image, ["--model", "model.h5", "--output", "x.png", "--scale", "3"], code: 2,
            "error: the model 'Net' in 'model.h5' makes images x2, not x3\n"
                + "hint: leave '--scale' out, or name a model for x3\n")
        try check(
            image, ["--model", "model.h5", "--output", "x.bmp"], code: 2,
            "error: the output 'x.bmp' does not end with '.png'\nhint: only PNG files are written\n")
        try check(
            "notes.png", ["--model", "model.h5", "--output", "x.png"], code: 1,
            "error: cannot read the image 'notes.png': not a PNG or BMP file: it begins with 'hello'\n")
        try check(
            image, ["--model", "notes.png", "--output", "x.png"], code: 1,
            "error: cannot open 'notes.png': it is not an HDF5 file\n"
                + "hint: 'reprise export' copies a trained model out of the cache, as 'model.h5'\n")
        try check(
            image, ["--model", "model.h5", "--output", long], code: 4,
            "error: cannot write '\(long)': file name too long\n")
        let names = try FileManager.default.contentsOfDirectory(atPath: project.folder.path)
        #expect(!names.contains { $0.hasSuffix("x.png") })
        let threads = try project.reprise(
            "upscale", image, "--model", "model.h5", "--output", "x.png", "--threads", "0")
        #expect(threads.code == 2 && threads.errors.contains("'--threads 0': there is at least one thread"))
    }
}
