// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the attempts at a stage cost, however each of them ended.
final class CostAccount: Sendable {
    private let sum = Mutex(WorkCost(processorSeconds: 0, peakMemoryBytes: 0))

    var total: WorkCost { sum.withLock { $0 } }

    /// Times add up, of memory the most counts.
    func add(_ cost: WorkCost) {
        sum.withLock {
            $0 = WorkCost(
                processorSeconds: $0.processorSeconds + cost.processorSeconds,
                peakMemoryBytes: max($0.peakMemoryBytes, cost.peakMemoryBytes),
                workSeconds: $0.workSeconds + cost.workSeconds)
        }
    }
}
