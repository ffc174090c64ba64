// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest

/// Decides for each stage whether the cache has its result.
///
/// It reads and never writes.
///
/// The executor asks it stage by stage as results come in; `plan` asks it for all at once. So a dry run is the run.
package struct Planner: Sendable {
    package let graph: StageGraph
    package let snapshot: SourceSnapshot
    package let cache: any ActionCache
    package let objects: any ObjectStore
    /// The newest earlier action of a stage, to explain what changed; looked up only where something did.
    private let earlier: @Sendable (_ stage: String) throws(StoreError) -> Action?
    /// Stages that run although nothing changed.
    private let forced: Set<String>

    package init(
        graph: StageGraph, snapshot: SourceSnapshot, cache: any ActionCache, objects: any ObjectStore,
        earlier: @escaping @Sendable (_ stage: String) throws(StoreError) -> Action? = { _ throws(StoreError) in nil },
        forced: Set<String> = []
    ) {
        self.graph = graph
        self.snapshot = snapshot
        self.cache = cache
        self.objects = objects
        self.earlier = earlier
        self.forced = forced
    }

    /// What a stage is, given the results of those before it; `results` lacks the stages that have yet to run.
    package func resolution(of node: StageNode, results: [String: ActionResult]) throws(StoreError) -> Resolution {
        let waiting = node.upstream.filter { results[$0] == nil }
        guard waiting.isEmpty else { return .undetermined(waitingFor: Array(waiting)) }
        let action = Action(
            of: node, inputs: contents(of: node, results: results), claims: graph.manifest.claims,
            snapshot: snapshot)
        if forced.contains(node.name) { return .stale(action, [.forced]) }
        // A key is the digest of a document: the cached one need not be read to know it. A result with other outputs
        // than the stage declares is none of it.
        if let result = try cache.result(for: action.key), result.fits(node.stage.outputs) {
            return .upToDate(ActionCacheEntry(action: action, result: result))
        }
        return .stale(action, try reasons(for: action, of: node))
    }

    /// What has changed for a stage, whatever the stages before it will give: everything but its inputs.
    package func knownReasons(of node: StageNode) throws(StoreError) -> [StaleReason] {
        guard let before = try earlier(node.name) else { return [.neverRan] }
        let action = Action(
            of: node, inputs: node.inputs.map { _ in [] }, claims: graph.manifest.claims, snapshot: snapshot)
        return KeyDifference(from: before.document, to: action.document).reasons.filter { reason in
            if case .inputChanged = reason { false } else { true }
        }
    }

    /// Which outputs of a result the store has lost.
    package func absentOutputs(of result: ActionResult) throws(StoreError) -> [Artifact] {
        var absent: [Artifact] = []
        for output in result.outputs where try !objects.holds(output.object, byteCount: output.byteCount) {
            absent.append(output)
        }
        return absent
    }

    /// What a run of these stages would do, as far as it can be known before anything runs.
    package func plan(for stages: [StageNode]) throws(StoreError) -> Plan {
        var resolutions: [String: Resolution] = [:]
        var results: [String: ActionResult] = [:]
        for node in stages {
            let resolution = try resolution(of: node, results: results)
            resolutions[node.name] = resolution
            results[node.name] = resolution.result
        }
        try demandAbsentInputs(of: stages, &resolutions)
        var planned: [PlannedStage] = []
        for node in stages {
            guard let resolution = resolutions[node.name] else { continue }
            var absent: [String] = []
            if let result = resolution.result { absent = try absentOutputs(of: result).map(\.name) }
            planned.append(PlannedStage(node: node, resolution: resolution, absentOutputs: absent))
        }
        return Plan(stages: planned)
    }

    /// Makes stale whatever must be made again for a stage that surely runs; downstream first, so that needs travel up.
    private func demandAbsentInputs(
        of stages: [StageNode], _ resolutions: inout [String: Resolution]
    ) throws(StoreError) {
        for node in stages.reversed() {
            guard case .stale? = resolutions[node.name] else { continue }
            for origin in node.inputs.flatMap(\.origins) {
                guard case .stage(let producer, let output) = origin,
                    case .upToDate(let entry)? = resolutions[producer],
                    let artifact = entry.result.output(named: output),
                    try !objects.holds(artifact.object, byteCount: artifact.byteCount)
                else { continue }
                let reason = StaleReason.objectAbsent(output: "\(producer)/\(output)", neededBy: "stage '\(node.name)'")
                resolutions[producer] = .stale(entry.action, [reason])
            }
        }
    }

    private func contents(of node: StageNode, results: [String: ActionResult]) -> [[InputContent]] {
        node.inputs.map { input in
            input.origins.compactMap { origin in
                switch origin {
                case .source(let name):
                    snapshot.sources[name].map { InputContent($0) }
                case .stage(let name, let output):
                    results[name]?.output(named: output).map { InputContent($0) }
                }
            }
        }
    }

    private func reasons(for action: Action, of node: StageNode) throws(StoreError) -> [StaleReason] {
        guard let before = try earlier(node.name) else { return [.neverRan] }
        let reasons = KeyDifference(from: before.document, to: action.document).reasons
        return reasons.isEmpty ? [.resultGone] : reasons
    }
}
