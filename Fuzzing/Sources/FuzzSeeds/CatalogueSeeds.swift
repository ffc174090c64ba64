// SPDX-License-Identifier: Apache-2.0

import PipelineManifest

/// Catalogues as they are written here, with and without parts, and the same in other ways of YAML's.
var catalogueSeeds: [(name: String, bytes: [UInt8])] {
    let plain = Catalogue(
        title: "Two", origin: "nobody", reference: "a page, \"quoted\"", terms: nil,
        parts: [.init(name: nil, images: [image("a", .rgb8), image("sub/b \u{e9}", .grey8)])])
    let parted = Catalogue(
        title: "Parts: two", origin: nil, reference: nil, terms: "none",
        parts: [.init(name: "x2/HR", images: [image("a", .rgb8)]), .init(name: "x2/LR", images: [image("a", .rgb8)])])
    let digest = String(repeating: "0f", count: 32)
    let texts = [
        ("plain", plain.text), ("parts", parted.text), ("empty", ""), ("version", "catalogue: 2\ntitle: x\n"),
        (
            "block",
            "catalogue: 1\ntitle: >-\n  long\n  title\nimages:\n  - name: 'it''s'\n    width: 0x10\n    height: 1_0\n"
                + "    mode: rgb8\n    pixels: \(digest)\n"
        ),
        (
            "anchors",
            "%YAML 1.2\n---\ncatalogue: 1\ntitle: &t x\norigin: *t\nimages: [&i {name: a, width: 1, height: 1, "
                + "mode: grey8, pixels: \"\(digest)\"}, *i]\n...\n"
        ),
        (
            "mistakes",
            "catalog: 1\ntitle: [1]\nimages:\n- {name: ../a, width: 0, height: 1, mode: rgb, pixels: 00}\n- 5\n"
        ),
        ("tags", "catalogue: !!int \"1\"\ntitle: !!str 1\nimages: {}\nparts: {}\n? [a]\n: b\n"),
    ]
    return texts.map { ($0.0, Array($0.1.utf8)) }
}

private func image(_ name: String, _ mode: Catalogue.Mode) -> Catalogue.Image {
    Catalogue.Image(name: name, width: 3, height: 2, mode: mode, pixels: String(repeating: "a0", count: 32))
}
