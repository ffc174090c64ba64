// SPDX-License-Identifier: Apache-2.0

package import OrderedCollections
package import PipelineManifest
package import SystemPackage

/// Where a stage's input comes from.
package enum ArtifactOrigin: Hashable, Sendable {
    case source(String)
    case stage(String, output: String)
}

/// A stage with its references resolved.
package struct StageNode: Sendable {
    package struct Input: Hashable, Sendable {
        package let name: String
        /// Whether the tool takes any number of artifacts here.
        package let isList: Bool
        package let origins: [ArtifactOrigin]

        package init(name: String, isList: Bool, origins: [ArtifactOrigin]) {
            self.name = name
            self.isList = isList
            self.origins = origins
        }
    }

    package let stage: Stage
    package let inputs: [Input]
    /// The roles of the samples that reach each output, by the output's name.
    package let roles: [String: Set<Role>]

    package var name: String { stage.name.value }

    /// The stages whose outputs this one reads, each once, in the order of its inputs.
    package var upstream: OrderedSet<String> {
        OrderedSet(
            inputs.flatMap(\.origins).compactMap { origin in
                if case .stage(let name, _) = origin { name } else { nil }
            })
    }
}

/// Stages joined by artifacts, in an order in which each comes after all it reads.
///
/// A graph exists only where every reference leads to something of the right format, nothing waits for itself, and no
/// path leads from a test set to a stage that learns or chooses.
package struct StageGraph: Sendable {
    package let manifest: Manifest
    /// In topological order; among those that could come next, the one declared first comes first.
    let nodes: OrderedDictionary<String, StageNode>

    package init(_ manifest: Manifest) throws(Diagnostics) {
        let checked = Self.checked(manifest)
        guard checked.diagnostics.isEmpty else { throw Diagnostics(checked.diagnostics) }
        self = checked.graph
    }

    /// Reads a manifest and joins its stages.
    ///
    /// - Parameters:
    ///   - folder: that of the manifest, beside which the catalogues of its sources are looked up; nil leaves them
    ///     unread.
    ///   - include: gives the text of a file that the manifest includes.
    ///   - lookUp: finds mistakes in the manifest's folder that its text does not show; not asked without a folder.
    /// - Throws: every mistake of the manifest, of the references and roles of what is well formed in it, and of its
    ///   catalogues.
    package static func parse(
        _ source: SourceText, interfaces: [ToolInterface], overrides: [(name: String, value: String)] = [],
        folder: FilePath? = nil, include: @escaping (_ path: String) -> IncludedText = { _ in .missing },
        lookUp: (_ manifest: Manifest, _ folder: FilePath) -> [Diagnostic] = { _, _ in [] }
    ) throws(Diagnostics) -> StageGraph {
        let reading = Manifest.read(source, interfaces: interfaces, overrides: overrides, include: include)
        guard let manifest = reading.manifest else { throw Diagnostics(reading.diagnostics) }
        let checked = Self.checked(manifest, unread: reading.unread)
        let catalogues = folder.map { CatalogueCheck(manifest, in: $0) }
        let lookedUp = folder.map { lookUp(manifest, $0) } ?? []
        let diagnostics = reading.diagnostics + checked.diagnostics + (catalogues?.inManifest ?? []) + lookedUp
        let files = [diagnostics] + (catalogues?.inCatalogues ?? [])
        guard files.allSatisfy(\.isEmpty) else { throw Diagnostics(ofFiles: files) }
        return checked.graph
    }

    /// The graph as far as it can be joined, with every mistake found on the way; it is whole where there are none.
    ///
    /// - Parameter unread: what the manifest lacks because it was wrong; a reference to it is not told again.
    package static func checked(
        _ manifest: Manifest, unread: UnreadNames = .none
    ) -> (graph: StageGraph, diagnostics: [Diagnostic]) {
        var references = ReferenceCheck(manifest, unread: unread)
        let order = TopologicalOrder(references.resolved())
        var hygiene = RoleCheck(manifest)
        var nodes: OrderedDictionary<String, StageNode> = [:]
        for stage in order.sorted {
            let roles = hygiene.outputRoles(of: stage)
            nodes[stage.name] = StageNode(stage: stage.stage, inputs: stage.inputs.map(\.known), roles: roles)
        }
        // Instances of one stage go in circles at one place.
        var places: Set<SourceLocation> = []
        let cycles = order.cycles.map { $0.diagnostic(in: manifest) }.filter { places.insert($0.location).inserted }
        return (
            StageGraph(manifest: manifest, nodes: nodes),
            references.diagnostics + cycles + hygiene.diagnostics
        )
    }

    private init(manifest: Manifest, nodes: OrderedDictionary<String, StageNode>) {
        self.manifest = manifest
        self.nodes = nodes
    }

    /// All stages' names, in topological order.
    package var names: [String] { Array(nodes.keys) }

    package func node(named name: String) -> StageNode? { nodes[name] }

    /// The names that a target of the command line means, in the order of the graph: a stage's own, all instances of
    /// what `foreach` or `matrix` made several of, or those that fit a pattern; empty where it means none.
    package func names(matching typed: String) -> [String] {
        let parts = typed.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let target = parts.count == 2 ? "\(parts[0])@\(StageLabel.sorted(String(parts[1])))" : typed
        if nodes[target] != nil { return [target] }
        let instances = nodes.values.filter { $0.stage.group?.name == target }.map(\.name)
        guard instances.isEmpty, FilePattern.isPattern(target) else { return instances }
        let pattern = FilePattern(target)
        return nodes.keys.filter { pattern.matches($0) }
    }

    /// The named stages and all they need, in the graph's order; all stages where none is named.
    package func stages(neededFor targets: [String]) -> [StageNode] {
        guard !targets.isEmpty else { return Array(nodes.values) }
        var needed = Set(targets)
        for node in nodes.values.reversed() where needed.contains(node.name) {
            needed.formUnion(node.upstream)
        }
        return nodes.values.filter { needed.contains($0.name) }
    }

    /// The roles of the samples behind an artifact.
    package func roles(of origin: ArtifactOrigin) -> Set<Role> {
        switch origin {
        case .source(let name):
            Set(manifest.sources.first { $0.name.value == name }?.role.map { [$0] } ?? [])
        case .stage(let name, let output):
            nodes[name]?.roles[output] ?? []
        }
    }
}

/// A stage whose references have been looked up, before its place in the order is known.
struct ResolvedStage {
    struct Input {
        let name: String
        let isList: Bool
        /// One for each reference as written; `nil` where it leads nowhere.
        let origins: [ArtifactOrigin?]

        var known: StageNode.Input {
            StageNode.Input(name: name, isList: isList, origins: origins.compactMap { $0 })
        }
    }

    let stage: Stage
    let inputs: [Input]

    var name: String { stage.name.value }

    var upstream: [String] {
        inputs.flatMap(\.origins).compactMap { origin in
            if case .stage(let name, _)? = origin { name } else { nil }
        }
    }
}
