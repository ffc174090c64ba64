// SPDX-License-Identifier: Apache-2.0

/// Reading single values: texts, names, numbers and words out of a few.
extension ManifestReader {
    /// A text as it is written, whatever it looks like.
    mutating func text(of entry: YAMLEntry, in owner: String) -> Located<String>? {
        guard case .scalar(let text, _) = entry.value.content else {
            wrongType(entry, "\(quoted(entry.key.value)) of \(owner)", takes: "text")
            return nil
        }
        return Located(text, at: entry.value.location)
    }

    mutating func requiredText(_ key: String, in fields: Fields) -> Located<String>? {
        required(key, in: fields).flatMap { text(of: $0, in: fields.owner) }
    }

    /// A text or a list of texts.
    mutating func texts(of entry: YAMLEntry, in owner: String) -> [Located<String>] {
        scalars(of: entry, in: owner).map { Located($0.text, at: $0.node.location) }
    }

    /// A text or a list of texts, each with its node.
    mutating func scalars(of entry: YAMLEntry, in owner: String) -> [(text: String, node: YAMLNode)] {
        let subject = "\(quoted(entry.key.value)) of \(owner)"
        switch entry.value.content {
        case .scalar(let text, _): return [(text, entry.value)]
        case .list(let elements):
            return elements.compactMap { element in
                if case .scalar(let text, _) = element.content { return (text, element) }
                wrongType(element, "each element of \(subject)", takes: "text")
                return nil
            }
        default:
            wrongType(entry, subject, takes: "text or a list of texts")
            return []
        }
    }

    /// A word out of those of an enumeration.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        of entry: YAMLEntry, in owner: String, among choices: Choice.Type
    ) -> Choice? {
        word(of: entry, in: owner, among: choices.allCases.map(\.rawValue)).flatMap { Choice(rawValue: $0) }
    }

    mutating func word(of entry: YAMLEntry, in owner: String, among words: [String]) -> String? {
        let subject = "\(quoted(entry.key.value)) of \(owner)"
        let expected = listed(words.map { quoted($0) }, joinedBy: "or")
        guard case .scalar(let word, _) = entry.value.content else {
            wrongType(entry, subject, takes: expected)
            return nil
        }
        guard words.contains(word) else {
            mistakes.add(
                .wrongValue, at: entry.value.location, "\(subject) takes \(expected), not \(quoted(word))",
                hint: suggestion(for: word, among: words))
            return nil
        }
        return word
    }

    mutating func boolean(of entry: YAMLEntry, in owner: String) -> Bool? {
        if case .scalar(let word, true) = entry.value.content, case .value(.boolean(let value)) = PlainScalar(word) {
            return value
        }
        wrongType(entry, "\(quoted(entry.key.value)) of \(owner)", takes: "true or false")
        return nil
    }

    mutating func integer(of entry: YAMLEntry, in owner: String, _ range: ClosedRange<Int>) -> Int? {
        let subject = "\(quoted(entry.key.value)) of \(owner)"
        guard case .integer(let value)? = typedValue(of: entry, .integer(range), subject) else { return nil }
        return value
    }

    /// A name of the kind that stages, sources and outputs have, as the value of a key.
    mutating func name(of entry: YAMLEntry, _ owner: String) -> String? {
        guard let name = text(of: entry, in: owner), isName(name, of: owner) else { return nil }
        return name.value
    }

    /// Whether a name is well formed; `bearer` is `a stage`, `the manifest`.
    mutating func isName(_ name: Located<String>, of bearer: String) -> Bool {
        if Self.isName(name.value) { return true }
        mistakes.add(
            .wrongValue, at: name.location, "\(quoted(name.value)) cannot be the name of \(bearer)",
            hint: "a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, "
                + "and is at most \(Self.maximumNameLength) long")
        return false
    }

    static let maximumNameLength = 100

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= maximumNameLength else { return false }
        let marks: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")]
        return isLetterOrDigit(first) && text.utf8.allSatisfy { isLetterOrDigit($0) || marks.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
