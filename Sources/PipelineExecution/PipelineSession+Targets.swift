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

    /// The one stage that a target means; throws a `UsageError` where it means none or several.
    package func stage(named target: String) throws -> StageNode {
        let names = try names(matching: target)
        guard let name = names.first, let node = graph.node(named: name) else { throw unknownStage(target) }
        guard names.count == 1 else {
            let shown = names.prefix(30)
            throw UsageError(
                "'\(target)' is \(names.count) stages, and one is needed",
                hint: "name one of them: \(shown.map { "'\($0)'" }.joined(separator: ", "))"
                    + (names.count > shown.count ? " and \(names.count - shown.count) more" : ""))
        }
        return node
    }

    package func unknownStage(_ name: String) -> UsageError {
        if FilePattern.isPattern(name) {
            return UsageError("no stage of the pipeline '\(manifest.name)' fits '\(name)'", hint: namesHint)
        }
        return UsageError(
            "the pipeline '\(manifest.name)' has no stage '\(name)'",
            hint: suggestion(for: name, among: titles + graph.names) ?? namesHint)
    }

    /// The names under which the author wrote the stages, in the order of the graph.
    private var titles: [String] {
        var seen: Set<String> = []
        return graph.stages(neededFor: []).map(\.stage.title).filter { seen.insert($0).inserted }
    }

    private var namesHint: String {
        let shown = titles.prefix(30)
        return "its stages: \(shown.joined(separator: ", "))"
            + (titles.count > shown.count ? " and \(titles.count - shown.count) more" : "")
    }
}
