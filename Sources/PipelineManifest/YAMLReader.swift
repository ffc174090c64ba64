// SPDX-License-Identifier: Apache-2.0

import Yams

/// Reads a text as YAML and refuses what neither a manifest nor a catalogue has a use for: anchors, aliases, tags, keys
/// that are no text, several documents, and depth without end.
struct YAMLReader {
    /// No mapping or list may lie deeper than this.
    static let maximumDepth = 64
    /// What stands for nothing where it is not in quotes.
    private static let emptyWords: Set<String> = ["", "~", "null", "Null", "NULL"]

    private let text: YAMLText
    private let kind: DocumentKind
    private var disguise: YAMLDisguise

    /// Nil where the text holds every one of the scalars that the reader sets aside for itself.
    init?(_ text: YAMLText, _ kind: DocumentKind) {
        guard let disguise = YAMLDisguise(text) else { return nil }
        self.text = text
        self.kind = kind
        self.disguise = disguise
    }

    /// The root of the only document; nil where there is none or its YAML is wrong, which `mistakes` then says.
    mutating func root(_ mistakes: inout Mistakes) -> YAMLNode? {
        while true {
            do {
                let parser = try Yams.Parser(yaml: disguise.text, resolver: .basic, encoding: .utf8)
                guard let root = try parser.singleRoot() else { return nil }
                return node(root, depth: 0, &mistakes)
            } catch let error as YamlError {
                if renamedDuplicate(of: error) { continue }
                YAMLComplaint(error, in: text).add(to: &mistakes)
                return nil
            } catch {
                mistakes.add(.invalidYAML, at: text.start, "this text cannot be read as YAML")
                return nil
            }
        }
    }

    /// Whether the error was two equal keys and the first of them now reads differently.
    private mutating func renamedDuplicate(of error: YamlError) -> Bool {
        guard case .duplicatedKeysInMapping(let names, let context) = error,
            let name = names.first.map(disguise.original)
        else { return false }
        let start = text.offset(line: context.mark.line, column: context.mark.column)
        guard let range = text.keyRange(at: start, reading: name) else { return false }
        return disguise.renameKey(in: range, reading: name)
    }

    private func node(_ node: Yams.Node, depth: Int, _ mistakes: inout Mistakes) -> YAMLNode {
        let offset = node.mark.map { text.offset(line: $0.line, column: $0.column) } ?? 0
        guard depth <= Self.maximumDepth else {
            let location = text.location(at: offset, count: 1)
            mistakes.add(
                .invalidYAML, at: location, "lists and mappings lie more than \(Self.maximumDepth) deep here")
            return YAMLNode(content: .refused, location: location, offset: offset)
        }
        if let refused = refused(node, at: offset, &mistakes) { return refused }
        switch node {
        case .scalar(let scalar): return self.scalar(scalar, at: offset)
        case .sequence(let sequence):
            let elements = sequence.map { self.node($0, depth: depth + 1, &mistakes) }
            return YAMLNode(content: .list(elements), location: text.openingLocation(at: offset), offset: offset)
        case .mapping(let mapping):
            let entries = mapping.compactMap { entry($0.key, $0.value, depth: depth + 1, &mistakes) }
            return YAMLNode(content: .map(entries), location: text.openingLocation(at: offset), offset: offset)
        case .alias:
            return YAMLNode(content: .refused, location: text.location(at: offset, count: 1), offset: offset)
        }
    }

    private func scalar(_ scalar: Yams.Node.Scalar, at offset: Int) -> YAMLNode {
        let written = disguise.renamedKeys[text.contentStart(of: offset)] ?? disguise.original(scalar.string)
        let isPlain = scalar.style == .plain
        let location = text.location(at: offset, count: text.scalarCount(at: offset, reading: written))
        let content: YAMLNode.Content =
            isPlain && Self.emptyWords.contains(written) ? .empty : .scalar(written, isPlain: isPlain)
        return YAMLNode(content: content, location: location, offset: offset)
    }

    private func entry(
        _ key: Yams.Node, _ value: Yams.Node, depth: Int, _ mistakes: inout Mistakes
    ) -> YAMLEntry? {
        let keyNode = node(key, depth: depth, &mistakes)
        let valueNode = node(value, depth: depth, &mistakes)
        switch keyNode.content {
        case .scalar(let name, _): return YAMLEntry(key: Located(name, at: keyNode.location), value: valueNode)
        case .empty: mistakes.add(.invalidYAML, at: keyNode.location, "a key is missing before ':'")
        case .list, .map: mistakes.add(.invalidYAML, at: keyNode.location, "a key must be a word")
        case .refused: break
        }
        return nil
    }

    /// What the node becomes where it uses a feature of YAML that a manifest does without.
    private func refused(_ node: Yams.Node, at offset: Int, _ mistakes: inout Mistakes) -> YAMLNode? {
        guard offset < text.scalars.count else { return nil }
        let feature: String
        switch (text.scalars[offset], node) {
        case ("&", _): feature = "anchors"
        case ("!", _): feature = "tags"
        case ("*", .scalar(let scalar)) where scalar.style == .plain: feature = "aliases"
        default: return nil
        }
        let location = text.location(at: offset, count: text.wordCount(at: offset))
        mistakes.add(
            .invalidYAML, at: location,
            "a \(kind.name) has no YAML \(feature), such as \(quoted(text.word(at: offset)))",
            hint: feature == "tags" ? "put a text that starts with '!' in quotes" : kind.anchorHint)
        return YAMLNode(content: .refused, location: location, offset: offset)
    }
}

extension YAMLText {
    /// The scalars of a key's own name, without quotes.
    ///
    /// Nil where what starts at `offset` is no plain or quoted key.
    func keyRange(at offset: Int, reading name: String) -> Range<Int>? {
        let count = scalarCount(at: offset, reading: name)
        guard offset < scalars.count, count > 0 else { return nil }
        switch scalars[offset] {
        case "\"", "'": return count > 2 ? offset + 1..<offset + count - 1 : nil
        case "&", "!", "*", "{", "[", "?": return nil
        default: return offset..<offset + count
        }
    }

    /// Where the content of a scalar starts that may be in quotes.
    func contentStart(of offset: Int) -> Int {
        guard offset < scalars.count else { return offset }
        return scalars[offset] == "\"" || scalars[offset] == "'" ? offset + 1 : offset
    }

    /// How many scalars of its first line a YAML scalar takes that starts at `offset` and reads `text`.
    func scalarCount(at offset: Int, reading text: String) -> Int {
        guard offset < scalars.count else { return 0 }
        switch scalars[offset] {
        case "\"": return quotedCount(at: offset, escape: "\\")
        case "'": return quotedCount(at: offset, escape: "'")
        case "|", ">": return 1
        default:
            let end = endOfLine(containing: offset)
            var reached = offset
            for scalar in text.unicodeScalars {
                guard reached < end, scalars[reached] == scalar else { break }
                reached += 1
            }
            return reached - offset
        }
    }

    private func quotedCount(at start: Int, escape: Unicode.Scalar) -> Int {
        let end = endOfLine(containing: start)
        let quote = scalars[start]
        var offset = start + 1
        while offset < end {
            if scalars[offset] == escape, offset + 1 < end, escape == "\\" || scalars[offset + 1] == quote {
                offset += 2
            } else if scalars[offset] == quote {
                return offset + 1 - start
            } else {
                offset += 1
            }
        }
        return end - start
    }

    /// The bracket that opens a list or mapping, or the dash or key it starts with.
    func openingLocation(at offset: Int) -> SourceLocation {
        guard offset < scalars.count, scalars[offset] != "{", scalars[offset] != "[", scalars[offset] != "-" else {
            return location(at: offset, count: 1)
        }
        return location(at: offset, count: wordCount(at: offset))
    }

    /// How many scalars follow up to a space, a colon, a comma or a closing bracket.
    func wordCount(at offset: Int) -> Int {
        scalars[offset..<max(offset, endOfLine(containing: offset))]
            .prefix { !" \t,:]}".unicodeScalars.contains($0) }.count
    }

    func word(at offset: Int) -> String { YAMLText.string(scalars[offset..<offset + wordCount(at: offset)]) }
}
