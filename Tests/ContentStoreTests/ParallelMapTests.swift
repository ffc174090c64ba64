// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Synchronization
import Testing

/// What threads make together.
@Suite struct ParallelMapTests {
    @Test(arguments: [0, 1, 2, 3, 1000])
    func `each number gives one value, in its place`(count: Int) {
        let calls = Mutex([Int](repeating: 0, count: count))
        let values = parallelMap(count, with: {}) { number, _ in
            calls.withLock { $0[number] += 1 }
            return String(repeating: "word ", count: number % 7) + "\(number)"
        }
        #expect(values == (0..<count).map { String(repeating: "word ", count: $0 % 7) + "\($0)" })
        #expect(calls.withLock { $0 } == [Int](repeating: 1, count: count))
    }

    @Test func `what a thread needs is made once for it and used by it alone`() {
        final class Tool: Sendable {
            let isInUse = Atomic(false)
        }
        let made = Atomic(0)
        let wasShared = parallelMap(500) {
            made.add(1, ordering: .relaxed)
            return Tool()
        } _: { _, tool in
            let wasInUse = tool.isInUse.exchange(true, ordering: .acquiringAndReleasing)
            tool.isInUse.store(false, ordering: .releasing)
            return wasInUse
        }
        #expect(!wasShared.contains(true))
        #expect((1...500).contains(made.load(ordering: .relaxed)))
    }
}
