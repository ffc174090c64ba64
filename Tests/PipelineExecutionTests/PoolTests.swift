// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Stages with what they take and how long they last, run by a clock of the test's own.
private struct Workload {
    var upstream: [[Int]] = []
    var demands: [[String: Int]] = []
    var seconds: [Double] = []
    static let pools = ["cpu": 4, "memory": 100, "gpu": 2]

    init(_ random: inout SeededRandom, count: Int) {
        for stage in 0..<count {
            upstream.append((0..<stage).filter { _ in Int.random(in: 0..<6, using: &random) == 0 })
            var demand: [String: Int] = [:]
            if Int.random(in: 0..<3, using: &random) == 0 { demand["cpu"] = Int.random(in: 1...5, using: &random) }
            if Int.random(in: 0..<3, using: &random) == 0 { demand["memory"] = Int.random(in: 1...100, using: &random) }
            if Int.random(in: 0..<4, using: &random) == 0 { demand["gpu"] = Int.random(in: 1...2, using: &random) }
            demands.append(demand)
            seconds.append(Double(Int.random(in: 1...9, using: &random)))
        }
    }

    func nodes() throws -> [StageNode] {
        var text = "reprise: 1\npools: {gpu: 2}\nsources: {s: {path: s}}\nstages:\n"
        for (stage, upstream) in upstream.enumerated() {
            let inputs = upstream.map { "x\($0)" } + ["s"]
            let resources = demands[stage].filter { $0.key != "gpu" || $0.value <= 2 }.sorted { $0.key < $1.key }
                .map { "\($0.key): \($0.value)" }.joined(separator: ", ")
            text += "  x\(stage): {run: cp, inputs: {a: [\(inputs.joined(separator: ", "))]}, outputs: {o: o}"
            text += resources.isEmpty ? "}\n" : ", resources: {\(resources)}}\n"
        }
        return try StageGraph.parse(SourceText(file: "p.yml", text: text), interfaces: []).stages(neededFor: [])
    }

    /// What a stage takes of a pool: a processor where it says nothing, and never more than there is.
    func share(_ stage: Int, _ pool: String) -> Int {
        min(demands[stage][pool] ?? (pool == "cpu" ? 1 : 0), Self.pools[pool] ?? 0)
    }

    /// The seconds from the start of a stage to the end of all that waits for it.
    func way(_ stage: Int) -> Double {
        let further = upstream.indices.filter { upstream[$0].contains(stage) }.map { way($0) }.max() ?? 0
        return seconds[stage] + further
    }
}

/// What a naive reader of the rules would do: the twin of `Schedule`, which looks at every stage each time.
private struct NaiveSchedule {
    let workload: Workload
    let jobs: Int
    let ways: [Double]
    /// In the graph's order, which need not be that of the numbers.
    let order: [Int]
    var running: Set<Int> = []
    var done: Set<Int> = []
    var held: (stage: Int, pools: Set<String>)?

    init(_ workload: Workload, jobs: Int, order: [Int]) {
        self.workload = workload
        self.jobs = jobs
        self.order = order
        ways = workload.upstream.indices.map { workload.way($0) }
    }

    func free(_ pool: String) -> Int {
        (Workload.pools[pool] ?? 0) - running.map { workload.share($0, pool) }.reduce(0, +)
    }

    mutating func start() -> Int? {
        guard running.count < jobs else { return nil }
        let ready = order.filter { stage in
            !running.contains(stage) && !done.contains(stage) && done.isSuperset(of: workload.upstream[stage])
        }.enumerated().sorted { (ways[$1.element], $0.offset) < (ways[$0.element], $1.offset) }.map(\.element)
        guard let first = ready.first else { return nil }
        if held?.stage != first { held = nil }
        let pools = Workload.pools.keys.sorted()
        let lacking = pools.filter { workload.share(first, $0) > free($0) }
        var chosen: Int? = first
        if !lacking.isEmpty {
            let kept = (held?.pools ?? []).union(lacking)
            held = (first, kept)
            chosen = ready.dropFirst().first { stage in
                pools.allSatisfy { pool in
                    let share = workload.share(stage, pool)
                    let keep = kept.contains(pool) ? workload.share(first, pool) : 0
                    return share == 0 || share + keep <= free(pool)
                }
            }
        }
        guard let chosen else { return nil }
        running.insert(chosen)
        if held?.stage == chosen { held = nil }
        return chosen
    }
}

struct PoolTests {
    private static func number(_ name: String) -> Int { Int(name.dropFirst()) ?? -1 }

    /// Drives a schedule whose stages must all run, each for its seconds, and gives the order of their starts.
    private static func starts(
        of workload: Workload, jobs: Int, check: (_ running: [Int]) -> Void = { _ in }
    ) throws -> [Int] {
        let nodes = try workload.nodes()
        var schedule = Schedule(nodes, jobs: jobs, keepsGoing: false, pools: Workload.pools)
        let expected = workload.seconds.enumerated().map { ("x\($0)", $1) }
        schedule.expect(Dictionary(uniqueKeysWithValues: expected))
        var running: [(stage: Int, end: Double)] = []
        var (starts, now, steps): ([Int], Double, Int) = ([], 0, 0)
        while true {
            steps += 1
            try #require(steps < 10_000, "the schedule does not end")
            switch schedule.next() {
            case .finished:
                #expect(running.isEmpty)
                return starts
            case .decide(let name, _): schedule.mustRun(name)
            case .start(let name):
                let stage = number(name)
                running.append((stage, now + workload.seconds[stage]))
                starts.append(stage)
                check(running.map(\.stage))
            case .awaitOne:
                running.sort { ($0.end, $0.stage) < ($1.end, $1.stage) }
                let ended = running.removeFirst()
                now = ended.end
                schedule.succeeded("x\(ended.stage)")
            }
        }
    }

    /// The same by the naive twin.
    private static func naiveStarts(of workload: Workload, jobs: Int) throws -> [Int] {
        let order = try workload.nodes().map { number($0.name) }
        var naive = NaiveSchedule(workload, jobs: jobs, order: order)
        var ends: [(stage: Int, end: Double)] = []
        var (starts, now): ([Int], Double) = ([], 0)
        while naive.done.count < order.count {
            if let stage = naive.start() {
                starts.append(stage)
                ends.append((stage, now + workload.seconds[stage]))
                continue
            }
            ends.sort { ($0.end, $0.stage) < ($1.end, $1.stage) }
            let ended = ends.removeFirst()
            now = ended.end
            naive.running.remove(ended.stage)
            naive.done.insert(ended.stage)
        }
        return starts
    }

    @Test(arguments: 1...5)
    func `stages start as a naive reader of the rules would start them, and never take more than there is`(
        jobs: Int
    ) throws {
        var random = SeededRandom(seed: UInt64(70 + jobs))
        for _ in 0..<60 {
            let workload = Workload(&random, count: Int.random(in: 1...14, using: &random))
            let starts = try Self.starts(of: workload, jobs: jobs) { running in
                #expect(running.count <= jobs)
                for (pool, capacity) in Workload.pools {
                    #expect(running.map { workload.share($0, pool) }.reduce(0, +) <= capacity, "\(pool)")
                }
            }
            #expect(starts == (try Self.naiveStarts(of: workload, jobs: jobs)))
            #expect(starts.sorted() == Array(workload.upstream.indices))
        }
    }

    @Test func `the longest way to the end comes first`() throws {
        var random = SeededRandom(seed: 80)
        var workload = Workload(&random, count: 0)
        // 0 and 1 are ready; 2 and 3 wait for 1; all else being equal 0 would come first.
        workload.upstream = [[], [], [1], [2]]
        workload.demands = [[:], [:], [:], [:]]
        workload.seconds = [5, 1, 3, 2]
        #expect(try Self.starts(of: workload, jobs: 1) == [1, 0, 2, 3])
        workload.seconds = [7, 1, 3, 2]
        #expect(try Self.starts(of: workload, jobs: 1) == [0, 1, 2, 3])
        // Equal ways: the graph's order.
        workload.seconds = [6, 1, 3, 2]
        #expect(try Self.starts(of: workload, jobs: 1) == [0, 1, 2, 3])
    }

    @Test func `shares of any size are added up without overflow`() async throws {
        let manifest = """
            reprise: 1
            pools: {big: \(Int.max)}
            stages:
              a: {shell: "echo a > outputs/o", outputs: {o: o}, resources: {big: 1}}
              b: {shell: "echo b > outputs/o", outputs: {o: o}, resources: {big: \(Int.max)}}
              c: {shell: "echo c > outputs/o", outputs: {o: o}, resources: {big: \(Int.max - 1)}}

            """
        try await Project.with(manifest) { project in
            let options = ExecutionOptions(jobs: 3, pools: ["big": Int.max, "cpu": 3])
            let run = try await project.run(options: options)
            #expect(run.ran.sorted() == ["a", "b", "c"])
        }
    }

    @Test func `a large stage is not overtaken for ever by small ones`() throws {
        var random = SeededRandom(seed: 81)
        var workload = Workload(&random, count: 0)
        // The second is the longest and needs all processors; the small ones follow one another for ever.
        workload.upstream = (0..<40).map { _ in [] }
        workload.demands = (0..<40).map { $0 == 1 ? ["cpu": 4] : [:] }
        workload.seconds = [60, 50] + (2..<40).map { stage in Double(1 + stage % 3) }
        #expect(try Self.starts(of: workload, jobs: 4).prefix(2) == [0, 1], "nothing takes what it lacks before it")
    }

    @Test func `a stage that waits for one pool lets those go ahead that take nothing of it`() throws {
        var random = SeededRandom(seed: 82)
        var workload = Workload(&random, count: 0)
        workload.upstream = [[], [], []]
        workload.demands = [["gpu": 2], ["gpu": 1], [:]]
        workload.seconds = [9, 8, 1]
        #expect(try Self.starts(of: workload, jobs: 2) == [0, 2, 1])
    }

    @Test(arguments: ["chain", "fan"])
    func `ten thousand stages are scheduled in steps that do not grow with them`(shape: String) throws {
        func steps(_ count: Int) throws -> Double {
            var text = "reprise: 1\nsources: {s: {path: s}}\nstages:\n"
            for stage in 0..<count {
                let input = shape == "chain" && stage > 0 ? "x\(stage - 1)" : "s"
                text += "  x\(stage): {run: cp, inputs: {a: \(input)}, outputs: {o: o}}\n"
            }
            let nodes = try StageGraph.parse(SourceText(file: "p.yml", text: text), interfaces: []).stages(neededFor: []
            )
            let start = Self.processorSeconds()
            var schedule = Schedule(nodes, jobs: 2, keepsGoing: false, pools: ["cpu": 2])
            var running: [String] = []
            while true {
                switch schedule.next() {
                case .finished: return Self.processorSeconds() - start
                case .decide(let name, _): schedule.mustRun(name)
                case .start(let name): running.append(name)
                case .awaitOne: schedule.succeeded(running.removeFirst())
                }
            }
        }
        let (few, many) = (try steps(1_000), try steps(10_000))
        // Ten times the stages; a quadratic schedule would take a hundred times as long.
        #expect(many < max(few, 0.02) * 50, "\(few) and \(many)")
    }

    /// What this thread has had of a processor, whatever else the machine does.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
