// SPDX-License-Identifier: Apache-2.0

/// Diagnostics as a person reads them in a terminal.
///
///     error: pipelines/x3.yml:31:12: no tool is called 'trian'
///           tool: trian
///                 ^^^^^
///     hint: did you mean 'train'?
package struct DiagnosticText: Hashable, Sendable {
    /// Whether the terminal's colours are used.
    package let hasColour: Bool

    package init(hasColour: Bool = false) {
        self.hasColour = hasColour
    }

    /// All of them with an empty line between, and their number where there are several; ends with a line ending.
    package func text(of diagnostics: Diagnostics) -> String {
        var blocks = diagnostics.all.map { text(of: $0) }
        if diagnostics.all.count > 1 { blocks.append(summary(of: diagnostics.all)) }
        return blocks.joined(separator: "\n")
    }

    /// One of them; ends with a line ending.
    package func text(of diagnostic: Diagnostic) -> String {
        let place = "\(visible(diagnostic.file)):\(diagnostic.location.line):\(diagnostic.location.column)"
        var lines = ["\(styled("error:", "1;31")) \(place): \(styled(visible(diagnostic.message), "1"))"]
        let excerpt = Excerpt(diagnostic.excerpt, at: diagnostic.location)
        if !excerpt.line.isEmpty {
            lines.append("  \(excerpt.line)")
            let caret = String(repeating: "^", count: excerpt.caretWidth)
            lines.append("  \(String(repeating: " ", count: excerpt.caretStart))\(styled(caret, "36"))")
        }
        lines += diagnostic.details.map { "  \(visible($0))" }
        if let hint = diagnostic.hint { lines.append("\(styled("hint:", "36")) \(visible(hint))") }
        return lines.map { "\($0)\n" }.joined()
    }

    private func summary(of all: [Diagnostic]) -> String {
        let file = all[0].file
        let isOneFile = all.allSatisfy { $0.file == file }
        return "\(all.count) mistakes\(isOneFile ? " in \(visible(file))" : "")\n"
    }

    private func styled(_ text: String, _ style: String) -> String {
        hasColour ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
    }

    private func visible(_ text: String) -> String { text.map { visibleForm(of: $0) }.joined() }
}

/// The line a diagnostic is about as it is shown, and where its caret stands.
struct Excerpt: Equatable {
    /// Longer lines are cut down to the surroundings of the caret.
    static let maximumLength = 200

    /// Tabs are spaces up to the next fourth column, other controls are named, and `…` stands where the line is cut.
    let line: String
    /// In columns of the terminal.
    let caretStart: Int
    let caretWidth: Int

    init(_ line: String, at location: SourceLocation) {
        let characters = CharactersOfLine(line)
        let start = min(location.column - 1, characters.count)
        let end = start + location.length
        let window = Excerpt.window(around: start, in: characters.count)
        var shown = window.lowerBound > 0 ? "…" : ""
        var column = shown.count
        var caret: Range<Int>?
        for (index, character) in zip(window, characters[window]) {
            let piece = Excerpt.piece(character, at: column)
            let next = column + displayWidth(of: piece)
            if index >= start, index < end { caret = (caret?.lowerBound ?? column)..<next }
            shown += piece
            column = next
        }
        if window.upperBound < characters.count { shown += "…" }
        self.line = shown
        self.caretStart = caret?.lowerBound ?? column
        self.caretWidth = max(1, caret?.count ?? 1)
    }

    /// Three quarters of what is shown follow the caret.
    private static func window(around start: Int, in count: Int) -> Range<Int> {
        guard count > maximumLength else { return 0..<count }
        let lower = min(max(0, start - maximumLength / 4), count - maximumLength)
        return lower..<lower + maximumLength
    }

    private static func piece(_ character: Character, at column: Int) -> String {
        character == "\t" ? String(repeating: " ", count: 4 - column % 4) : visibleForm(of: character)
    }
}

/// A line's characters by number, without making an array of a long line that is all ASCII.
private struct CharactersOfLine {
    let count: Int
    private let line: String
    private let characters: [Character]?

    init(_ line: String) {
        let isASCII = line.utf8.allSatisfy { $0 < 0x80 && $0 != UInt8(ascii: "\r") }
        self.line = line
        self.characters = isASCII ? nil : Array(line)
        self.count = characters?.count ?? line.utf8.count
    }

    subscript(range: Range<Int>) -> [Character] {
        if let characters { return Array(characters[range]) }
        let bytes = line.utf8.dropFirst(range.lowerBound).prefix(range.count)
        return bytes.map { Character(Unicode.Scalar($0)) }
    }
}

/// How many columns of a terminal a text takes: East Asian wide characters and pictures take two.
private func displayWidth(of text: String) -> Int { text.reduce(0) { $0 + ($1.isWide ? 2 : 1) } }

extension Character {
    fileprivate var isWide: Bool {
        guard let first = unicodeScalars.first else { return false }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return true
        default: return false
        }
    }
}
