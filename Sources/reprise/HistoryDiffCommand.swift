// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelinePlanning
import Reporting

struct HistoryDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Tells in what two runs of a pipeline differ: settings, stages, results and scores.",
        discussion: """
            Of one run it tells how the newest of its pipeline differs from it, and of none how the newest differs \
            from the one before. How far two outputs lie apart is what 'reprise diff' tells. Nothing runs.
            """)

    @OptionGroup var options: CacheOptions

    @Argument(help: "The first digits of a run's number, as 'history' lists it.")
    var first: String?

    @Argument(help: "The run that it is compared with.")
    var second: String?

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        let folders = try options.folders()
        let (first, second) = try runs(in: try RunHistory(of: folders))
        let difference = try RunDifference(
            from: first, to: second, actions: FileActionCache(cache: folders.root))
        Terminal.output.write(json ? difference.json.canonicalText + "\n" : difference.text)
    }

    private func runs(in history: RunHistory) throws -> (RunRecord, RunRecord) {
        let named = try first.map { try history.record(named: $0) }
        let second = try second.map { try history.record(named: $0) }
        let pipeline = named?.pipeline ?? history.records.last?.pipeline
        let others = history.records.filter { $0.pipeline == pipeline }
        guard let newest = second ?? others.last else {
            throw UsageError("there are no runs to compare", hint: "'reprise history' lists them")
        }
        guard let oldest = named ?? others.dropLast().last else {
            throw UsageError(
                "there is one run of '\(newest.pipeline)', and none to compare it with",
                hint: "'reprise history' lists the runs of all pipelines")
        }
        guard oldest.pipeline == newest.pipeline else {
            throw UsageError(
                "run \(oldest.number) is of '\(oldest.pipeline)' and run \(newest.number) of '\(newest.pipeline)'")
        }
        return (oldest, newest)
    }
}

extension RunDifference {
    var text: String {
        var parts = [runs.text()]
        if !settings.isEmpty || !environment.isEmpty { parts.append(values.text()) }
        parts.append(stages.isEmpty ? "They had the same to do, and got the same.\n" : stageTable.text())
        if !scores.isEmpty { parts.append(scoreTable.text()) }
        return parts.joined(separator: "\n")
    }

    private var runs: TextTable {
        var table = TextTable([.init("run"), .init("when (UTC)"), .init("pipeline"), .init("note")])
        for record in [first, second] {
            table.append([
                .init(record.number), .init(HistoryText.time(of: record)), .init(record.pipeline),
                .init(record.note ?? ""),
            ])
        }
        return table.withoutEmptyColumns
    }

    private var values: TextTable {
        var table = TextTable([.init("what"), .init(first.number), .init(second.number)])
        for value in settings + environment {
            table.append([.init(value.name), .init(value.first ?? "-"), .init(value.second ?? "-")])
        }
        return table
    }

    private var stageTable: TextTable {
        var table = TextTable([.init("stage"), .init("what differs")])
        for stage in stages {
            for (number, line) in stage.lines.enumerated() {
                table.append([.init(number == 0 ? stage.name : ""), .init(line)])
            }
        }
        return table
    }

    private var scoreTable: TextTable {
        var table = TextTable([
            .init("model"), .init("metric"), .init("dataset"), .init("scale"), .init("protocol"),
            .init(first.number, .decimal), .init(second.number, .decimal), .init("difference", .decimal),
        ])
        for score in scores {
            let difference = score.difference.map { ($0 > 0 ? "+" : "") + ScoreDecimals.text($0) }
            table.append([
                .init(score.kind.model), .init(score.kind.metric), .init(score.kind.dataset),
                .init("x\(score.kind.scale)"), .init(score.kind.protocolName),
                .init(score.first.map(ScoreDecimals.text) ?? "-"), .init(score.second.map(ScoreDecimals.text) ?? "-"),
                .init(difference ?? ""),
            ])
        }
        return table
    }
}

extension RunDifference.Stage {
    fileprivate var lines: [String] {
        guard let first else { return ["is in the second run only"] }
        guard let second else { return ["is in the first run only"] }
        var lines = reasons.lines
        if isForgotten { lines.append("its work is other work, and the cache no longer knows in what") }
        if !outputs.isEmpty {
            let names = outputs.map { "'\($0)'" }.joined(separator: ", ")
            let subject = outputs.count == 1 ? "its output \(names) is another" : "its outputs \(names) are others"
            lines.append(isIrreproducible ? "\(subject), from the same work" : subject)
        } else if !lines.isEmpty, first.hasResult, second.hasResult {
            lines.append("its outputs are the same")
        }
        if first.hasResult != second.hasResult {
            lines.append("\(first.rawValue) in the first run, \(second.rawValue) in the second")
        }
        return lines
    }
}
