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

    var isEmpty: Bool { if case .empty = content { true } else { false } }
    var isRefused: Bool { if case .refused = content { true } else { false } }
}

/// One key of a mapping and what stands under it.
struct YAMLEntry {
    let key: Located<String>
    let value: YAMLNode
}
