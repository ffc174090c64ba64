// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelinePlanning

/// Hands out what stages that run at once share: processors, memory and the manifest's own pools.
///
/// Stages that must run wait here in the order of their ranks. The first one for which all it takes is free may start.
/// One that is first and lacks something is not overtaken for ever by smaller ones: what it lacks is held back for it
/// until it has started, while stages that take nothing of that may go ahead.
struct PoolShares: Sendable {
    /// What each stage takes of each pool, never more than there is: a stage that asks for more runs when all is free.
    private let demands: [[Int]]
    private var free: [Int]
    /// Ranks of the stages that wait, by what they take; as many queues as there are different demands.
    private var queues: [[Int]: RankedStages] = [:]
    private(set) var count = 0
    /// The stage that was first when it lacked something, by its rank, and the pools of which it did.
    private var held: (rank: Int, pools: Set<Int>)?

    /// - Parameter capacities: of each pool by its name; of what is not named here there is no end.
    init(_ stages: [StageNode], capacities: [String: Int]) {
        let pools = capacities.sorted { $0.key < $1.key }
        free = pools.map(\.value)
        demands = stages.map { stage in
            pools.map { name, capacity in
                // A stage that says nothing takes one processor.
                min(stage.stage.limits.resources[name] ?? (name == "cpu" ? 1 : 0), capacity)
            }
        }
    }

    mutating func insert(_ stage: Int, rank: Int) {
        queues[demands[stage], default: RankedStages()].insert(rank)
        count += 1
    }

    /// The rank of the stage that may start first, of those that `isWaiting` says still wait.
    mutating func first(where isWaiting: (_ rank: Int) -> Bool) -> Int? {
        var waiting: [(rank: Int, demand: [Int])] = []
        for demand in Array(queues.keys) {
            while let rank = queues[demand]?.first, !isWaiting(rank) { remove(demand) }
            if let rank = queues[demand]?.first { waiting.append((rank, demand)) }
        }
        waiting.sort { $0.rank < $1.rank }
        guard let first = waiting.first else { return nil }
        if held?.rank != first.rank { held = nil }
        let lacking = first.demand.indices.filter { first.demand[$0] > free[$0] }
        if lacking.isEmpty { return first.rank }
        let pools = (held?.pools ?? []).union(lacking)
        held = (first.rank, pools)
        return waiting.dropFirst().first { candidate in
            candidate.demand.indices.allSatisfy { pool in
                let kept = pools.contains(pool) ? first.demand[pool] : 0
                return candidate.demand[pool] == 0 || kept <= free[pool] && candidate.demand[pool] <= free[pool] - kept
            }
        }?.rank
    }

    /// Gives a stage that waits its shares.
    mutating func start(_ stage: Int) {
        if held?.rank == queues[demands[stage]]?.first { held = nil }
        remove(demands[stage])
        for (pool, demand) in demands[stage].enumerated() { free[pool] -= demand }
    }

    /// Takes a running stage's shares back.
    mutating func end(_ stage: Int) {
        for (pool, demand) in demands[stage].enumerated() { free[pool] += demand }
    }

    /// All ranks that wait; they wait no more.
    mutating func removeAll() -> [Int] {
        defer {
            queues = [:]
            count = 0
            held = nil
        }
        return queues.values.flatMap(\.all)
    }

    private mutating func remove(_ demand: [Int]) {
        queues[demand]?.removeFirst()
        if queues[demand]?.isEmpty == true { queues[demand] = nil }
        count -= 1
    }
}
