// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import Synchronization
import SystemPackage
import Testing

@Suite struct ImagesToolTests {
    private let colour = pattern(7, 10)
    private let other = pattern(5, 4, seed: 2)

    private func contents(_ files: [String: [UInt8]]) throws -> [String: String] {
        let workshop = try Workshop()
        return try workshop.run("images", ["files": [workshop.files(files)]]).contents()
    }

    @Test func `PNG and BMP files of the same pixels give the same content`() throws {
        let png = try contents(["a.png": colour.png(), "b.png": other.png()])
        #expect(try contents(["a.bmp": bmp(colour), "b.png": other.png()]) == png)
        #expect(try contents(["a.png": other.png(), "b.png": colour.png()]) != png)
        #expect(try contents(["a.png": colour.png(), "c.png": other.png()]) != png)
    }

    @Test func `another compression of a PNG file gives the same content`() throws {
        let (packed, stored) = (try colour.png(), storedPNG(colour))
        #expect(packed != stored)
        #expect(try contents(["a.png": packed]) == contents(["a.png": stored]))
    }

    @Test func `one changed pixel changes the content, and so does grey in place of colour`() throws {
        let grey = pattern(5, 4, .grey8)
        let alike = grey.rgb
        #expect(try contents(["a.png": grey.png()]) != contents(["a.png": alike.png()]))
        var changed = colour
        changed[6, 9, 2] ^= 1
        #expect(try contents(["a.png": colour.png()]) != contents(["a.png": changed.png()]))
    }

    @Test func `images keep pixels, mode and name, in the order of their names without the ending`() throws {
        let workshop = try Workshop()
        let grey = pattern(4, 3, .grey8)
        let files = try workshop.files([
            "t10.png": other.png(), "t1.bmp": bmp(colour), "t1-b.png": grey.png(), "sub/z.x.png": colour.png(),
            "é.png": other.png(),
        ])
        let images = try workshop.run("images", ["files": [files]]).images()
        #expect(
            images == [
                StoredImage("sub/z.x", colour), StoredImage("t1", colour), StoredImage("t1-b", grey),
                StoredImage("t10", other), StoredImage("é", other),
            ])
    }

    @Test func `two files with one name and different endings are refused`() throws {
        #expect(
            try failure { _ = try contents(["a/t1.bmp": bmp(colour), "a/t1.png": other.png()]) }
                == ToolFailure(
                    "two images are called 'a/t1'", hint: "an image's name is its file's name without the ending"))
        _ = try contents(["a/t1.bmp": bmp(colour), "t1.png": other.png()])
    }

    @Test func `a file that is no image is named`() throws {
        let workshop = try Workshop()
        let files = try workshop.files(["a.png": colour.png(), "notes.txt": Array("hello, world".utf8)])
        #expect(
            try failure { try workshop.run("images", ["files": [files]]) }
                == ToolFailure(
                    "cannot read the image '\(files.files[1].path)': not a PNG or BMP file: it begins with 'hello, w'",
                    at: .input("files"), hint: "a source's 'files: \"*.png\"' leaves other files out"))
    }

    @Test func `a truncated and an empty file are named`() throws {
        for (bytes, reason) in [
            (Array(try colour.png().dropLast(30)), "the file ends too early"), ([], "the file is empty"),
        ] {
            let workshop = try Workshop()
            let files = try workshop.files(["a.png": bytes])
            let refused = try failure { try workshop.run("images", ["files": [files]]) }
            #expect(refused.message == "cannot read the image '\(files.files[0].path)': \(reason)")
            #expect(refused.place == .input("files"))
        }
    }

    @Test func `a file that is gone is the user's, not the cache's`() throws {
        let workshop = try Workshop()
        let gone = ToolInput(format: .folder, files: [.init(name: "a.png", path: workshop.folder.appending("a.png"))])
        let refused = try failure { try workshop.run("images", ["files": [gone]]) }
        #expect(refused.message == "cannot read '\(workshop.folder)/a.png': no such file or directory")
    }

    private let deep = Raster(
        height: 1, width: 3, colour: .grey, hasAlpha: false, samples: .sixteen([0, 128, 65_535]))
    private let glass = Raster(
        height: 1, width: 2, colour: .rgb, hasAlpha: true, samples: .eight([10, 20, 30, 255, 100, 150, 200, 51]))

    @Test func `alpha and 16 bits are refused, with the setting that helps`() throws {
        for (raster, message, hint) in [
            (
                deep, "it has 16 bits a sample and not 8; round them, for example with 'magick IN -depth 8 OUT.png'",
                "'depth: round' rounds to 8 bits"
            ),
            (
                glass,
                "pixel (row 0, column 1) is not opaque, and no colour is defined behind it; flatten it,"
                    + " for example with 'magick IN -background white -alpha remove -alpha off OUT.png'",
                "'alpha: white' shows transparent pixels on white, 'black' on black, 'drop' as if opaque"
            ),
        ] {
            let workshop = try Workshop()
            let files = try workshop.files(["a.png": raster.png()])
            #expect(
                try failure { try workshop.run("images", ["files": [files]]) }
                    == ToolFailure(
                        "cannot read the image '\(files.files[0].path)': \(message)", at: .input("files"), hint: hint))
        }
    }

    @Test func `alpha and 16 bits become what the settings say`() throws {
        let workshop = try Workshop()
        let files = try workshop.files(["a.png": deep.png(), "b.png": glass.png(), "c.png": colour.png()])
        for (alpha, pixels) in [
            ("drop", [100, 150, 200]), ("black", [20, 30, 40]), ("white", [224, 234, 244]),
        ] as [(String, [UInt8])] {
            let images = try workshop.run(
                "images", ["files": [files]], ["alpha": .text(alpha), "depth": "round"]
            ).images()
            #expect(images[0].image == Image(height: 1, width: 3, mode: .grey8, pixels: [0, 0, 255]))
            #expect(images[1].image == Image(height: 1, width: 2, mode: .rgb8, pixels: [10, 20, 30] + pixels))
            #expect(images[2].image == colour)
        }
    }

    @Test func `what a file says beside its values is in the log, once an image`() throws {
        let workshop = try Workshop()
        let remarks = Mutex<[String]>([])
        let files = try workshop.files([
            "a.png": storedPNG(colour, gamma: 45_455), "b.png": colour.png(), "sub/c.png": storedPNG(other, gamma: 1),
        ])
        try workshop.run("images", ["files": [files]], note: { remark in remarks.withLock { $0.append(remark) } })
        #expect(
            remarks.withLock { $0 } == [
                "'a.png': kept out of the values: gamma 0.45455", "'sub/c.png': kept out of the values: gamma 0.00001",
            ])
        #expect(
            try contents(["a.png": storedPNG(colour, gamma: 45_455)]) == contents(["a.png": storedPNG(colour)]))
    }
}
