// SPDX-License-Identifier: Apache-2.0

package import PipelineManifest

/// A run for a page: the paper, the figures, what was assumed, and where it ran.
package struct MarkdownReport: Sendable {
    /// A stage as the report lists it.
    package struct StageLine: Hashable, Sendable {
        package let name: String
        package let outcome: String
        package let seconds: Double

        package init(name: String, outcome: String, seconds: Double) {
            self.name = name
            self.outcome = outcome
            self.seconds = seconds
        }
    }

    private let manifest: Manifest
    private let table: DeviationTable
    private let stages: [StageLine]
    private let environment: [String: String]

    package init(
        manifest: Manifest, table: DeviationTable, stages: [StageLine], environment: [String: String]
    ) {
        self.manifest = manifest
        self.table = table
        self.stages = stages
        self.environment = environment
    }

    package var text: String {
        var sections = ["# \((manifest.title ?? manifest.name).escapedForMarkdown)\n"]
        if let paper = manifest.paper {
            let parts = [paper.authors, paper.title, paper.year.map(String.init), paper.reference].compactMap { $0 }
            sections.append(parts.joined(separator: ", ").escapedForMarkdown + "\n")
        }
        sections.append("## Figures\n\n" + table.markdown)
        if !manifest.assumptions.isEmpty {
            sections.append(
                section(
                    "What the paper leaves unsaid", ["about", "chosen", "reason"],
                    manifest.assumptions.map { [$0.about, $0.chosen, $0.reason ?? ""] }))
        }
        sections.append(
            section(
                "Stages", ["stage", "outcome", "time"],
                stages.map { [$0.name, $0.outcome, $0.outcome == "ran" ? "\(DurationText(seconds: $0.seconds))" : ""] }))
        sections.append(
            section(
                "Environment", ["", ""], environment.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }))
        return sections.joined(separator: "\n")
    }

    private func section(_ title: String, _ heads: [String], _ rows: [[String]]) -> String {
        func line(_ cells: [String]) -> String {
            "| " + cells.map(\.escapedForMarkdown).joined(separator: " | ") + " |\n"
        }
        return "## \(title)\n\n" + line(heads) + "|" + heads.map { _ in "---|" }.joined() + "\n"
            + rows.map(line).joined()
    }
}
