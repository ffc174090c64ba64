// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension Files {
    /// Removes a folder with all in it, following no link; what is not there is no error.
    ///
    /// Folders below it that nobody may write to are made writable first: some programs leave their own so.
    package static func removeTree(_ path: FilePath) throws(StoreError) {
        guard let status = try linkStatus(path) else { return }
        guard status.kind == .folder else { return try remove(path) }
        if let reason = path.withPlatformString({ removeFolder($0, in: AT_FDCWD) }) {
            throw .cannot(action: "remove", path: path, reason: reason)
        }
    }

    /// The same of a folder in a cache.
    package static func removeTree(_ path: CachePath) throws(StoreError) {
        guard let status = try status(path) else { return }
        guard status.kind == .folder else { return try remove(path) }
        var failure: Errno?
        let reason = path.reason { folder, name in
            failure = removeFolder(name, in: folder)
            return 0
        }
        if let reason = reason ?? failure { throw path.fault("remove", reason) }
    }

    /// The reason where something is left.
    private static func removeFolder(_ name: UnsafePointer<CChar>, in folder: Int32) -> Errno? {
        // A process that is about to die, or another that clears up, may write or remove something meanwhile.
        for isLast in [false, false, false, true] {
            let removal = TreeRemoval(name, in: folder)
            if let reason = removal.empty(), reason != .noSuchFileOrDirectory, isLast || !isPassing(reason) {
                return reason
            }
            if unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT { return nil }
            let reason = Errno(rawValue: errno)
            if isLast || !isPassing(reason) { return reason }
        }
        return nil
    }

    private static func isPassing(_ reason: Errno) -> Bool { reason == .directoryNotEmpty || reason == .fileExists }
}

/// The removal of what a folder holds, by descriptors: neither a link that takes a folder's place meanwhile nor a path
/// that is too long leads astray.
private struct TreeRemoval {
    /// So many folders are open at once; one that lies deeper is moved up first.
    private static let maximumDepth = 64

    private let name: UnsafePointer<CChar>
    private let folder: Int32

    init(_ name: UnsafePointer<CChar>, in folder: Int32) {
        self.name = name
        self.folder = folder
    }

    /// The reason where something is left.
    func empty() -> Errno? {
        let root = openFolder(folder, name)
        guard root >= 0 else { return Errno(rawValue: errno) }
        defer { close(root) }
        // Folders that are moved up are found the next time.
        while true {
            var hasMoved = false
            if let reason = empty(root, root: root, depth: 0, &hasMoved) { return reason }
            if !hasMoved { return nil }
        }
    }

    private func empty(_ folder: Int32, root: Int32, depth: Int, _ hasMoved: inout Bool) -> Errno? {
        // A descriptor of its own, which the stream closes and no command that is started meanwhile inherits.
        var listed = openFolder(folder, ".")
        if listed < 0, errno == EACCES, fchmod(folder, 0o700) == 0 { listed = openFolder(folder, ".") }
        guard listed >= 0 else { return Errno(rawValue: errno) }
        guard let stream = fdopendir(listed) else {
            let reason = Errno(rawValue: errno)
            close(listed)
            return reason
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let reason = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { name -> Errno? in
                    if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return nil }
                    return remove(name, in: folder, root: root, depth: depth, &hasMoved)
                }
            }
            if let reason, reason != .noSuchFileOrDirectory { return reason }
        }
        return nil
    }

    private func remove(
        _ name: UnsafePointer<CChar>, in folder: Int32, root: Int32, depth: Int, _ hasMoved: inout Bool
    ) -> Errno? {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return Errno(rawValue: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return unlink(name, in: folder, flags: 0) }
        if depth >= Self.maximumDepth {
            hasMoved = true
            let unique = ".deep-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
            return allowed(in: folder) { unique.withCString { renameat(folder, name, root, $0) } }
        }
        var below = openFolder(folder, name)
        if below < 0, errno == EACCES, fchmodat(folder, name, 0o700, AT_SYMLINK_NOFOLLOW) == 0 {
            below = openFolder(folder, name)
        }
        guard below >= 0 else { return Errno(rawValue: errno) }
        defer { close(below) }
        if let reason = empty(below, root: root, depth: depth + 1, &hasMoved) { return reason }
        return unlink(name, in: folder, flags: AT_REMOVEDIR)
    }

    private func unlink(_ name: UnsafePointer<CChar>, in folder: Int32, flags: Int32) -> Errno? {
        allowed(in: folder) { unlinkat(folder, name, flags) }
    }

    /// Does something to a folder's entries; where that is not allowed, once more after allowing it.
    private func allowed(in folder: Int32, _ change: () -> Int32) -> Errno? {
        if change() == 0 { return nil }
        guard errno == EACCES, fchmod(folder, 0o700) == 0 else { return Errno(rawValue: errno) }
        return change() == 0 ? nil : Errno(rawValue: errno)
    }

    private func openFolder(_ parent: Int32, _ name: UnsafePointer<CChar>) -> Int32 {
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
}
