// SPDX-License-Identifier: Apache-2.0

import CPlatform
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Turns Ctrl-C and a request to end into the cancellation of tasks, of which one may hold another.
///
/// Listening begins with the first task and ends with the process: from then on no request is lost, whenever it comes.
/// Where no task is left to cancel it ends the process, as it does before the first.
///
/// The process ends whatever its tasks are stuck in: at once with the second request, and some time after the first.
/// What is left of a run then is what a killed one leaves.
package enum Interruption {
    /// Seconds from the first request to the end; commands have five of them to end by themselves.
    private static let patience: UInt32 = 15
    /// What the process ends with that does not come to its end.
    private static let exitCode: Int32 = 130

    private struct Cancellations {
        var isListening = false
        var isRequested = false
        var addedCount = 0
        var ofTasks: [Int: @Sendable () -> Void] = [:]
    }

    private static let cancellations = Mutex(Cancellations())

    /// What a task that may be cancelled so gives.
    package static func ending<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value {
        listen()
        let task = Task { await body() }
        let number = cancellations.withLock { cancellations in
            cancellations.addedCount += 1
            cancellations.ofTasks[cancellations.addedCount] = { task.cancel() }
            return cancellations.addedCount
        }
        // What cancels the task around this one may have come before this one was known.
        let value = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        _ = cancellations.withLock { $0.ofTasks.removeValue(forKey: number) }
        return value
    }

    private static func listen() {
        cancellations.withLock { cancellations in
            guard !cancellations.isListening else { return }
            cancellations.isListening = true
            let requests = reprise_end_requests()
            // Without a descriptor left the signals do what they do to every program.
            guard requests >= 0 else { return }
            SystemThread.start {
                while let request = hear(requests) { follow(request) }
            }
        }
    }

    /// Waits for the next request, a signal's number; `nil` where none can come.
    private static func hear(_ requests: Int32) -> Int32? {
        var byte: UInt8 = 0
        while true {
            let count = read(requests, &byte, 1)
            if count > 0 { return Int32(byte) }
            if count == 0 || errno != EINTR { return nil }
        }
    }

    private static func follow(_ request: Int32) {
        let (isSecond, cancels) = cancellations.withLock { cancellations in
            defer { cancellations.isRequested = true }
            return (cancellations.isRequested, Array(cancellations.ofTasks.values))
        }
        if isSecond { _exit(exitCode) }
        if cancels.isEmpty {
            signal(request, SIG_DFL)
            kill(getpid(), request)
        }
        SystemThread.start { endLater() }
        // What is called when a task is cancelled could wait for something, and this thread hears the next request.
        SystemThread.start { for cancel in cancels { cancel() } }
    }

    private static func endLater() {
        var left = patience
        while left > 0 { left = sleep(left) }
        let words = "error: asked to end, it did not within \(patience) seconds, and was ended\n"
        _ = words.utf8.withContiguousStorageIfAvailable { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        _exit(exitCode)
    }
}
