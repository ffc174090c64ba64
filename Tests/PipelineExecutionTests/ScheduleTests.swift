// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Testing

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed on every machine.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }
}

/// What happens to each stage of a random pipeline; stages are numbers in a topological order.
private struct Scenario {
    var upstream: [[Int]] = []
    /// The cache has its result.
    var isHit: [Bool] = []
    /// Its result is there and an object of it is not, which shows before its reader starts.
    var isLost: [Bool] = []
    /// The same, but it shows only once its reader has started.
    var isDamaged: [Bool] = []
    var fails: [Bool] = []

    var count: Int { upstream.count }

    init(_ random: inout SeededRandom, hits: Int = 0, losses: Int = 0, failures: Int = 0) {
        for stage in 0..<Int.random(in: 1...12, using: &random) {
            upstream.append((0..<stage).filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
            let isHit = Int.random(in: 0..<100, using: &random) < hits
            self.isHit.append(isHit)
            let loss = isHit ? Int.random(in: 0..<100, using: &random) : 100
            isLost.append(loss < losses / 2)
            isDamaged.append(loss >= losses / 2 && loss < losses)
            fails.append(Int.random(in: 0..<100, using: &random) < failures)
        }
    }

    func nodes() throws -> [StageNode] {
        var text = "reprise: 1\nsources: {s: {path: s}}\nstages:\n"
        for (stage, upstream) in upstream.enumerated() {
            let inputs = upstream.map { "x\($0)" } + ["s"]
            text += "  x\(stage): {run: cp, inputs: {a: [\(inputs.joined(separator: ", "))]}, outputs: {o: o}}\n"
        }
        let graph = try StageGraph.parse(SourceText(file: "p.yml", text: text), interfaces: [])
        return graph.stages(neededFor: [])
    }

    /// Whether a stage runs in the end, by what its readers do: the naive twin of demand.
    var runs: [Bool] {
        var runs = isHit.map { !$0 }
        for stage in (0..<count).reversed() where isLost[stage] || isDamaged[stage] {
            let isNeeded = (0..<count).contains { runs[$0] && upstream[$0].contains(stage) }
            runs[stage] = runs[stage] || isNeeded
        }
        return runs
    }

    /// A stage that has one of these before it.
    func isAfter(_ stages: Set<Int>, _ stage: Int) -> Bool {
        upstream[stage].contains { stages.contains($0) || isAfter(stages, $0) }
    }
}

/// Drives a schedule as the executor does, ending running stages in any order.
private struct Drive {
    private let scenario: Scenario
    private var schedule: Schedule
    private let jobs: Int
    private var decided: Set<Int> = []
    private var running: [Int] = []
    private var isAbsent: [Bool]
    /// How often each stage ran to a good end.
    private(set) var runCounts: [Int]
    private(set) var settled: Set<Int> = []
    private(set) var failed: Set<Int> = []
    private(set) var skipped: Set<Int> = []
    private(set) var mostRunning = 0

    init(_ scenario: Scenario, jobs: Int, keepsGoing: Bool) throws {
        self.scenario = scenario
        self.jobs = jobs
        schedule = Schedule(try scenario.nodes(), jobs: jobs, keepsGoing: keepsGoing)
        isAbsent = zip(scenario.isLost, scenario.isDamaged).map { $0 || $1 }
        runCounts = [Int](repeating: 0, count: scenario.count)
    }

    mutating func finish(_ random: inout SeededRandom, stopAfter limit: Int = .max) throws {
        var steps = 0
        while true {
            steps += 1
            try #require(steps < 2000, "the schedule does not end")
            if steps == limit { schedule.stop() }
            switch schedule.next() {
            case .finished:
                #expect(running.isEmpty, "finished while stages run")
                skipped = Set(schedule.skipped.map(Self.number))
                return
            case .awaitOne:
                try #require(!running.isEmpty, "nothing to await")
                end(running.remove(at: Int.random(in: running.indices, using: &random)))
            case .decide(let name, let isDemanded):
                try decide(Self.number(name), isDemanded: isDemanded)
            case .start(let name):
                let stage = Self.number(name)
                #expect(decided.contains(stage), "x\(stage) started before it was decided")
                decided.remove(stage)
                running.append(stage)
                mostRunning = max(mostRunning, running.count)
            }
        }
    }

    private static func number(_ name: String) -> Int { Int(name.dropFirst()) ?? -1 }

    private static func name(_ stage: Int) -> String { "x\(stage)" }

    private mutating func decide(_ stage: Int, isDemanded: Bool) throws {
        for producer in scenario.upstream[stage] {
            #expect(settled.contains(producer) || runCounts[producer] > 0, "x\(stage) came before x\(producer)")
        }
        #expect(!running.contains(stage) && !decided.contains(stage))
        // One that was there and is demanded finds out for itself that it waits in vain.
        if !isDemanded { #expect(failed.isDisjoint(with: scenario.upstream[stage]), "x\(stage) came up in vain") }
        try #require(!failed.contains(stage), "x\(stage) came up after it failed")
        if !isDemanded { #expect(!settled.contains(stage) && runCounts[stage] == 0, "x\(stage) came up again") }
        if scenario.isHit[stage], !(isDemanded && isAbsent[stage]) {
            settled.insert(stage)
            schedule.settled(Self.name(stage))
            return
        }
        let lost = scenario.upstream[stage].filter { isAbsent[$0] && scenario.isLost[$0] }
        if !lost.isEmpty {
            schedule.waits(Self.name(stage), for: lost.map(Self.name), isRunning: false)
            return
        }
        decided.insert(stage)
        schedule.mustRun(Self.name(stage))
    }

    private mutating func end(_ stage: Int) {
        let damaged = scenario.upstream[stage].filter { isAbsent[$0] }
        if !damaged.isEmpty {
            schedule.waits(Self.name(stage), for: damaged.map(Self.name), isRunning: true)
        } else if scenario.fails[stage] {
            failed.insert(stage)
            schedule.failed(Self.name(stage))
        } else {
            runCounts[stage] += 1
            isAbsent[stage] = false
            schedule.succeeded(Self.name(stage))
        }
    }
}

struct ScheduleTests {
    @Test(arguments: 1...4)
    func `each stage is decided once and never before what it reads`(jobs: Int) throws {
        var random = SeededRandom(seed: UInt64(jobs))
        var mostRunning = 0
        for _ in 0..<150 {
            let scenario = Scenario(&random, hits: 30)
            var drive = try Drive(scenario, jobs: jobs, keepsGoing: false)
            try drive.finish(&random)
            #expect(drive.runCounts == scenario.isHit.map { $0 ? 0 : 1 })
            #expect(drive.settled == Set((0..<scenario.count).filter { scenario.isHit[$0] }))
            #expect(drive.skipped.isEmpty && drive.failed.isEmpty)
            mostRunning = max(mostRunning, drive.mostRunning)
        }
        #expect(mostRunning == jobs)
    }

    @Test(arguments: 1...4)
    func `a failure skips exactly what comes after it, when the run keeps going`(jobs: Int) throws {
        var random = SeededRandom(seed: UInt64(10 + jobs))
        var failureCount = 0
        for _ in 0..<150 {
            let scenario = Scenario(&random, hits: 20, failures: 20)
            var drive = try Drive(scenario, jobs: jobs, keepsGoing: true)
            try drive.finish(&random)
            let (failed, skipped) = (drive.failed, drive.skipped)
            #expect(skipped == Set((0..<scenario.count).filter { scenario.isAfter(failed, $0) }))
            for stage in 0..<scenario.count where !failed.contains(stage) && !skipped.contains(stage) {
                #expect(drive.runCounts[stage] == 1 || drive.settled.contains(stage))
            }
            failureCount += failed.count
        }
        #expect(failureCount > 50)
    }

    @Test(arguments: 1...4)
    func `without keep-going a failure lets what runs end and starts nothing`(jobs: Int) throws {
        var random = SeededRandom(seed: UInt64(20 + jobs))
        for _ in 0..<150 {
            let scenario = Scenario(&random, failures: 20)
            var drive = try Drive(scenario, jobs: jobs, keepsGoing: false)
            try drive.finish(&random)
            #expect(drive.failed.count <= jobs)
            let done = (0..<scenario.count).filter { drive.runCounts[$0] == 1 }
            #expect(Set(done).union(drive.failed).union(drive.skipped).count == scenario.count)
            #expect(drive.failed.isEmpty == (done.count == scenario.count))
        }
    }

    @Test(arguments: 1...4)
    func `lost and damaged results are made again once, and only where something reads them`(jobs: Int) throws {
        var random = SeededRandom(seed: UInt64(30 + jobs))
        var remadeCount = 0
        for _ in 0..<300 {
            let scenario = Scenario(&random, hits: 70, losses: 60)
            var drive = try Drive(scenario, jobs: jobs, keepsGoing: false)
            try drive.finish(&random)
            #expect(drive.runCounts == scenario.runs.map { $0 ? 1 : 0 })
            #expect(drive.skipped.isEmpty)
            remadeCount += (0..<scenario.count).filter { scenario.isHit[$0] && scenario.runs[$0] }.count
        }
        #expect(remadeCount > 100)
    }

    @Test(arguments: 1...4)
    func `losses and failures together end, each stage in one way`(jobs: Int) throws {
        var random = SeededRandom(seed: UInt64(40 + jobs))
        for round in 0..<300 {
            let scenario = Scenario(&random, hits: 60, losses: 60, failures: 30)
            var drive = try Drive(scenario, jobs: jobs, keepsGoing: round % 2 == 0)
            try drive.finish(&random)
            #expect(drive.failed.isDisjoint(with: drive.skipped))
            for stage in 0..<scenario.count where drive.runCounts[stage] > 0 {
                #expect(!drive.failed.contains(stage) && !drive.skipped.contains(stage))
                #expect(drive.runCounts[stage] == 1)
            }
        }
    }

    @Test(arguments: 1...4)
    func `a stopped schedule awaits what runs and starts nothing`(jobs: Int) throws {
        var random = SeededRandom(seed: UInt64(50 + jobs))
        for _ in 0..<150 {
            let scenario = Scenario(&random, hits: 30)
            var drive = try Drive(scenario, jobs: jobs, keepsGoing: true)
            try drive.finish(&random, stopAfter: Int.random(in: 1...20, using: &random))
            let done = drive.settled.union((0..<scenario.count).filter { drive.runCounts[$0] > 0 })
            #expect(done.union(drive.skipped) == Set(0..<scenario.count))
            #expect(done.isDisjoint(with: drive.skipped))
        }
    }

    @Test func `stages that are ready come up in the graph's order`() throws {
        var random = SeededRandom(seed: 60)
        let scenario = Scenario(&random, hits: 100)
        let nodes = try scenario.nodes()
        var schedule = Schedule(nodes, jobs: 1, keepsGoing: false)
        var order: [String] = []
        while case .decide(let stage, let isDemanded) = schedule.next() {
            #expect(!isDemanded)
            order.append(stage)
            schedule.settled(stage)
        }
        #expect(order == nodes.map(\.name))
    }
}
