// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest

/// A value of a key document as it stands in a line for people: digests shortened, long values cut.
struct ValueText {
    /// Longer values are cut to this many scalars of Unicode.
    private static let limit = 80
    /// What is left to see of what two values have in common before they differ.
    private static let context = 20

    private let scalars: [Unicode.Scalar]
    private let isQuoted: Bool
    /// Whether it stands for itself and is not cut.
    private let isWhole: Bool

    /// - Parameter value: nil for nothing.
    /// - Parameter shortensDigests: whether of a digest only the beginning is shown.
    init(_ value: JSONValue?, shortensDigests: Bool = true) {
        let isText = if case .text? = value { true } else { false }
        let brief = shortensDigests ? value?.briefDigests : nil
        let text = brief ?? value?.text ?? value?.canonicalText ?? "nothing"
        scalars = Array(text.unicodeScalars)
        isQuoted = isText && brief == nil
        isWhole = isText && brief != nil || value == nil
    }

    var length: Int { scalars.count }

    /// The text from its beginning on.
    var beginning: String { shown(from: 0) { visibleForm(of: $0) } }

    /// Two values that differ, cut around their first difference; the two texts are never the same.
    static func pair(_ old: JSONValue?, _ new: JSONValue?) -> (old: String, new: String) {
        let brief = pair(ValueText(old), ValueText(new)) { visibleForm(of: $0) }
        if brief.old != brief.new { return brief }
        // Letters that look the same, such as one with its accent or an accent after it, are told by their numbers.
        return pair(
            ValueText(old, shortensDigests: false), ValueText(new, shortensDigests: false), form: numberedForm)
    }

    private static func pair(
        _ old: ValueText, _ new: ValueText, form: (Unicode.Scalar) -> String
    ) -> (old: String, new: String) {
        let first = zip(old.scalars, new.scalars).prefix { $0 == $1 }.count
        let start = max(old.length, new.length) <= limit || first < limit - context ? 0 : first - context
        return (old.shown(from: start, form), new.shown(from: start, form))
    }

    private func shown(from start: Int, _ form: (Unicode.Scalar) -> String) -> String {
        let start = isWhole ? 0 : start
        let end = isWhole ? length : min(length, start + Self.limit)
        let middle = scalars[start..<end].map(form).joined()
        let cut = (start > 0 ? "…" : "") + middle + (end < length ? "…" : "")
        return isQuoted ? "'\(cut)'" : cut
    }

    /// A form for each scalar that no other has and that is not the beginning of another's.
    private static func numberedForm(of scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\\": #"\\"#
        case " "..."~": String(scalar)
        default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        }
    }
}

extension JSONValue {
    /// The beginning of a digest, or of each in a list of them; nil for other values.
    fileprivate var briefDigests: String? {
        if let briefDigest { return briefDigest }
        guard case .array(let elements) = self, !elements.isEmpty else { return nil }
        let digests = elements.compactMap(\.briefDigest)
        guard digests.count == elements.count else { return nil }
        return "[" + digests.joined(separator: ", ") + "]"
    }

    /// With the word that stands before it, if one does.
    private var briefDigest: String? {
        let words = (text ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard let last = words.last, words.count <= 2, let digest = Digest(hexadecimal: last) else { return nil }
        return words.count == 1 ? digest.abbreviated : words[0] == "file" ? "file \(digest.abbreviated)" : nil
    }
}
