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

/// The values for 0, 1, … `count` - 1, in this order, made by as many threads as there are processors.
///
/// Each thread takes the next number when it is done with one, so that the first numbers are begun first. What each
/// needs for itself, such as memory to read through, it makes once.
///
/// Nothing that `value` looks at is noted as `LookedAt`, on whichever thread.
package func parallelMap<Tool, Value: Sendable>(
    _ count: Int, with tool: @Sendable () -> Tool, _ value: @Sendable (_ number: Int, _ tool: Tool) -> Value
) -> [Value] {
    let workers = min(count, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    guard workers > 1 else {
        return LookedAt.$current.withValue(nil) {
            let tool = tool()
            return (0..<count).map { value($0, tool) }
        }
    }
    let next = Atomic(0)
    return [Value](unsafeUninitializedCapacity: count) { values, initializedCount in
        guard let start = values.baseAddress else { return }
        // Each number is taken by one thread, which alone writes to its place; nobody reads before all have ended.
        nonisolated(unsafe) let places = start
        // The calling thread is one of the workers, and the only one that knows the task's values.
        LookedAt.$current.withValue(nil) {
            DispatchQueue.concurrentPerform(iterations: workers) { _ in
                let tool = tool()
                while true {
                    let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard number < count else { break }
                    (places + number).initialize(to: value(number, tool))
                }
            }
        }
        initializedCount = count
    }
}
