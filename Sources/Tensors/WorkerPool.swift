// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Threads that carry out numbered pieces of work.
///
/// Who does which piece is left to chance, so a piece must write only what no other piece reads or writes, and its
/// result must not depend on the worker.
///
/// `@unchecked Sendable`: all stored properties are constants; the thread handles, which Darwin gives as pointers, are
/// used in `deinit` only.
package final class WorkerPool: @unchecked Sendable {
    /// How many threads work at once, the caller's own included; at least 1.
    package let threads: Int

    private let crew: Crew
    private let workers: [pthread_t]

    package init(threads: Int) {
        precondition(threads >= 1, "a worker pool needs at least one thread, not \(threads)")
        let crew = Crew()
        var workers: [pthread_t] = []
        for worker in 1..<max(threads, 1) {
            guard let thread = Self.start(worker: worker, of: crew) else { break }
            workers.append(thread)
        }
        self.crew = crew
        self.workers = workers
        self.threads = workers.count + 1
    }

    deinit {
        crew.stop()
        for worker in workers { pthread_join(worker, nil) }
    }

    /// Runs `body(index)` once for each index in `0..<count` and returns when all are done.
    ///
    /// Calls from several threads wait for each other; a body must not call back into its own pool.
    package func parallel(_ count: Int, _ body: @Sendable (_ index: Int) -> Void) {
        parallelByWorker(count) { index, _ in body(index) }
    }

    /// As `parallel`, with the number of the worker in `0..<min(threads, count)`: no two calls with one number overlap
    /// in time, so the number can choose scratch memory.
    package func parallelByWorker(_ count: Int, _ body: @Sendable (_ index: Int, _ worker: Int) -> Void) {
        if threads == 1 || count <= 1 {
            crew.alone { for index in 0..<max(count, 0) { body(index, 0) } }
        } else {
            withoutActuallyEscaping(body) { crew.carryOut($0, count: count) }
        }
    }

    /// Nil when the system gives no more threads; the pool then works with those it has.
    private static func start(worker: Int, of crew: Crew) -> pthread_t? {
        let seat = Unmanaged.passRetained(Seat(crew: crew, worker: worker))
        #if canImport(Darwin)
            var thread: pthread_t?
            let status = pthread_create(&thread, nil, { pointer in workerMain(pointer) }, seat.toOpaque())
        #else
            var thread = pthread_t()
            let status = pthread_create(&thread, nil, { pointer in workerMain(pointer) }, seat.toOpaque())
        #endif
        guard status == 0 else {
            seat.release()
            return nil
        }
        return thread
    }
}

/// What a new thread is handed.
private final class Seat {
    let crew: Crew
    let worker: Int

    init(crew: Crew, worker: Int) {
        self.crew = crew
        self.worker = worker
    }
}

private func workerMain(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let pointer else { return nil }
    let seat = Unmanaged<Seat>.fromOpaque(pointer).takeRetainedValue()
    seat.crew.serve(as: seat.worker)
    return nil
}

/// The state that the threads share.
///
/// `@unchecked Sendable`: every stored variable is read and written only between `pthread_mutex_lock(mutex)` and its
/// unlock, and the mutexes and conditions themselves are made for use from any thread.
private final class Crew: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let callers = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let workArrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let workDone = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    private var body: (@Sendable (Int, Int) -> Void)?
    private var count = 0
    private var next = 0
    private var finished = 0
    private var stopped = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_mutex_init(callers, nil)
        pthread_cond_init(workArrived, nil)
        pthread_cond_init(workDone, nil)
    }

    deinit {
        pthread_cond_destroy(workDone)
        pthread_cond_destroy(workArrived)
        pthread_mutex_destroy(callers)
        pthread_mutex_destroy(mutex)
        workDone.deallocate()
        workArrived.deallocate()
        callers.deallocate()
        mutex.deallocate()
    }

    /// Runs `work` while no other caller uses the crew.
    func alone(_ work: () -> Void) {
        pthread_mutex_lock(callers)
        work()
        pthread_mutex_unlock(callers)
    }

    func carryOut(_ work: @escaping @Sendable (Int, Int) -> Void, count: Int) {
        pthread_mutex_lock(callers)
        pthread_mutex_lock(mutex)
        body = work
        self.count = count
        next = 0
        finished = 0
        pthread_cond_broadcast(workArrived)
        workWhileAny(as: 0)
        while finished < count { pthread_cond_wait(workDone, mutex) }
        body = nil
        self.count = 0
        next = 0
        pthread_mutex_unlock(mutex)
        pthread_mutex_unlock(callers)
    }

    /// The life of one worker thread.
    func serve(as worker: Int) {
        pthread_mutex_lock(mutex)
        while !stopped {
            workWhileAny(as: worker)
            if !stopped { pthread_cond_wait(workArrived, mutex) }
        }
        pthread_mutex_unlock(mutex)
    }

    func stop() {
        pthread_mutex_lock(mutex)
        stopped = true
        pthread_cond_broadcast(workArrived)
        pthread_mutex_unlock(mutex)
    }

    /// Takes pieces one by one; the mutex is held at the start and at the end, and released during a piece.
    private func workWhileAny(as worker: Int) {
        while next < count, worker < count, let body {
            let index = next
            next += 1
            pthread_mutex_unlock(mutex)
            body(index, worker)
            pthread_mutex_lock(mutex)
            finished += 1
            if finished == count { pthread_cond_signal(workDone) }
        }
    }
}
