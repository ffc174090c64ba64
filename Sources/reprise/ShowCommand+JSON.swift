// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning

extension PlannedStage {
    /// What `show --json` prints of a stage.
    func shownJSON(in session: PipelineSession) -> JSONValue {
        let stage = node.stage
        var members: [String: JSONValue] = [
            "schema": 1, "pipeline": .text(session.manifest.name), "stage": .text(node.name),
            "state": .text(resolution.word), "reason": .text(explanation),
            "key": resolution.key.map { .text($0.description) } ?? .null,
            "inputs": .object(
                Dictionary(
                    stage.inputs.map { input in
                        (input.name, .array(input.references.map { .text($0.value.description) }))
                    }, uniquingKeysWith: { first, _ in first })),
            "settings": .object(
                Dictionary(
                    stage.settings.map { ($0.name, JSONValue($0.value)) }, uniquingKeysWith: { first, _ in first })),
            "outputs": .object(
                Dictionary(stage.outputs.map { ($0.name, outputJSON($0)) }, uniquingKeysWith: { first, _ in first })),
        ]
        switch stage.work {
        case .tool(let interface, _):
            members["tool"] = ["name": .text(interface.name), "version": .integer(interface.version)]
        case .command(let command):
            members["command"] = .array(command.arguments.map { .text($0) })
        }
        return .object(members)
    }

    private func outputJSON(_ output: StageOutput) -> JSONValue {
        var members: [String: JSONValue] = [
            "format": .text(output.format.rawValue),
            "roles": .array((node.roles[output.name] ?? []).sorted().map { .text($0.rawValue) }),
        ]
        if let artifact = resolution.result?.output(named: output.name) {
            members["content"] = .text(artifact.content.description)
            members["object"] = .text(artifact.object.description)
            members["bytes"] = .integer(artifact.byteCount)
        }
        return .object(members)
    }
}
