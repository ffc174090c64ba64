// SPDX-License-Identifier: Apache-2.0

import ContentStore
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
struct ActionClaim: ~Copyable {
    private let descriptor: Int32
    private let path: FilePath

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
        var isFirst = true
        while true {
            if let claim = try ActionClaim(at: path) { return claim }
            if isFirst { onWait() }
            isFirst = false
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Ends the claim here; a claim that is dropped on an error ends as well.
    consuming func release() {}

    deinit {
        _ = path.withPlatformString { unlink($0) }
        close(descriptor)
    }
}
