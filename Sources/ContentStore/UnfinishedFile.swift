// SPDX-License-Identifier: Apache-2.0

import CPlatform
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A new file that takes its place when it is finished, and is gone when it is dropped before.
///
/// Its writer holds a lock of the kernel's on it, which ends with the process: an unfinished file without one is a dead
/// writer's. Where a file system has no locks, such a file stays.
struct UnfinishedFile: ~Copyable {
    let descriptor: Int32
    private let folder: OpenFolder
    private let name: FilePath.Component

    /// Creates it in `folder`, under a name that no other process uses.
    ///
    /// - Parameters:
    ///   - target: the name that it will have.
    ///   - permissions: of the new file, less what the process's mask takes away.
    init(for target: FilePath.Component?, in folder: OpenFolder, permissions: UInt16 = 0o666) throws(Errno) {
        while true {
            guard let name = FilePath.Component(Files.temporaryName(for: target)) else { throw .invalidArgument }
            let descriptor = name.withPlatformString {
                openat(folder.descriptor, $0, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(permissions))
            }
            guard descriptor >= 0 else { throw Errno(rawValue: errno) }
            let isTaken = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
            var status = stat()
            // Whoever clears up may have come between creating it and locking it.
            if !isTaken, fstat(descriptor, &status) != 0 || status.st_nlink > 0 {
                self.descriptor = descriptor
                self.folder = folder
                self.name = name
                return
            }
            close(descriptor)
        }
    }

    /// Creates it in the folder of `target`, links followed.
    init(beside target: FilePath) throws(Errno) {
        let folder = target.removingLastComponent()
        let descriptor = (folder.isEmpty ? "." : folder).withPlatformString { reprise_open_folder($0) }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        try self.init(for: target.lastComponent, in: OpenFolder(descriptor))
    }

    /// Puts the file, whose bytes are all written, into its place; the reason where that fails.
    consuming func finish(as target: FilePath) -> Errno? {
        if let closingFault { return closingFault }
        let (from, name) = (folder.descriptor, name)
        let status = name.withPlatformString { name in
            target.withPlatformString { renameat(from, name, AT_FDCWD, $0) }
        }
        return status == 0 ? nil : Errno(rawValue: errno)
    }

    /// The same in a cache, where a folder in the file's place is nobody's and goes.
    consuming func finish(as target: CachePath) -> Errno? {
        if let closingFault { return closingFault }
        let reason = moved(to: target)
        guard reason == .isDirectory, (try? Files.removeTree(target)) != nil else { return reason }
        return moved(to: target)
    }

    /// Some file systems tell only on closing that bytes were lost.
    ///
    /// A copy of the descriptor is closed: the lock lasts as long as our own.
    private var closingFault: Errno? {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        return copy < 0 || close(copy) != 0 ? Errno(rawValue: errno) : nil
    }

    private borrowing func moved(to target: CachePath) -> Errno? {
        let (from, name) = (folder.descriptor, name)
        return target.reason { targetFolder, targetName in
            name.withPlatformString { renameat(from, $0, targetFolder, targetName) }
        }
    }

    deinit {
        // A finished file has left this name.
        _ = name.withPlatformString { unlinkat(folder.descriptor, $0, 0) }
        close(descriptor)
    }
}
