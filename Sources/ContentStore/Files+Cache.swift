// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The operations on what lies in a cache. None follows a link.
extension Files {
    /// The status of what lies there; `nil` where there is nothing, or a link on the way to it.
    package static func status(_ path: CachePath) throws(StoreError) -> FileStatus? {
        if path.isRoot { return try status(path.filePath) }
        var result = stat()
        let reason = path.reason { fstatat($0, $1, &result, AT_SYMLINK_NOFOLLOW) }
        if let reason, !CachePath.isNothing(reason) {
            LookedAt.current?.noteWhatCannotBeSeen()
            throw path.fault("look at", reason)
        }
        let status = reason == nil ? FileStatus(result) : nil
        path.noteLook(status)
        return status
    }

    /// The names in a folder, sorted by their bytes; none where there is no folder.
    package static func names(in folder: CachePath) throws(StoreError) -> [String] {
        let names = try entries(in: folder).map(\.string)
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// What a folder holds, in the order of the file system; nothing where there is no folder.
    package static func entries(in folder: CachePath) throws(StoreError) -> [FilePath.Component] {
        try listed(folder) { (stream) throws(Errno) in try stream.entries() } ?? []
    }

    /// What `body` finds in a folder, which is noted as looked at; `nil` where there is no folder.
    static func listed<Value>(
        _ folder: CachePath, _ body: (borrowing FolderStream) throws(Errno) -> Value
    ) throws(StoreError) -> Value? {
        do throws(Errno) {
            let stream = try FolderStream(folder.openedToRead(O_DIRECTORY))
            folder.noteLook(try stream.ownStatus())
            return try body(stream)
        } catch {
            if CachePath.isNothing(error) {
                folder.noteLook(nil)
                return nil
            }
            LookedAt.current?.noteWhatCannotBeSeen()
            throw folder.fault("list", error)
        }
    }

    /// Makes a folder and those above it that are missing.
    ///
    /// - Parameter replacesOthers: whether what lies there and is no folder, such as a link, goes first; else it is an
    ///   error.
    package static func makeFolder(
        _ path: CachePath, permissions: UInt16 = 0o777, replacesOthers: Bool = false
    ) throws(StoreError) {
        if path.isRoot { return try makeFolder(path.filePath) }
        let make = { (folder: Int32, name: UnsafePointer<CChar>) in mkdirat(folder, name, mode_t(permissions)) }
        switch path.reason(make) {
        case nil: return
        case .fileExists?:
            guard let status = try status(path), status.kind != .folder else { return }
            guard replacesOthers else { throw path.fault("make the folder", .notDirectory) }
            try remove(path)
        case .some(let reason) where CachePath.isNothing(reason):
            try makeFolder(path.folder, replacesOthers: replacesOthers)
        case .some(let reason): throw path.fault("make the folder", reason)
        }
        if let reason = path.reason(make), reason != .fileExists { throw path.fault("make the folder", reason) }
    }

    /// Puts a file, which need not lie in a cache, into a place there.
    package static func rename(_ path: FilePath, to target: CachePath) throws(StoreError) {
        let reason = target.reason { folder, name in
            path.withPlatformString { renameat(AT_FDCWD, $0, folder, name) }
        }
        if let reason { throw target.fault("move '\(path)' to", reason) }
    }

    package static func rename(_ path: CachePath, to target: CachePath) throws(StoreError) {
        if let reason = renameReason(path, to: target) { throw target.fault("move '\(path)' to", reason) }
    }

    static func renameReason(_ path: CachePath, to target: CachePath) -> Errno? {
        var reason: Errno?
        let outer = path.reason { folder, name in
            reason = target.reason { targetFolder, targetName in renameat(folder, name, targetFolder, targetName) }
            return 0
        }
        return outer ?? reason
    }

    /// Removes a file, or a link, if it is there.
    package static func remove(_ path: CachePath) throws(StoreError) {
        if let reason = path.reason({ unlinkat($0, $1, 0) }), !CachePath.isNothing(reason) {
            throw path.fault("remove", reason)
        }
    }

    /// Removes a folder that holds nothing; one that holds something stays, and what is not there is no error.
    package static func removeIfEmpty(_ folder: CachePath) throws(StoreError) {
        let reason = folder.reason { unlinkat($0, $1, AT_REMOVEDIR) }
        switch reason {
        case nil, .directoryNotEmpty?, .fileExists?: return
        case .some(let reason) where CachePath.isNothing(reason): return
        case .some(let reason): throw folder.fault("remove", reason)
        }
    }

    /// Waits until the bytes of a file, or the entries of a folder, are on the disk.
    package static func sync(_ path: CachePath) throws(StoreError) {
        do throws(Errno) {
            let descriptor = try path.openedToRead()
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            throw path.fault("sync", error)
        }
    }

    /// Sets the times of a file to now.
    package static func touch(_ path: CachePath) throws(StoreError) {
        if let reason = path.reason({ utimensat($0, $1, nil, AT_SYMLINK_NOFOLLOW) }) {
            throw path.fault("set the times of", reason)
        }
    }

    /// Whether entries can be made in a folder by this user.
    package static func isWritable(folder: CachePath) -> Bool {
        guard let descriptor = try? folder.openedToRead(O_DIRECTORY) else { return false }
        defer { close(descriptor) }
        return faccessat(descriptor, ".", W_OK | X_OK, 0) == 0
    }

    /// A name beside `path` that no other process uses: it holds the process's number and a random one.
    package static func temporarySibling(of path: CachePath) -> CachePath {
        path.folder.appending(temporaryName(for: path.name))
    }

    /// What the file system's clock says now, in nanoseconds since 1970, from a file made in `folder` for this.
    ///
    /// Times of files are compared with this and not with the clock of this machine, which may be another.
    package static func fileTime(in folder: FilePath) throws(StoreError) -> Int64 {
        let probe = temporarySibling(of: CachePath(root: folder).appending("time"))
        try write([], toNew: probe)
        defer { try? remove(probe) }
        return try status(probe)?.modificationTime ?? 0
    }
}
