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

    @Option(
        help: ArgumentHelp("Runs this stage and all that depend on it although nothing changed.", valueName: "stage"),
        completion: StageCompletion.names)
    var forceDownstream: [String] = []

    @Option(
        help: ArgumentHelp(
            "Runs this stage twice more and compares what it gives; ends with 3 where that differs.",
            valueName: "stage"), completion: StageCompletion.names)
    var checkDeterminism: [String] = []

    @Option(help: "A remark for the run's record.")
    var note: String?

    @Flag(help: "Prints one JSON object instead of tables.")
    var json = false

    func validate() throws {
        if json, !checkDeterminism.isEmpty { throw UsageError("'--check-determinism' prints no JSON") }
    }

    func run() async throws {
        let session = try options.session()
        let checked = try checkDeterminism.flatMap { try session.names(matching: $0) }
        let first = try forceDownstream.flatMap { try session.names(matching: $0) }
        let forced = Set(try force.flatMap { try session.names(matching: $0) })
            .union(session.graph.downstream(of: first))
        let run = PipelineRun(session: session, execution: execution, forced: forced, note: note)
        // What is forced is meant, also where nothing that was asked for needs it; of a whole pipeline all is.
        let targets = checked + stages
        let wanted = try session.stages(named: targets.isEmpty ? [] : targets + forced.sorted())
        if !checked.isEmpty { return try await check(checked, run, try await run.run(wanted)) }
        let (ended, results) = try await run.runForResults(wanted)
        let text =
            json
            ? results.json(pipeline: session.manifest.name, ended.outcome).canonicalText + "\n"
            : results.text(ended, in: session, colour: Terminal.output.isColoured)
        Terminal.output.write(text)
        try ended.complain(in: session)
        try results.complain()
        if ended.foundNothingToDo, note == nil, !execution.verbose {
            SettledAnswer.keep(text, exitCode: results.hasDeviation ? RepriseExit.differs.rawValue : 0, in: session)
        }
        if results.hasDeviation { throw RepriseExit.differs }
    }

    /// Runs stages twice more, each alone.
    private func check(_ stages: [String], _ run: PipelineRun, _ ended: EndedRun) async throws {
        try ended.complain(in: run.session)
        var differs = false
        for stage in stages {
            let differences = try await run.differences(of: stage, after: ended)
            let isTool = if case .tool? = run.session.graph.node(named: stage)?.stage.work { true } else { false }
            let command = isTool ? nil : run.session.forceCommand(for: stage)
            Terminal.output.write(DeterminismText(stage: stage, differences: differences, forceCommand: command).text)
            differs = differs || !differences.isEmpty
        }
        if differs { throw RepriseExit.differs }
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

    @Flag(name: .shortAndLong, help: "Also names the stages that are up to date, and shows what commands print.")
    var verbose = false

    func validate() throws {
        if let jobs, jobs < 1 { throw UsageError("'--jobs \(jobs)': at least one stage runs at a time") }
        if let threads, threads < 1 { throw UsageError("'--threads \(threads)': a stage has at least one thread") }
    }

    /// With the pools of this machine and the manifest's own.
    func options(of manifest: Manifest) -> ExecutionOptions {
        let jobs = jobs ?? Machine.processorCount
        // Whoever asks for more stages at once than there are processors means it.
        var pools = ["cpu": max(jobs, Machine.processorCount), "memory": Machine.memoryByteCount]
        for pool in manifest.pools { pools[pool.name.value] = pool.capacity }
        return ExecutionOptions(
            jobs: jobs, threads: threads ?? Machine.processorCount, keepsGoing: keepGoing, pools: pools)
    }
}
