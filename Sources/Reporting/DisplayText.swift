// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text on one line, without what would act on a terminal or reorder what is read: white space other than the
    /// space becomes a space, controls and marks of the writing direction become `?`.
    var onOneLine: String {
        String(map { $0.onOneLine })
    }

    /// The columns of a terminal that the text takes: one for each grapheme cluster, two for a wide one.
    var displayWidth: Int {
        reduce(0) { $0 + $1.displayWidth }
    }

    /// The text, or as much of its beginning as fits `width` columns with a `…` after it.
    func fitted(to width: Int) -> String {
        guard displayWidth > width else { return self }
        var kept = ""
        var room = width - 1
        for character in self {
            room -= character.displayWidth
            guard room >= 0 else { break }
            kept.append(character)
        }
        return width > 0 ? kept.trimmed + "…" : ""
    }

    /// The text without spaces at its end.
    var trimmed: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }

    /// The text with spaces after it, at least `width` columns wide.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - displayWidth))
    }

    /// The text with spaces before it, at least `width` columns wide.
    func paddedLeft(to width: Int) -> String {
        String(repeating: " ", count: Swift.max(0, width - displayWidth)) + self
    }
}

extension Character {
    fileprivate var onOneLine: Character {
        if isNewline || unicodeScalars.contains("\t") { return " " }
        return unicodeScalars.contains(where: \.actsOnDisplay) ? "?" : self
    }

    fileprivate var displayWidth: Int {
        unicodeScalars.contains(where: \.isWide) ? 2 : 1
    }
}

extension Unicode.Scalar {
    /// Controls, marks of the writing direction and line separators.
    fileprivate var actsOnDisplay: Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// East Asian wide and full-width forms, and emoji.
    fileprivate var isWide: Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF: true
        case 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6: true
        case 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD: true
        default: false
        }
    }
}
