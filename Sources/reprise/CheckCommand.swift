// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import Reporting
import SystemPackage

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compares every stage's content with the lock; ends with 3 where one differs.",
        discussion: """
            Stages that are not up to date are run first; with '--fresh', or a new '--cache', that is all of them, so \
            that every bit is made again. The first stage that differs is named, in the order of the graph: what comes \
            after it follows from it. It is told whether its key differs, and in what, or the same key gave other \
            content; and how far apart the contents are, where the locked one is in the cache or in one that \
            '--against' names. Of stages that are up to date every output is read, and its content computed anew from \
            its bytes, so that a cache that says something else than it holds is told.
            """)

    @OptionGroup var options: PipelineOptions
    @OptionGroup var execution: ExecutionFlags

    @Flag(help: "Makes everything again in an empty cache, which goes afterwards.")
    var fresh = false

    @Option(
        help: ArgumentHelp(
            "A cache, or an archive of 'cache export', that may have the locked contents.", valueName: "path"))
    var against: [String] = []

    @Option(help: ArgumentHelp("Also writes JUnit XML, a case a stage.", valueName: "file"))
    var junit: String?

    @Option(help: ArgumentHelp("Also writes a table in Markdown.", valueName: "file"))
    var markdown: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Prints GitHub's annotations; done where GITHUB_ACTIONS is 'true' and this is left out.")
    var github: Bool?

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        do {
            try await check()
        } catch let diagnostics as Diagnostics {
            try tell(diagnostics)
            throw diagnostics
        }
    }

    private func check() async throws {
        let scratch = try ScratchFolder("reprise-check")
        defer { scratch.remove() }
        let session = try options.session(cache: fresh ? scratch.path.appending("cache").string : nil)
        let lock = try session.readLock()
        let (ended, held) = try await run(session)
        let usual = try options.session().folders.root
        let places = try [session.folders.root, usual].filter { try Files.status($0)?.kind == .folder }
        let explanation = CheckExplanation(
            session: session, lock: lock, ended: ended, held: held,
            contents: try LockedContents(against + places.map(\.string), in: scratch.path.appending("unpacked")))
        let check = try explanation.check()
        try tell(check)
        try ended.complain(in: session)
        if !check.report.isIdentical { throw RepriseExit.differs }
    }

    /// Runs what is not up to date or lacks an object, and reads what was up to date.
    private func run(_ session: PipelineSession) async throws -> (EndedRun, HeldContents) {
        let stages = try session.stages(named: [])
        let run = PipelineRun(session: session, execution: execution)
        let wanted = Set(stages.map(\.name))
        let ended = try await run.run(stages, wanted: wanted)
        let held = try HeldContents(of: ended, in: session)
        guard held.lacksObjects, ended.outcome.failures.isEmpty, !ended.outcome.wasInterrupted else {
            return (ended, held)
        }
        // What was damaged has been set aside.
        let mended = try await run.run(stages, wanted: wanted)
        return (mended, try HeldContents(of: mended, in: session))
    }

    private func tell(_ check: CheckExplanation.Check) throws {
        if let junit { try Files.replace(FilePath(junit), with: Array(check.report.junit.utf8)) }
        if let markdown { try Files.replace(FilePath(markdown), with: Array(check.report.markdown.utf8)) }
        Terminal.output.write(json ? check.json.canonicalText + "\n" : check.report.text)
        annotate(check.report.annotations)
    }

    /// Says of a manifest with mistakes, of which nothing can be compared, what it was asked to say of a comparison.
    private func tell(_ mistakes: Diagnostics) throws {
        let report = MistakeReport(pipeline: options.pipeline, mistakes: mistakes)
        if let junit { try Files.replace(FilePath(junit), with: Array(report.junit.utf8)) }
        if let markdown { try Files.replace(FilePath(markdown), with: Array(report.markdown.utf8)) }
        annotate(report.annotations)
    }

    /// An annotation is a line of its own among what else is printed, and no part of a JSON object.
    private func annotate(_ annotations: String) {
        if github ?? (ProcessEnvironment.value(of: "GITHUB_ACTIONS") == "true") {
            (json ? Terminal.error : Terminal.output).write(annotations)
        }
    }
}

extension PipelineSession {
    /// The lock beside the manifest; a `UsageError` where there is none.
    func readLock() throws -> PipelineLock {
        guard try Files.status(lockFile) != nil else {
            throw UsageError("there is no lock '\(lockFile)'", hint: "'reprise lock \(manifestFile)' writes one")
        }
        return try PipelineLock(readingFrom: lockFile)
    }
}

/// Says of each stage how it stands to the lock, why, and how far apart the contents are.
struct CheckExplanation {
    struct Check {
        let report: CheckReport
        let json: JSONValue
    }

    let session: PipelineSession
    let lock: PipelineLock
    let ended: EndedRun
    let held: HeldContents
    let contents: LockedContents

    func check() throws -> Check {
        let comparison = LockComparison(lock, records: ended.outcome.records)
        var stages: [CheckReport.Stage] = []
        var documents: [JSONValue] = []
        for stage in comparison.stages {
            let reasons = try keyReasons(of: stage)
            let isFirst = stage.name == comparison.first?.stage
            let differences = isFirst ? outputDifferences(of: stage.name) : []
            let fault = held.faults[stage.name]
            stages.append(report(stage, reasons, differences, fault))
            documents.append(document(stage, reasons, differences, fault))
        }
        for record in ended.outcome.records where record.outcome == .failed || record.outcome == .skipped {
            stages.append(
                CheckReport.Stage(
                    name: record.stage, verdict: .failed, words: [record.reason], place: place(of: record.stage)))
            documents.append([
                "name": .text(record.stage), "verdict": "failed", "reasons": [.text(record.reason)],
                "key": record.key.map { .text($0.description) } ?? .null,
                "lockedKey": lock.stages[record.stage].map { .text($0.key.description) } ?? .null, "outputs": [],
            ])
        }
        let report = CheckReport(
            pipeline: session.manifest.name, manifest: session.manifestFile.string, lock: session.lockFile.string,
            stages: stages)
        return Check(
            report: report,
            json: [
                "schema": 1, "pipeline": .text(session.manifest.name), "lock": .text(session.lockFile.string),
                "identical": .boolean(report.isIdentical), "stages": .array(documents),
            ])
    }

    /// Where a stage stands: in the manifest, or in a file that it includes.
    private func place(of stage: String) -> CheckReport.Place? {
        guard let location = session.graph.node(named: stage)?.stage.name.location else { return nil }
        return CheckReport.Place(file: session.manifest.source.file(at: location).file, line: location.line)
    }

    /// What changed in a key that is another than the lock's; `nil` where the lock's document is not at hand.
    private func keyReasons(of stage: LockComparison.Stage) throws -> [String]? {
        guard let lockedKey = stage.lockedKey, let key = stage.key, lockedKey != key else { return [] }
        guard let before = contents.document(of: lockedKey), let now = try session.actions.entry(for: key) else {
            return nil
        }
        return KeyDifference(from: before, to: now.action.document).reasons.lines
    }

    /// By output, all that differ; `nil` for one whose locked content is not at hand.
    private func outputDifferences(of stage: String) -> [(output: String, ArtifactDifference?)] {
        guard let locked = lock.stages[stage] else { return [] }
        return (ended.outcome.results[stage]?.outputs ?? []).compactMap { output in
            guard let content = locked.contents[output.name], content != output.content else { return nil }
            guard let before = contents.file(withContent: content),
                let now = try? session.objects.verifiedFile(of: output.object)
            else { return (output.name, nil) }
            return (output.name, try? ArtifactDifference(before, now))
        }
    }

    private func report(
        _ stage: LockComparison.Stage, _ reasons: [String]?, _ differences: [(output: String, ArtifactDifference?)],
        _ fault: String?
    ) -> CheckReport.Stage {
        let place = place(of: stage.name)
        if let fault { return CheckReport.Stage(name: stage.name, verdict: .differs, words: [fault], place: place) }
        switch stage.verdict {
        case .identical: return CheckReport.Stage(name: stage.name, verdict: .identical, words: [], place: place)
        case .rekeyed:
            return CheckReport.Stage(
                name: stage.name, verdict: .rekeyed, words: [keyWords(stage, reasons)].compactMap { $0 }, place: place)
        case .differs(let difference):
            let distances = differences.map { output, difference in
                "'\(output)': "
                    + (difference?.summary ?? "how far apart is not known, the locked content is not at hand")
            }
            return CheckReport.Stage(
                name: stage.name, verdict: .differs,
                words: [difference.description] + [keyWords(stage, reasons)].compactMap { $0 } + distances, place: place
            )
        }
    }

    private func keyWords(_ stage: LockComparison.Stage, _ reasons: [String]?) -> String? {
        guard stage.lockedKey != nil, stage.key != nil else { return nil }
        if stage.lockedKey == stage.key {
            return "its key is that of the lock: the same inputs, settings and code gave other content"
        }
        return "its key differs: "
            + (reasons?.joined(separator: "; ") ?? "in what is not known, the action of the lock is not at hand")
    }

    private func document(
        _ stage: LockComparison.Stage, _ reasons: [String]?, _ differences: [(output: String, ArtifactDifference?)],
        _ fault: String?
    ) -> JSONValue {
        let verdict =
            switch stage.verdict {
            case _ where fault != nil: "differs"
            case .identical: "identical"
            case .rekeyed: "rekeyed"
            case .differs: "differs"
            }
        return [
            "name": .text(stage.name), "verdict": .text(verdict),
            "key": stage.key.map { .text($0.description) } ?? .null,
            "lockedKey": stage.lockedKey.map { .text($0.description) } ?? .null,
            "reasons": fault.map { [.text($0)] } ?? reasons.map { .array($0.map { .text($0) }) } ?? .null,
            "outputs": .array(
                differences.map { output, difference in
                    ["name": .text(output), "difference": difference?.json ?? .null]
                }),
        ]
    }
}
