// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Synchronization
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The right to run an action, held through a lock of the kernel's that ends with the process.
///
/// A claim saves work; correctness never depends on it. Where a file system has no locks, every process gets one.
final class ActionClaim: Sendable {
    private let descriptor: Int32
    private let path: FilePath
    private let isReleased = Mutex(false)

    /// `nil` when somebody else holds the claim.
    init?(at path: FilePath) throws(StoreError) {
        while true {
            let descriptor = path.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
            guard descriptor >= 0 else {
                throw .cannot(action: "claim", path: path, reason: Errno(rawValue: errno))
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                close(descriptor)
                return nil
            }
            // The holder before may have removed the file between our opening and our locking it.
            var opened = stat()
            var present = stat()
            if fstat(descriptor, &opened) == 0, path.withPlatformString({ stat($0, &present) }) == 0,
                opened.st_ino == present.st_ino
            {
                self.descriptor = descriptor
                self.path = path
                return
            }
            close(descriptor)
        }
    }

    /// Waits until the claim is free.
    static func waiting(at path: FilePath, onWait: () -> Void) async throws -> ActionClaim {
        var pause = 1
        while true {
            if let claim = try ActionClaim(at: path) { return claim }
            // Soon at first, for a result that is about to be published; then it is a wait that is told.
            if pause == 32 { onWait() }
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(2 * pause, 100)
        }
    }

    /// Ends the claim here; one that is dropped on an error ends as well.
    func release() {
        isReleased.withLock { isReleased in
            if isReleased { return }
            isReleased = true
            _ = path.withPlatformString { unlink($0) }
            close(descriptor)
        }
    }

    deinit { release() }
}
