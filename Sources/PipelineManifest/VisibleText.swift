// SPDX-License-Identifier: Apache-2.0

/// The author's own words inside a message: in single quotes, on one line, and cut where they are long.
package func quoted(_ text: String) -> String {
    let visible = text.map { visibleForm(of: $0) }
    let limit = 60
    let shown = visible.count > limit ? visible.prefix(limit - 1).joined() + "…" : visible.joined()
    return "'\(shown)'"
}

/// A text on one line with what would not be seen, or would act on the terminal, written out.
package func visible(_ text: String) -> String { text.unicodeScalars.map { visibleForm(of: $0) }.joined() }

/// Lines that somebody else wrote, with all but line feeds and tabs written out that would act on the terminal.
///
/// - Parameter keepsStyles: whether sequences that only choose a colour or another look of letters stay as they are.
package func visibleLines(_ text: String, keepsStyles: Bool = false) -> String {
    var visible = ""
    var rest = Array(text.unicodeScalars)[...]
    while let scalar = rest.first {
        if keepsStyles, let style = styleSequence(at: rest) {
            visible.unicodeScalars.append(contentsOf: style)
            rest = rest.dropFirst(style.count)
            continue
        }
        visible += scalar == "\n" || scalar == "\t" ? String(scalar) : visibleForm(of: scalar)
        rest = rest.dropFirst()
    }
    return visible
}

/// `ESC [ digits and semicolons m`, where the scalars begin so.
private func styleSequence(at scalars: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar>? {
    guard scalars.starts(with: ["\u{1B}", "["]) else { return nil }
    let codes = scalars.dropFirst(2).prefix { ("0"..."9").contains($0) || $0 == ";" }
    guard codes.endIndex < scalars.endIndex, scalars[codes.endIndex] == "m" else { return nil }
    return scalars[scalars.startIndex...codes.endIndex]
}

/// The words of a list as one reads them: `a`, `a and b`, `a, b and c`.
package func listed(_ words: [String], joinedBy conjunction: String = "and") -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return "\(words.dropLast().joined(separator: ", ")) \(conjunction) \(last)"
}

/// The character itself, or a name for it where it would not be seen or would act on the terminal.
func visibleForm(of character: Character) -> String {
    guard character.unicodeScalars.contains(where: { isInvisible($0) }) else { return String(character) }
    return character.unicodeScalars.map { visibleForm(of: $0) }.joined()
}

/// As above, of a part of a character.
package func visibleForm(of scalar: Unicode.Scalar) -> String {
    isInvisible(scalar) ? escaped(scalar) : String(scalar)
}

private func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    }
}

/// Controls, marks of the writing direction and other scalars without a picture of their own.
private func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...0x1F, 0x7F...0x9F, 0xAD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F: true
    case 0xE000...0xF8FF, 0xFEFF, 0xFFF0...0xFFFB, 0xE0000...0xE0FFF, 0xF0000...0x10FFFF: true
    default: false
    }
}
