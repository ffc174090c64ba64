// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import SystemPackage
import Testing

/// A pipeline with its data and its cache in a folder of its own, whose tools are counted.
struct Project: Sendable {
    let folder: FilePath
    let workshop = Workshop()

    /// A pipeline that joins two branches; each stage's tool says what it does to texts.
    static let manifest = """
        reprise: 1
        name: demo
        sources:
          left: {path: left}
          right: {path: right}
        stages:
          read-left: {tool: read, inputs: left}
          read-right: {tool: read, inputs: right}
          shout: {tool: upper, inputs: read-left, settings: {suffix: "!"}}
          head: {tool: first, inputs: read-right}
          both: {tool: join, inputs: [shout, head]}
          last: {tool: upper, inputs: both}

        """

    /// Calls `body` with a project in a fresh folder, which is removed afterwards.
    static func with<Value>(
        _ manifest: String = manifest, _ body: (Project) async throws -> Value
    ) async throws -> Value {
        let name = "reprise-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let project = Project(folder: FilePath("/tmp").appending(name))
        try Files.makeFolder(project.folder)
        defer { try? Files.removeTree(project.folder) }
        try project.write(manifest, to: "p.yml")
        for (name, text) in [
            ("left/a", "one\ntwo"), ("left/b", "three"), ("right/a", "four\nfive"), ("right/b", "six"),
        ] {
            try project.write(text, to: "data/" + name)
        }
        return try await body(project)
    }

    func path(_ name: String) -> FilePath { folder.pushing(FilePath(name)) }

    func write(_ text: String, to name: String) throws {
        try Files.makeFolder(path(name).removingLastComponent())
        try Files.replace(path(name), with: Array(text.utf8))
    }

    /// Replaces a piece of the manifest, which must be there.
    func edit(_ old: String, _ new: String) throws {
        let text = String(decoding: try Files.bytes(of: path("p.yml")), as: UTF8.self)
        let parts = text.split(separator: old, omittingEmptySubsequences: false)
        try #require(parts.count > 1, "the manifest lacks '\(old)'")
        try write(parts.joined(separator: new), to: "p.yml")
    }

    func session(cache: String = "cache", data: String = "data") throws -> PipelineSession {
        try PipelineSession(
            pipeline: path("p.yml").string, data: path(data).string, cache: path(cache).string,
            toolbox: workshop.toolbox)
    }

    /// What `reprise run` does, with the tools in this process.
    func run(
        _ targets: [String] = [], cache: String = "cache", data: String = "data",
        options: ExecutionOptions = ExecutionOptions(), forced: Set<String> = [], wanted: Set<String> = [],
        runner: (any ActionRunner)? = nil, observer: any RunObserver = NoObserver()
    ) async throws -> Run {
        let session = try session(cache: cache, data: data)
        return try await run(
            session, targets, options: options, forced: forced, wanted: wanted, runner: runner, observer: observer)
    }

    func run(
        _ session: PipelineSession, _ targets: [String] = [], options: ExecutionOptions = ExecutionOptions(),
        forced: Set<String> = [], wanted: Set<String> = [], runner: (any ActionRunner)? = nil,
        observer: any RunObserver = NoObserver()
    ) async throws -> Run {
        try session.folders.prepare()
        let stages = try session.stages(named: targets)
        let snapshot = try await session.snapshot(for: stages)
        let planner = try session.planner(for: snapshot, forced: forced)
        let plan = try planner.plan(for: stages)
        let before = workshop.counts
        let executor = Executor(
            planner: planner, runner: runner ?? InProcessActionRunner(toolbox: workshop.toolbox),
            folders: session.folders, options: options, observer: observer)
        let outcome = await executor.run(stages, wanted: wanted)
        try RunHistory.save(
            RunRecord(
                id: RunHistory.newID(), pipeline: session.manifest.name, manifest: "p.yml", seconds: 0,
                environment: [:], overrides: [:], forced: forced.sorted(), note: nil, stages: outcome.records),
            in: session.folders)
        return Run(outcome: outcome, plan: plan, counts: workshop.counts.subtracting(before))
    }

    /// The file of an object, as the cache names it.
    func object(of stage: String, _ output: String = "text", in run: Run, cache: String = "cache") throws -> FilePath {
        let artifact = try #require(run.outcome.results[stage]?.output(named: output))
        return FileObjectStore(cache: path(cache)).path(of: artifact.object)
    }

    /// The text of an artifact.
    func text(of stage: String, _ output: String = "text", in run: Run, cache: String = "cache") throws -> String {
        String(decoding: try Files.bytes(of: object(of: stage, output, in: run, cache: cache)), as: UTF8.self)
    }

    /// Flips the lowest bit of an object's first byte.
    func damage(_ stage: String, _ output: String = "text", in run: Run) throws {
        let path = try object(of: stage, output, in: run)
        var bytes = try Files.bytes(of: path)
        bytes[0] ^= 1
        try Files.remove(path)
        try Files.write(bytes, toNew: path)
    }

    func names(in folder: String) throws -> [String] { try Files.names(in: path(folder)) }
}

/// What came of one run.
struct Run: Sendable {
    let outcome: ExecutionOutcome
    let plan: Plan
    /// How often each tool was called.
    let counts: [String: Int]

    /// The stages with this outcome, in the graph's order.
    func stages(_ wanted: StageRecord.Outcome) -> [String] {
        outcome.records.filter { $0.outcome == wanted }.map(\.stage)
    }

    var ran: [String] { stages(.ran) }

    func reason(_ stage: String) -> String? { outcome.records.first { $0.stage == stage }?.reason }

    /// Content digests by `STAGE/OUTPUT`.
    var contents: [String: Digest] {
        var contents: [String: Digest] = [:]
        for (stage, result) in outcome.results {
            for output in result.outputs { contents["\(stage)/\(output.name)"] = output.content }
        }
        return contents
    }

    /// Each stage with its outcome, as `read-left ran`.
    var summary: [String] { outcome.records.map { "\($0.stage) \($0.outcome.rawValue)" } }
}

extension [String: Int] {
    fileprivate func subtracting(_ other: Self) -> Self {
        merging(other) { $0 - $1 }.filter { $0.value != 0 }
    }
}

extension Trait where Self == TimeLimitTrait {
    /// Ends what would never end by itself.
    ///
    /// The limit counts the minutes for which a test waits until those before it have left it a processor, so that it
    /// lies far beyond what any of them takes.
    static var endsAtSomeTime: Self { .timeLimit(.minutes(40)) }
}
