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
    let made = Mutex<[[(number: Int, value: Value)]]>([])
    // The calling thread is one of the workers, and the only one that knows the task's values.
    LookedAt.$current.withValue(nil) {
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            let tool = tool()
            var mine: [(number: Int, value: Value)] = []
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < count else { break }
                mine.append((number, value(number, tool)))
            }
            made.withLock { $0.append(mine) }
        }
    }
    var values = [Value?](repeating: nil, count: count)
    for (number, value) in made.withLock({ $0 }).joined() { values[number] = value }
    return values.map { value in
        guard let value else { preconditionFailure("a thread took a number and made no value") }
        return value
    }
}
