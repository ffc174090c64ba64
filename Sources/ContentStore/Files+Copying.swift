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
        let source = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard source >= 0 else { throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno)) }
        defer { close(source) }
        let descriptor = target.withPlatformString {
            open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(permissions))
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
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = platformRead(source, buffer.baseAddress, buffer.count)
            if count == 0 { return }
            if count < 0 {
                if errno == EINTR { continue }
                throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno))
            }
            if let reason = writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: descriptor) {
                throw .cannot(action: "write", path: target, reason: reason)
            }
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
