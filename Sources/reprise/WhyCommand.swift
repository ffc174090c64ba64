// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Says why a stage would run, with old and new values; or why it last ran.",
        discussion: """
            The reasons are the differences between two key documents: that of the last result and that of now. What \
            is in neither, such as names, comments, times and threads, is no reason.
            """)

    @OptionGroup var options: PipelineOptions

    @Argument(help: "The stage to explain.", completion: StageCompletion.names)
    var stage: String

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        let session = try options.session()
        let names = try session.names(matching: stage)
        if json { _ = try session.stage(named: stage) }
        let stages = try session.stages(named: [stage])
        let planner = try session.planner(for: try await session.snapshot(for: stages))
        let plan = try planner.plan(for: stages)
        for planned in plan.stages where names.contains(planned.node.name) {
            let explanation = try StageExplanation(of: planned, planner: planner, session: session)
            Terminal.output.show(
                json ? explanation.json(in: plan, of: session).canonicalText + "\n" : explanation.text(in: plan))
        }
    }
}

/// Why a stage would run, or last ran.
private struct StageExplanation {
    let planned: PlannedStage
    /// What has changed; of a stage that waits for others, all but its inputs.
    let reasons: [StaleReason]
    /// Of a stage that is up to date, where a record tells.
    let lastReason: String?

    init(of planned: PlannedStage, planner: Planner, session: PipelineSession) throws {
        self.planned = planned
        switch planned.resolution {
        case .upToDate:
            reasons = []
            lastReason = try RunHistory(of: session.folders).latestReasons(ofPipeline: session.manifest.name)[
                planned.node.name]
        case .stale(_, let reasons):
            self.reasons = reasons
            lastReason = nil
        case .undetermined:
            reasons = try planner.knownReasons(of: planned.node)
            lastReason = nil
        }
    }

    private var waitingFor: [String] {
        if case .undetermined(let waiting) = planned.resolution { waiting } else { [] }
    }

    func text(in plan: Plan) -> String {
        let stage = planned.node.name
        var lines: [String] = []
        switch planned.resolution {
        case .upToDate(let entry):
            lines.append("stage '\(stage)' is up to date: its key is \(entry.action.key.abbreviated)")
            if let lastReason { lines.append("  it last ran because: \(lastReason)") }
        case .undetermined where reasons.isEmpty:
            lines.append("stage '\(stage)' may have to run, depending on what others give:")
        case .stale, .undetermined:
            lines.append("stage '\(stage)' must run:")
        }
        lines += reasons.lines.map { "  \($0)" }
        lines += waitingFor.map { "  it reads '\($0)', which is \(Self.word(for: $0, in: plan))" }
        return lines.joined(separator: "\n") + "\n"
    }

    func json(in plan: Plan, of session: PipelineSession) -> JSONValue {
        [
            "schema": 1, "pipeline": .text(session.manifest.name), "stage": .text(planned.node.name),
            "state": .text(planned.resolution.word),
            "key": planned.resolution.key.map { .text($0.description) } ?? .null,
            "reasons": .array(reasons.map(\.json)), "waitsFor": .array(waitingFor.map { .text($0) }),
            "lastReason": lastReason.map { .text($0) } ?? .null,
        ]
    }

    private static func word(for stage: String, in plan: Plan) -> String {
        guard let planned = plan.stages.first(where: { $0.node.name == stage }) else { return "not planned" }
        let explanation = planned.explanation
        return planned.resolution.word + (explanation.isEmpty ? "" : ": \(explanation)")
    }
}
