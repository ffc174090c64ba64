// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import Reporting

/// The scores and deviations that a run's results hold, read from the store.
struct RunResults {
    struct StageScore: Hashable {
        let stage: String
        let score: Score
    }

    /// Means only.
    let scores: [StageScore]
    let deviations: [ClaimDeviation]
    /// An artifact that could not be read.
    struct Unreadable {
        /// Which and why.
        let text: String
        /// Whether the store is at fault, and not the stage that wrote it.
        let isStoreFault: Bool
    }

    let unreadable: [Unreadable]

    init(of outcome: ExecutionOutcome, in session: PipelineSession) {
        var scores: [StageScore] = []
        var deviations: [ClaimDeviation] = []
        var unreadable: [Unreadable] = []
        for record in outcome.records {
            for artifact in outcome.results[record.stage]?.outputs ?? [] {
                do {
                    switch ArtifactFormat(rawValue: artifact.format) {
                    case .scores:
                        guard let document = ScoreDocument(json: try Self.json(artifact, session)) else {
                            throw ToolFailure("it holds no scores")
                        }
                        scores += document.scores.filter { $0.image == nil }
                            .map { StageScore(stage: record.stage, score: $0) }
                    case .deviations:
                        guard let document = DeviationDocument(json: try Self.json(artifact, session)) else {
                            throw ToolFailure("it holds no deviations")
                        }
                        deviations += document.deviations
                    default: continue
                    }
                } catch {
                    unreadable.append(
                        Unreadable(
                            text: "cannot read '\(record.stage)/\(artifact.name)': \(error)",
                            isStoreFault: error is StoreError))
                }
            }
        }
        self.scores = scores
        self.deviations = deviations
        self.unreadable = unreadable
    }

    /// Tells what could not be read, and ends with it: figures that are not there are not good ones.
    func complain() throws {
        guard !unreadable.isEmpty else { return }
        for fault in unreadable { Terminal.complain("error: \(visible(fault.text))") }
        throw unreadable.contains(where: \.isStoreFault) ? RepriseExit.storeFault : RepriseExit.stageFailed
    }

    private static func json(_ artifact: Artifact, _ session: PipelineSession) throws -> JSONValue {
        try JSONValue(parsing: try session.objects.bytes(of: artifact.object))
    }

    var hasDeviation: Bool { deviations.contains { $0.deviation.verdict == .deviates } }

    /// The object that `run --json` prints.
    func json(pipeline: String, _ outcome: ExecutionOutcome) -> JSONValue {
        var members = documentMembers
        members["pipeline"] = .text(pipeline)
        members["stages"] = .array(outcome.records.map { .object($0.publicJSON) })
        return .object(members)
    }

    /// The parts of it that `report --json` prints too.
    var documentMembers: [String: JSONValue] {
        [
            "schema": 1,
            "scores": .array(
                scores.map { entry in
                    .object((entry.score.json.object ?? [:]).merging(["stage": .text(entry.stage)]) { $1 })
                }),
            "deviations": .array(deviations.map(\.json)),
        ]
    }

    /// What a person reads at the end of a run.
    func text(_ ended: EndedRun, in session: PipelineSession, colour: Bool) -> String {
        var lines: [String] = []
        let ran = ended.outcome.records.filter { $0.outcome == .ran }.count
        let isWhole = ended.outcome.records.allSatisfy { $0.outcome.hasResult }
        let count = ended.outcome.records.count
        if isWhole, ran == 0 {
            lines.append("Nothing to do: \(count == 1 ? "the stage is" : "all \(count) stages are") up to date.")
        } else if isWhole {
            let rest = count - ran
            lines.append(
                "\(ran) of \(count) stages ran in \(DurationText(seconds: ended.record.seconds))"
                    + (rest > 0 ? ", \(rest) \(rest == 1 ? "was" : "were") up to date." : "."))
        }
        if !deviations.isEmpty || !scores.isEmpty, isWhole {
            lines.append("")
            if let protocols = ProtocolTable(scores: scores.map(\.score)) {
                lines.append(protocols.text(colour: colour))
            }
            lines.append(table(ended, in: session).text(colour: colour))
        }
        if !ended.outcome.absentOutputs.isEmpty {
            lines.append(
                "\(ended.outcome.absentOutputs.count) outputs are absent from the cache and made again when needed: "
                    + ended.outcome.absentOutputs.joined(separator: ", "))
        }
        if isWhole, let words = LockWords.text(for: ended.outcome, in: session) { lines.append(words) }
        return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
    }

    /// A page for people who were not there.
    func markdown(_ ended: EndedRun, in session: PipelineSession) -> String {
        let manifest = session.manifest
        return MarkdownReport(
            title: manifest.title ?? manifest.name, paper: manifest.paper, deviations: table(ended, in: session),
            assumptions: manifest.assumptions, settings: manifest.settings, environment: ended.record.environment,
            stages: ended.outcome.records.map {
                MarkdownReport.StageLine(name: $0.stage, outcome: $0.outcome.rawValue, seconds: $0.seconds)
            }
        ).text
    }

    func junit(pipeline: String) -> String {
        JUnitReport(suite: pipeline, deviations: reported).xml
    }

    private func table(_ ended: EndedRun, in session: PipelineSession) -> DeviationTable {
        DeviationTable(
            deviations: reported, scores: scores.map(\.score), notes: TestSetNotes.notes(on: ended, in: session))
    }

    private var reported: [ReportedDeviation] {
        deviations.map {
            ReportedDeviation($0.deviation, place: $0.claim.place, isVerified: $0.claim.isVerified)
        }
    }
}

/// How often each test set was scored, which a reader of the figures should know.
enum TestSetNotes {
    static func notes(on ended: EndedRun, in session: PipelineSession) -> [String] {
        guard let history = try? RunHistory(of: session.folders) else { return [] }
        var notes: [String] = []
        for (name, images) in testSets(ended, in: session) {
            let scorings = history.scorings(of: images)
            // The scorings of this very run are on record already; only those before it are news.
            let now = ended.record.stages.flatMap(\.scorings).filter { $0.images == images }
            let before = scorings.count - now.count
            let note =
                before <= 0
                ? "\(name) had not been scored before"
                : "\(name) was scored \(before) \(before == 1 ? "time" : "times") before; by "
                    + "\(scorings.models) different \(scorings.models == 1 ? "model" : "models") in all"
            // A data set cut to several scales is several image sets under one name.
            if !notes.contains(note) { notes.append(note) }
        }
        return notes
    }

    /// The test sets behind the stages that give scores, with the data sets' names where the settings say them.
    private static func testSets(_ ended: EndedRun, in session: PipelineSession) -> [(String, Digest)] {
        var sets: [(String, Digest)] = []
        for record in ended.record.stages {
            guard let node = session.graph.node(named: record.stage),
                node.stage.outputs.contains(where: { $0.format == .scores })
            else { continue }
            var name = record.stage
            if case .text(let dataset)? = node.stage.settings.first(where: { $0.name == "dataset" })?.value {
                name = dataset
            }
            for case .stage(let producer, let output) in node.inputs.flatMap(\.origins)
            where session.graph.roles(of: .stage(producer, output: output)).contains(.test) {
                guard let artifact = ended.outcome.results[producer]?.output(named: output),
                    artifact.format == ArtifactFormat.images.rawValue,
                    !sets.contains(where: { $0.1 == artifact.content })
                else { continue }
                sets.append((name, artifact.content))
            }
        }
        return sets
    }
}

/// The words that say how a run's content stands to the lock beside the manifest.
enum LockWords {
    /// `nil` where there is no lock, or where only a part of the pipeline ran.
    static func text(for outcome: ExecutionOutcome, in session: PipelineSession) -> String? {
        guard outcome.records.count == session.graph.names.count, session.overrides.isEmpty,
            let lock = try? PipelineLock(readingFrom: session.lockFile)
        else { return nil }
        let comparison = LockComparison(lock, records: outcome.records)
        guard let first = comparison.first else {
            return "Content: the same, bit for bit, as in \(session.lockFile)."
        }
        return "Content: differs from \(session.lockFile), first at stage '\(first.stage)': \(first.difference)."
    }
}
