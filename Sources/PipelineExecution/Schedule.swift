// SPDX-License-Identifier: Apache-2.0

package import PipelinePlanning

/// What next: a pure state machine over the stages of a run.
///
/// The executor asks `next()`, does what it says and tells what came of it. A stage comes up to be decided once all it
/// reads is there; one that must run is started once there is room for it. Of several the one on the longest way to the
/// end comes first, by the seconds that stages are expected to take, and else the first in the graph's order. A stage
/// whose cached result has lost an object can be demanded again by the stage that needs it.
package struct Schedule: Sendable {
    package enum Step: Hashable, Sendable {
        /// Find out whether this stage must run, then say so with `settled`, `mustRun`, `waits` or `refused`.
        case decide(stage: String, isDemanded: Bool)
        /// Start this stage, which counts as running from now on.
        case start(stage: String)
        /// Nothing can be decided or started until a running stage ends.
        case awaitOne
        case finished
    }

    private enum State: Hashable {
        case waiting
        case deciding
        /// Decided; waits for its shares.
        case mustRun
        case running
        case there
        case failed
        /// Something it needs failed.
        case skipped
    }

    /// What a stage is expected to take of which nothing is known.
    private static let unknownSeconds = 0.1

    private let names: [String]
    private let position: [String: Int]
    private let downstream: [[Int]]
    private var missing: [Int]
    private var states: [State]
    private var demanded: Set<Int> = []
    /// Waits that came up during the run, beside those of the graph.
    private var extraWaits: [Int: Set<Int>] = [:]
    /// Stages that were there once: their dependents are released once only.
    private var hasSettled: Set<Int> = []
    /// By stage, smaller ranks first; and the other way round.
    private var ranks: [Int]
    private var stageOfRank: [Int]
    /// Ranks of stages that may be decided.
    private var ready = RankedStages()
    private var shares: PoolShares
    private var runningCount = 0
    private let jobs: Int
    private let keepsGoing: Bool
    private var isStopped = false

    /// - Parameters:
    ///   - jobs: stages at once.
    ///   - pools: how much there is of what stages share, by name.
    package init(_ stages: [StageNode], jobs: Int, keepsGoing: Bool, pools: [String: Int] = [:]) {
        names = stages.map(\.name)
        let position = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var downstream = [[Int]](repeating: [], count: stages.count)
        var missing = [Int](repeating: 0, count: stages.count)
        for (index, stage) in stages.enumerated() {
            for producer in stage.upstream {
                guard let producerIndex = position[producer] else { continue }
                downstream[producerIndex].append(index)
                missing[index] += 1
            }
        }
        self.position = position
        self.downstream = downstream
        self.missing = missing
        states = [State](repeating: .waiting, count: stages.count)
        ranks = Array(stages.indices)
        stageOfRank = ranks
        shares = PoolShares(stages, capacities: pools)
        self.jobs = max(1, jobs)
        self.keepsGoing = keepsGoing
        expect([:])
        for index in stages.indices where missing[index] == 0 { ready.insert(ranks[index]) }
    }

    /// Ranks all stages anew by the seconds that they are expected to take.
    package mutating func expect(_ seconds: [String: Double]) {
        var ways = [Double](repeating: 0, count: names.count)
        for index in names.indices.reversed() {
            let further = downstream[index].lazy.map { ways[$0] }.max() ?? 0
            ways[index] = (seconds[names[index]] ?? Self.unknownSeconds) + further
        }
        let readyStages = ready.all.map { stageOfRank[$0] }
        let waitingStages = shares.removeAll().map { stageOfRank[$0] }
        stageOfRank = names.indices.sorted { (ways[$1], $0) < (ways[$0], $1) }
        for (rank, index) in stageOfRank.enumerated() { ranks[index] = rank }
        ready = RankedStages()
        for index in readyStages { ready.insert(ranks[index]) }
        for index in waitingStages { shares.insert(index, rank: ranks[index]) }
    }

    package mutating func next() -> Step {
        if isStopped { return runningCount > 0 ? .awaitOne : .finished }
        // One that was ready may have been skipped since, when what it needs ran again and failed.
        while let rank = ready.first, states[stageOfRank[rank]] != .waiting { ready.removeFirst() }
        if runningCount < jobs {
            let startable = startableRank()
            if let rank = ready.first, rank < startable ?? .max { return decide() }
            if let startable { return start(stageOfRank[startable]) }
        } else if !ready.isEmpty, shares.count < jobs {
            // While others run: so that there is always one at hand when one of them ends.
            return decide()
        }
        return runningCount > 0 ? .awaitOne : .finished
    }

    /// The rank of the stage that may be started first.
    private mutating func startableRank() -> Int? {
        let (states, stageOfRank) = (states, stageOfRank)
        return shares.first { states[stageOfRank[$0]] == .mustRun }
    }

    private mutating func decide() -> Step {
        let index = stageOfRank[ready.first ?? 0]
        ready.removeFirst()
        states[index] = .deciding
        return .decide(stage: names[index], isDemanded: demanded.contains(index))
    }

    private mutating func start(_ index: Int) -> Step {
        shares.start(index)
        states[index] = .running
        runningCount += 1
        return .start(stage: names[index])
    }

    /// The stage's result is there without running it.
    package mutating func settled(_ stage: String) {
        markThere(index(of: stage))
    }

    /// The stage is to be started when there is room for it.
    package mutating func mustRun(_ stage: String) {
        let index = index(of: stage)
        states[index] = .mustRun
        shares.insert(index, rank: ranks[index])
    }

    /// A running stage ended well.
    package mutating func succeeded(_ stage: String) {
        let index = index(of: stage)
        end(index)
        markThere(index)
    }

    /// A running stage failed: what needs it is skipped, and so is all else unless the run keeps going.
    package mutating func failed(_ stage: String) {
        let index = index(of: stage)
        end(index)
        fail(index)
    }

    /// A stage could not even be decided.
    package mutating func refused(_ stage: String) {
        fail(index(of: stage))
    }

    /// A stage that was to run lacks objects of these producers, which must run again before it.
    ///
    /// - Parameter isRunning: whether the stage was started already.
    package mutating func waits(_ stage: String, for producers: [String], isRunning: Bool) {
        let index = index(of: stage)
        if isRunning { end(index) }
        states[index] = .waiting
        let producerIndices = Set(producers.map { self.index(of: $0) })
        extraWaits[index, default: []].formUnion(producerIndices)
        for producerIndex in producerIndices.sorted() {
            missing[index] += 1
            demanded.insert(producerIndex)
            guard states[producerIndex] == .there else { continue }
            states[producerIndex] = .waiting
            ready.insert(ranks[producerIndex])
        }
    }

    /// Starts nothing more; what runs is awaited.
    package mutating func stop() {
        isStopped = true
    }

    /// The stages that never came up, in the graph's order.
    package var skipped: [String] {
        names.indices.filter { [.waiting, .mustRun, .skipped].contains(states[$0]) }.map { names[$0] }
    }

    /// Those of them that could not have come up, since something that they need failed.
    package var stagesBehindFailures: [String] {
        names.indices.filter { states[$0] == .skipped }.map { names[$0] }
    }

    private mutating func end(_ index: Int) {
        runningCount -= 1
        shares.end(index)
    }

    private mutating func markThere(_ index: Int) {
        let wasDemanded = demanded.remove(index) != nil
        states[index] = .there
        if wasDemanded {
            for (waiting, producers) in extraWaits where producers.contains(index) {
                extraWaits[waiting]?.remove(index)
                release(waiting)
            }
        }
        guard hasSettled.insert(index).inserted else { return }
        for next in downstream[index] { release(next) }
    }

    private mutating func release(_ index: Int) {
        missing[index] -= 1
        if missing[index] == 0, states[index] == .waiting { ready.insert(ranks[index]) }
    }

    private mutating func fail(_ index: Int) {
        states[index] = .failed
        if !keepsGoing { isStopped = true }
        skip(downstream[index])
        skip(extraWaits.filter { $0.value.contains(index) }.map(\.key))
    }

    /// Skips these stages and all that need them.
    private mutating func skip(_ stages: [Int]) {
        var rest = stages
        while let index = rest.popLast() {
            guard states[index] == .waiting || states[index] == .mustRun else { continue }
            states[index] = .skipped
            rest += downstream[index]
        }
    }

    private func index(of stage: String) -> Int {
        guard let index = position[stage] else { preconditionFailure("the schedule has no stage '\(stage)'") }
        return index
    }
}
