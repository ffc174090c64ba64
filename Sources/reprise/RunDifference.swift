// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelinePlanning

/// In what two runs of a pipeline differ: what was set by hand, where they ran, their stages and their scores.
struct RunDifference {
    /// A value that one of them has not, or not as the other.
    struct Value {
        let name: String
        let first: String?
        let second: String?
    }

    /// What became of a stage in each of them; `nil` where it is no stage of the run.
    struct Stage {
        let name: String
        let first: StageRecord.Outcome?
        let second: StageRecord.Outcome?
        /// What differs in what it was asked to do.
        let reasons: [StaleReason]
        /// Whether it was asked for other work and the cache no longer knows in what it differs.
        let isForgotten: Bool
        /// Outputs of other content.
        let outputs: [String]

        /// The same work with other results.
        var isIrreproducible: Bool { !outputs.isEmpty && reasons.isEmpty && !isForgotten }
    }

    /// A score that at least one of them has.
    struct Score {
        /// All but the value.
        let kind: RunScore
        let first: Double?
        let second: Double?

        var difference: Double? { first.flatMap { first in second.map { $0 - first } } }
    }

    let first: RunRecord
    let second: RunRecord
    let settings: [Value]
    let environment: [Value]
    /// Those that differ, in the order of the second run and then of the first.
    let stages: [Stage]
    let scores: [Score]

    init(from first: RunRecord, to second: RunRecord, actions: FileActionCache) throws(StoreError) {
        self.first = first
        self.second = second
        settings = Self.values(first.overrides, second.overrides)
        environment = Self.values(first.environment, second.environment)
        stages = try Self.stages(first, second, actions)
        scores = Self.scores(first.scores, second.scores)
    }

    private static func values(_ first: [String: String], _ second: [String: String]) -> [Value] {
        Set(first.keys).union(second.keys).sorted().filter { first[$0] != second[$0] }.map {
            Value(name: $0, first: first[$0], second: second[$0])
        }
    }

    private static func stages(
        _ first: RunRecord, _ second: RunRecord, _ actions: FileActionCache
    ) throws(StoreError) -> [Stage] {
        let before = Dictionary(first.stages.map { ($0.stage, $0) }, uniquingKeysWith: { $1 })
        let after = Dictionary(second.stages.map { ($0.stage, $0) }, uniquingKeysWith: { $1 })
        let names = second.stages.map(\.stage) + first.stages.map(\.stage).filter { after[$0] == nil }
        var stages: [Stage] = []
        for name in names {
            if let stage = try stage(name, before[name], after[name], actions) { stages.append(stage) }
        }
        return stages
    }

    /// `nil` where both runs did the same and got the same.
    private static func stage(
        _ name: String, _ first: StageRecord?, _ second: StageRecord?, _ actions: FileActionCache
    ) throws(StoreError) -> Stage? {
        var reasons: [StaleReason] = []
        var isForgotten = false
        if let before = first?.key, let after = second?.key, before != after {
            let documents = (try actions.entry(for: before), try actions.entry(for: after))
            if let old = documents.0?.action.document, let new = documents.1?.action.document {
                reasons = KeyDifference(from: old, to: new).reasons
            } else {
                isForgotten = true
            }
        }
        let outputs = differingOutputs(first, second)
        let haveEndedAlike = first?.outcome.hasResult == second?.outcome.hasResult
        if reasons.isEmpty, !isForgotten, outputs.isEmpty, haveEndedAlike { return nil }
        return Stage(
            name: name, first: first?.outcome, second: second?.outcome, reasons: reasons, isForgotten: isForgotten,
            outputs: outputs)
    }

    /// Of two results; a stage that has none in one of the runs differs in its outcome.
    private static func differingOutputs(_ first: StageRecord?, _ second: StageRecord?) -> [String] {
        guard let first, let second, !first.outputs.isEmpty, !second.outputs.isEmpty else { return [] }
        let before = Dictionary(first.outputs.map { ($0.name, $0.content) }, uniquingKeysWith: { $1 })
        let after = Dictionary(second.outputs.map { ($0.name, $0.content) }, uniquingKeysWith: { $1 })
        return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }
    }

    private static func scores(_ first: [RunScore], _ second: [RunScore]) -> [Score] {
        let before = Dictionary(first.map { ($0.kind, $0.value) }, uniquingKeysWith: { $1 })
        let after = Dictionary(second.map { ($0.kind, $0.value) }, uniquingKeysWith: { $1 })
        let kinds = second.map(\.kind) + first.map(\.kind).filter { after[$0] == nil }
        return kinds.map { Score(kind: $0, first: before[$0], second: after[$0]) }
    }
}

extension RunScore {
    /// What it is the value of.
    fileprivate var kind: RunScore {
        RunScore(
            stage: stage, model: model, metric: metric, dataset: dataset, scale: scale, protocolName: protocolName,
            value: 0)
    }
}

extension RunDifference {
    var json: JSONValue {
        [
            "schema": 1, "pipeline": .text(second.pipeline), "first": .text(first.id), "second": .text(second.id),
            "settings": .array(settings.map(\.json)), "environment": .array(environment.map(\.json)),
            "stages": .array(stages.map(\.json)), "scores": .array(scores.map(\.json)),
        ]
    }
}

extension RunDifference.Value {
    fileprivate var json: JSONValue {
        [
            "name": .text(name), "first": first.map { .text($0) } ?? .null,
            "second": second.map { .text($0) } ?? .null,
        ]
    }
}

extension RunDifference.Stage {
    fileprivate var json: JSONValue {
        [
            "name": .text(name), "first": first.map { .text($0.rawValue) } ?? .null,
            "second": second.map { .text($0.rawValue) } ?? .null, "reasons": .array(reasons.map(\.json)),
            "forgotten": .boolean(isForgotten), "outputs": .array(outputs.map { .text($0) }),
        ]
    }
}

extension RunDifference.Score {
    fileprivate var json: JSONValue {
        var members = kind.json.object ?? [:]
        members["value"] = nil
        members["first"] = first.map { .number($0) } ?? .null
        members["second"] = second.map { .number($0) } ?? .null
        members["difference"] = difference.map { .number($0) } ?? .null
        return .object(members)
    }
}
