// SPDX-License-Identifier: Apache-2.0

package import PipelinePlanning

/// What next: a pure state machine over the stages of a run.
///
/// The executor asks `next()`, does what it says and tells what came of it. Stages come up in the graph's order; a
/// stage comes up once all it reads is there. A stage whose cached result has lost an object can be demanded again by
/// the stage that needs it.
package struct Schedule: Sendable {
    package enum Step: Hashable, Sendable {
        /// Find out whether this stage must run, then say so with `settled`, `started` or `waits`.
        case decide(stage: String, isDemanded: Bool)
        /// Nothing can be decided until a running stage ends.
        case awaitOne
        case finished
    }

    private enum State: Hashable {
        case waiting
        case deciding
        case running
        case there
        case failed
        /// Something it needs failed, or the run was stopped.
        case skipped
    }

    private let names: [String]
    private let position: [String: Int]
    private let downstream: [[Int]]
    private var missing: [Int]
    private var states: [State]
    private var demanded: Set<Int> = []
    /// Positions that may be decided, ascending.
    private var ready: [Int]
    private var runningCount = 0
    private let jobs: Int
    private let keepsGoing: Bool
    private var isStopped = false

    package init(_ stages: [StageNode], jobs: Int, keepsGoing: Bool) {
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
        ready = stages.indices.filter { missing[$0] == 0 }.reversed()
        self.jobs = max(1, jobs)
        self.keepsGoing = keepsGoing
    }

    package mutating func next() -> Step {
        if isStopped || runningCount == jobs { return runningCount > 0 ? .awaitOne : .finished }
        while let index = ready.popLast() {
            // One that was ready may have been skipped since, when what it needs ran again and failed.
            guard states[index] == .waiting else { continue }
            states[index] = .deciding
            return .decide(stage: names[index], isDemanded: demanded.contains(index))
        }
        return runningCount > 0 ? .awaitOne : .finished
    }

    /// The stage's result is there without running it.
    package mutating func settled(_ stage: String) {
        markThere(index(of: stage))
    }

    package mutating func started(_ stage: String) {
        states[index(of: stage)] = .running
        runningCount += 1
    }

    /// A running stage ended well.
    package mutating func succeeded(_ stage: String) {
        runningCount -= 1
        markThere(index(of: stage))
    }

    /// A running stage failed: what needs it is skipped, and so is all else unless the run keeps going.
    package mutating func failed(_ stage: String) {
        runningCount -= 1
        fail(index(of: stage))
    }

    /// A stage could not even be started.
    package mutating func refused(_ stage: String) {
        fail(index(of: stage))
    }

    /// A stage that was to run lacks objects of these producers, which must run again before it.
    ///
    /// - Parameter isRunning: whether the stage was started already.
    package mutating func waits(_ stage: String, for producers: [String], isRunning: Bool) {
        if isRunning { runningCount -= 1 }
        let index = index(of: stage)
        states[index] = .waiting
        let producerIndices = Set(producers.map { self.index(of: $0) })
        extraWaits[index, default: []].formUnion(producerIndices)
        for producerIndex in producerIndices.sorted() {
            missing[index] += 1
            demanded.insert(producerIndex)
            guard states[producerIndex] == .there else { continue }
            states[producerIndex] = .waiting
            insertReady(producerIndex)
        }
    }

    /// Starts nothing more; what runs is awaited.
    package mutating func stop() {
        isStopped = true
    }

    /// The stages that never came up, in the graph's order.
    package var skipped: [String] {
        names.indices.filter { states[$0] == .waiting || states[$0] == .skipped }.map { names[$0] }
    }

    /// Waits that came up during the run, beside those of the graph.
    private var extraWaits: [Int: Set<Int>] = [:]

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

    /// Stages that were there once: their dependents are released once only.
    private var hasSettled: Set<Int> = []

    private mutating func release(_ index: Int) {
        missing[index] -= 1
        if missing[index] == 0, states[index] == .waiting { insertReady(index) }
    }

    private mutating func insertReady(_ index: Int) {
        // Descending, so that the first stage of the graph is taken from the end.
        var low = 0
        var high = ready.count
        while low < high {
            let middle = (low + high) / 2
            if ready[middle] > index { low = middle + 1 } else { high = middle }
        }
        ready.insert(index, at: low)
    }

    private mutating func fail(_ index: Int) {
        states[index] = .failed
        if !keepsGoing { isStopped = true }
        for next in downstream[index] { skip(next) }
        for (waiting, producers) in extraWaits where producers.contains(index) { skip(waiting) }
    }

    private mutating func skip(_ index: Int) {
        guard states[index] == .waiting else { return }
        states[index] = .skipped
        for next in downstream[index] { skip(next) }
    }

    private func index(of stage: String) -> Int {
        guard let index = position[stage] else { preconditionFailure("the schedule has no stage '\(stage)'") }
        return index
    }
}
