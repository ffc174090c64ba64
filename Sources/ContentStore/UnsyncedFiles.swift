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

    private let paths = Mutex<Set<FilePath>>([])

    func insert(_ path: FilePath) {
        paths.withLock { _ = $0.insert(path) }
    }

    /// Waits until all that was inserted is on the disk.
    ///
    /// - Parameter folder: one that all of them lie in.
    func sync(in folder: FilePath) throws(StoreError) {
        let paths = paths.withLock { paths in
            defer { paths = [] }
            return paths
        }
        if paths.count >= Self.manyCount { return try syncFileSystem(of: folder) }
        // What was found damaged since it was inserted is no longer there.
        for path in paths where try Files.status(path) != nil { try Files.sync(path) }
        for folder in Set(paths.map { $0.removingLastComponent() }) { try Files.sync(folder) }
    }

    private func syncFileSystem(of folder: FilePath) throws(StoreError) {
        let descriptor = folder.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .cannot(action: "sync", path: folder, reason: Errno(rawValue: errno)) }
        defer { close(descriptor) }
        guard reprise_sync_file_system(descriptor) == 0 else {
            throw .cannot(action: "sync", path: folder, reason: Errno(rawValue: errno))
        }
    }
}
