// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineTools
import Reporting
import Synchronization
import SystemPackage

struct CacheVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Reads every object and checks every result; ends with 4 where something is wrong.",
        discussion: """
            The content of every tensor file and picture is computed anew and compared with what the result says. What \
            is damaged, or says something else than it holds, is set aside and counts as absent. With \
            '--repair PIPELINE' the stages of these pipelines that made it run again, with the data folder and '--set' \
            values that are given here; what cannot be made again is listed with the reason. Without a PIPELINE \
            nothing runs, and the command lines are listed that the cache's records speak of.
            """)

    @OptionGroup var options: CacheOptions
    @OptionGroup var execution: ExecutionFlags

    @Argument(
        help: "With '--repair': manifests, or folders that hold 'pipeline.yml', that make what is damaged or absent.",
        completion: .file(extensions: ["yml", "yaml"]))
    var pipelines: [String] = []

    @Flag(help: "Makes what is damaged or absent again.")
    var repair = false

    @Option(help: "Where relative sources are looked up; REPRISE_DATA, or 'data', where it is left out.")
    var data: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Changes a value under the manifests' 'settings:'.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Prints one JSON object.")
    var json = false

    func validate() throws {
        if !repair, !pipelines.isEmpty { throw UsageError("a PIPELINE goes with '--repair'") }
    }

    func run() async throws {
        let folders = try options.folders()
        let sessions = try sessions(folders)
        let survey = try CacheSurvey(of: folders)
        let progress = VerificationProgress(isQuiet: execution.quiet)
        let verification = try await CacheVerification(
            of: survey, jobs: execution.jobs ?? Machine.processorCount,
            content: { try Toolbox.standard.content(ofFileAt: $0, format: $1) },
            progress: { progress.tell(done: $0, total: $1) })
        var repairs: [ActionKey: CacheRepair.Outcome] = [:]
        if !sessions.isEmpty {
            repairs = try await CacheRepair(sessions: sessions, execution: execution)
                .outcomes(of: verification.brokenKeys)
        }
        let advice = RepairAdvice(
            for: verification.brokenKeys.filter { repairs[$0] != .mended }, in: survey.history, cache: options.cache)
        if json {
            Terminal.output.write(document(verification, survey, repairs, advice).canonicalText + "\n")
        } else {
            Terminal.output.write(text(verification, survey, repairs, advice))
        }
        let isMended = verification.findings.allSatisfy { finding in
            !sessions.isEmpty && (finding.key == nil || finding.key.flatMap { repairs[$0] } == .mended)
        }
        if !isMended { throw RepriseExit.storeFault }
    }

    /// The pipelines that were named, read before the cache is: a mistake in one is told at once.
    private func sessions(_ folders: CacheFolders) throws -> [PipelineSession] {
        let overrides = try overrides.map { try PipelineOptions.override($0) }
        return try pipelines.map { pipeline in
            try PipelineOptions.session(
                pipeline: pipeline, data: data, cache: folders.root.string, overrides: overrides)
        }
    }

    private func text(
        _ verification: CacheVerification, _ survey: CacheSurvey, _ repairs: [ActionKey: CacheRepair.Outcome],
        _ advice: RepairAdvice
    ) -> String {
        var text = ""
        for finding in verification.findings {
            text += "\(finding.words(in: survey)): \(finding.fault)\n"
        }
        for key in verification.brokenKeys {
            switch repairs[key] {
            case nil: continue
            case .mended: text += "\(survey.words(for: key)): made again\n"
            case .failed(let reason): text += "\(survey.words(for: key)): cannot be made again: \(reason)\n"
            }
        }
        let checked =
            "\(verification.objectCount.counted("object")) (\(ByteCountText(verification.byteCount))) and "
            + verification.resultCount.counted("result")
        guard !verification.findings.isEmpty else { return "All is well: \(checked) are what their names say.\n" }
        let open = verification.brokenKeys.filter { repairs[$0] != .mended }.count
        let rest =
            if repairs.isEmpty, open > 0 {
                "'reprise cache verify --repair PIPELINE' makes again what it can."
            } else if open == 0 {
                repair && !pipelines.isEmpty ? "All was made again." : "Nothing has to be made again."
            } else { "\(open) of them could not be made again." }
        return text + "\nChecked \(checked): \(verification.findings.count.counted("fault")). \(rest)\n"
            + self.text(advice)
    }

    private func text(_ advice: RepairAdvice) -> String {
        if advice.commandLines.isEmpty { return "" }
        return "By the cache's records, which anybody who writes to it could have written, this would make them:\n"
            + advice.commandLines.map { "  \($0)\n" }.joined()
    }

    private func document(
        _ verification: CacheVerification, _ survey: CacheSurvey, _ repairs: [ActionKey: CacheRepair.Outcome],
        _ advice: RepairAdvice
    ) -> JSONValue {
        [
            "schema": 1, "commands": .array(advice.commandLines.map { .text($0) }),
            "objects": .integer(verification.objectCount), "bytes": .integer(verification.byteCount),
            "results": .integer(verification.resultCount),
            "findings": .array(
                verification.findings.map { finding in
                    var members: [String: JSONValue] = [
                        "what": .text(finding.words(in: survey)), "fault": .text(finding.fault.description),
                        "key": finding.key.map { .text($0.description) } ?? .null,
                    ]
                    if let outcome = finding.key.flatMap({ repairs[$0] }) {
                        members["repaired"] = .boolean(outcome == .mended)
                        if case .failed(let reason) = outcome { members["reason"] = .text(reason) }
                    }
                    return .object(members)
                }),
        ]
    }
}

extension CacheVerification.Finding {
    fileprivate func words(in survey: CacheSurvey) -> String {
        key.map { survey.words(for: $0) } ?? "an object that no result names"
    }
}

/// Tells on stderr how far a verification is: in place on a terminal, every half minute elsewhere.
private final class VerificationProgress: Sendable {
    private let isQuiet: Bool
    private let last = Mutex<ContinuousClock.Instant>(.now)

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
    }

    func tell(done: Int, total: Int) {
        if isQuiet { return }
        let terminal = Terminal.error
        let isEnd = done == total
        let pause: Duration = terminal.isTerminal ? .milliseconds(100) : .seconds(30)
        let isDue = last.withLock { last in
            guard ContinuousClock.now - last >= pause else { return false }
            last = .now
            return true
        }
        if terminal.isTerminal {
            if isDue || isEnd { terminal.write("\r\u{1b}[2K" + (isEnd ? "" : words(done, total))) }
        } else if isDue, !isEnd {
            terminal.write(words(done, total) + "\n")
        }
    }

    private func words(_ done: Int, _ total: Int) -> String {
        "read \(ByteCountText(done)) of \(ByteCountText(total))"
    }
}
