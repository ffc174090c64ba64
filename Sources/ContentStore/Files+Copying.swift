// SPDX-License-Identifier: Apache-2.0

import CPlatform
package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension Files {
    /// Makes a new file of another's bytes, which the two share on the disk where the file system can do that.
    ///
    /// - Parameter permissions: those of the new file, less what the process's mask takes away.
    package static func copy(
        _ path: FilePath, toNew target: FilePath, permissions: UInt16 = 0o666
    ) throws(StoreError) {
        try make(target, of: path, permissions) { (source, descriptor) throws(StoreError) in
            if reprise_share_bytes(source, descriptor) != 0 {
                try copyBytes(of: path, source, to: target, descriptor)
            }
        }
    }

    /// Makes a new file of another's bytes, and gives the digest of the bytes that it got: those of the other file may
    /// change at any moment.
    package static func copyHashing(
        _ path: FilePath, toNew target: FilePath, permissions: UInt16 = 0o666
    ) throws(StoreError) -> FileDigest {
        var digest: FileDigest?
        try make(target, of: path, permissions) { (source, descriptor) throws(StoreError) in
            digest =
                reprise_share_bytes(source, descriptor) == 0
                ? try hash(descriptor, of: target) : try copyHashing(path, source, to: target, descriptor)
        }
        guard let digest else { preconditionFailure("a file that was made was filled") }
        return digest
    }

    private static func hash(_ descriptor: Int32, of path: FilePath) throws(StoreError) -> FileDigest {
        var hasher = ContentHasher()
        let byteCount = try readAll(descriptor, of: path) { (piece) throws(StoreError) in hasher.update(piece) }
        return FileDigest(digest: hasher.finalized(), byteCount: byteCount)
    }

    private static func copyHashing(
        _ path: FilePath, _ source: Int32, to target: FilePath, _ descriptor: Int32
    ) throws(StoreError) -> FileDigest {
        var hasher = ContentHasher()
        let byteCount = try readAll(source, of: path) { (piece) throws(StoreError) in
            hasher.update(piece)
            if let reason = writeAll(piece, to: descriptor) {
                throw .cannot(action: "write", path: target, reason: reason)
            }
        }
        return FileDigest(digest: hasher.finalized(), byteCount: byteCount)
    }

    /// Makes a new file that shares another's bytes on the disk; `false`, and no file, where the file system cannot.
    package static func share(
        _ path: FilePath, toNew target: FilePath, permissions: UInt16
    ) throws(StoreError) -> Bool {
        var isShared = false
        try make(target, of: path, permissions) { (source, descriptor) throws(StoreError) in
            isShared = reprise_share_bytes(source, descriptor) == 0
        }
        if !isShared { try remove(target) }
        return isShared
    }

    private static func make(
        _ target: FilePath, of path: FilePath, _ permissions: UInt16,
        _ fill: (_ source: Int32, _ descriptor: Int32) throws(StoreError) -> Void
    ) throws(StoreError) {
        let source = try openPlainFile(path).descriptor
        defer { close(source) }
        let descriptor = target.withPlatformString {
            open($0, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(permissions))
        }
        guard descriptor >= 0 else {
            throw .cannot(action: "write", path: target, reason: Errno(rawValue: errno))
        }
        do throws(StoreError) {
            try fill(source, descriptor)
        } catch {
            close(descriptor)
            _ = target.withPlatformString { unlink($0) }
            throw error
        }
        guard close(descriptor) == 0 else {
            let reason = Errno(rawValue: errno)
            _ = target.withPlatformString { unlink($0) }
            throw .cannot(action: "write", path: target, reason: reason)
        }
    }

    /// Gives a file another name in the same file system; `false` where the file system or a limit of it forbids that.
    package static func link(_ path: FilePath, toNew target: FilePath) throws(StoreError) -> Bool {
        let status = path.withPlatformString { from in target.withPlatformString { platformLink(from, $0) } }
        if status == 0 { return true }
        let reason = Errno(rawValue: errno)
        switch reason {
        case .improperLink, .tooManyLinks, .notPermitted, .notSupported: return false
        default: throw .cannot(action: "link '\(path)' to", path: target, reason: reason)
        }
    }

    /// Makes a link that leads to `destination`.
    package static func symbolicLink(at path: FilePath, to destination: FilePath) throws(StoreError) {
        let status = destination.withPlatformString { to in path.withPlatformString { symlink(to, $0) } }
        guard status == 0 else {
            throw .cannot(action: "make the link", path: path, reason: Errno(rawValue: errno))
        }
    }

    private static func copyBytes(
        of path: FilePath, _ source: Int32, to target: FilePath, _ descriptor: Int32
    ) throws(StoreError) {
        while reprise_copy_bytes(source, descriptor, 1 << 30) > 0 {}
        // Whatever the system would not copy by itself comes through here, and at the end nothing.
        _ = try readAll(source, of: path) { (piece) throws(StoreError) in
            if let reason = writeAll(piece, to: descriptor) {
                throw .cannot(action: "write", path: target, reason: reason)
            }
        }
    }

    /// Hands all bytes of an open file from its place on to `body`, piece by piece; gives how many they are.
    private static func readAll(
        _ descriptor: Int32, of path: FilePath, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) -> Int {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        var byteCount = 0
        while true {
            if Task.isCancelled { throw .interrupted }
            let count = platformRead(descriptor, buffer.baseAddress, buffer.count)
            if count == 0 { return byteCount }
            if count < 0 {
                if errno == EINTR { continue }
                throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno))
            }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            byteCount += count
        }
    }
}

// The enum's own `read` and `link` hide the C functions of these names.
private func platformRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

private func platformLink(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> Int32 {
    link(from, to)
}
