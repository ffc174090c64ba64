// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelinePlanning
import Reporting

extension GraphDrawing {
    /// The stages of a pipeline with their sources; states where there is a plan.
    init(_ graph: StageGraph, plan: Plan?) {
        let stages = graph.stages(neededFor: [])
        let used = Set(stages.flatMap(\.inputs).flatMap(\.origins))
        let sources = graph.manifest.sources.filter { used.contains(.source($0.name.value)) }
        let states = Dictionary(
            (plan?.stages ?? []).map { ($0.node.name, $0.resolution) }, uniquingKeysWith: { first, _ in first })
        self.init(
            nodes: sources.map { source in
                Node(
                    id: Self.id(.source(source.name.value)), label: source.name.value, kind: .source,
                    roles: source.role.map { [$0.rawValue] } ?? [], detail: source.path.value)
            } + stages.map { Self.node($0, state: Self.state(of: states[$0.name])) },
            edges: stages.flatMap { Self.edges(into: $0, in: graph) })
    }

    private static func node(_ stage: StageNode, state: State) -> Node {
        let roles = stage.roles.values.reduce(into: Set<Role>()) { $0.formUnion($1) }
        let (kind, detail): (Kind, String) =
            switch stage.stage.work {
            case .tool(let interface, _): (.stage, interface.name == stage.name ? "" : interface.name)
            case .command(let command): (.command, command.arguments.first ?? "")
            }
        return Node(
            id: id(.stage(stage.name, output: "")), label: stage.name, kind: kind, state: state,
            roles: roles.sorted().map(\.rawValue), detail: detail)
    }

    /// One edge for each artifact that a stage reads, however often it reads it.
    private static func edges(into stage: StageNode, in graph: StageGraph) -> [Edge] {
        var seen: Set<ArtifactOrigin> = []
        return stage.inputs.flatMap(\.origins).filter { seen.insert($0).inserted }.map { origin in
            var label = ""
            if case .stage(let producer, let output) = origin,
                (graph.node(named: producer)?.stage.outputs.count ?? 0) > 1
            {
                label = output
            }
            return Edge(from: id(origin), to: id(.stage(stage.name, output: "")), label: label)
        }
    }

    private static func id(_ origin: ArtifactOrigin) -> String {
        switch origin {
        case .source(let name): "source-\(name)"
        case .stage(let name, _): "stage-\(name)"
        }
    }

    private static func state(of resolution: Resolution?) -> State {
        switch resolution {
        case .upToDate: .upToDate
        case .stale: .stale
        case .undetermined: .undetermined
        case nil: .none
        }
    }
}
