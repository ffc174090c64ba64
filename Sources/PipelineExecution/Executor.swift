// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest
package import PipelinePlanning

/// How a run is carried out; nothing here can change a result.
package struct ExecutionOptions: Hashable, Sendable {
    /// Stages at once.
    package var jobs: Int
    /// Threads for each stage.
    package var threads: Int
    package var keepsGoing: Bool
    /// How much there is of what stages that run at once share, by name: `cpu`, `memory` in bytes, the manifest's own.
    package var pools: [String: Int]

    package init(jobs: Int = 1, threads: Int = 1, keepsGoing: Bool = false, pools: [String: Int] = [:]) {
        self.jobs = jobs
        self.threads = threads
        self.keepsGoing = keepsGoing
        self.pools = pools
    }
}

/// What came of a run.
package struct ExecutionOutcome: Sendable {
    /// In the graph's order, one a stage.
    package var records: [StageRecord]
    package var results: [String: ActionResult]
    /// Failures by stage.
    package var failures: [String: StageFailure]
    /// Outputs that results name and the cache has lost, as `STAGE/OUTPUT`; nothing needed them.
    package var absentOutputs: [String]
    package var wasInterrupted: Bool
}

/// Acts on a plan: asks the schedule what is next, has it resolved, starts it, awaits one, tells the schedule.
package struct Executor: Sendable {
    private let planner: Planner
    private let runner: any ActionRunner
    private let folders: CacheFolders
    private let options: ExecutionOptions
    private let observer: any RunObserver
    private let warden: Warden?
    /// The seconds that stages took before; asked for once something must run.
    private let expectedSeconds: @Sendable () -> [String: Double]

    package init(
        planner: Planner, runner: any ActionRunner, folders: CacheFolders, options: ExecutionOptions,
        observer: any RunObserver, warden: Warden? = nil,
        expectedSeconds: @escaping @Sendable () -> [String: Double] = { [:] }
    ) {
        self.planner = planner
        self.runner = runner
        self.folders = folders
        self.options = options
        self.observer = observer
        self.warden = warden
        self.expectedSeconds = expectedSeconds
    }

    /// Runs what must run of these stages.
    ///
    /// - Parameter wanted: stages whose outputs a person asked for, so that they are made again where the cache lost
    /// them.
    package func run(_ stages: [StageNode], wanted: Set<String> = []) async -> ExecutionOutcome {
        let threads = StageThreads()
        defer { threads.close() }
        return await withTaskExecutorPreference(threads) { await runHere(stages, wanted: wanted) }
    }

    private func runHere(_ stages: [StageNode], wanted: Set<String>) async -> ExecutionOutcome {
        var run = OngoingRun(stages: stages, wanted: wanted, options: options)
        let equipment = RunEquipment(planner: planner, warden: warden)
        observer.observe(.began(stageCount: stages.count))
        await withTaskGroup(of: StageAttempt.Ending.self) { group in
            steps: while true {
                if Task.isCancelled { run.interrupt() }
                if equipment.committer.hasFailed { run.schedule.stop() }
                switch run.schedule.next() {
                case .finished: break steps
                case .awaitOne:
                    guard let ending = await group.next() else { break steps }
                    take(ending, &run)
                case .decide(let stage, let isDemanded):
                    decide(stage, isDemanded: isDemanded, equipment, &run)
                case .start(let stage):
                    let attempt = attempt(at: stage, equipment, &run)
                    group.addTask { await attempt.run() }
                }
            }
        }
        for (stage, error) in await equipment.committer.finish() {
            run.fail(stage, unpublished: error)
            observer.observe(.ended(run.record(stage), position: run.position(stage)))
        }
        return run.outcome(planner: planner)
    }

    /// Settles a stage that is up to date; has one that is not started when there is room for it.
    private func decide(
        _ stage: String, isDemanded: Bool, _ equipment: RunEquipment, _ run: inout OngoingRun
    ) {
        let node = run.node(stage)
        do throws(StoreError) {
            var resolution = try planner.resolution(of: node, results: run.results)
            if case .upToDate(let entry) = resolution {
                guard let reason = try demand(entry, of: stage, isDemanded: isDemanded, run) else {
                    return settle(stage, entry, maker: equipment.maker(of: entry.action.key), &run)
                }
                resolution = .stale(entry.action, [reason])
            }
            guard case .stale(let action, let reasons) = resolution else {
                preconditionFailure("the schedule brought up '\(stage)' before what it needs")
            }
            let lost = try lostInputs(of: node, results: run.results)
            guard lost.isEmpty else { return run.demand(lost, by: stage, isRunning: false) }
            run.mustRun(stage, action, reasons, expecting: expectedSeconds)
        } catch {
            run.fail(stage, .store(error), isRunning: false)
            observer.observe(.ended(run.record(stage), position: run.position(stage)))
        }
    }

    /// Why a stage whose result is known must run all the same.
    private func demand(
        _ entry: ActionCacheEntry, of stage: String, isDemanded: Bool, _ run: OngoingRun
    ) throws(StoreError) -> StaleReason? {
        let isWanted = run.wanted.contains(stage)
        guard isDemanded || isWanted, let absent = try planner.absentOutputs(of: entry.result).first else { return nil }
        let needer = isDemanded ? run.needer(of: stage).map { "stage '\($0)'" } : nil
        return .objectAbsent(output: "\(stage)/\(absent.name)", neededBy: needer ?? "what you asked for")
    }

    /// The producers whose objects this stage reads and the cache has lost.
    private func lostInputs(of node: StageNode, results: [String: ActionResult]) throws(StoreError) -> Set<String> {
        var lost: Set<String> = []
        for origin in node.inputs.flatMap(\.origins) {
            guard case .stage(let producer, let output) = origin,
                let artifact = results[producer]?.output(named: output)
            else { continue }
            if try !planner.objects.holds(artifact.object, byteCount: artifact.byteCount) { lost.insert(producer) }
        }
        return lost
    }

    /// - Parameter maker: the stage of this run that made the result, if one did.
    private func settle(_ stage: String, _ entry: ActionCacheEntry, maker: String?, _ run: inout OngoingRun) {
        let reason = maker.map { StageRecord.reason(forWorkOf: $0) } ?? ""
        run.settle(
            StageRecord(
                stage: stage, outcome: .hit, reason: reason, key: entry.action.key, outputs: entry.result.outputs),
            entry.result, isRunning: false)
        observer.observe(.upToDate(stage: stage, position: run.position(stage)))
    }

    private func attempt(at stage: String, _ equipment: RunEquipment, _ run: inout OngoingRun) -> StageAttempt {
        let (node, position) = (run.node(stage), run.position(stage))
        let (action, reasons) = run.begin(stage)
        let observer = observer
        observer.observe(.started(stage: stage, position: position, reasons: reasons))
        var results: [String: ActionResult] = [:]
        for name in node.upstream { results[name] = run.results[name] }
        let onLine: @Sendable (String) -> Void = { observer.observe(.printed(stage: stage, line: $0)) }
        let work = StageWork(
            node: node, results: results, planner: planner, runner: runner, equipment: equipment,
            threads: options.threads,
            onProgress: { observer.observe(.progressed(stage: stage, position: position, $0)) },
            onLine: observer.wantsLines ? onLine : nil)
        return StageAttempt(
            work: work, action: action, reasons: reasons, folders: folders,
            onWait: { observer.observe(.waitsForOther(stage: stage)) },
            onRetry: { failure, attempt, seconds in
                observer.observe(
                    .failedAttempt(stage: stage, position: position, failure, attempt: attempt, secondsToNext: seconds))
            })
    }

    private func take(_ ending: StageAttempt.Ending, _ run: inout OngoingRun) {
        let stage = ending.record.stage
        switch ending.result {
        case .success(let result):
            run.settle(ending.record, result, isRunning: true)
        case .failure(.lostInputs(let producers)):
            run.demand(producers, by: stage, isRunning: true)
            return
        case .failure(.touched(let file)):
            run.fail(stage, .inputChanged(file: file, input: ""), record: ending.record, isRunning: true)
        case .failure(.failed(let failure)):
            run.fail(stage, failure, record: ending.record, isRunning: true)
        }
        observer.observe(.ended(run.record(stage), position: run.position(stage)))
    }
}

/// The state of a run between two steps of its loop.
private struct OngoingRun {
    let stages: [StageNode]
    let wanted: Set<String>
    var schedule: Schedule
    private(set) var results: [String: ActionResult] = [:]
    private var records: [String: StageRecord] = [:]
    private var failures: [String: StageFailure] = [:]
    private var neededBy: [String: String] = [:]
    /// Stages that must run and have not been started.
    private var stale: [String: (action: Action, reasons: [StaleReason])] = [:]
    private var isRanked = false
    private let positions: [String: Int]
    private var wasInterrupted = false

    init(stages: [StageNode], wanted: Set<String>, options: ExecutionOptions) {
        self.stages = stages
        self.wanted = wanted
        schedule = Schedule(
            stages, jobs: options.jobs, keepsGoing: options.keepsGoing, pools: options.pools)
        positions = Dictionary(stages.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Counted from 1.
    func position(_ stage: String) -> Int { (positions[stage] ?? 0) + 1 }

    func node(_ stage: String) -> StageNode { stages[positions[stage] ?? 0] }

    func record(_ stage: String) -> StageRecord {
        records[stage] ?? StageRecord(stage: stage, outcome: .skipped)
    }

    func needer(of stage: String) -> String? { neededBy[stage] }

    mutating func settle(_ record: StageRecord, _ result: ActionResult, isRunning: Bool) {
        // A stage that ran because an object was lost stays a stage that ran.
        records[record.stage] = record
        results[record.stage] = result
        if isRunning { schedule.succeeded(record.stage) } else { schedule.settled(record.stage) }
    }

    /// The first stage that must run is the moment to find out how long they all take.
    mutating func mustRun(
        _ stage: String, _ action: Action, _ reasons: [StaleReason], expecting seconds: () -> [String: Double]
    ) {
        if !isRanked { schedule.expect(seconds()) }
        isRanked = true
        stale[stage] = (action, reasons)
        schedule.mustRun(stage)
    }

    mutating func begin(_ stage: String) -> (action: Action, reasons: [StaleReason]) {
        guard let begun = stale.removeValue(forKey: stage) else {
            preconditionFailure("'\(stage)' was started before it was decided")
        }
        return begun
    }

    mutating func demand(_ producers: Set<String>, by stage: String, isRunning: Bool) {
        for producer in producers where neededBy[producer] == nil { neededBy[producer] = stage }
        schedule.waits(stage, for: producers.sorted(), isRunning: isRunning)
    }

    mutating func fail(_ stage: String, _ failure: StageFailure, record: StageRecord? = nil, isRunning: Bool) {
        note(failure, of: stage, in: record ?? StageRecord(stage: stage, outcome: .failed))
        if isRunning { schedule.failed(stage) } else { schedule.refused(stage) }
    }

    /// A stage ended well, and then its result could not be published.
    mutating func fail(_ stage: String, unpublished error: StoreError) {
        note(.store(error), of: stage, in: record(stage))
        results[stage] = nil
    }

    private mutating func note(_ failure: StageFailure, of stage: String, in record: StageRecord) {
        failures[stage] = failure
        if failure == .interrupted { wasInterrupted = true }
        var failed = record
        failed.outcome = .failed
        failed.reason = failure.message
        records[stage] = failed
    }

    mutating func interrupt() {
        wasInterrupted = true
        schedule.stop()
    }

    func outcome(planner: Planner) -> ExecutionOutcome {
        let behindFailures = Set(schedule.stagesBehindFailures)
        let all = stages.map { node in
            records[node.name]
                ?? StageRecord(
                    stage: node.name, outcome: .skipped,
                    reason: behindFailures.contains(node.name)
                        ? "what it needs did not end well" : "the run had stopped")
        }
        var absent: [String] = []
        for record in all where record.outcome == .hit {
            guard let result = results[record.stage] else { continue }
            absent += ((try? planner.absentOutputs(of: result)) ?? []).map { "\(record.stage)/\($0.name)" }
        }
        return ExecutionOutcome(
            records: all, results: results, failures: failures, absentOutputs: absent, wasInterrupted: wasInterrupted)
    }
}
