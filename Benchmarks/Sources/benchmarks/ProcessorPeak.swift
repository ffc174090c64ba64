// SPDX-License-Identifier: Apache-2.0

import CPeak
import Tensors

/// The most multiply-adds that the cores can do, measured beside what is compared with them.
struct ProcessorPeak {
    private let level: peak_level
    private let pool: WorkerPool
    private let iterations = 8_000_000

    init(_ level: SIMDLevel, threads: Int) {
        self.level =
            switch level {
            case .baseline: PEAK_BASELINE
            case .avx2: PEAK_AVX2
            case .avx512: PEAK_AVX512
            case .neon: PEAK_NEON
            }
        pool = WorkerPool(threads: threads)
    }

    /// Floating-point operations of one run, on all threads together.
    var operations: Double { Double(iterations * peak_operations(level) * pool.threads) }

    /// One run.
    func seconds() -> Double {
        Stopwatch.seconds {
            pool.parallel(pool.threads) { [level, iterations] _ in
                precondition(peak_run(level, iterations).isFinite, "the chains tend to 1")
            }
        }
    }
}
