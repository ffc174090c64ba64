// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import SystemPackage

/// Makes what a cache has lost again, by running the stages that made it.
struct CacheRepair {
    enum Outcome: Hashable {
        case mended
        case failed(reason: String)
    }

    let survey: CacheSurvey
    let execution: ExecutionFlags

    /// What became of each result; those of one recorded run are made in one go.
    func outcomes(of keys: [ActionKey]) async throws -> [ActionKey: Outcome] {
        var outcomes: [ActionKey: Outcome] = [:]
        var wanted: [RunRecord: [ActionKey: String]] = [:]
        for key in keys {
            if let (record, stage) = source(of: key) {
                wanted[record, default: [:]][key] = stage
            } else {
                outcomes[key] = .failed(reason: "no record says how it was made")
            }
        }
        for (record, stages) in wanted.sorted(by: { $0.key.id < $1.key.id }) {
            outcomes.merge(try await make(stages, as: record)) { $1 }
        }
        return outcomes
    }

    /// The newest run in which a stage had this key and a result.
    private func source(of key: ActionKey) -> (RunRecord, stage: String)? {
        for record in survey.history.records.reversed() {
            for stage in record.stages where stage.key == key && stage.outcome.hasResult {
                return (record, stage.stage)
            }
        }
        return nil
    }

    private func make(_ stages: [ActionKey: String], as record: RunRecord) async throws -> [ActionKey: Outcome] {
        do {
            let session = try PipelineSession(
                pipeline: record.manifestFile.string, data: record.dataFolder.string,
                cache: survey.folders.root.string,
                overrides: record.overrides.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) },
                toolbox: .standard)
            var outcomes: [ActionKey: Outcome] = [:]
            let names = Set(stages.values.filter { session.graph.node(named: $0) != nil })
            let ended = try await PipelineRun(session: session, execution: execution, note: "cache verify --repair")
                .run(try session.stages(named: names.sorted()), wanted: names)
            for (key, stage) in stages { outcomes[key] = try outcome(key, stage, ended, in: session) }
            if ended.outcome.wasInterrupted { throw RepriseExit.interrupted }
            return outcomes
        } catch let mistakes as Diagnostics {
            let first = mistakes.all.first?.message ?? "it cannot be read"
            return stages.mapValues { _ in
                .failed(reason: "the manifest '\(record.manifestFile)' has a mistake: \(first)")
            }
        } catch let usage as UsageError {
            return stages.mapValues { _ in .failed(reason: usage.message) }
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
        guard session.graph.node(named: stage) != nil else {
            return .failed(reason: "the manifest '\(session.manifestFile)' has no stage '\(stage)' any more")
        }
        if let failure = ended.outcome.failures[stage] { return .failed(reason: failure.message) }
        if let record = ended.outcome.records.first(where: { $0.stage == stage }), record.outcome == .skipped {
            return .failed(reason: record.reason)
        }
        return .failed(reason: "its inputs, settings or code are others now than when it was made")
    }
}
