// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import Evaluation
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import Reporting

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a stage: its state, settings, inputs and outputs; or what is in one of its outputs.",
        discussion: """
            'show PIPELINE STAGE' looks only. 'show PIPELINE STAGE/OUTPUT' reads the output, and makes it again where \
            the cache has lost it; a stage that has changed, or has never run, is for 'run'.
            """)

    @OptionGroup var options: PipelineOptions
    @OptionGroup var execution: ExecutionFlags

    @Argument(help: "STAGE or STAGE/OUTPUT.", completion: StageCompletion.names)
    var target: String

    @Flag(help: "Prints one JSON object; for STAGE only.")
    var json = false

    func validate() throws {
        if json, target.contains("/") {
            throw UsageError("'--json' shows a stage, not an output", hint: "'reprise export' copies an output out")
        }
    }

    func run() async throws {
        let session = try options.session()
        let parts = target.split(separator: "/", maxSplits: 1).map(String.init)
        let node = try session.stage(named: parts.first ?? target)
        if parts.count == 1 {
            Terminal.output.show(try await stageText(node, in: session))
        } else {
            Terminal.output.show(try await outputText(parts[1], of: node, in: session), keepsStyles: true)
        }
    }

    private func stageText(_ node: StageNode, in session: PipelineSession) async throws -> String {
        let stages = try session.stages(named: [node.name])
        let plan = try session.planner(for: try await session.snapshot(for: stages)).plan(for: stages)
        guard let planned = plan.stages.first(where: { $0.node.name == node.name }) else { return "" }
        if json { return planned.shownJSON(in: session).canonicalText + "\n" }
        var table = TextTable([.init(""), .init("")])
        func row(_ name: String, _ text: String) { table.append([.init(name), .init(text)]) }
        row("stage", node.name)
        switch node.stage.work {
        case .tool(let interface, _):
            row("tool", "\(interface.name), version \(interface.version): \(interface.summary)")
        case .command(let command): row("run", command.arguments.joined(separator: " "))
        }
        let explanation = planned.explanation
        row("state", planned.resolution.word + (explanation.isEmpty ? "" : ": \(explanation)"))
        if let key = planned.resolution.key { row("key", key.description) }
        for input in node.stage.inputs {
            let references = input.references.map { Self.text(of: $0.value, in: session.manifest) }
            row("input \(input.name)", references.joined(separator: ", "))
        }
        for setting in node.stage.settings { row("setting \(setting.name)", JSONValue(setting.value).canonicalText) }
        for output in node.stage.outputs {
            let roles = (node.roles[output.name] ?? []).sorted().map(\.rawValue).joined(separator: ", ")
            var text = output.format.rawValue + (roles.isEmpty ? "" : " (\(roles))")
            if let artifact = planned.resolution.result?.output(named: output.name) {
                text += ", \(ByteCountText(artifact.byteCount)), content \(artifact.content.abbreviated)"
            }
            row("output \(output.name)", text)
        }
        return table.text()
    }

    /// Whoever wants to look at something does not want to train for hours.
    private func refuseToRun(_ node: StageNode, in session: PipelineSession) async throws {
        let stages = try session.stages(named: [node.name])
        let plan = try session.planner(for: try await session.snapshot(for: stages)).plan(for: stages)
        // Absent objects leave a stage up to date here: they count as needed only once they are asked for.
        guard let first = plan.stages.first(where: { $0.resolution.result == nil }) else { return }
        throw UsageError(
            "stage '\(first.node.name)' must run first: \(first.explanation)",
            hint: "'reprise run \(options.pipeline) \(node.name)' makes it")
    }

    /// The reference, with the catalogue that a source is checked by.
    private static func text(of reference: ArtifactReference, in manifest: Manifest) -> String {
        let source = manifest.sources.first { $0.name.value == reference.producer }
        return source?.catalogue.map { "\(reference), checked by \($0.value)" } ?? reference.description
    }

    private func outputText(_ name: String, of node: StageNode, in session: PipelineSession) async throws -> String {
        guard node.stage.outputs.contains(where: { $0.name == name }) else {
            let names = node.stage.outputs.map(\.name)
            throw UsageError(
                "stage '\(node.name)' has no output '\(name)'",
                hint: suggestion(for: name, among: names) ?? "its outputs: \(names.joined(separator: ", "))")
        }
        try await refuseToRun(node, in: session)
        let result = try await StageResult.present(node.name, in: session, execution: execution)
        guard let artifact = result.output(named: name) else { throw RepriseExit.stageFailed }
        let path = try session.objects.verifiedFile(of: artifact.object)
        let head = """
            \(node.name)/\(name): \(artifact.format), \(ByteCountText(artifact.byteCount))
            content \(artifact.content)
            file    \(path)

            """
        let format = ArtifactFormat(rawValue: artifact.format) ?? .file
        if format == .scores,
            let scores = ScoreDocument(json: try JSONValue(parsing: try session.objects.bytes(of: artifact.object)))
        {
            return head + "\n" + ScoreTable(scores: scores.scores).text(colour: Terminal.output.isColoured)
        }
        return head + "\n" + (try ArtifactText.text(ofFileAt: path, format: format))
    }
}
