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
        let failure = writeAll(bytes, to: descriptor)
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
            let made = try UnfinishedFile(
                for: path.name, in: (folder ?? path.folder).opened(), permissions: permissions)
            if let reason = writeAll(bytes, to: made.descriptor) { throw reason }
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
