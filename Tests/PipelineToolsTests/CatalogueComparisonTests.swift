// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelineTools
import Testing

/// Comparing images with a catalogue of them.
@Suite struct CatalogueComparisonTests {
    private func image(_ name: String, _ pixels: Int, form: (Int, Int) = (4, 3)) -> Catalogue.Image {
        let digest = String(10_000 + pixels).dropFirst() + String(repeating: "0", count: 60)
        return Catalogue.Image(name: name, width: form.0, height: form.1, mode: .rgb8, pixels: String(digest))
    }

    private func part(_ images: [Catalogue.Image]) -> Catalogue.Part { Catalogue.Part(name: nil, images: images) }

    private func findings(_ expected: [Catalogue.Image], _ found: [Catalogue.Image]) -> [String] {
        CatalogueComparison(part(expected), found.map { FoundImage($0, label: $0.name) }).findings.map(\.text)
    }

    @Test func `the same images in any order are whole`() {
        let images = (0..<5).map { image("i\($0)", $0) }
        let comparison = CatalogueComparison(part(images), images.reversed().map { FoundImage($0, label: $0.name) })
        #expect(comparison.isWhole)
        #expect(comparison.summary == "")
    }

    @Test func `each way to differ has its word, sorted by the images`() {
        let expected = (0..<6).map { image("i\($0)", $0) }
        let found = [
            FoundImage(image("i0", 0), label: "i0.png"), FoundImage(image("i1", 21), label: "i1.png"),
            FoundImage(image("baby", 2), label: "baby.bmp"), FoundImage(image("i4", 24, form: (2, 2)), label: "i4.png"),
            FoundImage(image("new", 30), label: "new.png"), FoundImage(image("copy", 0), label: "copy.png"),
            FoundImage(damaged: "i5", label: "i5.png", "the file is empty"),
        ]
        let comparison = CatalogueComparison(part(expected), found)
        #expect(
            comparison.findings.map(\.text) == [
                "renamed 'baby.bmp': it is 'i2' of the catalogue", "extra 'copy.png': it has the pixels of 'i0'",
                "altered 'i1.png': 4x3 rgb8 with other pixels", "missing 'i3'",
                "altered 'i4.png': 2x2 rgb8, and 4x3 rgb8 in the catalogue", "damaged 'i5.png': the file is empty",
                "extra 'new.png'",
            ])
        #expect(comparison.summary == "1 missing, 2 altered, 1 renamed, 2 extra, 1 damaged")
    }

    @Test func `two images that swapped their names are renamed`() {
        let (a, b) = (image("a", 1), image("b", 2))
        #expect(
            findings([a, b], [image("a", 2), image("b", 1)]) == [
                "renamed 'a': it is 'b' of the catalogue", "renamed 'b': it is 'a' of the catalogue",
            ])
    }

    @Test func `equal images under two names are two images`() {
        let (a, b) = (image("a", 1), image("b", 1))
        #expect(findings([a, b], [a, b]) == [])
        #expect(findings([a, b], [a]) == ["missing 'b'"])
        #expect(findings([a, b], [a, image("c", 1)]) == ["renamed 'c': it is 'b' of the catalogue"])
        #expect(
            findings([a], [a, b, image("c", 1)]) == [
                "extra 'b': it has the pixels of 'a'", "extra 'c': it has the pixels of 'a'",
            ])
    }

    @Test func `an empty folder lacks everything, and two files of one name are one too many`() {
        #expect(findings([image("a", 1), image("b", 2)], []) == ["missing 'a'", "missing 'b'"])
        let found = [FoundImage(image("a", 1), label: "a.bmp"), FoundImage(image("a", 1), label: "a.png")]
        #expect(
            CatalogueComparison(part([image("a", 1)]), found).findings.map(\.text) == [
                "extra 'a.png': it has the pixels of 'a'"
            ])
    }

    /// All folders of three names with three pixels or none each, against all catalogues of three images.
    @Test func `every small case accounts for each image once`() {
        let names = ["a", "b", "c"]
        func sets(_ pixels: Int) -> [[Catalogue.Image]] {
            (0..<64).map { code in
                names.enumerated().compactMap { index, name in
                    let value = code >> (2 * index) & 3
                    return value == 0 ? nil : image(name, value)
                }
            }
        }
        for expected in sets(3) where !expected.isEmpty {
            for found in sets(3) {
                let findings = CatalogueComparison(
                    part(expected), found.map { FoundImage($0, label: $0.name) }
                ).findings
                func count(_ kind: CatalogueFinding.Kind) -> Int { findings.count { $0.kind == kind } }
                let whole = Set(expected).intersection(found).count
                #expect(whole + count(.missing) + count(.altered) + count(.renamed) == expected.count)
                #expect(whole + count(.extra) + count(.altered) + count(.renamed) == found.count)
                #expect(findings.isEmpty == (Set(expected) == Set(found)))
                #expect(Set(findings.map(\.text)).count == findings.count)
            }
        }
    }
}
