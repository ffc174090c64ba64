// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution

/// What came of running stages twice, for people.
struct DeterminismText {
    let stage: String
    let differences: [DeterminismCheck.Difference]

    var text: String {
        if differences.isEmpty { return "identical: stage '\(stage)' gives the content that the cache has, twice\n" }
        let lines = differences.map { difference in
            "  output '\(difference.output)': \(difference.stored.abbreviated) in the cache, "
                + "\(difference.first.abbreviated) the first time, \(difference.second.abbreviated) the second\n"
                + (difference.distance.map { "    \(compared(difference)): \($0)\n" } ?? "")
        }
        return "stage '\(stage)' is not deterministic:\n" + lines.joined()
    }

    private func compared(_ difference: DeterminismCheck.Difference) -> String {
        difference.first == difference.second ? "cache to first" : "first to second"
    }
}
