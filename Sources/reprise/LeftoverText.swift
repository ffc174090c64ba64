// SPDX-License-Identifier: Apache-2.0

import PipelineExecution

/// The warnings about what housekeeping could not remove.
enum LeftoverText {
    /// So many are told one by one.
    private static let maximumCount = 5

    static func lines(_ leftovers: Leftovers) -> [String] {
        guard !leftovers.isEmpty else { return [] }
        var lines = leftovers.faults.prefix(maximumCount).map { "warning: \($0)" }
        let others = leftovers.faults.count - lines.count
        if others > 0 { lines.append("warning: and \(others) more") }
        lines.append("hint: it only takes room; its owner can remove it, or 'sudo rm -r' does")
        return lines
    }

    static func tell(_ leftovers: Leftovers) {
        for line in lines(leftovers) { Terminal.complain(line) }
    }
}
