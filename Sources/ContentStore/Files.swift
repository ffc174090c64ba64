// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What a file system says of a file without reading it.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case file, folder, link, other }

    package let kind: Kind
    package let byteCount: Int
    package let device: UInt64
    package let inode: UInt64
    /// Last change of the bytes, in nanoseconds since 1970.
    package let modificationTime: Int64
    /// Last change of the bytes or of their description, in nanoseconds since 1970.
    package let changeTime: Int64

    /// A change time that lies before anything a clock of today can say marks a status that is not to be trusted.
    package init(
        kind: Kind, byteCount: Int, device: UInt64, inode: UInt64, modificationTime: Int64, changeTime: Int64
    ) {
        self.kind = kind
        self.byteCount = byteCount
        self.device = device
        self.inode = inode
        self.modificationTime = modificationTime
        self.changeTime = changeTime
    }

    init(_ status: stat) {
        switch status.st_mode & mode_t(S_IFMT) {
        case mode_t(S_IFREG): kind = .file
        case mode_t(S_IFDIR): kind = .folder
        case mode_t(S_IFLNK): kind = .link
        default: kind = .other
        }
        byteCount = Int(status.st_size)
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(status.st_ino)
        #if canImport(Darwin)
            modificationTime = Self.nanoseconds(status.st_mtimespec)
            changeTime = Self.nanoseconds(status.st_ctimespec)
        #else
            modificationTime = Self.nanoseconds(status.st_mtim)
            changeTime = Self.nanoseconds(status.st_ctim)
        #endif
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// The few file operations that the store and the executor need, each failing with its action and its file.
package enum Files {
    package static let bufferByteCount = 1 << 20

    /// The status of what `path` leads to, links followed; `nil` where there is nothing.
    package static func status(_ path: FilePath) throws(StoreError) -> FileStatus? {
        try noted(path, followsLink: true)
    }

    /// The status of the directory entry itself, links not followed; `nil` where there is nothing.
    package static func linkStatus(_ path: FilePath) throws(StoreError) -> FileStatus? {
        try noted(path, followsLink: false)
    }

    private static func noted(_ path: FilePath, followsLink: Bool) throws(StoreError) -> FileStatus? {
        do throws(StoreError) {
            let status = try unnotedStatus(path, followsLink: followsLink)
            LookedAt.current?.note(path, followsLink: followsLink, as: status)
            return status
        } catch {
            LookedAt.current?.noteWhatCannotBeSeen()
            throw error
        }
    }

    /// The status, of which nothing is noted in `LookedAt`.
    static func unnotedStatus(_ path: FilePath, followsLink: Bool) throws(StoreError) -> FileStatus? {
        var result = stat()
        if path.withPlatformString({ followsLink ? stat($0, &result) : lstat($0, &result) }) == 0 {
            return FileStatus(result)
        }
        let reason = Errno(rawValue: errno)
        if reason == .noSuchFileOrDirectory || reason == .notDirectory { return nil }
        throw .cannot(action: "look at", path: path, reason: reason)
    }

    /// The names in a folder, sorted by their bytes; one that is no text has its wrong bytes replaced.
    package static func names(in folder: FilePath) throws(StoreError) -> [String] {
        let names = try entries(in: folder).map(\.string)
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// What a folder holds, in the order of the file system, with names that need not be text.
    package static func entries(in folder: FilePath) throws(StoreError) -> [FilePath.Component] {
        do throws(Errno) {
            let stream = try FolderStream(at: folder)
            LookedAt.current?.note(folder, as: try stream.ownStatus())
            return try stream.entries()
        } catch {
            throw .cannot(action: "list", path: folder, reason: error)
        }
    }

    /// Makes a folder and those above it that are missing.
    package static func makeFolder(_ path: FilePath) throws(StoreError) {
        if path.withPlatformString({ mkdir($0, 0o777) }) == 0 { return }
        let reason = Errno(rawValue: errno)
        if reason == .fileExists, try status(path)?.kind == .folder { return }
        guard reason == .noSuchFileOrDirectory, !path.removingLastComponent().isEmpty else {
            throw .cannot(action: "make the folder", path: path, reason: reason)
        }
        try makeFolder(path.removingLastComponent())
        guard path.withPlatformString({ mkdir($0, 0o777) }) == 0 || errno == EEXIST else {
            throw .cannot(action: "make the folder", path: path, reason: Errno(rawValue: errno))
        }
    }

    /// Hands the bytes of a file to `body` in pieces of at most a mebibyte.
    package static func read(
        _ path: FilePath, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StoreError) {
        try readPieces(path) { piece in
            body(piece)
            return true
        }
    }

    /// - Parameter body: says whether it wants more.
    private static func readPieces(
        _ path: FilePath, _ body: (UnsafeRawBufferPointer) -> Bool
    ) throws(StoreError) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno))
        }
        defer { close(descriptor) }
        note(descriptor, of: path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferByteCount, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = platformRead(descriptor, buffer.baseAddress, buffer.count)
            if count == 0 { return }
            if count < 0 {
                if errno == EINTR { continue }
                throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno))
            }
            if !body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { return }
        }
    }

    /// Notes an open file as looked at, before it is read.
    static func note(_ descriptor: Int32, of path: FilePath) {
        guard let lookedAt = LookedAt.current else { return }
        var status = stat()
        if fstat(descriptor, &status) == 0 {
            lookedAt.note(path, as: FileStatus(status))
        } else {
            lookedAt.noteWhatCannotBeSeen()
        }
    }

    /// All bytes of a file; one longer than `limit` is refused as too large.
    package static func bytes(of path: FilePath, limit: Int = 1 << 30) throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        if let size = try status(path)?.byteCount {
            guard size <= limit else { throw .cannot(action: "read", path: path, reason: .fileTooLarge) }
            bytes.reserveCapacity(size)
        }
        // What is no plain file has no length, and need not end.
        try readPieces(path) { piece in
            bytes.append(contentsOf: piece)
            return bytes.count <= limit
        }
        guard bytes.count <= limit else { throw .cannot(action: "read", path: path, reason: .fileTooLarge) }
        return bytes
    }

    /// Writes a new file; an existing one is an error.
    package static func write(_ bytes: [UInt8], toNew path: FilePath) throws(StoreError) {
        let descriptor = path.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
        guard descriptor >= 0 else {
            throw .cannot(action: "write", path: path, reason: Errno(rawValue: errno))
        }
        let failure = writeAll(bytes, to: descriptor)
        let closed = close(descriptor) == 0 ? nil : Errno(rawValue: errno)
        if let reason = failure ?? closed {
            _ = path.withPlatformString { unlink($0) }
            throw .cannot(action: "write", path: path, reason: reason)
        }
    }

    /// Replaces a file in one step, so that a reader sees the old bytes or the new ones and never a part.
    package static func replace(_ path: FilePath, with bytes: [UInt8]) throws(StoreError) {
        do throws(Errno) {
            let made = try UnfinishedFile(beside: path)
            if let reason = writeAll(bytes, to: made.descriptor) { throw reason }
            if let reason = made.finish(as: path) { throw reason }
        } catch {
            throw .cannot(action: "write", path: path, reason: error)
        }
    }

    /// Replaces a file in one step with the pieces that `body` hands over one after another; where it fails, all is as
    /// before.
    ///
    /// - Throws: what `body` throws, or a `StoreError` about `path`.
    package static func replace(
        _ path: FilePath, writing body: (_ append: ([UInt8]) throws(StoreError) -> Void) throws -> Void
    ) throws {
        let made: UnfinishedFile
        do throws(Errno) {
            made = try UnfinishedFile(beside: path)
        } catch {
            throw StoreError.cannot(action: "write", path: path, reason: error)
        }
        let descriptor = made.descriptor
        try body { (piece) throws(StoreError) in
            if let reason = writeAll(piece, to: descriptor) {
                throw .cannot(action: "write", path: path, reason: reason)
            }
        }
        if let reason = made.finish(as: path) {
            throw StoreError.cannot(action: "write", path: path, reason: reason)
        }
    }

    package static func rename(_ path: FilePath, to target: FilePath) throws(StoreError) {
        let status = path.withPlatformString { from in target.withPlatformString { platformRename(from, $0) } }
        guard status == 0 else {
            throw .cannot(action: "move '\(path)' to", path: target, reason: Errno(rawValue: errno))
        }
    }

    /// Removes a file if it is there.
    package static func remove(_ path: FilePath) throws(StoreError) {
        guard path.withPlatformString({ unlink($0) }) == 0 || errno == ENOENT else {
            throw .cannot(action: "remove", path: path, reason: Errno(rawValue: errno))
        }
    }

    package static func setPermissions(_ path: FilePath, _ mode: UInt16) throws(StoreError) {
        guard path.withPlatformString({ chmod($0, mode_t(mode)) }) == 0 else {
            throw .cannot(action: "set the permissions of", path: path, reason: Errno(rawValue: errno))
        }
    }

    /// Waits until the bytes of a file, or the entries of a folder, are on the disk.
    package static func sync(_ path: FilePath) throws(StoreError) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw .cannot(action: "sync", path: path, reason: Errno(rawValue: errno))
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .cannot(action: "sync", path: path, reason: Errno(rawValue: errno))
        }
    }

    /// A name beside `path` that no other process uses: it holds the process's number and a random one.
    package static func temporarySibling(of path: FilePath) -> FilePath {
        path.removingLastComponent().appending(temporaryName(for: path.lastComponent))
    }

    static func temporaryName(for name: FilePath.Component?) -> String {
        let unique = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return ".\(name?.string ?? "file").\(getpid())-\(unique)"
    }

    /// Whether a name is one that `temporaryName` makes, such as `.stat.17-2lv39s2zl8aih`.
    static func isTemporaryName(_ name: String) -> Bool {
        guard name.hasPrefix("."), let dot = name.lastIndex(of: ".") else { return false }
        let parts = name[name.index(after: dot)...].utf8.split(
            separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        return dot > name.startIndex && parts.count == 2 && !parts[0].isEmpty && parts[0].allSatisfy(digits.contains)
            && !parts[1].isEmpty && parts[1].allSatisfy { digits.contains($0) || letters.contains($0) }
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Errno? {
        bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
    }

    static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Errno? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = platformWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                return Errno(rawValue: errno)
            }
            rest = rest.dropFirst(count)
        }
        return nil
    }
}

// The enum's own `read` and `rename` hide the C functions of these names.
private func platformRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

private func platformWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, buffer, count)
}

private func platformRename(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> Int32 {
    rename(from, to)
}
