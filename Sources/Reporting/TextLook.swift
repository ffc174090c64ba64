// SPDX-License-Identifier: Apache-2.0

/// Which signs a drawing in text is made of.
package enum TextLook: Hashable, Sendable, CaseIterable {
    /// Thin rules and branches, `×` and `—`.
    case drawn
    /// The same in ASCII, sign for sign; names stay as they are written.
    case ascii

    var rule: String { self == .drawn ? "─" : "-" }
    /// Stands where there is no value.
    var nothing: String { self == .drawn ? "—" : "-" }
    var times: String { self == .drawn ? "×" : "x" }
    var branch: String { self == .drawn ? "├ " : "|- " }
    var lastBranch: String { self == .drawn ? "└ " : "`- " }
    var trunk: String { self == .drawn ? "│ " : "|  " }
    var emptyTrunk: String { self == .drawn ? "  " : "   " }
}

/// How a stretch of text is set off on a terminal that has colours.
package enum TextStyle: Hashable, Sendable {
    case plain
    /// Green.
    case good
    /// Red.
    case bad
    /// Yellow.
    case caution
    case faint

    /// `text` between the terminal's escape sequences; as it is where the style is plain or nothing would be seen.
    func applied(to text: String) -> String {
        guard let code, !text.isEmpty else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    private var code: Int? {
        switch self {
        case .plain: nil
        case .good: 32
        case .bad: 31
        case .caution: 33
        case .faint: 2
        }
    }
}
