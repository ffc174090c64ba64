// SPDX-License-Identifier: Apache-2.0

import CPlatform
import Synchronization
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Files that a store has taken in and that may not be on the disk yet.
final class UnsyncedFiles: Sendable {
    /// From so many on, one sync of the file system is quicker than one for each file and its folder.
    private static let manyCount = 8

    private let paths = Mutex<Set<CachePath>>([])

    func insert(_ path: CachePath) {
        paths.withLock { _ = $0.insert(path) }
    }

    /// Waits until all that was inserted is on the disk.
    ///
    /// - Parameter folder: one that all of them lie in.
    func sync(in folder: CachePath) throws(StoreError) {
        let paths = paths.withLock { paths in
            defer { paths = [] }
            return paths
        }
        if paths.count >= Self.manyCount { return try syncFileSystem(of: folder) }
        // What was found damaged since it was inserted is no longer there.
        for path in paths where try Files.status(path) != nil { try Files.sync(path) }
        for folder in Set(paths.map { $0.folder }) { try Files.sync(folder) }
    }

    private func syncFileSystem(of folder: CachePath) throws(StoreError) {
        do throws(Errno) {
            let descriptor = try folder.openedToRead(O_DIRECTORY)
            defer { close(descriptor) }
            guard reprise_sync_file_system(descriptor) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            throw folder.fault("sync", error)
        }
    }
}
