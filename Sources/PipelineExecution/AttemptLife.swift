// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Whether the process that does an attempt's work is still there: it holds a lock of the kernel's on its order.
///
/// The process outlives a run that is killed by the moment it takes to notice. Who clears the attempt's folder waits
/// for that moment, since the process could otherwise make folders anew that were just removed.
package enum AttemptLife {
    /// Milliseconds after which nobody waits any longer for a process that should be dead.
    private static let patience = 5000

    /// Takes the lock, which ends with this process; to be called before the order is read.
    package static func begin(order: FilePath) throws(StoreError) {
        let descriptor = order.withPlatformString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw .cannot(action: "read", path: order, reason: Errno(rawValue: errno))
        }
        while flock(descriptor, LOCK_SH) != 0, errno == EINTR {}
    }

    /// Removes an attempt's folder, whose run is dead, once its process is too.
    static func removeEnded(_ attempt: CachePath) throws(StoreError) {
        let descriptor = (try? attempt.appending("order.json").openedFile())?.descriptor ?? -1
        // A process that has not come to its lock yet waits for ours, and finds no order then.
        defer { if descriptor >= 0 { close(descriptor) } }
        for _ in 0..<patience where descriptor >= 0 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { break }
            usleep(1000)
        }
        try Files.removeTree(attempt)
    }
}
