// SPDX-License-Identifier: Apache-2.0

extension Template {
    /// The text of a template without references.
    static func literal(_ template: Template) -> String {
        template.pieces.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}

/// Putting values in the place of `${name}`.
extension ManifestReader {
    /// No text is longer once its references are put in, in bytes.
    private static let maximumTextLength = 1 << 20

    /// The setting, or the variable of the stage that is read, that `${name}` means.
    mutating func setting(_ name: String, in node: YAMLNode) -> Setting? {
        if let variable = scope.variables[name] { return variable }
        guard let known = settings[name] else {
            unknownReference(name, in: node, among: (Array(scope.variables.keys) + settings.keys).sorted())
            return nil
        }
        return known
    }

    mutating func unknownReference(_ name: String, in node: YAMLNode, among known: [String]) {
        let isForCommands = name.hasPrefix("inputs.") || name.hasPrefix("outputs.")
        // It may be named in a file that could not be read, which has been told.
        guard isForCommands || !lacksFile else { return }
        let kinds = scope.variables.isEmpty ? "no setting" : "no setting and no variable of the stage"
        mistakes.add(
            .unresolvedReference, at: location(of: name, in: node),
            isForCommands ? "nothing here is called '${\(name)}'" : "\(kinds) is called \(quoted(name))",
            hint: suggestion(for: name, among: known)
                ?? "name it under the manifest's 'settings', or write '$${' for the two characters themselves")
    }

    mutating func unclosedReference(in node: YAMLNode) {
        mistakes.add(
            .wrongValue, at: node.location, "'${' is never closed",
            hint: "write '$${' for the two characters themselves")
    }

    /// The text with every reference resolved; each unknown name is told once.
    mutating func joined(_ template: Template, in node: YAMLNode) -> String? {
        if template.isUnclosed {
            unclosedReference(in: node)
            return nil
        }
        var text: String? = ""
        var seen: [String: Setting?] = [:]
        for piece in template.pieces {
            switch piece {
            case .text(let literal): text? += literal
            case .reference(let name):
                let setting = seen[name] ?? self.setting(name, in: node)
                seen[name] = .some(setting)
                guard let setting, let inserted = insertable(setting, in: node) else {
                    text = nil
                    continue
                }
                text? += inserted
            }
            if let length = text?.utf8.count, length > Self.maximumTextLength {
                mistakes.add(
                    .wrongValue, at: node.location,
                    "this text is longer than \(Self.maximumTextLength) bytes with what it refers to")
                return nil
            }
        }
        return text
    }

    /// The setting's value inside a text; a list or mapping has no such form.
    private mutating func insertable(_ setting: Setting, in node: YAMLNode) -> String? {
        switch setting.value {
        case .list, .map:
            mistakes.add(
                .wrongType, at: location(of: setting.name.value, in: node),
                "setting \(quoted(setting.name.value)) is \(setting.value.descriptionWithType) "
                    + "and cannot stand inside a text")
            return nil
        default: return setting.value.description
        }
    }

    /// A text under a key, with its references resolved.
    mutating func interpolatedText(of entry: YAMLEntry, in owner: String) -> Located<String>? {
        guard let written = text(of: entry, in: owner) else { return nil }
        return joined(Template(written.value), in: entry.value).map { Located($0, at: written.location) }
    }

    /// A text or a list of texts under a key, with their references resolved.
    mutating func interpolatedTexts(of entry: YAMLEntry, in owner: String) -> [Located<String>] {
        scalars(of: entry, in: owner).compactMap { scalar in
            joined(Template(scalar.text), in: scalar.node).map { Located($0, at: scalar.node.location) }
        }
    }

    /// Where `${name}` stands in the text of a node; the node's place where it is written in another way.
    func location(of name: String, in node: YAMLNode) -> SourceLocation {
        guard case .scalar(let written, _) = node.content else { return node.location }
        let sought = Array("${\(name)}".unicodeScalars)
        // Indentation and escapes make the source longer than the text it stands for.
        let reach = min(4 * written.unicodeScalars.count + 400, 20_000)
        let text = files[node.location.file].text
        let end = min(text.scalars.count, node.offset + reach)
        var start = node.offset
        while start + sought.count <= end {
            if text.scalars[start..<start + sought.count].elementsEqual(sought) {
                return text.location(at: start, count: sought.count)
            }
            start += 1
        }
        return node.location
    }
}
