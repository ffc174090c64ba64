// SPDX-License-Identifier: Apache-2.0

private let imageKeys = ["name", "width", "height", "mode", "pixels"]

/// Reading catalogues.
extension ManifestReader {
    mutating func catalogue() -> Catalogue? {
        guard let root = root(), isOfKnownSchema(root) else { return nil }
        let keys = ["catalogue", "title", "origin", "reference", "terms", "images", "parts"]
        guard let fields = fields(of: root, "the catalogue", at: root.location, keys: keys) else { return nil }
        checkSchema(of: fields)
        let title = requiredText("title", in: fields)
        let origin = fields["origin"].flatMap { text(of: $0, in: fields.owner)?.value }
        let reference = fields["reference"].flatMap { text(of: $0, in: fields.owner)?.value }
        let terms = fields["terms"].flatMap { text(of: $0, in: fields.owner)?.value }
        let parts = parts(of: fields)
        guard let title else { return nil }
        return Catalogue(title: title.value, origin: origin, reference: reference, terms: terms, parts: parts)
    }

    private mutating func parts(of fields: Fields) -> [Catalogue.Part] {
        switch (fields["images"], fields["parts"]) {
        case (nil, nil):
            if fields.meant.isDisjoint(with: ["images", "parts"]) {
                mistakes.add(
                    .missingKey, at: fields.place, "the catalogue needs 'images' or 'parts'",
                    hint: "'images' lists the images of a set without parts; 'parts' has a list for each part")
            }
            return []
        case (let images?, nil): return [Catalogue.Part(name: nil, images: self.images(of: images, fields.owner))]
        case (nil, let parts?): return namedParts(of: parts)
        case (let images?, let parts?):
            mistakes.add(
                .wrongValue, at: max(images.key.location, parts.key.location),
                "the catalogue has both 'images' and 'parts'", hint: "make the images a part of their own")
            return []
        }
    }

    private mutating func namedParts(of entry: YAMLEntry) -> [Catalogue.Part] {
        let parts = uniqueEntries(of: entry, "'parts'", kind: "part", .duplicateKey)
        if parts.isEmpty, entry.value.isEmpty || isMap(entry.value) {
            mistakes.add(.missingKey, at: entry.key.location, "'parts' names no part")
        }
        return parts.map { part in
            checkName(part.key, of: "a part", hint: "a part has the name of its folder, for example 'x2/HR'")
            return Catalogue.Part(
                name: part.key.value, images: images(of: part, "part \(quoted(part.key.value))"))
        }
    }

    private func isMap(_ node: YAMLNode) -> Bool { if case .map = node.content { true } else { false } }

    private mutating func images(of entry: YAMLEntry, _ owner: String) -> [Catalogue.Image] {
        guard case .list(let nodes) = entry.value.content else {
            wrongType(entry, quoted(entry.key.value), takes: "a list of images")
            return []
        }
        if nodes.isEmpty {
            mistakes.add(.wrongValue, at: entry.value.location, "\(owner) lists no images")
        }
        var firsts: [String: Int] = [:]
        return nodes.compactMap { image($0, &firsts) }
    }

    private mutating func image(_ node: YAMLNode, _ firsts: inout [String: Int]) -> Catalogue.Image? {
        guard let fields = fields(of: node, "the image", at: node.location, keys: imageKeys) else { return nil }
        let name = requiredText("name", in: fields).flatMap { uniqueName($0, &firsts) }
        let width = required("width", in: fields).flatMap { extent(of: $0, in: fields.owner) }
        let height = required("height", in: fields).flatMap { extent(of: $0, in: fields.owner) }
        let mode = required("mode", in: fields).flatMap {
            choice(of: $0, in: fields.owner, among: Catalogue.Mode.self)
        }
        let pixels = required("pixels", in: fields).flatMap { digest(of: $0, in: fields.owner) }
        guard let name, let width, let height, let mode, let pixels else { return nil }
        return Catalogue.Image(name: name, width: width, height: height, mode: mode, pixels: pixels)
    }

    private mutating func uniqueName(_ name: Located<String>, _ firsts: inout [String: Int]) -> String? {
        checkName(
            name, of: "an image", hint: "an image has the name of its file without the ending, for example 'img_001'")
        if let first = firsts[name.value] {
            mistakes.add(
                .duplicateKey, at: name.location, "image \(quoted(name.value)) is listed twice, first at line \(first)")
            return nil
        }
        firsts[name.value] = name.location.line
        return name.value
    }

    /// Tells a name that no folder or file below another can have.
    private mutating func checkName(_ name: Located<String>, of bearer: String, hint: String) {
        let path = try? RelativePath(name.value)
        if path?.text == name.value, bearer != "a part" || !name.value.contains("#") { return }
        mistakes.add(
            .wrongValue, at: name.location, "\(quoted(name.value)) cannot be the name of \(bearer)", hint: hint)
    }

    private mutating func extent(of entry: YAMLEntry, in owner: String) -> Int? {
        let range = 1...Catalogue.maximumExtent
        if case .scalar(let word, true) = entry.value.content, case .value(.integer(let extent)) = PlainScalar(word),
            range.contains(extent)
        {
            return extent
        }
        wrongType(entry, "\(quoted(entry.key.value)) of \(owner)", takes: SettingType.integer(range).description)
        return nil
    }

    private mutating func digest(of entry: YAMLEntry, in owner: String) -> String? {
        guard let written = text(of: entry, in: owner) else { return nil }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
        let isDigest = written.value.utf8.allSatisfy { digits.contains($0) || letters.contains($0) }
        if isDigest, written.value.utf8.count == 64 { return written.value }
        mistakes.add(
            .wrongValue, at: written.location,
            "\(quoted(entry.key.value)) of \(owner) takes a SHA-256, 64 digits from 0 to 9 and a to f")
        return nil
    }
}
