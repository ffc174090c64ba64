// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import Reporting

struct CacheStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Counts what the cache holds, and tells which stages hold most of it.",
        discussion: "Bytes of an object that several stages made count for each of these, and once in the sum.")

    @OptionGroup var options: CacheOptions

    @Option(help: ArgumentHelp("How many stages to list, the largest first.", valueName: "n"))
    var limit = 10

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        guard limit >= 0 else { throw UsageError("'--limit \(limit)' is below 0") }
        let survey = try CacheSurvey(of: options.folders())
        let workCount = try survey.unfinishedWork().count
        Terminal.output.write(json ? document(survey, workCount).canonicalText + "\n" : text(survey, workCount))
    }

    private func text(_ survey: CacheSurvey, _ workCount: Int) -> String {
        let objectBytes = survey.stores.objects.values.reduce(0) { $0 + $1.status.byteCount }
        var table = TextTable([.init(""), .init("", .right), .init("", .right)])
        func row(_ name: String, _ count: Int, _ bytes: Int? = nil) {
            table.append([.init(name), .init("\(count)"), .init(bytes.map { "\(ByteCountText($0))" } ?? "")])
        }
        let logs = survey.logs.values.joined()
        row("objects", survey.stores.objects.count, objectBytes)
        row("results", survey.stores.results.count)
        row("runs", survey.history.records.count)
        row("logs", logs.count, logs.reduce(0) { $0 + $1.status.byteCount })
        row("unfinished work", workCount)
        row("damaged files", survey.stores.damaged.count, survey.stores.damaged.reduce(0) { $0 + $1.status.byteCount })
        var text = table.text()
        if survey.history.unreadCount > 0 { text += "\(survey.history.unreadCount) records cannot be read.\n" }
        let holdings = survey.holdings.prefix(limit)
        guard !holdings.isEmpty else { return text }
        var largest = TextTable([.init("stage"), .init("results", .right), .init("bytes", .right)])
        for holding in holdings {
            largest.append([
                .init(holding.use.description), .init("\(holding.resultCount)"),
                .init("\(ByteCountText(holding.byteCount))"),
            ])
        }
        return text + "\n" + largest.text()
    }

    private func document(_ survey: CacheSurvey, _ workCount: Int) -> JSONValue {
        [
            "schema": 1, "objects": .integer(survey.stores.objects.count),
            "bytes": .integer(survey.stores.objects.values.reduce(0) { $0 + $1.status.byteCount }),
            "results": .integer(survey.stores.results.count), "runs": .integer(survey.history.records.count),
            "unreadRecords": .integer(survey.history.unreadCount), "logs": .integer(survey.logs.values.joined().count),
            "work": .integer(workCount), "damaged": .integer(survey.stores.damaged.count),
            "stages": .array(
                survey.holdings.prefix(limit).map { holding in
                    [
                        "pipeline": .text(holding.use.pipeline), "stage": .text(holding.use.stage),
                        "results": .integer(holding.resultCount), "bytes": .integer(holding.byteCount),
                    ]
                }),
        ]
    }
}
