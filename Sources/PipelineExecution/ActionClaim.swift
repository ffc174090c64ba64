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
    /// Below 0 where the claim could not be had.
    private let descriptor: Int32
    private let path: CachePath
    private let isReleased = Mutex(false)

    /// `nil` when somebody else holds the claim.
    ///
    /// What is no plain file in its place, such as a link, is removed first.
    init?(at path: CachePath) throws(StoreError) {
        while true {
            let descriptor = try Self.opened(path)
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                close(descriptor)
                return nil
            }
            // The holder before may have removed the file between our opening and our locking it.
            var opened = stat()
            var present = stat()
            if fstat(descriptor, &opened) == 0,
                path.reason({ fstatat($0, $1, &present, AT_SYMLINK_NOFOLLOW) }) == nil,
                opened.st_ino == present.st_ino
            {
                self.descriptor = descriptor
                self.path = path
                return
            }
            close(descriptor)
        }
    }

    private init(withoutLockAt path: CachePath) {
        descriptor = -1
        self.path = path
    }

    /// Whether nobody else who asks for the claim gets it.
    var isHeld: Bool { descriptor >= 0 }

    /// Waits until the claim is free; where it cannot be had, since it is another user's, one that is not held.
    static func waiting(at path: CachePath, onWait: () -> Void) async throws -> ActionClaim {
        var pause = 1
        while true {
            do throws(StoreError) {
                if let claim = try ActionClaim(at: path) { return claim }
            } catch {
                guard case .cannot(_, _, let reason) = error, isRefusal(reason) else { throw error }
                return ActionClaim(withoutLockAt: path)
            }
            // Soon at first, for a result that is about to be published; then it is a wait that is told.
            if pause == 32 { onWait() }
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(2 * pause, 100)
        }
    }

    /// Ends the claim here; one that is dropped on an error ends as well.
    func release() {
        isReleased.withLock { isReleased in
            if isReleased || !isHeld { return }
            isReleased = true
            _ = path.reason { unlinkat($0, $1, 0) }
            close(descriptor)
        }
    }

    deinit { release() }

    // MARK: Opening

    private static func isRefusal(_ reason: Errno) -> Bool {
        switch reason {
        case .permissionDenied, .notPermitted, .readOnlyFileSystem, .resourceBusy: true
        default: false
        }
    }

    /// A descriptor of a plain file.
    private static func opened(_ path: CachePath) throws(StoreError) -> Int32 {
        for isLast in [false, false, true] {
            let (descriptor, reason) = descriptor(of: path)
            if descriptor >= 0 {
                var status = stat()
                if fstat(descriptor, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) {
                    return descriptor
                }
                close(descriptor)
            } else if !isOfAnotherKind(reason) {
                throw path.fault("claim", reason)
            }
            if isLast { break }
            try Files.removeTree(path)
        }
        throw .cannot(action: "claim", path: path.filePath, reason: .resourceBusy)
    }

    /// Of a link, a folder or a socket.
    private static func isOfAnotherKind(_ reason: Errno) -> Bool {
        reason == .tooManySymbolicLinkLevels || reason == .isDirectory || reason == .noSuchAddressOrDevice
    }

    /// Whoever may only read another user's claim can hold it too.
    private static func descriptor(of path: CachePath) -> (Int32, reason: Errno) {
        var descriptor: Int32 = -1
        func opening(_ flags: Int32) -> Errno? {
            path.reason { folder, name in
                descriptor = openat(folder, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
                return min(descriptor, 0)
            }
        }
        guard let reason = opening(O_RDWR | O_CREAT) else { return (descriptor, .ioError) }
        if isRefusal(reason), opening(O_RDONLY) == nil { return (descriptor, reason) }
        return (-1, reason)
    }
}
