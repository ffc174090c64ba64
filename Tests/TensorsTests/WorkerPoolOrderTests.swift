// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Tensors
import Testing

@Suite struct WorkerPoolOrderTests {
    private struct Refusal: Error, Hashable { let index: Int }

    @Test(arguments: [1, 2, 3, 7])
    func `values are taken in order, whoever made them when`(threads: Int) throws {
        let pool = WorkerPool(threads: threads)
        for count in [0, 1, 2, 5, 300] {
            var taken: [Int] = []
            try pool.inOrder(count) { index in
                // Work of very unequal length, without a clock.
                var random = CounterRandom(seed: 3, purpose: RandomPurpose(rawValue: 1 << 20), sample: UInt64(index))
                let rounds = random.next(below: 20_000)
                for _ in 0..<rounds { _ = random.nextUInt32() }
                return index * index
            } take: { index, value in
                #expect(value == index * index)
                taken.append(index)
            }
            #expect(taken == Array(0..<count))
        }
    }

    @Test func `few values wait`() throws {
        let threads = 3
        let alive = Mutex((now: 0, most: 0))
        try WorkerPool(threads: threads).inOrder(500) { index in
            alive.withLock { alive in
                alive.now += 1
                alive.most = max(alive.most, alive.now)
            }
            return index
        } take: { _, _ in
            alive.withLock { $0.now -= 1 }
        }
        let most = alive.withLock { $0.most }
        #expect(most <= 2 * threads)
        #expect(alive.withLock { $0.now } == 0)
    }

    @Test(arguments: [1, 2, 5])
    func `the first failure in order is thrown, and nothing after it is taken`(threads: Int) throws {
        let pool = WorkerPool(threads: threads)
        for _ in 0..<20 {
            var taken: [Int] = []
            #expect(throws: Refusal(index: 17)) {
                try pool.inOrder(100) { index in
                    if index >= 17 { throw Refusal(index: index) }
                    return index
                } take: { index, _ in
                    taken.append(index)
                }
            }
            #expect(taken == Array(0..<17))
            #expect(throws: Refusal(index: 4)) {
                try pool.inOrder(100) {
                    $0
                } take: { index, _ in
                    if index == 4 { throw Refusal(index: index) }
                }
            }
            #expect(throws: Refusal(index: 30)) {
                try pool.parallelThrowing(60) { index, _ in if index >= 30 { throw Refusal(index: index) } }
            }
        }
        // The pool is as good as new.
        var count = 0
        try pool.inOrder(10) {
            $0
        } take: { _, _ in
            count += 1
        }
        #expect(count == 10)
    }
}
