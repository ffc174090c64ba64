// SPDX-License-Identifier: Apache-2.0

/// The text on one line of GitHub's Markdown, where nothing of it acts as markup.
///
/// Not for the beginning of a line, where `markdownItem` knows more.
func markdownEscaped(_ text: String) -> String {
    let characters = Array(text.onOneLine)
    var escaped = ""
    for (index, character) in characters.enumerated() {
        switch character {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\\", "`", "*", "[", "]", "|", "~", "$", "#": escaped += "\\\(character)"
        // Between letters or digits an underscore is no markup.
        case "_": escaped += isInsideWord(index, of: characters) ? "_" : "\\_"
        default: escaped.append(character)
        }
    }
    return escaped
}

private func isInsideWord(_ index: Int, of characters: [Character]) -> Bool {
    func isWord(_ index: Int) -> Bool {
        characters.indices.contains(index) && (characters[index].isLetter || characters[index].isNumber)
    }
    return isWord(index - 1) && isWord(index + 1)
}

/// The text as an item of a list: what would begin a heading, a list or a quotation there does not.
func markdownItem(_ text: String) -> String {
    let escaped = markdownEscaped(text)
    let digits = escaped.prefix { $0.isASCII && $0.isNumber }
    let rest = escaped.dropFirst(digits.count)
    if !digits.isEmpty, let mark = rest.first, mark == "." || mark == ")" { return "- \(digits)\\\(rest)" }
    if digits.isEmpty, let mark = rest.first, "-+=".contains(mark) { return "- \\\(rest)" }
    return "- \(escaped)"
}

extension TextTable {
    /// The table in GitHub's Markdown; gaps and rules are left out.
    package var markdown: String {
        let header = columns.map { markdownEscaped($0.title) }
        let marks = columns.map { $0.alignment == .left ? "---" : "--:" }
        let cells = rows.map { row in row.map { markdownEscaped($0.text) } }
        return ([header, marks] + cells).map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    }
}
