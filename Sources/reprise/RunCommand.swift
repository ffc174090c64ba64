// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Reporting

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs what changed, then shows the paper's figures beside yours.",
        discussion: """
            Without STAGE the whole pipeline; with STAGE that stage and all it needs. Results go to standard output, \
            progress to standard error. Threads and jobs change how long it takes and never what comes out.
            """)

    @OptionGroup var options: PipelineOptions

    @Argument(help: "Stages to bring up to date.", completion: StageCompletion.names)
    var stages: [String] = []

    @OptionGroup var execution: ExecutionFlags

    @Option(
        help: ArgumentHelp("Runs this stage although nothing changed.", valueName: "stage"),
        completion: StageCompletion.names)
    var force: [String] = []

    @Option(help: "A remark for the run's record.")
    var note: String?

    @Flag(help: "Prints one JSON object instead of tables.")
    var json = false

    func run() async throws {
        let session = try options.session()
        let forced = Set(try force.flatMap { try session.names(matching: $0) })
        let run = PipelineRun(session: session, execution: execution, forced: forced, note: note)
        let ended = try await run.run(try session.stages(named: stages))
        let results = RunResults(of: ended.outcome, in: session)
        let text =
            json
            ? results.json(pipeline: session.manifest.name, ended.outcome).canonicalText + "\n"
            : results.text(ended, in: session, colour: Terminal.output.isColoured)
        Terminal.output.write(text)
        try ended.complain(in: session)
        if ended.foundNothingToDo, results.unreadable.isEmpty, note == nil, !execution.verbose {
            SettledAnswer.keep(text, exitCode: results.hasDeviation ? RepriseExit.differs.rawValue : 0, in: session)
        }
        if results.hasDeviation { throw RepriseExit.differs }
    }
}

/// How a run is carried out, and how much it says meanwhile.
struct ExecutionFlags: ParsableArguments {
    @Option(help: "Stages at once; as many as there are processors where it is left out.")
    var jobs: Int?

    @Option(help: "Threads for each stage; as many as there are processors where it is left out.")
    var threads: Int?

    @Flag(help: "After a failed stage, runs what does not need it.")
    var keepGoing = false

    @Flag(name: .shortAndLong, help: "Says nothing while it runs.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Also names the stages that are up to date.")
    var verbose = false

    func validate() throws {
        if let jobs, jobs < 1 { throw UsageError("'--jobs \(jobs)': at least one stage runs at a time") }
        if let threads, threads < 1 { throw UsageError("'--threads \(threads)': a stage has at least one thread") }
    }

    var executionOptions: ExecutionOptions {
        ExecutionOptions(
            jobs: jobs ?? Machine.processorCount, threads: threads ?? Machine.processorCount, keepsGoing: keepGoing)
    }
}
