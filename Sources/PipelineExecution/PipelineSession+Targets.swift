// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
package import PipelinePlanning

/// What the command line names: stages, all instances of one (`train`), and patterns (`scores@*`).
extension PipelineSession {
    /// The stages that these targets ask for with all they need; throws a `UsageError` for one that means none.
    package func stages(named targets: [String]) throws -> [StageNode] {
        graph.stages(neededFor: try targets.flatMap { try names(matching: $0) })
    }

    /// The names of the stages that a target means; throws a `UsageError` where it means none.
    package func names(matching target: String) throws -> [String] {
        let names = graph.names(matching: target)
        guard !names.isEmpty else { throw unknownStage(target) }
        return names
    }

    package func unknownStage(_ name: String) -> UsageError {
        let groups = Set(graph.manifest.stages.compactMap { $0.group?.name }).sorted()
        let known = groups + graph.names
        if FilePattern.isPattern(name) {
            return UsageError("no stage of the pipeline '\(manifest.name)' fits '\(name)'", hint: hint(known))
        }
        return UsageError(
            "the pipeline '\(manifest.name)' has no stage '\(name)'",
            hint: suggestion(for: name, among: known) ?? hint(known))
    }

    private func hint(_ known: [String]) -> String {
        let shown = known.prefix(30)
        return "its stages: \(shown.joined(separator: ", "))"
            + (known.count > shown.count ? " and \(known.count - shown.count) more" : "")
    }
}
