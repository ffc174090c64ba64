// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning

/// Makes what a cache has lost again, by running stages of pipelines that the user named.
///
/// Which stage makes a key the pipeline itself says; no record of the cache is asked.
struct CacheRepair {
    enum Outcome: Hashable {
        case mended
        case failed(reason: String)
    }

    let sessions: [PipelineSession]
    let execution: ExecutionFlags

    /// What became of each result.
    func outcomes(of keys: [ActionKey]) async throws -> [ActionKey: Outcome] {
        var state = RepairState(open: Set(keys))
        for session in sessions where !state.open.isEmpty {
            do {
                try await repair(&state, with: session)
            } catch let mistakes as Diagnostics {
                let first = mistakes.all.first?.message ?? "it cannot be read"
                state.obstacle = "the manifest '\(session.manifestFile)' has a mistake: \(first)"
            }
        }
        var outcomes = state.outcomes
        for key in state.open where outcomes[key] == nil {
            outcomes[key] = .failed(
                reason: state.obstacle ?? "no pipeline that was named makes it with this data and these settings")
        }
        return outcomes
    }

    /// Runs the stages whose keys are open, and looks again: what they give decides the keys of those behind them.
    private func repair(_ state: inout RepairState, with session: PipelineSession) async throws {
        let nodes = try session.stages(named: [])
        var tried: Set<String> = []
        while true {
            let snapshot = try await session.snapshot(for: nodes)
            let plan = try session.planner(for: snapshot).plan(for: nodes)
            var makers: [String: ActionKey] = [:]
            for stage in plan.stages where !tried.contains(stage.node.name) {
                if let key = stage.resolution.key, state.open.contains(key) { makers[stage.node.name] = key }
            }
            if makers.isEmpty { return }
            tried.formUnion(makers.keys)
            let names = makers.keys.sorted()
            let ended = try await PipelineRun(session: session, execution: execution, note: "cache verify --repair")
                .run(session.stages(named: names), wanted: Set(names))
            for (stage, key) in makers { state.take(try outcome(key, stage, ended, in: session), of: key) }
            if ended.outcome.wasInterrupted { throw RepriseExit.interrupted }
        }
    }

    private func outcome(
        _ key: ActionKey, _ stage: String, _ ended: EndedRun, in session: PipelineSession
    ) throws -> Outcome {
        if let entry = try session.actions.entry(for: key),
            try entry.result.outputs.allSatisfy({ try session.objects.holds($0.object, byteCount: $0.byteCount) })
        {
            return .mended
        }
        guard let failure = ended.outcome.failures[stage] else {
            let record = ended.outcome.records.first { $0.stage == stage }
            return .failed(reason: record?.reason ?? "its inputs, settings or code changed meanwhile")
        }
        let hint = ended.hint(for: failure, of: stage, in: session)
        return .failed(reason: failure.message + (hint.map { "; \($0)" } ?? ""))
    }
}

/// How far a repair is.
private struct RepairState {
    /// Keys that are still to be made.
    private(set) var open: Set<ActionKey>
    private(set) var outcomes: [ActionKey: CacheRepair.Outcome] = [:]
    /// Why a pipeline could not be asked.
    var obstacle: String?

    init(open: Set<ActionKey>) {
        self.open = open
    }

    /// Another pipeline may make what this one could not.
    mutating func take(_ outcome: CacheRepair.Outcome, of key: ActionKey) {
        outcomes[key] = outcome
        if outcome == .mended { open.remove(key) }
    }
}
