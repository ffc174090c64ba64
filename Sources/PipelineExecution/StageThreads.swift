// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Threads of a run's own, on which its stages wait for files and processes.
///
/// Swift's pool has a thread for each processor and none to wait with. Here a thread that waits is one that nobody else
/// misses, and a stage goes from its start to its end without being handed from one thread to another.
final class StageThreads: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        /// Threads that wait for a job.
        var idleCount = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Counts the jobs that wait, and one for each thread once all is over.
    private let available = DispatchSemaphore(value: 0)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let lacksThread = state.withLock { state in
            state.jobs.append(job)
            guard state.jobs.count > state.idleCount else { return false }
            state.idleCount += 1
            return true
        }
        if lacksThread { SystemThread.start { self.work() } }
        available.signal()
    }

    /// Lets the threads end; whatever was to run here has.
    func close() {
        let idleCount = state.withLock { state in
            state.isClosed = true
            return state.idleCount
        }
        for _ in 0..<idleCount { available.signal() }
    }

    private func work() {
        while true {
            available.wait()
            let job: UnownedJob? = state.withLock { state in
                state.idleCount -= 1
                return state.jobs.isEmpty ? nil : state.jobs.removeFirst()
            }
            guard let job else { return }
            job.runSynchronously(on: asUnownedTaskExecutor())
            let isClosed = state.withLock { state in
                if !state.isClosed { state.idleCount += 1 }
                return state.isClosed
            }
            if isClosed { return }
        }
    }
}

/// A thread of the system's that runs one function.
enum SystemThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    static func start(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run)).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let reason = pthread_create(&thread, nil, { SystemThread.main($0) }, body)
        precondition(reason == 0, "the system has no thread left")
        #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
    }

    private static func main(_ body: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let body { Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run() }
        return nil
    }
}
