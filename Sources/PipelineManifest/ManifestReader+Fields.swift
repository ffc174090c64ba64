// SPDX-License-Identifier: Apache-2.0

/// The keys that stand in one mapping of a manifest, each known and there once.
struct Fields {
    /// Whose keys they are, as a message names it: `source 't91'`.
    let owner: String
    /// Where a missing key is told.
    let place: SourceLocation
    fileprivate(set) var entries: [String: YAMLEntry] = [:]
    /// Keys that are not there, but for which one that is not known was probably meant.
    fileprivate(set) var meant: Set<String> = []

    subscript(key: String) -> YAMLEntry? { entries[key] }
}

/// Reading mappings and what stands under their keys.
extension ManifestReader {
    /// The known keys of a mapping; nil where it is no mapping.
    mutating func fields(of entry: YAMLEntry, _ owner: String, at place: SourceLocation, keys: [String]) -> Fields? {
        if entry.value.isEmpty {
            wrongType(entry, owner, takes: "a mapping with the keys \(listed(keys.map { quoted($0) }))")
            return nil
        }
        return fields(of: entry.value, owner, at: place, keys: keys)
    }

    mutating func fields(of node: YAMLNode, _ owner: String, at place: SourceLocation, keys: [String]) -> Fields? {
        guard case .map(let entries) = node.content else {
            wrongType(node, owner, takes: "a mapping with the keys \(listed(keys.map { quoted($0) }))")
            return nil
        }
        var fields = Fields(owner: owner, place: place)
        for entry in entries {
            let key = entry.key.value
            if let first = fields.entries[key] {
                twice(.duplicateKey, entry, "key \(quoted(key)) of \(owner) is given twice", first: first)
            } else if keys.contains(key) {
                fields.entries[key] = entry
            } else {
                unknownKey(entry, owner, keys)
                if let meant = nearest(to: key, among: keys) { fields.meant.insert(meant) }
            }
        }
        return fields
    }

    /// What stands under a key that must be there.
    mutating func required(_ key: String, in fields: Fields) -> YAMLEntry? {
        guard let entry = fields[key] else {
            missing(key, in: fields)
            return nil
        }
        return entry
    }

    mutating func missing(_ key: String, in fields: Fields, hint: String? = nil) {
        guard !fields.meant.contains(key) else { return }
        mistakes.add(.missingKey, at: fields.place, "\(fields.owner) needs \(quoted(key))", hint: hint)
    }

    /// The entries of a mapping whose keys are names the author chose; none where the key is absent or has no value.
    mutating func uniqueEntries(
        of entry: YAMLEntry?, _ subject: String, kind: String, _ code: Diagnostic.Code
    ) -> [YAMLEntry] {
        uniqueEntries(of: [entry], subject, kind: kind, code)
    }

    /// The entries of mappings that belong together, as those of a manifest and what it includes.
    mutating func uniqueEntries(
        of mappings: [YAMLEntry?], _ subject: String, kind: String, _ code: Diagnostic.Code
    ) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        for case let mapping? in mappings where !mapping.value.isEmpty {
            if case .map(let some) = mapping.value.content {
                entries += some
            } else {
                wrongType(mapping, subject, takes: "a mapping of names")
            }
        }
        var firsts: [String: YAMLEntry] = [:]
        return entries.filter { entry in
            if let first = firsts.updateValue(entry, forKey: entry.key.value) {
                twice(code, entry, "\(kind) \(quoted(entry.key.value)) is declared twice", first: first)
                firsts[entry.key.value] = first
                return false
            }
            return true
        }
    }

    /// The elements of a list; none where the key is absent or has no value.
    mutating func elements(of entry: YAMLEntry?, _ subject: String) -> [YAMLNode] {
        guard let entry, !entry.value.isEmpty else { return [] }
        guard case .list(let elements) = entry.value.content else {
            wrongType(entry, subject, takes: "a list")
            return []
        }
        return elements
    }

    /// `line 3`, with the name of the file where that is another than the mistake's.
    func line(of location: SourceLocation, seenFrom place: SourceLocation) -> String {
        let isElsewhere = location.file != place.file
        return "line \(location.line)" + (isElsewhere ? " of \(files[location.file].source.file)" : "")
    }

    mutating func wrongType(_ entry: YAMLEntry, _ subject: String, takes expected: String, hint: String? = nil) {
        if entry.value.isEmpty {
            mistakes.add(
                .wrongType, at: entry.key.location, "\(subject) takes \(expected), but has no value", hint: hint)
        } else {
            wrongType(entry.value, subject, takes: expected, hint: hint)
        }
    }

    mutating func wrongType(_ node: YAMLNode, _ subject: String, takes expected: String, hint: String? = nil) {
        let found: String
        switch node.content {
        case .refused: return
        case .empty: found = "nothing"
        case .list: found = "a list"
        case .map: found = "a mapping"
        case .scalar(let word, let isPlain):
            if isPlain, case .value(let value) = PlainScalar(word) {
                found = value.descriptionWithType
            } else {
                found = "the text \(quoted(word))"
            }
        }
        mistakes.add(.wrongType, at: node.location, "\(subject) takes \(expected), not \(found)", hint: hint)
    }

    private mutating func unknownKey(_ entry: YAMLEntry, _ owner: String, _ keys: [String]) {
        mistakes.add(
            .unknownKey, at: entry.key.location, "unknown key \(quoted(entry.key.value)) in \(owner)",
            hint: suggestion(for: entry.key.value, among: keys)
                ?? "the keys here are \(listed(keys.map { quoted($0) }))")
    }

    private mutating func twice(_ code: Diagnostic.Code, _ entry: YAMLEntry, _ message: String, first: YAMLEntry) {
        let place = line(of: first.key.location, seenFrom: entry.key.location)
        mistakes.add(code, at: entry.key.location, "\(message), first at \(place)")
    }
}
