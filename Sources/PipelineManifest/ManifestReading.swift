// SPDX-License-Identifier: Apache-2.0

/// A manifest as far as it could be read, with its mistakes.
package struct ManifestReading: Sendable {
    /// Lacks what was wrong; `nil` where the text is no manifest at all, which is then the only mistake.
    package let manifest: Manifest?
    package let unread: UnreadNames
    /// In the order of their places; empty where the manifest is whole.
    package let diagnostics: [Diagnostic]
}

/// The sources and stages that a manifest's text declares and that could not be read, or not whole.
///
/// A reference to one of them cannot be judged, and is no mistake of its own.
package struct UnreadNames: Hashable, Sendable {
    package static let none = UnreadNames(names: [], isAnyName: false)

    private let names: Set<String>
    /// Whether `sources` or `stages` is not even a mapping, so that any name may have been meant there.
    private let isAnyName: Bool

    private init(names: Set<String>, isAnyName: Bool) {
        self.names = names
        self.isAnyName = isAnyName
    }

    /// Whether this name is declared in the text and not whole in the manifest.
    package func contains(_ name: String) -> Bool { names.contains(Self.declared(name)) }

    /// Whether this name, which the manifest does not have, may have been declared.
    package func mayContain(_ name: String) -> Bool { isAnyName || names.contains(Self.declared(name)) }

    /// The name under which the text declares a stage: `train` of `train@scale=2`.
    private static func declared(_ name: String) -> String {
        name.firstIndex(of: "@").map { String(name[..<$0]) } ?? name
    }
}

extension UnreadNames {
    /// The keys of a manifest under which no source and no stage is declared.
    private static let otherKeys = Set(ManifestKeys.all).subtracting(["sources", "stages"])

    /// - Parameter reader: what the manifest was read with.
    init(of manifest: Manifest, by reader: ManifestReader) {
        let entries = reader.roots.flatMap { root in
            if case .map(let entries) = root.content { entries } else { [YAMLEntry]() }
        }
        let read = Dictionary(
            manifest.stages.map { ($0.name.value, $0) }, uniquingKeysWith: { first, _ in first })
        let sources = Set(manifest.sources.map(\.name.value))
        var names: Set<String> = []
        var isAnyName = reader.lacksFile
        // A key that is not known may be 'stages', misspelt.
        for entry in entries where !Self.otherKeys.contains(entry.key.value) {
            guard case .map(let declarations) = entry.value.content else {
                isAnyName = isAnyName || !entry.value.isEmpty
                continue
            }
            for declaration in declarations {
                let name = declaration.key.value
                let instances = reader.groups[name].map { $0.instances.map(\.name) } ?? [name]
                let isWhole =
                    sources.contains(name)
                    || !instances.isEmpty && instances.allSatisfy { read[$0]?.isWhole(as: declaration.value) ?? false }
                if !isWhole { names.insert(name) }
            }
        }
        self.init(names: names, isAnyName: isAnyName)
    }
}

extension Stage {
    /// Whether the stage has all outputs that the text declares for it.
    fileprivate func isWhole(as node: YAMLNode) -> Bool {
        guard case .command = work else { return true }
        guard case .map(let fields) = node.content,
            case .map(let declared)? = fields.first(where: { $0.key.value == "outputs" })?.value.content
        else { return false }
        return !outputs.isEmpty && Set(outputs.map(\.name)) == Set(declared.map(\.key.value))
    }
}
