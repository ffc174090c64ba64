// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import PipelineExecution

/// Runs by their scores.
struct RunRanking {
    struct Row {
        let record: RunRecord
        let score: RunScore
        /// By `STAGE.SETTING`, and those set by hand by their names.
        let settings: [String: String]
    }

    /// Scores that can be compared.
    struct Group {
        let dataset: String
        let scale: Int
        let protocolName: String
        /// Best first; among equals the oldest.
        let rows: [Row]
        /// The settings in which the rows differ.
        let settingNames: [String]
    }

    let groups: [Group]

    /// - Parameter records: oldest first.
    init(
        of records: [RunRecord], actions: FileActionCache, isSmallestFirst: Bool, where isWanted: (RunScore) -> Bool
    ) throws {
        var rows: [[String]: [Row]] = [:]
        var documents: [ActionKey: JSONValue] = [:]
        for record in records {
            let scores = record.scores.filter(isWanted)
            guard !scores.isEmpty else { continue }
            let settings = try Self.settings(of: record, actions, &documents)
            for score in scores {
                let group = [score.dataset, String(score.scale), score.protocolName]
                let isKnown = rows[group]?.contains { row in
                    row.score == score && row.settings == settings && row.record.note == record.note
                }
                if isKnown != true {
                    rows[group, default: []].append(Row(record: record, score: score, settings: settings))
                }
            }
        }
        groups = rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { group, rows in
            let sorted = rows.enumerated().sorted { left, right in
                let (before, after) = (left.element.score.value, right.element.score.value)
                if before == after { return left.offset < right.offset }
                return isSmallestFirst ? before < after : before > after
            }.map(\.element)
            let names = Set(sorted.flatMap(\.settings.keys)).sorted().filter { name in
                Set(sorted.map { $0.settings[name] }).count > 1
            }
            return Group(
                dataset: group[0], scale: sorted[0].score.scale, protocolName: group[2], rows: sorted,
                settingNames: names)
        }
    }

    /// Those of the key documents of a run's stages, as far as the cache has them, and those set by hand.
    private static func settings(
        of record: RunRecord, _ actions: FileActionCache, _ documents: inout [ActionKey: JSONValue]
    ) throws -> [String: String] {
        var settings: [String: String] = [:]
        for stage in record.stages {
            guard let key = stage.key else { continue }
            if documents[key] == nil { documents[key] = try actions.entry(for: key)?.action.document ?? .null }
            for (name, value) in documents[key]?["settings"]?.object ?? [:] {
                settings["\(stage.stage).\(name)"] = value.text ?? value.canonicalText
            }
        }
        // A value set by hand that reached no stage's settings, such as one in a command, is told all the same.
        for (name, value) in record.overrides
        where !settings.contains(where: { $0.key.hasSuffix(".\(name)") && $0.value == value }) {
            settings[name] = value
        }
        return settings
    }
}

/// Scores as tables show them: four decimals, as far as there is such a number.
enum ScoreDecimals {
    static func text(_ value: Double) -> String {
        value.isFinite && abs(value) < 1e12 ? value.formatted(decimals: 4) : "\(value)"
    }
}
