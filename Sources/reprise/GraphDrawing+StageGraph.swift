// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelinePlanning
import Reporting

extension GraphDrawing {
    /// Of a stage that `foreach` or `matrix` made several of, no more are drawn one by one.
    private static let maximumInstanceCount = 8

    /// The stages of a pipeline with their sources; states where there is a plan.
    ///
    /// - Parameter isExpanded: whether every instance of a group is drawn; else a large group is one node.
    init(_ graph: StageGraph, plan: Plan?, isExpanded: Bool) {
        let stages = graph.stages(neededFor: [])
        let used = Set(stages.flatMap(\.inputs).flatMap(\.origins))
        let sources = graph.manifest.sources.filter { used.contains(.source($0.name.value)) }
        let states = Dictionary(
            (plan?.stages ?? []).map { ($0.node.name, $0.resolution) }, uniquingKeysWith: { first, _ in first })
        let groups = isExpanded ? [[StageNode]](stages.map { [$0] }) : Self.grouped(stages)
        var ids: [String: String] = [:]
        for group in groups { for stage in group { ids[stage.name] = Self.id(ofStage: Self.name(of: group)) } }
        self.init(
            nodes: sources.map { source in
                Node(
                    id: Self.id(ofSource: source.name.value), label: source.name.value, kind: .source,
                    roles: source.role.map { [$0.rawValue] } ?? [], detail: source.path.value)
            } + groups.map { group in Self.node(group, states: group.map { Self.state(of: states[$0.name]) }) },
            edges: groups.flatMap { Self.edges(into: $0, in: graph, ids) })
    }

    // MARK: Groups

    /// The stages that are drawn as one, in an order in which each comes after what it reads.
    private static func grouped(_ stages: [StageNode]) -> [[StageNode]] {
        var counts: [String: Int] = [:]
        for stage in stages { counts[stage.stage.title, default: 0] += 1 }
        var large = Set(counts.filter { $0.value > maximumInstanceCount }.keys)
        while true {
            let (groups, rest) = sorted(stages, drawnAsOne: large)
            if rest.isEmpty { return groups }
            // Groups that read from each other in turns cannot be one node each.
            large.subtract(rest)
        }
    }

    /// Groups in topological order, and the names of the large ones in or behind a circle.
    private static func sorted(
        _ stages: [StageNode], drawnAsOne large: Set<String>
    ) -> (groups: [[StageNode]], rest: Set<String>) {
        func name(_ stage: StageNode) -> String { large.contains(stage.stage.title) ? stage.stage.title : stage.name }
        var members: [String: [StageNode]] = [:]
        var order: [String] = []
        var groupNames: [String: String] = [:]
        for stage in stages {
            if members[name(stage)] == nil { order.append(name(stage)) }
            members[name(stage), default: []].append(stage)
            groupNames[stage.name] = name(stage)
        }
        var waitsFor: [String: Set<String>] = [:]
        var downstream: [String: [String]] = [:]
        for group in order {
            let upstream = Set((members[group] ?? []).flatMap(\.upstream).compactMap { groupNames[$0] })
                .subtracting([group])
            waitsFor[group] = upstream
            for producer in upstream { downstream[producer, default: []].append(group) }
        }
        let positions = Dictionary(uniqueKeysWithValues: zip(order, order.indices))
        var ready = order.filter { waitsFor[$0]?.isEmpty ?? true }
        var groups: [[StageNode]] = []
        var done = 0
        while done < ready.count {
            let group = ready[done]
            done += 1
            groups.append(members[group] ?? [])
            let next = (downstream[group] ?? []).sorted { (positions[$0] ?? 0) < (positions[$1] ?? 0) }
            for reader in next {
                waitsFor[reader]?.remove(group)
                if waitsFor[reader]?.isEmpty ?? false { ready.append(reader) }
            }
        }
        return (groups, large.subtracting(ready))
    }

    private static func name(of group: [StageNode]) -> String {
        group.count > 1 ? "\(group[0].stage.title)@*" : group[0].name
    }

    // MARK: Nodes and edges

    private static func node(_ group: [StageNode], states: [State]) -> Node {
        let stage = group[0]
        let roles = group.flatMap(\.roles.values).reduce(into: Set<Role>()) { $0.formUnion($1) }
        let (kind, work): (Kind, String) =
            switch stage.stage.work {
            case .tool(let interface, _): (.stage, interface.name == stage.stage.title ? "" : interface.name)
            case .command(let command): (.command, command.shell ?? command.arguments.first ?? "")
            }
        let count = group.count > 1 ? "\(group.count) stages" : ""
        return Node(
            id: id(ofStage: name(of: group)), label: name(of: group), kind: kind, state: together(states),
            roles: roles.sorted().map(\.rawValue), detail: [count, work].filter { !$0.isEmpty }.joined(separator: ", "))
    }

    /// What is to be said of several stages: that one of them must run, or may have to.
    private static func together(_ states: [State]) -> State {
        let first = states[0]
        if states.allSatisfy({ $0 == first }) { return first }
        return states.contains(.stale) ? .stale : .undetermined
    }

    /// One edge for each kind of artifact that a stage reads, however often it reads it.
    private static func edges(into group: [StageNode], in graph: StageGraph, _ ids: [String: String]) -> [Edge] {
        let target = id(ofStage: name(of: group))
        var seen: Set<Edge> = []
        var edges: [Edge] = []
        for origin in group.flatMap(\.inputs).flatMap(\.origins) {
            let edge: Edge
            switch origin {
            case .source(let name): edge = Edge(from: id(ofSource: name), to: target)
            case .stage(let producer, let output):
                let hasSeveral = (graph.node(named: producer)?.stage.outputs.count ?? 0) > 1
                edge = Edge(
                    from: ids[producer] ?? id(ofStage: producer), to: target, label: hasSeveral ? output : "")
            }
            if edge.from != target, seen.insert(edge).inserted { edges.append(edge) }
        }
        return edges
    }

    private static func id(ofSource name: String) -> String { "source-\(name)" }

    private static func id(ofStage name: String) -> String { "stage-\(name)" }

    private static func state(of resolution: Resolution?) -> State {
        switch resolution {
        case .upToDate: .upToDate
        case .stale: .stale
        case .undetermined: .undetermined
        case nil: .none
        }
    }
}
