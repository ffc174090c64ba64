// SPDX-License-Identifier: Apache-2.0

package import PipelineManifest

/// An image that was found where a catalogue's images are expected.
package struct FoundImage: Hashable, Sendable {
    /// By which the catalogue would call it: its file's name without the ending.
    package let name: String
    /// As findings call it: its file's name, or its name where there is no file.
    package let label: String
    /// Nil where its file cannot be read.
    package let image: Catalogue.Image?
    /// Why its file cannot be read.
    package let damage: String?

    package init(_ image: Catalogue.Image, label: String) {
        self.name = image.name
        self.label = label
        self.image = image
        self.damage = nil
    }

    package init(damaged name: String, label: String, _ damage: String) {
        self.name = name
        self.label = label
        self.image = nil
        self.damage = damage
    }
}

/// One image that is not as a catalogue says.
package struct CatalogueFinding: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The catalogue has it, and it is nowhere.
        case missing
        /// It has the name of one of the catalogue and other pixels.
        case altered
        /// It has the pixels of one of the catalogue and another name.
        case renamed
        /// The catalogue has neither its name nor its pixels, or has them once and they were found before.
        case extra
        /// Its file cannot be read.
        case damaged
    }

    package let kind: Kind
    /// The image's name in the catalogue for a missing one, else the label of what was found.
    package let image: String
    /// What is to be said beside the name; may be empty.
    package let detail: String

    /// For example `altered 'img_002': 256x256 rgb8 with other pixels`.
    package var text: String { "\(kind.rawValue) '\(image)'" + (detail.isEmpty ? "" : ": \(detail)") }
}

/// What differs between a part of a catalogue and the images that were found.
///
/// An image with the name and the pixels that the catalogue says is as it should be. Of the others, those with the
/// pixels of one that has not been found are renamed, those with its name altered; what is left over in the catalogue
/// is missing, and elsewhere extra.
package struct CatalogueComparison: Hashable, Sendable {
    /// Sorted by the images' names, then by their kind.
    package let findings: [CatalogueFinding]

    package init(_ part: Catalogue.Part, _ found: [FoundImage]) {
        var matching = Matching(part, found)
        matching.takeWhole()
        matching.takeRenamed()
        matching.takeAltered()
        matching.takeRest(known: part)
        findings = matching.findings.sorted { left, right in
            left.image == right.image
                ? left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
                : left.image.utf8.lexicographicallyPrecedes(right.image.utf8)
        }
    }

    package var isWhole: Bool { findings.isEmpty }

    /// How many of each kind there are: `1 missing, 2 altered`.
    package var summary: String {
        CatalogueFinding.Kind.allCases.compactMap { kind in
            let count = findings.count { $0.kind == kind }
            return count == 0 ? nil : "\(count) \(kind.rawValue)"
        }.joined(separator: ", ")
    }
}

/// Pairs of images of a catalogue and images that were found, as far as they have been told.
private struct Matching {
    /// By name, what has not been found.
    private var expected: [String: Catalogue.Image]
    /// In the order of their labels, what has no place yet.
    private var found: [FoundImage]
    private(set) var findings: [CatalogueFinding] = []

    init(_ part: Catalogue.Part, _ found: [FoundImage]) {
        expected = Dictionary(part.images.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.found = found.sorted { $0.label.utf8.lexicographicallyPrecedes($1.label.utf8) }
    }

    /// Takes what is as it should be.
    mutating func takeWhole() {
        take { expected, found in found.image != nil && expected[found.name] == found.image ? found.name : nil }
    }

    /// Takes what has the pixels of an expected image: the digest covers mode and extents too.
    mutating func takeRenamed() {
        var namesOfPixels: [String: [String]] = [:]
        for image in expected.values.sorted(by: { $1.name.utf8.lexicographicallyPrecedes($0.name.utf8) }) {
            namesOfPixels[image.pixels, default: []].append(image.name)
        }
        take(.renamed) { _, found in
            guard let pixels = found.image?.pixels, let name = namesOfPixels[pixels]?.popLast() else { return nil }
            return (name, "it is '\(name)' of the catalogue")
        }
    }

    /// Takes what has the name of an expected image.
    mutating func takeAltered() {
        take(.altered) { expected, found in
            guard let image = found.image, let wanted = expected[image.name] else { return nil }
            let isOfOneForm = image.form == wanted.form
            return (
                image.name,
                isOfOneForm ? "\(image.form) with other pixels" : "\(image.form), and \(wanted.form) in the catalogue"
            )
        }
    }

    /// Tells what is left on both sides.
    mutating func takeRest(known part: Catalogue.Part) {
        let namesOfPixels = Dictionary(
            part.images.map { ($0.pixels, $0.name) }, uniquingKeysWith: { first, _ in first })
        for rest in found {
            if let damage = rest.damage {
                expected[rest.name] = nil
                findings.append(CatalogueFinding(kind: .damaged, image: rest.label, detail: damage))
            } else {
                let twin = rest.image.flatMap { namesOfPixels[$0.pixels] }
                findings.append(
                    CatalogueFinding(
                        kind: .extra, image: rest.label, detail: twin.map { "it has the pixels of '\($0)'" } ?? ""))
            }
        }
        for name in expected.keys.sorted() {
            findings.append(CatalogueFinding(kind: .missing, image: name, detail: ""))
        }
    }

    private mutating func take(_ match: ([String: Catalogue.Image], FoundImage) -> String?) {
        var rest: [FoundImage] = []
        for image in found {
            if let name = match(expected, image) { expected[name] = nil } else { rest.append(image) }
        }
        found = rest
    }

    private mutating func take(
        _ kind: CatalogueFinding.Kind,
        _ match: ([String: Catalogue.Image], FoundImage) -> (name: String, detail: String)?
    ) {
        var rest: [FoundImage] = []
        for image in found {
            if let (name, detail) = match(expected, image) {
                expected[name] = nil
                findings.append(CatalogueFinding(kind: kind, image: image.label, detail: detail))
            } else {
                rest.append(image)
            }
        }
        found = rest
    }
}
