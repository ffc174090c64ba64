// SPDX-License-Identifier: Apache-2.0

/// A command line cut into words the way a shell cuts it, without a shell.
///
/// Blanks part words; `'…'` is taken as it stands; inside `"…"` and outside quotes a backslash takes the next character
/// as it stands (inside double quotes only `\"` and `\\`). Nothing is expanded.
package struct CommandWords: Equatable {
    package let words: [String]
    /// The quote that is never closed.
    package let unclosedQuote: Character?

    package init(_ line: String) {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var characters = line.makeIterator()
        while let character = characters.next() {
            switch (character, quote) {
            case ("\\", "\""):
                let next = characters.next()
                word = (word ?? "") + (next == "\"" || next == "\\" ? "" : "\\") + (next.map(String.init) ?? "")
            case ("\\", nil): word = (word ?? "") + (characters.next().map(String.init) ?? "\\")
            case ("'", nil), ("\"", nil):
                quote = character
                word = word ?? ""
            case (_, let open?) where character == open: quote = nil
            case (_, nil) where character == " " || character == "\t" || character.isNewline:
                if let finished = word { words.append(finished) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        if let finished = word { words.append(finished) }
        self.words = words
        self.unclosedQuote = quote
    }
}
