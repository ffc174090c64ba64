// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Reporting
import SystemPackage

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Shows the paper's figures beside yours, for a pipeline that has been run.",
        discussion: "Nothing runs but what must be made again because the cache has lost it.")

    @OptionGroup var options: PipelineOptions
    @OptionGroup var execution: ExecutionFlags

    @Option(help: ArgumentHelp("Also writes a report in Markdown.", valueName: "file"))
    var markdown: String?

    @Option(help: ArgumentHelp("Also writes the verdicts as JUnit XML, a case a claim.", valueName: "file"))
    var junit: String?

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        let session = try options.session()
        let stages = try session.stages(named: [])
        let planner = try session.planner(for: try await session.snapshot(for: stages))
        let plan = try planner.plan(for: stages)
        if let open = plan.stages.first(where: { $0.resolution.result == nil }) {
            throw UsageError(
                "stage '\(open.node.name)' is not up to date: \(open.explanation)",
                hint: "'reprise run \(options.pipeline)' brings it up to date")
        }
        let (ended, results) = try await PipelineRun(session: session, execution: execution).runForResults(stages)
        try ended.complain(in: session)
        try results.complain()
        if json {
            let object = results.documentMembers.merging(["pipeline": .text(session.manifest.name)]) { $1 }
            Terminal.output.write(JSONValue.object(object).canonicalText + "\n")
        } else {
            Terminal.output.write(results.text(ended, in: session, colour: Terminal.output.isColoured))
        }
        if let markdown { try write(results.markdown(ended, in: session), to: markdown) }
        if let junit { try write(results.junit(pipeline: session.manifest.name), to: junit) }
        if results.hasDeviation { throw RepriseExit.differs }
    }

    private func write(_ text: String, to file: String) throws {
        try Files.replace(FilePath(file), with: Array(text.utf8))
    }
}
