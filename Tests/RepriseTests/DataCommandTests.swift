// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Data sets as a user meets them: `data check`, `data catalogue`, and sources that name a catalogue.
@Suite struct DataCommandTests {
    private func photo(_ seed: Int, _ size: Int = 12) -> Data { TinyPhoto(seed: seed, size: size).bmp }

    /// A project with the set `Mine`, of two parts, in `data/Mine`, and its catalogue.
    private func project() throws -> CommandLineProject {
        let project = try CommandLineProject()
        for index in 0..<3 {
            try project.write(photo(index), to: "data/Mine/HR/i\(index).bmp")
            try project.write(photo(10 + index, 6), to: "data/Mine/LR/i\(index).bmp")
        }
        let catalogue = try project.reprise("data", "catalogue", "data/Mine", "--origin", "me", "--terms", "none")
        #expect(catalogue.code == 0 && catalogue.errors == "", "\(catalogue.errors)")
        try project.write(Data(catalogue.output.utf8), to: "data/Mine.yml")
        return project
    }

    @Test func `a catalogue that was printed knows its folder`() throws {
        let project = try project()
        let text = try project.text("data/Mine.yml")
        #expect(
            text.contains(
                "\ntitle: Mine\norigin: me\nterms: none\nparts:\n  HR:\n  - {name: i0, width: 12, height: 12,"))
        let check = try project.reprise("data", "check", "data/Mine")
        #expect(
            check.output == """
                data/Mine/HR  Mine, part 'HR'  whole, 3 images
                data/Mine/LR  Mine, part 'LR'  whole, 3 images

                """)
        #expect(check.code == 0 && check.errors == "")
    }

    @Test func `what is wrong with a set is told image by image, and ends with 1`() throws {
        let project = try project()
        let folder = project.folder.appendingPathComponent("data/Mine/HR")
        try FileManager.default.moveItem(
            at: folder.appendingPathComponent("i0.bmp"), to: folder.appendingPathComponent("baby.bmp"))
        try project.write(photo(20), to: "data/Mine/HR/i1.bmp")
        try FileManager.default.removeItem(at: folder.appendingPathComponent("i2.bmp"))
        try project.write(Data("hello".utf8), to: "data/Mine/HR/x.png")
        try project.write(Data("hello".utf8), to: "data/Mine/README")
        let check = try project.reprise("data", "check", "data/Mine")
        #expect(
            check.output == """
                data/Mine/HR  Mine, part 'HR'  1 missing, 1 altered, 1 renamed, 1 damaged
                data/Mine/LR  Mine, part 'LR'  whole, 3 images

                data/Mine/HR:
                  renamed 'baby.bmp': it is 'i0' of the catalogue
                  altered 'i1.bmp': 12x12 rgb8 with other pixels
                  missing 'i2'
                  damaged 'x.png': not a PNG or BMP file: it begins with 'hello'

                passed over, being no images: 'README'

                """)
        #expect(check.code == 1)
        let json = try project.reprise("data", "check", "data/Mine/HR", "--json")
        #expect(
            json.output == #"""
                {"absent":[],"folder":"data/Mine/HR","folders":[{"equals":[],"findings":[\#
                {"detail":"it is 'i0' of the catalogue","image":"baby.bmp","kind":"renamed"},\#
                {"detail":"12x12 rgb8 with other pixels","image":"i1.bmp","kind":"altered"},\#
                {"detail":"","image":"i2","kind":"missing"},\#
                {"detail":"not a PNG or BMP file: it begins with 'hello'","image":"x.png","kind":"damaged"}],\#
                "folder":"","images":3,"match":{"catalogue":"data/Mine.yml","part":"HR","title":"Mine"},\#
                "verdict":"wrong"}],"others":[],"schema":1,"verdict":"wrong"}

                """#)
        #expect(json.code == 1)
    }

    @Test func `images that no catalogue knows end with 3`() throws {
        let project = try project()
        for index in 0..<9 { try project.write(photo(30 + index), to: "other/p\(index).bmp") }
        try project.write(photo(0), to: "other/p9.bmp")
        let check = try project.reprise("data", "check", "other")
        #expect(check.output == "other  unknown  10 images, 1 of them in Mine, part 'HR'\n")
        #expect(check.code == 3)
    }

    @Test func `one catalogue, one part of it, or a folder of catalogues can be named`() throws {
        let project = try project()
        let part = try project.reprise("data", "check", "data/Mine/LR", "--catalogue", "data/Mine.yml#HR")
        #expect(part.output.hasPrefix("data/Mine/LR  Mine, part 'HR'  3 altered\n"))
        #expect(part.output.contains("altered 'i0.bmp': 6x6 rgb8, and 12x12 rgb8 in the catalogue\n"))
        #expect(part.code == 1)
        let all = try project.reprise("data", "check", "data/Mine/LR", "--catalogue", "data/Mine.yml")
        #expect(all.output == "data/Mine/LR  Mine, part 'LR'  whole, 3 images\n")
        try FileManager.default.moveItem(
            at: project.folder.appendingPathComponent("data/Mine.yml"),
            to: project.folder.appendingPathComponent("elsewhere.yml"))
        let folder = try project.reprise("data", "check", "data/Mine", "--catalogues", ".")
        #expect(folder.code == 0, "\(folder.errors)")
        let both = try project.reprise("data", "check", "x", "--catalogues", ".", "--catalogue", "elsewhere.yml")
        #expect(both.code == 2)
        let none = try project.reprise("data", "check", "data/Mine", "--catalogues", "data")
        #expect(
            none.errors == """
                error: there are no catalogues in 'data'
                hint: name their folder with --catalogues DIR, or one with --catalogue FILE

                """)
        #expect(none.code == 2)
    }

    @Test func `installed catalogues are found beside the program, and the project's own go before them`() throws {
        let project = try project()
        try project.write(Data(), to: "usr/bin/none")
        try FileManager.default.copyItem(
            at: CommandLineProject.executable, to: project.folder.appendingPathComponent("usr/bin/reprise"))
        let text = try project.text("data/Mine.yml")
        try project.write(
            Data(text.replacing("title: Mine", with: "title: Shared").utf8), to: "usr/share/reprise/catalogues/Mine.yml"
        )
        let installed = project.folder.appendingPathComponent("usr/bin/reprise")
        let own = try project.run(["data", "check", "data/Mine/LR"], environment: [:], program: installed)
        #expect(own.output == "data/Mine/LR  Mine, part 'LR'  whole, 3 images\n", "\(own.errors)")
        try FileManager.default.removeItem(at: project.folder.appendingPathComponent("data/Mine.yml"))
        let shared = try project.run(["data", "check", "data/Mine/LR"], environment: [:], program: installed)
        #expect(shared.output == "data/Mine/LR  Shared, part 'LR'  whole, 3 images\n", "\(shared.errors)")
    }

    @Test func `mistakes of the command line and of a catalogue end with 2`() throws {
        let project = try project()
        func told(_ arguments: String...) throws -> String {
            let outcome = try project.run(arguments, environment: [:])
            #expect(outcome.code == 2, "\(arguments)")
            return outcome.errors
        }
        #expect(try told("data", "check", "nothing") == "error: there is no folder 'nothing'\n")
        try project.write(Data("hello".utf8), to: "empty/notes.txt")
        #expect(try told("data", "check", "empty") == "error: the folder 'empty' holds no images\n")
        #expect(try told("data", "catalogue", "empty") == "error: the folder 'empty' holds no images\n")
        #expect(
            try told("data", "check", "data/Mine", "--catalogue", "data/Mine.yml#MR")
                == "error: the catalogue of Mine has no part 'MR'\nhint: did you mean 'HR'?\n")
        #expect(
            try told("data", "check", "data/Mine", "--catalogue", "no.yml")
                == "error: cannot read 'no.yml': no such file or directory\n")
        try project.edit("data/Mine.yml", "origin: me", "orgin: me")
        #expect(
            try told("data", "check", "data/Mine") == """
                error: data/Mine.yml:5:1: unknown key 'orgin' in the catalogue
                  orgin: me
                  ^^^^^
                hint: did you mean 'origin'?

                """)
    }

    @Test func `a damaged image has no place in a catalogue`() throws {
        let project = try CommandLineProject()
        try project.write(photo(1), to: "set/a.bmp")
        try project.write(Data("BM".utf8), to: "set/b.bmp")
        let outcome = try project.reprise("data", "catalogue", "set")
        #expect(outcome.code == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors == "error: 1 of its files cannot be read\n  'b.bmp': the file ends too early\n")
    }

    // MARK: Sources with a catalogue

    private static let manifest = """
        reprise: 1
        sources:
          photos: {path: Mine/HR, role: train, catalogue: ../data/Mine.yml#HR}
        stages:
          images: {tool: images, inputs: photos}
          split: {tool: split, inputs: images}

        """

    private func pipeline() throws -> CommandLineProject {
        let project = try project()
        try project.write(Data(Self.manifest.utf8), to: "pipelines/p.yml")
        return project
    }

    @Test func `a source that is what its catalogue says runs, and a changed catalogue checks it again`() throws {
        let project = try pipeline()
        #expect(try project.outcomes("run", "pipelines/p.yml", "-q") == ["images": "ran", "split": "ran"])
        #expect(try project.outcomes("run", "pipelines/p.yml", "-q") == ["images": "hit", "split": "hit"])
        let shown = try project.reprise("show", "pipelines/p.yml", "images")
        #expect(shown.output.contains("  photos, checked by ../data/Mine.yml#HR\n"), "\(shown.output)")
        try project.edit("data/Mine.yml", "origin: me", "origin: you")
        let why = try project.reprise("why", "pipelines/p.yml", "images")
        #expect(why.output.contains("input 'catalogue' changed"), "\(why.output)")
        #expect(try project.outcomes("run", "pipelines/p.yml", "-q") == ["images": "ran", "split": "hit"])
        // Without the catalogue the content is the same, so nothing after it runs.
        try project.edit("pipelines/p.yml", ", catalogue: ../data/Mine.yml#HR", "")
        #expect(try project.outcomes("run", "pipelines/p.yml", "-q") == ["images": "ran", "split": "hit"])
    }

    @Test func `images that are not those of the catalogue fail the stage at the catalogue's place`() throws {
        let project = try pipeline()
        try project.write(photo(20), to: "data/Mine/HR/i1.bmp")
        try project.write(photo(2), to: "data/Mine/HR/woman.bmp")
        try FileManager.default.removeItem(at: project.folder.appendingPathComponent("data/Mine/HR/i2.bmp"))
        let outcome = try project.reprise("run", "pipelines/p.yml", "-q")
        #expect(
            outcome.errors == """
                error: pipelines/p.yml:3:51: stage 'images' failed: the images are not those of Mine, part 'HR': \
                1 altered, 1 renamed
                    photos: {path: Mine/HR, role: train, catalogue: ../data/Mine.yml#HR}
                                                                    ^^^^^^^^^^^^^^^^^^^
                  altered 'i1': 12x12 rgb8 with other pixels
                  renamed 'woman': it is 'i2' of the catalogue
                hint: 'reprise data check FOLDER' tells which set a folder holds

                """)
        #expect(outcome.code == 1)
    }

    @Test func `a long list is whole in the log`() throws {
        let project = try pipeline()
        for index in 10..<40 { try project.write(photo(index), to: "data/Mine/HR/p\(index).bmp") }
        let outcome = try project.reprise("run", "pipelines/p.yml", "-q")
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("  and 10 more: 'reprise log' shows all of them\n"))
        #expect(!outcome.errors.contains("'p39'"))
        let log = try project.reprise("log", "pipelines/p.yml", "images")
        #expect(log.output.split(separator: "\n").filter { $0.hasPrefix("extra 'p") }.count == 30)
    }

    @Test func `a catalogue that is missing or broken is found before anything runs`() throws {
        let project = try pipeline()
        try project.edit("pipelines/p.yml", "Mine.yml#HR", "Mine.yml#XR")
        try project.edit("data/Mine.yml", "name: i2, width: 12,", "name: i2, width: -12,")
        for command in ["validate", "run", "plan"] {
            let outcome = try project.reprise(command, "pipelines/p.yml")
            #expect(
                outcome.errors.hasPrefix(
                    "error: data/Mine.yml:11:23: 'width' of the image takes an integer from 1 to 268435456, not -12\n"),
                "\(outcome.errors)")
            #expect(outcome.code == 2)
        }
        try project.edit("data/Mine.yml", "width: -12,", "width: 12,")
        let part = try project.reprise("validate", "pipelines/p.yml")
        #expect(
            part.errors == """
                error: pipelines/p.yml:3:51: the catalogue of Mine has no part 'XR'
                    photos: {path: Mine/HR, role: train, catalogue: ../data/Mine.yml#XR}
                                                                    ^^^^^^^^^^^^^^^^^^^
                hint: did you mean 'HR'?

                """)
        try FileManager.default.removeItem(at: project.folder.appendingPathComponent("data/Mine.yml"))
        let missing = try project.reprise("validate", "pipelines/p.yml")
        #expect(missing.errors.contains("there is no catalogue '../data/Mine.yml'"))
        #expect(missing.errors.contains("looked for: data/Mine.yml\n"))
        #expect(missing.code == 2)
    }
}

/// A small colour image of noise as a 24-bit BMP file.
private struct TinyPhoto {
    let seed: Int
    let size: Int

    var bmp: Data {
        var state = UInt64(88_172_645_463_325_252) &+ UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
        let rows = (0..<size).flatMap { _ in
            (0..<size * 3).map { _ -> UInt8 in
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return UInt8(truncatingIfNeeded: state >> 32)
            } + [UInt8](repeating: 0, count: (4 - size * 3 % 4) % 4)
        }
        func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        let header = Array("BM".utf8) + bytes(54 + rows.count, 4) + bytes(0, 4) + bytes(54, 4) + bytes(40, 4)
        return Data(
            header + bytes(size, 4) + bytes(size, 4) + bytes(1, 2) + bytes(24, 2) + bytes(0, 24) + rows)
    }
}
