// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import Synchronization
import SystemPackage

/// A run of some stages from the first look at the sources to the record of what happened.
struct PipelineRun {
    let session: PipelineSession
    let execution: ExecutionFlags
    var forced: Set<String> = []
    var note: String?

    /// - Parameter wanted: stages whose outputs are about to be shown, so that lost ones are made again.
    func run(_ stages: [StageNode], wanted: Set<String> = []) async throws -> EndedRun {
        try session.folders.prepare()
        LeftoverText.tell(DeadWork.clear(in: session.folders, actions: session.actions))
        let start = ContinuousClock.now
        let earlier = EarlierSeconds(folders: session.folders, pipeline: session.manifest.name)
        let printer = RunPrinter(
            isQuiet: execution.quiet, isVerbose: execution.verbose, terminal: .error,
            expectedSeconds: { earlier.seconds })
        let snapshot = try await session.snapshot(for: stages)
        let executor = Executor(
            planner: try session.planner(for: snapshot, forced: forced),
            runner: OwnExecutable.runner(cache: session.folders), folders: session.folders,
            options: execution.options(of: session.manifest), observer: printer,
            warden: Warden(executable: OwnExecutable.program.executable),
            expectedSeconds: { earlier.seconds })
        let outcome = await Interruption.ending { await executor.run(stages, wanted: wanted) }
        printer.finish()
        var record = RunRecord(
            id: RunHistory.newID(), pipeline: session.manifest.name, manifest: session.manifestFile.string,
            seconds: (ContinuousClock.now - start).roundedSeconds, environment: Machine.environment,
            overrides: Dictionary(session.overrides.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
            forced: forced.sorted(), note: note, stages: outcome.records, folder: FilePath(".").absolute.string,
            data: session.dataFolder.string)
        let recordFault = saveFault(&record)
        return EndedRun(
            outcome: outcome, record: record, recordFault: recordFault, snapshot: snapshot,
            wentOn: execution.keepGoing)
    }

    /// Runs, and reads the scores and deviations; those that the cache has lost, or that turn out to be damaged, are
    /// made again.
    func runForResults(_ stages: [StageNode]) async throws -> (EndedRun, RunResults) {
        let told = Set(
            stages.filter { $0.stage.outputs.contains { $0.format == .scores || $0.format == .deviations } }.map(\.name)
        )
        let ended = try await run(stages, wanted: told)
        let results = RunResults(of: ended.outcome, in: session)
        guard results.unreadable.contains(where: \.isStoreFault), ended.outcome.failures.isEmpty else {
            return (ended, results)
        }
        // What was damaged has been set aside.
        var again = self
        again.forced = []
        let mended = try await again.run(stages, wanted: told)
        return (mended, RunResults(of: mended.outcome, in: session))
    }

    /// Saves the record; why that could not be done is told after what became of the stages.
    private func saveFault(_ record: inout RunRecord) -> StoreError? {
        do throws(StoreError) {
            try save(&record)
            return nil
        } catch {
            return error
        }
    }

    /// How the contents that a stage gives differ when it is run twice more; throws what a failed stage ends with.
    func differences(of stage: String, after ended: EndedRun) async throws -> [DeterminismCheck.Difference] {
        guard let node = session.graph.node(named: stage) else { throw session.unknownStage(stage) }
        let check = DeterminismCheck(
            planner: try session.planner(for: ended.snapshot),
            runner: OwnExecutable.runner(cache: session.folders), folders: session.folders,
            threads: execution.options(of: session.manifest).threads,
            warden: Warden(executable: OwnExecutable.program.executable))
        let results = ended.outcome.results
        let result: Result<[DeterminismCheck.Difference], StageFailure> = await Interruption.ending {
            do throws(StageFailure) {
                return .success(
                    try await check.differences(of: node, results: results) { left, right in
                        (try? ArtifactDifference(left, right))?.summary
                    })
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let differences): return differences
        case .failure(.interrupted): throw RepriseExit.interrupted
        case .failure(let failure):
            let text = DiagnosticText(hasColour: Terminal.error.isColoured)
            Terminal.complain(text.text(of: failure.diagnostic(of: node.stage, in: session.manifest)))
            throw failure.isStoreFault ? RepriseExit.storeFault : RepriseExit.stageFailed
        }
    }

    /// A run that found nothing to do says nothing new, and leaves no record.
    private func save(_ record: inout RunRecord) throws(StoreError) {
        var latest = try LatestStages(ofPipeline: record.pipeline, in: session.folders)
        let isNews = record.stages.contains { $0.outcome != .hit || latest.keys[$0.stage] != $0.key }
        guard isNews || record.note != nil else { return }
        record.sequence = latest.sequence &+ 1
        record.scores = RunResults.scores(of: record.stages, in: session)
        try RunHistory.save(record, in: session.folders)
        latest.add(record, in: session.folders)
    }
}

/// The seconds that each stage of a pipeline took when it last ran, read from the records at the first question.
private final class EarlierSeconds: Sendable {
    private let folders: CacheFolders
    private let pipeline: String
    private let known = Mutex<[String: Double]?>(nil)

    init(folders: CacheFolders, pipeline: String) {
        self.folders = folders
        self.pipeline = pipeline
    }

    var seconds: [String: Double] {
        known.withLock { known in
            if let known { return known }
            let read = (try? LatestStages(ofPipeline: pipeline, in: folders))?.seconds ?? [:]
            known = read
            return read
        }
    }
}

/// A run that is over.
struct EndedRun {
    let outcome: ExecutionOutcome
    let record: RunRecord
    /// Why the record could not be saved.
    let recordFault: StoreError?
    let snapshot: SourceSnapshot
    /// Whether a failed stage did not end it.
    let wentOn: Bool

    var foundNothingToDo: Bool { outcome.records.allSatisfy { $0.outcome == .hit } && !outcome.wasInterrupted }

    /// Says on stderr what failed and throws the exit code for it.
    func complain(in session: PipelineSession) throws {
        let failed = outcome.records.filter { $0.outcome == .failed }
        for record in failed {
            guard let failure = outcome.failures[record.stage], failure != .interrupted,
                let node = session.graph.node(named: record.stage)
            else { continue }
            let text = DiagnosticText(hasColour: Terminal.error.isColoured)
            Terminal.complain(text.text(of: failure.diagnostic(of: node.stage, in: session.manifest)))
            if let hint = hint(for: failure, of: record.stage, in: session) { Terminal.complain("hint: \(hint)") }
            complain(withLogOf: record, in: session)
            complain(withWorkOf: record, in: session)
        }
        if wentOn, !failed.isEmpty { Terminal.complain(tally) }
        if let recordFault { Terminal.complain("error: \(visible("\(recordFault)"))") }
        if recordFault != nil || outcome.failures.values.contains(where: \.isStoreFault) {
            throw RepriseExit.storeFault
        }
        if outcome.wasInterrupted { throw RepriseExit.interrupted }
        if !failed.isEmpty { throw RepriseExit.stageFailed }
    }

    /// What can be done about a stage that gives other content each time, to be told beside the failure's own hint.
    func hint(for failure: StageFailure, of stage: String, in session: PipelineSession) -> String? {
        guard case .notDeterministic = failure, let node = session.graph.node(named: stage) else { return nil }
        guard case .command = node.stage.work else { return nil }
        return "'\(session.forceCommand(for: stage))' makes it and all that depends on it anew"
    }

    /// What became of the stages, for example `5 ran, 1 was up to date, 9 failed, 1 skipped`.
    private var tally: String {
        func count(_ ending: StageRecord.Outcome) -> Int { outcome.records.count { $0.outcome == ending } }
        let hits = count(.hit)
        let parts = [
            (count(.ran), "ran"), (hits, hits == 1 ? "was up to date" : "were up to date"), (count(.failed), "failed"),
            (count(.skipped), "skipped"),
        ]
        return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    private func complain(withWorkOf record: StageRecord, in session: PipelineSession) {
        guard let place = record.key.map({ session.folders.failedWork(of: $0) }),
            (try? Files.status(place))?.map(\.kind) == .folder
        else { return }
        Terminal.complain("what it wrote is kept in '\(place)' until it runs again")
    }

    private func complain(withLogOf record: StageRecord, in session: PipelineSession) {
        // A tool's own failure is its only line; a program's last words help.
        guard case .command(let command)? = session.graph.node(named: record.stage)?.stage.work, let key = record.key,
            let last = try? StageLog.lastLines(15, at: session.folders.log(of: key)), !last.isEmpty
        else { return }
        Terminal.complain("last lines of its log ('\(session.logCommand(for: record.stage))' shows all):")
        for line in last { Terminal.complain("  " + visibleLines(line)) }
        let given = Set(snapshot.code[record.stage]?.files.map(\.name) ?? [])
        let missed = MissedFile(in: last, besides: given, below: command.folder(below: session.manifestFolder))
        if let missed {
            Terminal.complain(
                "hint: '\(missed.name)' lies beside the manifest; what 'code' does not name, the command does not find")
        }
    }
}

extension Duration {
    /// With three decimals.
    var roundedSeconds: Double {
        (Double(components.seconds) * 1000 + Double(components.attoseconds / 1_000_000_000_000_000)) / 1000
    }
}
