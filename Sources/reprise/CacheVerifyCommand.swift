// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import Reporting
import Synchronization

struct CacheVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Reads every object and checks every result; ends with 4 where something is wrong.",
        discussion: """
            What is damaged is set aside and counts as absent. With '--repair' the stages that made it run again, with \
            the manifests, data folders and '--set' values of the recorded runs; what cannot be made again is listed \
            with the reason.
            """)

    @OptionGroup var options: CacheOptions
    @OptionGroup var execution: ExecutionFlags

    @Flag(help: "Makes what is damaged or absent again.")
    var repair = false

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        let folders = try options.folders()
        let survey = try CacheSurvey(of: folders)
        let progress = VerificationProgress(isQuiet: execution.quiet)
        let verification = try await CacheVerification(of: survey, jobs: execution.jobs ?? Machine.processorCount) {
            progress.tell(done: $0, total: $1)
        }
        var repairs: [ActionKey: CacheRepair.Outcome] = [:]
        if repair {
            repairs = try await CacheRepair(survey: survey, execution: execution).outcomes(of: verification.brokenKeys)
        }
        if json {
            Terminal.output.write(document(verification, survey, repairs).canonicalText + "\n")
        } else {
            Terminal.output.write(text(verification, survey, repairs))
        }
        let isMended = verification.findings.allSatisfy { finding in
            repair && (finding.key == nil || finding.key.flatMap { repairs[$0] } == .mended)
        }
        if !isMended { throw RepriseExit.storeFault }
    }

    private func text(
        _ verification: CacheVerification, _ survey: CacheSurvey, _ repairs: [ActionKey: CacheRepair.Outcome]
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
            if !repair { "'reprise cache verify --repair' makes again what it can." } else if open == 0 {
                "All was made again."
            } else { "\(open) of them could not be made again." }
        return text + "\nChecked \(checked): \(verification.findings.count.counted("fault")). \(rest)\n"
    }

    private func document(
        _ verification: CacheVerification, _ survey: CacheSurvey, _ repairs: [ActionKey: CacheRepair.Outcome]
    ) -> JSONValue {
        [
            "schema": 1, "objects": .integer(verification.objectCount), "bytes": .integer(verification.byteCount),
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
