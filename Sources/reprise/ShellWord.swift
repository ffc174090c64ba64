// SPDX-License-Identifier: Apache-2.0

import PipelineManifest

/// A word of a command line, to be pasted into a shell.
struct ShellWord {
    private let word: String

    init(_ word: String) {
        self.word = word
    }

    /// The word as it is, or between single quotes where a shell would take it for more.
    var text: String {
        if isPlain { return word }
        if !isVisible { return escaped }
        return "'" + word.unicodeScalars.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
    }

    /// As above with double quotes, for a command line that stands between single ones.
    var textInSingleQuotes: String {
        if isPlain { return word }
        if !isVisible { return escaped }
        return "\"" + word.unicodeScalars.map { "\"$`\\".unicodeScalars.contains($0) ? "\\\($0)" : String($0) }.joined()
            + "\""
    }

    private var isPlain: Bool {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./@=,+:%".utf8.contains(byte)
            }
        }
        return isPlain && !word.isEmpty
    }

    /// Whether nothing in it would act on a terminal, or not be seen there.
    private var isVisible: Bool { word.unicodeScalars.allSatisfy { visibleForm(of: $0) == String($0) } }

    /// What is not seen as bytes, in the quotes that most shells know (and POSIX since 2024).
    private var escaped: String {
        let parts = word.unicodeScalars.map { scalar in
            if scalar == "'" || scalar == "\\" { return "\\\(scalar)" }
            let isSeen = visibleForm(of: scalar) == String(scalar)
            return isSeen ? String(scalar) : String(scalar).utf8.map(Self.octal).joined()
        }
        return "$'" + parts.joined() + "'"
    }

    /// Three digits, so that none after it is taken for one more.
    private static func octal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
