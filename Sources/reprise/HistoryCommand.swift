// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import Reporting
import SystemPackage

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Lists the runs that the cache has records of, newest first.",
        discussion: """
            'history show RUN' tells all of one run, 'history note RUN TEXT' leaves a remark. A run is named by \
            the first digits of its number in the list. Runs that found nothing to do leave no record.
            """,
        subcommands: [
            HistoryListCommand.self, HistoryShowCommand.self, HistoryDiffCommand.self, HistoryNoteCommand.self,
        ],
        defaultSubcommand: HistoryListCommand.self)
}

struct HistoryListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists runs, newest first; this is what 'history' alone does.")

    @OptionGroup var options: CacheOptions

    @Argument(help: "A manifest, its folder, or the name of a pipeline; all pipelines where it is left out.")
    var pipeline: String?

    @Option(help: "Only runs in which this stage ran or failed.")
    var stage: String?

    @Option(help: ArgumentHelp("How many runs to list.", valueName: "n"))
    var limit = 20

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        guard limit >= 0 else { throw UsageError("'--limit \(limit)' is below 0") }
        let history = try RunHistory(of: options.folders())
        let name = try pipeline.map { try PipelineName.name($0, in: history) }
        let found = history.records.reversed().filter { record in
            (name == nil || record.pipeline == name)
                && (stage == nil
                    || record.stages.contains { $0.stage == stage && [.ran, .failed].contains($0.outcome) })
        }
        let records = Array(found.prefix(limit))
        if json {
            let object: JSONValue = [
                "schema": 1, "runs": .array(records.map(\.json)), "unread": .integer(history.unreadCount),
            ]
            Terminal.output.write(object.canonicalText + "\n")
        } else {
            Terminal.output.write(text(records, of: found.count, history))
        }
    }

    private func text(_ records: [RunRecord], of count: Int, _ history: RunHistory) -> String {
        guard !records.isEmpty else { return "There are no such runs.\n" + HistoryText.unread(history) }
        var table = TextTable([
            .init("run"), .init("when (UTC)"), .init("pipeline"), .init("ran", .right), .init("hit", .right),
            .init("failed", .right), .init("time", .right), .init("settings"), .init("note"),
        ])
        for record in records {
            func count(_ outcome: StageRecord.Outcome) -> Int { record.stages.count { $0.outcome == outcome } }
            table.append([
                .init(record.number), .init(HistoryText.time(of: record)), .init(record.pipeline),
                .init("\(count(.ran))"), .init("\(count(.hit))"), .init(count(.failed) == 0 ? "" : "\(count(.failed))"),
                .init("\(DurationText(seconds: record.seconds))"), .init(HistoryText.settings(of: record)),
                .init(record.note ?? ""),
            ])
        }
        let rest =
            count > records.count ? "\(count - records.count) older runs are not listed; '--limit' lists more.\n" : ""
        return table.withoutEmptyColumns.text() + rest + HistoryText.unread(history)
    }
}

struct HistoryShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Tells what ran in one run, why, for how long and where.")

    @OptionGroup var options: CacheOptions

    @Argument(help: "The first digits of the run's number, as 'history' lists it.")
    var run: String

    @Flag(help: "Prints the record, one JSON object.")
    var json = false

    func run() async throws {
        let record = try RunHistory(of: options.folders()).record(named: run)
        if json {
            Terminal.output.write(record.json.canonicalText + "\n")
        } else {
            Terminal.output.write(text(record))
        }
    }

    private func text(_ record: RunRecord) -> String {
        var head = TextTable([.init(""), .init("")])
        func row(_ name: String, _ text: String) {
            if !text.isEmpty { head.append([.init(name), .init(text)]) }
        }
        row("run", "\(record.number), \(HistoryText.time(of: record)) UTC")
        row("pipeline", "\(record.pipeline), \(record.manifest)")
        row("data", record.data ?? "")
        row("time", "\(DurationText(seconds: record.seconds))")
        row("settings", HistoryText.settings(of: record))
        row("forced", record.forced.joined(separator: ", "))
        row("note", record.note ?? "")
        for (name, value) in record.environment.sorted(by: { $0.key < $1.key }) { row(name, value) }
        var text = head.text() + "\n" + stages(record).text()
        if !record.scores.isEmpty { text += "\n" + scores(record).text() }
        return text
    }

    private func stages(_ record: RunRecord) -> TextTable {
        var table = TextTable([
            .init("stage"), .init("outcome"), .init("time", .right), .init("processor", .right),
            .init("memory", .right), .init("attempts", .right), .init("why"),
        ])
        for stage in record.stages {
            let isWork = stage.outcome == .ran || stage.outcome == .failed
            table.append([
                .init(stage.stage), .init(stage.outcome.rawValue),
                .init(isWork ? "\(DurationText(seconds: stage.seconds))" : ""),
                .init(isWork ? "\(DurationText(seconds: stage.processorSeconds))" : ""),
                .init(isWork ? "\(ByteCountText(max(0, stage.peakMemoryBytes)))" : ""),
                .init(stage.attempts > 1 ? "\(stage.attempts)" : ""), .init(stage.reason),
            ])
        }
        return table.withoutEmptyColumns
    }

    private func scores(_ record: RunRecord) -> TextTable {
        var table = TextTable([
            .init("model"), .init("metric"), .init("dataset"), .init("scale"), .init("protocol"),
            .init("value", .decimal),
        ])
        for score in record.scores {
            table.append([
                .init(score.model), .init(score.metric), .init(score.dataset), .init("x\(score.scale)"),
                .init(score.protocolName), .init(ScoreDecimals.text(score.value)),
            ])
        }
        return table
    }
}

struct HistoryNoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "note", abstract: "Leaves a remark in the record of a run, in the place of the one before.")

    @OptionGroup var options: CacheOptions

    @Argument(help: "The first digits of the run's number, as 'history' lists it.")
    var run: String

    @Argument(help: "The remark; an empty one takes the one before away.")
    var text: String

    func run() async throws {
        let folders = try options.folders()
        var record = try RunHistory(of: folders).record(named: run)
        record.note = text.isEmpty ? nil : text
        try RunHistory.save(record, in: folders)
        Terminal.output.write(
            text.isEmpty
                ? "took the note of run \(visible(record.number)) away\n" : "noted in run \(visible(record.number))\n")
    }
}

extension RunRecord {
    /// The random part of the identifier: short, and no other run's.
    var number: String { id.split(separator: "-").last.map(String.init) ?? id }
}

extension RunHistory {
    /// The run whose number or identifier begins so.
    func record(named prefix: String) throws -> RunRecord {
        let found = prefix.isEmpty ? [] : records.filter { $0.number.hasPrefix(prefix) || $0.id.hasPrefix(prefix) }
        if let exact = found.first(where: { $0.id == prefix || $0.number == prefix }) { return exact }
        guard found.count < 2 else {
            throw UsageError(
                "'\(prefix)' is the beginning of \(found.count) runs",
                hint: "they are \(found.suffix(4).map(\.number).joined(separator: ", "))")
        }
        guard let record = found.first else {
            throw UsageError("there is no run '\(prefix)'", hint: "'reprise history' lists them")
        }
        return record
    }
}

/// What a user means by a pipeline whose runs are asked for.
enum PipelineName {
    /// - Parameter word: a manifest, a folder with one, or a name that records have.
    static func name(_ word: String, in history: RunHistory) throws -> String {
        if history.records.contains(where: { $0.pipeline == word }) { return word }
        if try Files.status(FilePath(word)) != nil {
            return try PipelineOptions.session(pipeline: word, data: nil, cache: nil, overrides: []).manifest.name
        }
        let known = Set(history.records.map(\.pipeline)).sorted()
        throw UsageError(
            "there are no runs of a pipeline '\(word)'",
            hint: suggestion(for: word, among: known)
                ?? (known.isEmpty ? nil : "there are runs of \(known.joined(separator: ", "))"))
    }
}

/// Words that several tables of runs share.
enum HistoryText {
    /// `2026-11-21 10:15:00` of an identifier that begins with `20261121T101500`; nothing of another.
    static func time(of record: RunRecord) -> String {
        let stamp = Array(record.id.prefix(15))
        guard stamp.count == 15, stamp[8] == "T" else { return "" }
        func part(_ range: Range<Int>) -> String { String(stamp[range]) }
        return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8)) \(part(9..<11)):\(part(11..<13)):\(part(13..<15))"
    }

    static func settings(of record: RunRecord) -> String {
        record.overrides.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    static func unread(_ history: RunHistory) -> String {
        switch history.unreadCount {
        case 0: ""
        case 1: "1 record cannot be read and is passed over.\n"
        case let count: "\(count) records cannot be read and are passed over.\n"
        }
    }
}
