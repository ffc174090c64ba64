// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import Evaluation
import PipelineExecution
import PipelineManifest
import Reporting

struct BestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "best",
        abstract: "Orders the recorded runs of a pipeline by a score, the best first, with the settings that differ.",
        discussion: """
            A table for each data set, scale and protocol, since figures of two protocols cannot be compared. Runs \
            that gave the same figure with the same settings are one line.
            """)

    @OptionGroup var options: CacheOptions

    @Argument(help: "A manifest, its folder, or the name of a pipeline.")
    var pipeline: String

    @Option(help: "The metric: 'psnr', 'ssim', 'mse' or 'mae'.")
    var metric: String

    @Option(help: "Only scores on this data set.")
    var dataset: String?

    @Option(help: "Only scores at this scale.")
    var scale: Int?

    @Option(help: "Only scores of this model.")
    var model: String?

    @Flag(help: "Puts the smallest first, as is done anyway for 'mse' and 'mae'.")
    var minimize = false

    @Option(help: ArgumentHelp("How many lines each table has at most.", valueName: "n"))
    var limit = 10

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        guard let known = Metric(rawValue: metric) else {
            let names = Metric.allCases.map(\.rawValue)
            throw UsageError(
                "there is no metric '\(metric)'",
                hint: suggestion(for: metric, among: names) ?? "the metrics: \(names.joined(separator: ", "))")
        }
        guard limit >= 0 else { throw UsageError("'--limit \(limit)' is below 0") }
        let folders = try options.folders()
        let history = try RunHistory(of: folders)
        let name = try PipelineName.name(pipeline, in: history)
        let ranking = try RunRanking(
            of: history.records.filter { $0.pipeline == name }, actions: FileActionCache(cache: folders.root),
            isSmallestFirst: minimize || !known.higherIsBetter
        ) { score in
            score.metric == metric && (dataset == nil || score.dataset == dataset)
                && (scale == nil || score.scale == scale)
                && (model == nil || score.model == model)
        }
        if json {
            let object: JSONValue = [
                "schema": 1, "pipeline": .text(name), "metric": .text(metric),
                "groups": .array(ranking.groups.map { json($0) }),
            ]
            Terminal.output.write(object.canonicalText + "\n")
            return
        }
        guard !ranking.groups.isEmpty else {
            Terminal.output.write("No recorded run of '\(visible(name))' has such a score.\n")
            return
        }
        Terminal.output.write(ranking.groups.map { text($0, known) }.joined(separator: "\n"))
    }

    private func text(_ group: RunRanking.Group, _ metric: Metric) -> String {
        let unit = metric.unit.isEmpty ? "" : " \(metric.unit)"
        var table = TextTable(
            [.init("run"), .init("when (UTC)"), .init("model"), .init(metric.title + unit, .decimal)]
                + group.settingNames.map { .init($0) } + [.init("note")])
        for row in group.rows.prefix(limit) {
            table.append(
                [
                    .init(row.record.number), .init(HistoryText.time(of: row.record)), .init(row.score.model),
                    .init(ScoreDecimals.text(row.score.value)),
                ] + group.settingNames.map { .init(row.settings[$0] ?? "") } + [.init(row.record.note ?? "")])
        }
        let rest = group.rows.count > limit ? "\(group.rows.count - limit) more lines; '--limit' shows them.\n" : ""
        return "\(visible(group.dataset)) x\(group.scale) under '\(visible(group.protocolName))'\n"
            + table.withoutEmptyColumns.text()
            + rest
    }

    private func json(_ group: RunRanking.Group) -> JSONValue {
        [
            "dataset": .text(group.dataset), "scale": .integer(group.scale), "protocol": .text(group.protocolName),
            "runs": .array(
                group.rows.prefix(limit).map { row in
                    [
                        "run": .text(row.record.id), "model": .text(row.score.model), "value": .number(row.score.value),
                        "stage": .text(row.score.stage), "note": row.record.note.map { .text($0) } ?? .null,
                        "settings": .object(
                            row.settings.filter { group.settingNames.contains($0.key) }.mapValues { .text($0) }),
                    ]
                }),
        ]
    }
}
