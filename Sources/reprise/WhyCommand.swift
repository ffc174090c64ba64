// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Says why a stage would run, with old and new values; or why it last ran.")

    @OptionGroup var options: PipelineOptions

    @Argument(help: "The stage to explain.", completion: StageCompletion.names)
    var stage: String

    func run() async throws {
        let session = try options.session()
        let stages = try session.stages(named: [stage])
        let planner = try session.planner(for: try await session.snapshot(for: stages))
        let plan = try planner.plan(for: stages)
        guard let planned = plan.stages.first(where: { $0.node.name == stage }) else { return }
        var lines: [String] = []
        switch planned.resolution {
        case .upToDate(let entry):
            lines.append("stage '\(stage)' is up to date: its key is \(entry.action.key.abbreviated)")
            let reasons = try RunHistory(of: session.folders).latestReasons(ofPipeline: session.manifest.name)
            if let reason = reasons[stage] { lines.append("  it last ran because: \(reason)") }
        case .stale(_, let reasons):
            lines.append("stage '\(stage)' must run:")
            lines += reasons.map { "  \($0)" }
        case .undetermined(let waiting):
            let known = try planner.knownReasons(of: planned.node)
            lines.append(
                known.isEmpty
                    ? "stage '\(stage)' may have to run, depending on what others give:"
                    : "stage '\(stage)' must run:")
            lines += known.map { "  \($0)" }
            lines += waiting.map { "  it reads '\($0)', which is \(Self.word(for: $0, in: plan))" }
        }
        Terminal.output.write(lines.joined(separator: "\n") + "\n")
    }

    private static func word(for stage: String, in plan: Plan) -> String {
        guard let planned = plan.stages.first(where: { $0.node.name == stage }) else { return "not planned" }
        let explanation = planned.explanation
        return planned.resolution.word + (explanation.isEmpty ? "" : ": \(explanation)")
    }
}
