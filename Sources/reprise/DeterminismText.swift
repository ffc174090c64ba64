// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution

/// What came of running stages twice, for people.
struct DeterminismText {
    let stage: String
    let differences: [DeterminismCheck.Difference]
    /// What makes the stage and all that depends on it anew; nil for a tool, which is never to be so.
    let forceCommand: String?

    var text: String {
        if differences.isEmpty { return "identical: stage '\(stage)' gives the content that the cache has, twice\n" }
        let lines = differences.map { difference in
            "  output '\(difference.output)': \(difference.stored.abbreviated) in the cache, "
                + "\(difference.first.abbreviated) the first time, \(difference.second.abbreviated) the second\n"
                + (difference.distance.map { "    \(compared(difference)): \($0)\n" } ?? "")
        }
        return "stage '\(stage)' is not deterministic:\n" + lines.joined() + consequence
    }

    private var consequence: String {
        guard let forceCommand else {
            return "  a tool gives the same content everywhere: this is a fault of the tool\n"
        }
        return "  where the cache loses an output, it cannot be made again as it was;\n"
            + "  '\(forceCommand)' makes it and all that depends on it anew\n"
    }

    private func compared(_ difference: DeterminismCheck.Difference) -> String {
        difference.first == difference.second ? "cache to first" : "first to second"
    }
}
