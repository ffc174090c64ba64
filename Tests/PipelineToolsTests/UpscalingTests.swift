// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import Imaging
import PipelineExecution
import PipelineTools
import SystemPackage
import Tensors
import Testing

@Suite struct UpscalingTests {
    private let workshop: Workshop
    private let folder: FilePath
    private let image = pattern(12, 10)

    /// A folder with `a.png` and an x3 model that repeats pixels.
    init() throws {
        workshop = try Workshop()
        folder = try workshop.newPath("work")
        try Files.makeFolder(folder)
        try Files.write(image.png(), toNew: folder.appending("a.png"))
        try HandMade.model(HandMade.nearest(channels: 3)).write(to: folder.appending("model.h5"))
    }

    private func upscaling(
        _ image: String = "a.png", model: String = "model.h5", to output: String = "out.png", scale: Int? = nil,
        isDepthRounded: Bool = false
    ) -> Upscaling {
        Upscaling(
            image: folder.appending(image), model: folder.appending(model), output: folder.pushing(FilePath(output)),
            scale: scale, isDepthRounded: isDepthRounded)
    }

    private func output(_ name: String = "out.png") throws -> Raster {
        try Raster(decoding: try Files.bytes(of: folder.appending(name)))
    }

    /// What the upscaling fails with, the folder's name left out, and the error's type; nothing may be left behind.
    private func check(
        _ upscaling: Upscaling, _ expected: String, hint: String? = nil, isUsage: Bool = true,
        location: Testing.SourceLocation = #_sourceLocation
    ) throws {
        func here(_ text: String?) -> String? { text?.replacingOccurrences(of: folder.string, with: "HERE") }
        let before = try Files.names(in: folder)
        do {
            try upscaling.run(threads: 1, level: .best)
            Issue.record("nothing was refused", sourceLocation: location)
        } catch let error as UsageError {
            #expect(here(error.message) == expected && isUsage, sourceLocation: location)
            #expect(error.hint == hint, sourceLocation: location)
        } catch let error as ToolFailure {
            #expect(here(error.message) == expected && !isUsage, sourceLocation: location)
            #expect(error.hint == hint, sourceLocation: location)
        }
        #expect(try Files.names(in: folder) == before, "something was left behind", sourceLocation: location)
    }

    @Test func `a picture is the model's scale larger, whatever file the image comes from`() throws {
        try upscaling(scale: 3).run(threads: 2, level: .best)
        let picture = try output()
        #expect(picture.height == 36 && picture.width == 30 && !picture.hasAlpha)
        let colours = try Image(picture)
        for row in 0..<36 {
            for column in 0..<30 {
                for channel in 0..<3 {
                    #expect(colours[row, column, channel] == image[row / 3, column / 3, channel])
                }
            }
        }
        try Files.write(bmp(image), toNew: folder.appending("a.bmp"))
        try upscaling("a.bmp", to: "b.PNG").run(threads: 1, level: .best)
        #expect(try output("b.PNG") == picture)
    }

    @Test func `the file has the same bytes for any number of threads and every SIMD level`() throws {
        try upscaling().run(threads: 1, level: .baseline)
        let bytes = try Files.bytes(of: folder.appending("out.png"))
        for level in SIMDLevel.available {
            for threads in [1, 2, 5] {
                try upscaling().run(threads: threads, level: level)
                #expect(try Files.bytes(of: folder.appending("out.png")) == bytes)
            }
        }
        #expect(try output().png() == bytes)
    }

    @Test func `alpha is kept and 16 bits are rounded where that is asked for`() throws {
        let samples = (0..<12 * 10 * 2).map { UInt16(truncatingIfNeeded: $0 * 12_345) }
        let deep = Raster(height: 12, width: 10, colour: .grey, hasAlpha: true, samples: .sixteen(samples))
        try Files.write(deep.png(), toNew: folder.appending("deep.png"))
        try check(
            upscaling("deep.png"),
            "cannot read the image 'HERE/deep.png': it has 16 bits a sample and not 8; round them, for example with "
                + "'magick IN -depth 8 OUT.png'", hint: "'--depth round' rounds to 8 bits", isUsage: false)
        try upscaling("deep.png", isDepthRounded: true).run(threads: 1, level: .best)
        let picture = try output()
        #expect(picture.colour == .grey && picture.hasAlpha && picture.samples.bitDepth == 8)
        let alpha = try #require(deep.alpha)
        #expect(picture.alpha == alpha.resized(height: 36, width: 30, border: .clamp))
    }

    @Test func `progress goes by rows, and what ends it leaves the old output`() throws {
        struct Enough: Error {}
        try Files.write([1], toNew: folder.appending("out.png"))
        #expect(throws: Enough.self) {
            try upscaling().run(
                threads: 1, level: .best, progress: { done, total in if done == total { throw Enough() } })
        }
        #expect(try Files.names(in: folder) == ["a.png", "model.h5", "out.png"])
        #expect(try Files.bytes(of: folder.appending("out.png")) == [1])
        var told: [[Int]] = []
        try upscaling().run(threads: 1, level: .best, progress: { told.append([$0, $1]) })
        #expect(told == [[0, 12], [12, 12]])
        #expect(try output().height == 36)
    }

    @Test func `what the image says of its colours is told, since the picture does not say it`() throws {
        try Files.write(storedPNG(image, gamma: 45_455), toNew: folder.appending("told.png"))
        var notes: [String] = []
        try upscaling("told.png").run(threads: 1, level: .best, note: { notes.append($0) })
        #expect(notes == ["'\(folder)/told.png': not in the output: gamma 0.45455"])
        #expect(try output().notes == [])
    }

    @Test func `files that are not there, or not to be written, are told`() throws {
        let hint = "'reprise export' copies a trained model out of the cache, as 'model.h5'"
        try check(upscaling("b.png"), "there is no image 'HERE/b.png'")
        try check(upscaling("."), "'HERE/.' is a folder and no image")
        try check(upscaling(model: "none.h5"), "there is no model 'HERE/none.h5'", hint: hint)
        try check(
            upscaling(to: "out.jpg"), "the output 'HERE/out.jpg' does not end with '.png'",
            hint: "only PNG files are written")
        try check(upscaling(to: "sub/out.png"), "there is no folder 'HERE/sub' for the output 'HERE/sub/out.png'")
        try check(upscaling(to: "a.png"), "the output 'HERE/a.png' is the image itself", hint: "give it another name")
        try FileManager.default.linkItem(
            atPath: folder.appending("model.h5").string, toPath: folder.appending("linked.png").string)
        try check(
            upscaling(to: "linked.png"), "the output 'HERE/linked.png' is the model itself",
            hint: "give it another name")
        try Files.makeFolder(folder.appending("folder.png"))
        try check(upscaling(to: "folder.png"), "the output 'HERE/folder.png' is a folder")
    }

    @Test func `a model of another scale, and files that are no model or image, are told`() throws {
        try check(
            upscaling(scale: 2), "the model 'net' in 'HERE/model.h5' makes images x3, not x2",
            hint: "leave '--scale' out, or name a model for x2")
        try check(
            upscaling(model: "a.png"), "cannot open 'HERE/a.png': it is not an HDF5 file",
            hint: "'reprise export' copies a trained model out of the cache, as 'model.h5'", isUsage: false)
        try check(
            upscaling("model.h5"),
            "cannot read the image 'HERE/model.h5': not a PNG or BMP file: it begins with the bytes 89 48 44 46 0d 0a "
                + "1a 0a", isUsage: false)
        try Files.write(Array(image.png().dropLast(40)), toNew: folder.appending("cut.png"))
        try check(
            upscaling("cut.png"), "cannot read the image 'HERE/cut.png': the file ends too early", isUsage: false)
        let set = try workshop.imageSet([StoredImage("a", image)])
        try Files.copy(set.path, toNew: folder.appending("images.h5"))
        try check(
            upscaling(model: "images.h5"),
            "'HERE/images.h5' is not a model of Reprise: its format is 'images'", isUsage: false)
    }
}
