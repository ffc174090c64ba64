// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Reporting

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what a run would do, and why; runs nothing.",
        discussion: """
            The plan is the very function that 'run' follows. A stage behind one that must run is undetermined: where \
            the other gives the same content as before, it stays up to date.
            """)

    @OptionGroup var options: PipelineOptions

    @Argument(help: "Stages to plan for; all where none is named.", completion: StageCompletion.names)
    var stages: [String] = []

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        let session = try options.session()
        let stages = try session.stages(named: stages)
        let planner = try session.planner(for: try await session.snapshot(for: stages))
        let plan = try planner.plan(for: stages)
        let text = json ? Self.json(plan, of: session).canonicalText + "\n" : PlanText.text(of: plan)
        Terminal.output.write(text)
        if plan.isUpToDate { SettledAnswer.keep(text, exitCode: 0, in: session) }
    }

    private static func json(_ plan: Plan, of session: PipelineSession) -> JSONValue {
        ["schema": 1, "pipeline": .text(session.manifest.name), "stages": .array(plan.stages.map(\.json))]
    }
}

/// A plan for people: a line a stage, and a summary.
enum PlanText {
    static func text(of plan: Plan) -> String {
        var table = TextTable([.init(""), .init(""), .init("")])
        for stage in plan.stages {
            table.append([.init(stage.node.name), .init(stage.resolution.word), .init(stage.explanation)])
        }
        let toRun = plan.stages.filter { if case .stale = $0.resolution { true } else { false } }.count
        let open = plan.stages.filter { if case .undetermined = $0.resolution { true } else { false } }.count
        return table.text() + "\n" + summary(toRun: toRun, open: open, of: plan.stages.count) + "\n"
    }

    private static func summary(toRun: Int, open: Int, of count: Int) -> String {
        if toRun + open == 0 {
            return "Nothing to do: \(count == 1 ? "the stage is" : "all \(count) stages are") up to date."
        }
        if count == 1 { return "The stage must run." }
        return "\(toRun) of \(count) stages must run"
            + (open > 0 ? ", \(open) more may, depending on what those give." : ".")
    }
}

extension Resolution {
    /// One word for tables and JSON.
    var word: String {
        switch self {
        case .upToDate: "up-to-date"
        case .stale: "stale"
        case .undetermined: "undetermined"
        }
    }
}

extension PlannedStage {
    /// Why it must run, or what it waits for; what the cache lost, where it is up to date.
    var explanation: String {
        switch resolution {
        case .stale(_, let reasons): reasons.text
        case .undetermined(let waiting):
            "waits for " + waiting.map { "'\($0)'" }.joined(separator: ", ")
        case .upToDate:
            absentOutputs.isEmpty ? "" : "absent from the cache: " + absentOutputs.joined(separator: ", ")
        }
    }

    fileprivate var json: JSONValue {
        [
            "name": .text(node.name), "state": .text(resolution.word), "reason": .text(explanation),
            "key": resolution.key.map { .text($0.description) } ?? .null,
            "absent": .array(absentOutputs.map { .text($0) }),
        ]
    }
}
