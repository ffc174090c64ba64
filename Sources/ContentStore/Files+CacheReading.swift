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
    /// All bytes of a file in a cache, read with as few calls as can be; `nil` where there is nothing, or something
    /// that is no plain file.
    ///
    /// A run looks at thousands of results, and each is some hundred bytes.
    ///
    /// - Parameter limit: a longer file is refused as too large; see `CacheLimits`.
    package static func plainFile(_ path: CachePath, limit: Int) throws(StoreError) -> [UInt8]? {
        try ownedFile(path, limit: limit)?.bytes
    }

    /// The same bytes, and whether the file is owned by this user and not writable by others.
    package static func ownedFile(
        _ path: CachePath, limit: Int
    ) throws(StoreError) -> (bytes: [UInt8], isOwn: Bool)? {
        do throws(Errno) {
            guard let (descriptor, status) = try path.openedFile() else {
                path.noteLook(nil)
                return nil
            }
            defer { close(descriptor) }
            path.noteLook(status)
            return (try bytes(of: descriptor, byteCount: status.byteCount, limit: limit), isOwn(descriptor))
        } catch {
            LookedAt.current?.noteWhatCannotBeSeen()
            throw path.fault("read", error)
        }
    }

    /// All bytes of a file in a cache that is owned by this user and not writable by others; `nil` where there is none.
    ///
    /// What is remembered there decides without being checked, so that nobody else may be able to change it.
    package static func ownFile(_ path: CachePath, limit: Int) throws(StoreError) -> [UInt8]? {
        guard let (bytes, isOwn) = try ownedFile(path, limit: limit), isOwn else { return nil }
        return bytes
    }

    /// Whether a folder belongs to this user, or is not there yet.
    package static func isOwn(folder: FilePath) -> Bool {
        var status = stat()
        return folder.withPlatformString { stat($0, &status) } != 0 || status.st_uid == geteuid()
    }

    /// The number of the user that this process acts for.
    package static var userNumber: UInt32 { UInt32(geteuid()) }

    /// Whether an open file is owned by this user and not writable by others.
    private static func isOwn(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_uid == geteuid()
            && status.st_mode & mode_t(S_IWGRP | S_IWOTH) == 0
    }

    /// All bytes of a file that a stage's process wrote; `nil` where there is nothing, or something that is no plain
    /// file.
    package static func plainFile(_ path: FilePath, limit: Int) throws(StoreError) -> [UInt8]? {
        try plainFile(CachePath(ofFileAt: path), limit: limit)
    }

    private static func bytes(of descriptor: Int32, byteCount: Int, limit: Int) throws(Errno) -> [UInt8] {
        guard byteCount <= limit else { throw .fileTooLarge }
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let memory = UnsafeMutableRawBufferPointer(buffer)
            while count < memory.count {
                let read = platformRead(descriptor, UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
                if read == 0 { return }
                if read > 0 {
                    count += read
                } else if errno != EINTR {
                    failure = Errno(rawValue: errno)
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

extension FileDigest {
    /// Of a file in a cache; `nil` where there is nothing, or something that is no plain file.
    init?(ofFileAt path: CachePath) throws(StoreError) {
        let file: SystemOpenFile
        do throws(Errno) {
            guard let (descriptor, status) = try path.openedFile() else {
                path.noteLook(nil)
                return nil
            }
            path.noteLook(status)
            file = SystemOpenFile(descriptor, status, at: path.filePath)
        } catch {
            throw path.fault("read", error)
        }
        try self.init(of: file, through: FileBuffer())
    }
}

// The enum's own `read` hides the C function of this name.
private func platformRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}
