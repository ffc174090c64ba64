// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension WorkerPool {
    /// Makes a value for each index in `0..<count`, on all threads, and hands them to `take` one by one, in order.
    ///
    /// At most two values a thread are made and not yet taken. `take` is called by any of the threads, never by two at
    /// once. The first failure in the order of the indices is thrown, the same on any number of threads; nothing after
    /// it is taken.
    package func inOrder<Value: Sendable>(
        _ count: Int, make: @Sendable (_ index: Int) throws -> Value, take: (_ index: Int, Value) throws -> Void
    ) throws {
        let failure: (any Error)? = withoutActuallyEscaping(take) { take in
            let queue = OrderedQueue(window: 2 * threads, take: take)
            parallel(count) { index in
                guard queue.awaitsTurn(of: index) else { return }
                queue.hand(over: Result { try make(index) }, index: index)
            }
            return queue.failure
        }
        if let failure { throw failure }
    }

    /// Runs `body` once for each index in `0..<count`, on all threads, and throws the first failure in the order of the
    /// indices.
    ///
    /// What has not begun when one fails is left out, if its index is larger.
    package func parallelThrowing(_ count: Int, _ body: @Sendable (_ index: Int, _ worker: Int) throws -> Void) throws {
        let failures = EarliestFailure()
        parallelByWorker(count) { index, worker in
            guard failures.allows(index) else { return }
            do { try body(index, worker) } catch { failures.note(error, index: index) }
        }
        if let failure = failures.error { throw failure }
    }
}

/// Values that were made in any order, taken in that of their indices.
///
/// `@unchecked Sendable`: every stored variable is read and written only between `pthread_mutex_lock(mutex)` and its
/// unlock. `take`, which need not be sendable, is called only by the thread that has set `isTaking`, and whoever made
/// the queue waits until all threads are done, so no two threads are in it and none outlives it.
private final class OrderedQueue<Value: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let advanced = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let window: Int
    private let take: (Int, Value) throws -> Void

    private var pending: [Int: Result<Value, any Error>] = [:]
    private var next = 0
    private var isTaking = false
    private(set) var failure: (any Error)?

    init(window: Int, take: @escaping (Int, Value) throws -> Void) {
        self.window = window
        self.take = take
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(advanced, nil)
    }

    deinit {
        pthread_cond_destroy(advanced)
        pthread_mutex_destroy(mutex)
        advanced.deallocate()
        mutex.deallocate()
    }

    /// Waits until `index` is near enough to what is taken next; false where something failed and it is not wanted.
    ///
    /// The value that is next was begun before all that wait, so somebody always goes on.
    func awaitsTurn(of index: Int) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while failure == nil, index >= next + window { pthread_cond_wait(advanced, mutex) }
        return failure == nil
    }

    func hand(over result: Result<Value, any Error>, index: Int) {
        pthread_mutex_lock(mutex)
        pending[index] = result
        if !isTaking { takeAllInOrder() }
        pthread_mutex_unlock(mutex)
    }

    /// The mutex is held at the start and at the end, and released while a value is taken.
    private func takeAllInOrder() {
        isTaking = true
        while failure == nil, let result = pending.removeValue(forKey: next) {
            let index = next
            pthread_mutex_unlock(mutex)
            let taken = Result { try take(index, result.get()) }
            pthread_mutex_lock(mutex)
            if case .failure(let error) = taken { failure = error }
            next += 1
            pthread_cond_broadcast(advanced)
        }
        isTaking = false
    }
}

/// Of several failures that with the smallest index.
private final class EarliestFailure: Sendable {
    private let earliest = Mutex<(index: Int, error: any Error)?>(nil)

    var error: (any Error)? { earliest.withLock { $0?.error } }

    func allows(_ index: Int) -> Bool {
        earliest.withLock { earliest in earliest.map { index < $0.index } ?? true }
    }

    func note(_ error: any Error, index: Int) {
        earliest.withLock { earliest in
            if earliest.map({ index < $0.index }) ?? true { earliest = (index, error) }
        }
    }
}
