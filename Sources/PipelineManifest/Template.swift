// SPDX-License-Identifier: Apache-2.0

/// A text cut at its `${name}`; `$${` stands for the two characters `${`.
package struct Template: Equatable {
    package enum Piece: Equatable {
        case text(String)
        case reference(String)
    }

    package let pieces: [Piece]
    /// Whether a `${` has no `}` after it.
    package let isUnclosed: Bool

    package init(_ text: String) {
        var pieces: [Piece] = []
        var pending = ""
        var rest = text[...]
        var isUnclosed = false
        while let dollar = rest.firstIndex(of: "$") {
            pending += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                pending += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${"), let end = rest.firstIndex(of: "}") {
                if !pending.isEmpty { pieces.append(.text(pending)) }
                pending = ""
                pieces.append(.reference(String(rest[..<end].dropFirst(2))))
                rest = rest[end...].dropFirst()
            } else {
                isUnclosed = isUnclosed || rest.hasPrefix("${")
                pending += "$"
                rest = rest.dropFirst()
            }
        }
        pending += rest
        if !pending.isEmpty { pieces.append(.text(pending)) }
        self.pieces = pieces
        self.isUnclosed = isUnclosed
    }

    /// The name, where the text is `${name}` and nothing else.
    package var onlyReference: String? {
        if pieces.count == 1, case .reference(let name) = pieces[0] { name } else { nil }
    }

    package var references: [String] {
        pieces.compactMap { if case .reference(let name) = $0 { name } else { nil } }
    }
}
