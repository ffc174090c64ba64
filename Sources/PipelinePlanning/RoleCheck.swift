// SPDX-License-Identifier: Apache-2.0

import PipelineManifest

/// Follows the roles of samples along the graph and finds each path from a test set to a stage that learns or chooses.
///
/// An output carries the roles of all that went into it. The parts of a split take their own role instead of `train`,
/// or of none; but a part of a test set stays test, whatever it is called. So staged training, a model fine-tuned from
/// another or an average of models all carry what they saw.
struct RoleCheck {
    /// A role with the way it came.
    private struct Trace {
        let role: Role
        /// For example `["source 'set5' (test)", "stage 'set5-images'"]`.
        let path: [String]
    }

    private let manifest: Manifest
    private var traces: [ArtifactOrigin: [Trace]] = [:]
    private var mistakes: InstanceMistakes

    var diagnostics: [Diagnostic] { mistakes.diagnostics }

    init(_ manifest: Manifest) {
        self.manifest = manifest
        mistakes = InstanceMistakes(manifest.stages)
        for source in manifest.sources {
            guard let role = source.role else { continue }
            let name = source.name.value
            traces[.source(name)] = [Trace(role: role, path: ["source '\(name)' (\(role.rawValue))"])]
        }
    }

    /// Call in topological order.
    mutating func outputRoles(of stage: ResolvedStage) -> [String: Set<Role>] {
        reportLearningFromTest(stage)
        let arriving = stage.inputs.flatMap(\.origins).flatMap { $0.flatMap { traces[$0] } ?? [] }
        var roles: [String: Set<Role>] = [:]
        for output in stage.stage.outputs {
            let leaving = leavingTraces(arriving, output: output, of: stage)
            traces[.stage(stage.name, output: output.name)] = leaving
            roles[output.name] = Set(leaving.map(\.role))
        }
        return roles
    }

    private func leavingTraces(_ arriving: [Trace], output: StageOutput, of stage: ResolvedStage) -> [Trace] {
        var seen: Set<Role> = []
        var leaving: [Trace] = []
        for trace in arriving where keeps(trace.role, in: output) && seen.insert(trace.role).inserted {
            leaving.append(Trace(role: trace.role, path: trace.path + ["stage '\(stage.name)'"]))
        }
        if let role = output.role, !seen.contains(role) {
            leaving.append(Trace(role: role, path: ["'\(stage.name)/\(output.name)' (\(role.rawValue))"]))
        }
        return leaving
    }

    /// Whether samples of this role keep it in an output: one with a role of its own takes training samples out of
    /// theirs, and what was a test set stays one.
    private func keeps(_ role: Role, in output: StageOutput) -> Bool {
        switch output.role {
        case nil: true
        case .train?: role != .train
        case .validation?, .test?: role == .test
        }
    }

    private mutating func reportLearningFromTest(_ stage: ResolvedStage) {
        for (input, written) in zip(stage.inputs, stage.stage.inputs) where written.purpose != .reads {
            for (origin, reference) in zip(input.origins, written.references) {
                guard let trace = origin.flatMap({ traces[$0] })?.first(where: { $0.role == .test }),
                    !mistakes.isTold(.learnsFromTest, reference, by: stage.stage)
                else { continue }
                let verb = written.purpose == .learns ? "learns from" : "chooses by"
                mistakes.add(
                    Diagnostic(
                        .learnsFromTest, in: manifest.source, at: reference.location,
                        "stage '\(stage.stage.title)' \(verb) a test set through its input '\(written.name)'",
                        details: ["path: " + (trace.path + ["stage '\(stage.name)'"]).joined(separator: " -> ")],
                        hint: "use a part of the training images as validation set; a stage that only measures does "
                            + "not learn"), reference, by: stage.stage)
            }
        }
    }
}
