// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension Files {
    /// Creates a file in a cache to write to; an existing one is an error.
    ///
    /// The caller closes it.
    package static func create(_ path: CachePath) throws(StoreError) -> Int32 {
        var descriptor: Int32 = -1
        let reason = path.reason { folder, name in
            descriptor = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
            return min(descriptor, 0)
        }
        if let reason { throw path.fault("write", reason) }
        return descriptor
    }

    /// Writes a new file; an existing one is an error.
    package static func write(_ bytes: [UInt8], toNew path: CachePath) throws(StoreError) {
        let descriptor = try create(path)
        let failure = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
        let closed = close(descriptor) == 0 ? nil : Errno(rawValue: errno)
        if let reason = failure ?? closed {
            try? remove(path)
            throw path.fault("write", reason)
        }
    }

    /// Replaces a file in one step, so that a reader sees the old bytes or the new ones and never a part; whatever else
    /// lies there goes.
    ///
    /// - Parameter folder: where the new file is made; on the same disk as `path`, and its own folder where none is
    ///   named.
    /// - Parameter permissions: of the new file, less what the process's mask takes away.
    package static func replace(
        _ path: CachePath, with bytes: [UInt8], madeIn folder: CachePath? = nil, permissions: UInt16 = 0o666
    ) throws(StoreError) {
        do throws(Errno) {
            let made = try UnfinishedCacheFile(for: path, in: (folder ?? path.folder).opened(), permissions)
            if let reason = bytes.withUnsafeBytes({ writeAll($0, to: made.descriptor) }) { throw reason }
            if let reason = made.finish(as: path) { throw reason }
        } catch {
            throw path.fault("write", error)
        }
    }

    /// Removes what writers that are dead left in a folder; what a living one is at stays.
    ///
    /// - Parameter onFailure: is told of each file that cannot be removed.
    package static func removeUnfinished(
        in folder: CachePath, onFailure: (StoreError) -> Void
    ) throws(StoreError) {
        for entry in try entries(in: folder) where isTemporaryName(entry.string) {
            do throws(StoreError) {
                try removeIfDead(folder.appending(entry))
            } catch {
                onFailure(error)
            }
        }
    }

    private static func removeIfDead(_ path: CachePath) throws(StoreError) {
        // What is no plain file nobody was at.
        guard let (descriptor, _) = try? path.openedFile() else { return }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try remove(path) }
    }
}

/// A new file in a cache that takes its place when it is finished, and is gone when it is dropped before.
///
/// Its writer holds a lock of the kernel's on it, which ends with the process: an unfinished file without one is a dead
/// writer's. Where a file system has no locks, such a file stays.
private struct UnfinishedCacheFile: ~Copyable {
    let descriptor: Int32
    private let folder: OpenFolder
    private let name: FilePath.Component

    /// Creates it in `folder`, under a name that no other process uses.
    init(for target: CachePath, in folder: OpenFolder, _ permissions: UInt16) throws(Errno) {
        while true {
            guard let name = Files.temporarySibling(of: target).name else { throw .invalidArgument }
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

    /// Puts the file into its place; the reason where that fails.
    consuming func finish(as target: CachePath) -> Errno? {
        // Some file systems tell only on closing that bytes were lost. The lock lasts as long as our own descriptor.
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if copy < 0 || close(copy) != 0 { return Errno(rawValue: errno) }
        let reason = moved(to: target)
        // A folder in the file's place is nobody's.
        guard reason == .isDirectory, (try? Files.removeTree(target)) != nil else { return reason }
        return moved(to: target)
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
