// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

@Suite struct WorkerPoolTests {
    @Test(arguments: [1, 2, 3, 7, 16])
    func `every piece is done once`(threads: Int) {
        let pool = WorkerPool(threads: threads)
        #expect(pool.threads == threads)
        for count in [0, 1, 2, 5, 100, 1000] {
            let done = FloatMemory(count: max(count, 1))
            pool.parallel(count) { done.pointer[$0] += Float($0 + 1) }
            for index in 0..<count { #expect(done.pointer[index] == Float(index + 1)) }
        }
    }

    @Test func `workers are numbered below the count of threads`() {
        let pool = WorkerPool(threads: 3)
        let seen = FloatMemory(count: 500)
        pool.parallelByWorker(500) { index, worker in seen.pointer[index] = Float(worker + 1) }
        #expect(seen.buffer.allSatisfy { $0 >= 1 && $0 <= 3 })
    }

    @Test func `pools come and go`() {
        for round in 0..<50 {
            let pool = WorkerPool(threads: 1 + round % 4)
            let done = FloatMemory(count: 8)
            pool.parallel(8) { done.pointer[$0] = 1 }
            #expect(done.buffer.reduce(0, +) == 8)
        }
    }
}
