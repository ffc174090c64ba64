// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// Reading and writing catalogues.
@Suite struct CatalogueTests {
    private static let digest = String(repeating: "0123456789abcdef", count: 4)

    private func catalogue(
        _ text: String, at place: Testing.SourceLocation = #_sourceLocation
    ) throws -> Catalogue {
        do {
            return try Catalogue.parse(SourceText(file: "c.yml", text: text))
        } catch {
            Issue.record("\(DiagnosticText().text(of: error))", sourceLocation: place)
            throw error
        }
    }

    /// Compares the whole of what is told with `expected`; `DIGEST` in both stands for a digest.
    private func check(
        _ text: String, tells expected: String, at place: Testing.SourceLocation = #_sourceLocation
    ) {
        do {
            _ = try Catalogue.parse(
                SourceText(file: "c.yml", text: text.replacing("DIGEST", with: Self.digest) + "\n"))
            Issue.record("nothing was told", sourceLocation: place)
        } catch {
            let found = DiagnosticText().text(of: error).replacing(Self.digest, with: "DIGEST")
            #expect(found == expected + "\n", "told:\n\(found)", sourceLocation: place)
        }
    }

    private func image(_ name: String, _ width: Int = 4, _ height: Int = 3) -> Catalogue.Image {
        Catalogue.Image(name: name, width: width, height: height, mode: .rgb8, pixels: Self.digest)
    }

    @Test func `a set without parts is one part without a name`() throws {
        let catalogue = try catalogue(
            """
            # a remark
            catalogue: 1
            title: T91
            origin: J. Yang
            reference: "IEEE TIP 19(11), 2010"
            terms: for research use
            images:
            - {name: t1, width: 197, height: 176, mode: rgb8, pixels: \(Self.digest)}
            - {name: a/b/0801, width: 2, height: 1, mode: grey8, pixels: \(Self.digest)}
            """)
        #expect(
            catalogue
                == Catalogue(
                    title: "T91", origin: "J. Yang", reference: "IEEE TIP 19(11), 2010", terms: "for research use",
                    parts: [
                        .init(
                            name: nil,
                            images: [
                                image("t1", 197, 176),
                                .init(name: "a/b/0801", width: 2, height: 1, mode: .grey8, pixels: Self.digest),
                            ])
                    ]))
        #expect(catalogue.label(of: catalogue.parts[0]) == "T91")
    }

    @Test func `parts have the names of folders, and a reference means one of them`() throws {
        let catalogue = try catalogue(
            """
            catalogue: 1
            title: Set5
            parts:
              original: [{name: a, width: 4, height: 3, mode: rgb8, pixels: \(Self.digest)}]
              x2/HR: [{name: b, width: 4, height: 3, mode: rgb8, pixels: \(Self.digest)}]
            """)
        #expect(catalogue.parts.map(\.name) == ["original", "x2/HR"])
        #expect(try catalogue.part(named: "x2/HR").get().images == [image("b")])
        #expect(catalogue.label(of: catalogue.parts[1]) == "Set5, part 'x2/HR'")
        func fault(_ name: String?) -> [String] {
            guard case .failure(let unknown) = catalogue.part(named: name) else { return [] }
            return [unknown.message, unknown.hint]
        }
        #expect(fault("x2/HT") == ["the catalogue of Set5 has no part 'x2/HT'", "did you mean 'x2/HR'?"])
        #expect(
            fault("LR") == ["the catalogue of Set5 has no part 'LR'", "its parts are 'original' and 'x2/HR'"])
        #expect(
            fault(nil) == [
                "the catalogue of Set5 has several parts, and none of them is named",
                "write '#' and a part after the file; its parts are 'original' and 'x2/HR'",
            ])
    }

    @Test func `a part of a set without parts is unknown`() throws {
        let catalogue = Catalogue(
            title: "T91", origin: nil, reference: nil, terms: nil, parts: [.init(name: nil, images: [image("a")])])
        #expect(try catalogue.part(named: nil).get().images == [image("a")])
        guard case .failure(let unknown) = catalogue.part(named: "train") else {
            Issue.record("there is a part 'train'")
            return
        }
        #expect(unknown.hint == "it has no parts: leave out '#' and what follows")
    }

    @Test(
        arguments: [
            ("a.yml", "a.yml", nil), ("../d/Set5.yml#x2/HR", "../d/Set5.yml", "x2/HR"), ("a#b.yml#c", "a#b.yml", "c"),
        ] as [(String, String, String?)])
    func `a reference is a file and perhaps a part`(text: String, file: String, part: String?) {
        let reference = CatalogueReference(text)
        #expect(reference == CatalogueReference(file: file, part: part))
        #expect(reference?.description == text)
    }

    @Test(arguments: ["", "#", "#a", "a#"])
    func `a reference without a file or with an empty part is none`(text: String) {
        #expect(CatalogueReference(text) == nil)
    }

    // MARK: Writing

    @Test func `a catalogue is written one line an image`() {
        let catalogue = Catalogue(
            title: "My set", origin: "me", reference: nil, terms: "free: \"all\"\n",
            parts: [
                .init(name: "x2/HR", images: [image("t1"), image("0801")]), .init(name: "y", images: [image("a b")]),
            ])
        #expect(
            catalogue.text.replacing(Self.digest, with: "DIGEST") == #"""
                # 'pixels' is the SHA-256 of the line 'reprise-image 1 MODE HEIGHT WIDTH', its line feed, and the
                # samples: rows from top to bottom, the channels of a pixel side by side, whatever file holds them.
                catalogue: 1
                title: "My set"
                origin: me
                terms: "free: \"all\"\n"
                parts:
                  x2/HR:
                  - {name: t1, width: 4, height: 3, mode: rgb8, pixels: DIGEST}
                  - {name: "0801", width: 4, height: 3, mode: rgb8, pixels: DIGEST}
                  "y":
                  - {name: "a b", width: 4, height: 3, mode: rgb8, pixels: DIGEST}

                """#)
    }

    @Test(arguments: [
        "t1", "0801", "null", "~", "true", "a: b", "a # b", "- a", "{a}", "[", "'", "\"", "\\", "é", "e\u{301}", "図",
        "🙂", "*a",
        "&a", "!a", "%a", "@a", "`a", "a,b", "1e5", ".inf", "${a}", "\u{2028}x", "\u{AD}", "x\u{FEFF}", "\u{E000}", "",
        " a ",
        "a\tb", "a\nb", "a\r\nb", "\u{85}", "\u{7F}", "\u{0}", "---", "...", "?", "? a", ">", "|", "no", "Y", "=", "<<",
    ])
    func `whatever a set and its images are called is read back as it was written`(word: String) throws {
        // Names cannot hold controls and such; texts can.
        let name = (try? RelativePath(word))?.text == word && !word.contains("#") ? word : "plain"
        let catalogue = Catalogue(
            title: word, origin: word, reference: word, terms: word,
            parts: [.init(name: name, images: [image(name)]), .init(name: "other", images: [image("other")])])
        #expect(try self.catalogue(catalogue.text) == catalogue)
        let single = Catalogue(
            title: word, origin: nil, reference: nil, terms: nil, parts: [.init(name: nil, images: [image(name)])])
        #expect(try self.catalogue(single.text) == single)
    }

    @Test func `five thousand images are read back`() throws {
        let many = (0..<5_000).map { image("image-\($0)") }
        let catalogue = Catalogue(
            title: "Many", origin: nil, reference: nil, terms: nil, parts: [.init(name: nil, images: many)])
        #expect(try self.catalogue(catalogue.text) == catalogue)
    }

    // MARK: Mistakes

    @Test func `every mistake of an image is told at its place, all at once`() {
        check(
            """
            catalogue: 1
            titel: x
            parts:
              a:
              - {name: t1, width: 0, height: 3.5, mode: rgb, pixels: 12}
              - {name: ../t1, width: "4", height: 3, mode: rgb8, pixels: DIGEST}
              - {width: 4, height: 3, mode: rgb8}
              - t1
            """,
            tells: """
                error: c.yml:2:1: unknown key 'titel' in the catalogue
                  titel: x
                  ^^^^^
                hint: did you mean 'title'?

                error: c.yml:5:23: 'width' of the image takes an integer from 1 to 268435456, not 0
                    - {name: t1, width: 0, height: 3.5, mode: rgb, pixels: 12}
                                        ^

                error: c.yml:5:34: 'height' of the image takes an integer from 1 to 268435456, not 3.5
                    - {name: t1, width: 0, height: 3.5, mode: rgb, pixels: 12}
                                                   ^^^

                error: c.yml:5:45: 'mode' of the image takes 'grey8' or 'rgb8', not 'rgb'
                    - {name: t1, width: 0, height: 3.5, mode: rgb, pixels: 12}
                                                              ^^^
                hint: did you mean 'rgb8'?

                error: c.yml:5:58: 'pixels' of the image takes a SHA-256, 64 digits from 0 to 9 and a to f
                    - {name: t1, width: 0, height: 3.5, mode: rgb, pixels: 12}
                                                                           ^^

                error: c.yml:6:12: '../t1' cannot be the name of an image
                    - {name: ../t1, width: "4", height: 3, mode: rgb8, pixels: DIGEST}
                             ^^^^^
                hint: an image has the name of its file without the ending, for example 'img_001'

                error: c.yml:6:26: 'width' of the image takes an integer from 1 to 268435456, not the text '4'
                    - {name: ../t1, width: "4", height: 3, mode: rgb8, pixels: DIGEST}
                                           ^^^

                error: c.yml:7:5: the image needs 'name'
                    - {width: 4, height: 3, mode: rgb8}
                      ^

                error: c.yml:7:5: the image needs 'pixels'
                    - {width: 4, height: 3, mode: rgb8}
                      ^

                error: c.yml:8:5: the image takes a mapping with the keys 'name', 'width', 'height', 'mode' and 'pixels', not the text 't1'
                    - t1
                      ^^

                10 mistakes in c.yml
                """)
    }

    @Test func `two images of one name are told with both lines`() {
        check(
            """
            catalogue: 1
            title: x
            images:
            - {name: a, width: 4, height: 3, mode: rgb8, pixels: DIGEST}
            - {name: a, width: 4, height: 3, mode: rgb8, pixels: DIGEST}
            """,
            tells: """
                error: c.yml:5:10: image 'a' is listed twice, first at line 4
                  - {name: a, width: 4, height: 3, mode: rgb8, pixels: DIGEST}
                           ^
                """)
    }

    @Test func `parts must be there, have images and names of folders`() {
        check(
            "catalogue: 1\ntitle: x",
            tells: """
                error: c.yml:1:1: the catalogue needs 'images' or 'parts'
                  catalogue: 1
                  ^^^^^^^^^
                hint: 'images' lists the images of a set without parts; 'parts' has a list for each part
                """)
        check(
            "catalogue: 1\ntitle: x\nparts:\n  a#b: []\n  /c:\n  a: x",
            tells: """
                error: c.yml:4:3: 'a#b' cannot be the name of a part
                    a#b: []
                    ^^^
                hint: a part has the name of its folder, for example 'x2/HR'

                error: c.yml:4:8: part 'a#b' lists no images
                    a#b: []
                         ^

                error: c.yml:5:3: '/c' cannot be the name of a part
                    /c:
                    ^^
                hint: a part has the name of its folder, for example 'x2/HR'

                error: c.yml:5:3: '/c' takes a list of images, but has no value
                    /c:
                    ^^

                error: c.yml:6:6: 'a' takes a list of images, not the text 'x'
                    a: x
                       ^

                5 mistakes in c.yml
                """)
        check(
            "catalogue: 1\ntitle: x\nparts: {}",
            tells: """
                error: c.yml:3:1: 'parts' names no part
                  parts: {}
                  ^^^^^
                """)
        check(
            "catalogue: 1\ntitle: x\nimages: []\nparts: {}",
            tells: """
                error: c.yml:4:1: the catalogue has both 'images' and 'parts'
                  parts: {}
                  ^^^^^
                hint: make the images a part of their own
                """)
    }

    @Test func `texts that are no catalogue of this form are told as such`() {
        check(
            "",
            tells: """
                error: c.yml:1:1: the catalogue is empty
                hint: 'reprise data catalogue FOLDER' prints the catalogue of a folder
                """)
        check(
            "catalogue: 2\nsets: []",
            tells: """
                error: c.yml:1:12: version 2 of the catalogue's form is not known
                  catalogue: 2
                             ^
                hint: this Reprise reads version 1
                """)
        check(
            "catalogue: 1\ntitle: x\nimages: *all",
            tells: """
                error: c.yml:3:9: a catalogue has no YAML aliases, such as '*all'
                  images: *all
                          ^^^^
                hint: put the text in quotes
                """)
    }

    // MARK: Texts nobody would write

    private static let small = """
        catalogue: 1
        title: "T \(String(repeating: "é", count: 2))"
        origin: |
          a
          b
        parts:
          x2/HR:   # a remark
          - {name: a, width: 4, height: 3, mode: rgb8, pixels: \(digest)}
          - name: 'b'
            width: 1
            height: 2
            mode: grey8
            pixels: "\(digest)"
          y: [{name: a, width: 4, height: 3, mode: rgb8, pixels: \(digest)}]

        """

    /// Whether the text is read; else every mistake must lie in it.
    private func isRead(_ text: String) -> Bool {
        do {
            let catalogue = try Catalogue.parse(SourceText(file: "c.yml", text: text))
            #expect(!catalogue.parts.isEmpty && catalogue.parts.allSatisfy { !$0.images.isEmpty }, "\(text)")
            return true
        } catch {
            let lineCount = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count
            for diagnostic in error.all {
                #expect((1...lineCount).contains(diagnostic.location.line), "\(text)")
                #expect(diagnostic.location.column <= diagnostic.excerpt.count + 1, "\(text)")
            }
            return false
        }
    }

    @Test func `every beginning of a catalogue is read or told to be wrong`() {
        let scalars = Array(Self.small.unicodeScalars)
        #expect(isRead(Self.small))
        var readCount = 0
        for end in scalars.indices {
            if isRead(String(String.UnicodeScalarView(scalars[..<end]))) { readCount += 1 }
        }
        // Those that end after a whole image.
        #expect(readCount > 0 && readCount < 20, "\(readCount)")
    }

    @Test func `every character taken out, doubled or replaced leaves a text that is read or told to be wrong`() {
        let scalars = Array(Self.small.unicodeScalars)
        for index in scalars.indices {
            for replacement in ["", "\(scalars[index])\(scalars[index])", ":", "{", "\"", "\n", "#", "&", "-", "\u{0}"]
            {
                let text = String(String.UnicodeScalarView(scalars[..<index])) + replacement
                _ = isRead(text + String(String.UnicodeScalarView(scalars[(index + 1)...])))
            }
        }
    }
}
