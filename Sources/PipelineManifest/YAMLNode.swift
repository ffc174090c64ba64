// SPDX-License-Identifier: Apache-2.0

/// One value of a manifest's text, with its place.
struct YAMLNode {
    enum Content {
        /// A text; a plain one may stand for a number or a truth value.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        case map([YAMLEntry])
        /// Nothing at all, `~` or `null`.
        case empty
        /// Something a manifest cannot hold, which has been told already.
        case refused
    }

    let content: Content
    let location: SourceLocation
    /// Where it starts, in scalars of the text.
    let offset: Int

    /// How long it is as text, roughly: in bytes, each list, mapping and word counting at least one.
    var weight: Int {
        switch content {
        case .scalar(let text, _): 1 + text.utf8.count
        case .list(let elements): elements.reduce(1) { $0 + $1.weight }
        case .map(let entries): entries.reduce(1) { $0 + 1 + $1.key.value.utf8.count + $1.value.weight }
        case .empty, .refused: 1
        }
    }

    var isEmpty: Bool { if case .empty = content { true } else { false } }
    var isRefused: Bool { if case .refused = content { true } else { false } }
}

/// One key of a mapping and what stands under it.
struct YAMLEntry {
    let key: Located<String>
    let value: YAMLNode
}
