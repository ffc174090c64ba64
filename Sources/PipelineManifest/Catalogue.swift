// SPDX-License-Identifier: Apache-2.0

/// What the images of a known data set are: names, extents, modes and digests of their pixels, part by part.
package struct Catalogue: Hashable, Sendable {
    /// What the samples of a pixel mean; the words are those of image sets.
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        case grey8
        case rgb8
    }

    /// One image.
    package struct Image: Hashable, Sendable {
        /// The file's name below the part's folder, without its ending: `img_001`, `a/b/t1`.
        package let name: String
        package let width: Int
        package let height: Int
        package let mode: Mode
        /// The SHA-256, in 64 lower-case hexadecimal digits, of `reprise-image 1 MODE HEIGHT WIDTH`, a line feed, and
        /// the samples: rows from top to bottom, the channels of a pixel side by side.
        package let pixels: String

        package init(name: String, width: Int, height: Int, mode: Mode, pixels: String) {
            self.name = name
            self.width = width
            self.height = height
            self.mode = mode
            self.pixels = pixels
        }
    }

    /// Images that lie in one folder.
    package struct Part: Hashable, Sendable {
        /// The folder below that of the set, such as `x2/HR`; nil for a set that has no parts.
        package let name: String?
        /// At least one; no two of one name.
        package let images: [Image]

        package init(name: String?, images: [Image]) {
            self.name = name
            self.images = images
        }
    }

    package let title: String
    /// Who published the set.
    package let origin: String?
    /// Where, for example a paper.
    package let reference: String?
    /// What may be done with the images.
    package let terms: String?
    /// At least one; several have different names.
    package let parts: [Part]

    package init(title: String, origin: String?, reference: String?, terms: String?, parts: [Part]) {
        self.title = title
        self.origin = origin
        self.reference = reference
        self.terms = terms
        self.parts = parts
    }

    /// How messages call a part: `Set5, part 'x2/HR'`, or `T91` where the set has no parts.
    package func label(of part: Part) -> String {
        part.name.map { "\(title), part '\($0)'" } ?? title
    }
}

extension Catalogue {
    /// The version of the catalogue's form that this Reprise reads and writes.
    package static let schemaVersion = 1

    /// No catalogue is longer, in bytes of UTF-8; that is more than 100,000 images.
    package static let maximumByteCount = 1 << 24

    /// Images have extents from 1 to this.
    package static let maximumExtent = 1 << 28

    /// Reads a catalogue; `data/README.md` describes its form.
    ///
    /// - Throws: every mistake of the text, unless it is no YAML, which is then the only one.
    package static func parse(_ source: SourceText) throws(Diagnostics) -> Catalogue {
        var reader = ManifestReader(source, .catalogue)
        let catalogue = reader.catalogue()
        if let diagnostics = reader.mistakes.diagnostics(in: reader.files) { throw diagnostics }
        guard let catalogue else { preconditionFailure("a catalogue that cannot be read has a mistake") }
        return catalogue
    }

    /// The part that a reference means.
    package func part(named name: String?) -> Result<Part, UnknownPart> {
        if let name {
            return parts.first { $0.name == name }.map { .success($0) } ?? .failure(UnknownPart(name: name, in: self))
        }
        guard let only = parts.first, parts.count == 1 else { return .failure(UnknownPart(name: nil, in: self)) }
        return .success(only)
    }

    /// A reference that means no part of a catalogue.
    package struct UnknownPart: Error, Hashable, Sendable {
        /// Lower case, no full stop.
        package let message: String
        package let hint: String

        fileprivate init(name: String?, in catalogue: Catalogue) {
            let known = catalogue.parts.compactMap(\.name)
            let names = "its parts are \(listed(known.map { quoted($0) }))"
            if let name {
                message = "the catalogue of \(catalogue.title) has no part \(quoted(name))"
                hint =
                    suggestion(for: name, among: known)
                    ?? (known.isEmpty ? "it has no parts: leave out '#' and what follows" : names)
            } else {
                message = "the catalogue of \(catalogue.title) has several parts, and none of them is named"
                hint = "write '#' and a part after the file; \(names)"
            }
        }
    }
}
