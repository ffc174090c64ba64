// SPDX-License-Identifier: Apache-2.0

package import PipelineManifest

/// A run as a page of GitHub's Markdown: the verdicts first, then all that they depend on.
package struct MarkdownReport: Hashable, Sendable {
    /// What became of one stage.
    package struct StageLine: Hashable, Sendable {
        package let name: String
        /// For example `ran`.
        package let outcome: String
        package let seconds: Double

        package init(name: String, outcome: String, seconds: Double) {
            self.name = name
            self.outcome = outcome
            self.seconds = seconds
        }
    }

    package let title: String
    package let paper: Paper?
    package let deviations: DeviationTable
    package let assumptions: [Assumption]
    package let settings: [Setting]
    /// System, processor, compiler and the like; shown sorted by name.
    package let environment: [String: String]
    package let stages: [StageLine]
    package let notes: [String]

    package init(
        title: String, paper: Paper?, deviations: DeviationTable, assumptions: [Assumption], settings: [Setting],
        environment: [String: String], stages: [StageLine], notes: [String] = []
    ) {
        self.title = title
        self.paper = paper
        self.deviations = deviations
        self.assumptions = assumptions
        self.settings = settings
        self.environment = environment
        self.stages = stages
        self.notes = notes
    }

    /// The page; what is empty has no section.
    package var text: String {
        let sections = [
            section("Assumptions", assumptions.map(item).joined()), section("Settings", settingTable),
            section("Environment", environmentTable), section("Stages", stageTable),
            section("Notes", notes.map { markdownItem($0) + "\n" }.joined()),
        ]
        let opening = ["# \(markdownEscaped(title))\n", paper.map(line) ?? ""]
        return (opening + [section("Verdicts", deviations.markdown)] + sections).filter { !$0.isEmpty }
            .joined(separator: "\n")
    }

    private func section(_ title: String, _ content: String) -> String {
        content.isEmpty ? "" : "## \(title)\n\n\(content)"
    }

    /// Reproduces *title*, authors, year, where.
    private func line(_ paper: Paper) -> String {
        let details = [paper.authors, paper.year.map(String.init), paper.reference].compactMap { $0 }
        let words = ["*\(markdownEscaped(paper.title))*"] + details.map(markdownEscaped)
        return "Reproduces \(words.joined(separator: ", "))\n"
    }

    private func item(_ assumption: Assumption) -> String {
        let reason = assumption.reason.map { " (\(markdownEscaped($0)))" } ?? ""
        return "- **\(markdownEscaped(assumption.about))**: \(markdownEscaped(assumption.chosen))\(reason)\n"
    }

    private var settingTable: String {
        var table = TextTable([.init("setting"), .init("value"), .init("given by")])
        for setting in settings {
            let origin = setting.isOverridden ? "--set" : "manifest"
            table.append([.init(setting.name.value), .init(setting.value.description), .init(origin)])
        }
        return settings.isEmpty ? "" : table.markdown
    }

    private var environmentTable: String {
        var table = TextTable([.init("what"), .init("value")])
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) { table.append([.init(name), .init(value)]) }
        return environment.isEmpty ? "" : table.markdown
    }

    private var stageTable: String {
        var table = TextTable([.init("stage"), .init("outcome"), .init("time", .right)])
        for stage in stages {
            table.append([
                .init(stage.name), .init(stage.outcome), .init(DurationText(seconds: stage.seconds).description),
            ])
        }
        return stages.isEmpty ? "" : table.markdown
    }
}
