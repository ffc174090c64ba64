// SPDX-License-Identifier: Apache-2.0

/// What is changed in a text before the YAML parser sees it, scalar for scalar, so that every place stays where it is.
///
/// Three things need it. `${name}` counts as one word, also inside `{…}` and `[…]`, where YAML would take its brace for
/// a mapping. A `*name` must not be followed: an alias is refused where it stands, and a few of them, nested, would
/// stand for a text of any size. And of two equal keys the parser says where the first is only: the first is renamed,
/// until every key can be told from the others.
struct YAMLDisguise {
    private(set) var scalars: [Unicode.Scalar]
    /// Stands for `*`, `{` and `}`; scalars for private use that the text does not hold.
    private let masks: [Unicode.Scalar: Unicode.Scalar]
    /// Keys that were renamed, by the offset of their first scalar.
    private(set) var renamedKeys: [Int: String] = [:]

    /// Nil where the text already holds every scalar that could serve.
    init?(_ text: YAMLText) {
        let present = Set(text.scalars.lazy.filter { $0.value > 0xFFFF })
        let free = YAMLDisguise.privateUse.lazy.filter { !present.contains($0) }.prefix(3)
        guard free.count == 3 else { return nil }
        let (star, open, close) = (free[free.startIndex], free.dropFirst().first ?? "*", free.dropFirst(2).first ?? "*")
        self.masks = [star: "*", open: "{", close: "}"]
        self.scalars = text.scalars
        maskAliases(with: star)
        maskReferences(open: open, close: close)
    }

    var text: String { YAMLText.string(scalars[...]) }

    /// A scalar's text as the author wrote it.
    func original(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0xF0 }) else { return text }
        var restored = String.UnicodeScalarView()
        restored.append(contentsOf: text.unicodeScalars.lazy.map { masks[$0] ?? $0 })
        return String(restored)
    }

    /// Renames the key that stands in `range` and reads `name`, so that it equals no other; false where it cannot be.
    mutating func renameKey(in range: Range<Int>, reading name: String) -> Bool {
        let number = renamedKeys.count
        guard !range.isEmpty, renamedKeys[range.lowerBound] == nil, number < maximumRenamedKeys else {
            return false
        }
        renamedKeys[range.lowerBound] = name
        for offset in range { scalars[offset] = "\u{F8FF}" }
        scalars[range.lowerBound] = Unicode.Scalar(0xE000 + UInt32(number)) ?? "\u{F8FF}"
        return true
    }

    /// Each renaming costs one more reading of the text, so that a long text has fewer.
    private var maximumRenamedKeys: Int { min(100, max(8, (1 << 22) / max(1, scalars.count))) }

    private static let privateUse = (UInt32(0x10_FF00)...0x10_FFFD).compactMap { Unicode.Scalar($0) }

    private mutating func maskAliases(with mask: Unicode.Scalar) {
        for offset in scalars.indices.dropLast() where scalars[offset] == "*" && Self.isOfName(scalars[offset + 1]) {
            scalars[offset] = mask
        }
    }

    private mutating func maskReferences(open: Unicode.Scalar, close: Unicode.Scalar) {
        var offset = 0
        while offset + 2 < scalars.count {
            guard scalars[offset] == "$", scalars[offset + 1] == "{" else {
                offset += 1
                continue
            }
            var end = offset + 2
            while end < scalars.count, Self.isOfName(scalars[end]) { end += 1 }
            if end < scalars.count, end > offset + 2, scalars[end] == "}" {
                scalars[offset + 1] = open
                scalars[end] = close
            }
            offset = end
        }
    }

    private static func isOfName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".": true
        default: false
        }
    }
}
