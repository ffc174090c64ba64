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
    /// All bytes of a small file, read with as few calls as can be; `nil` where there is nothing.
    ///
    /// A run looks at thousands of results, and each is some hundred bytes.
    ///
    /// - Parameter owner: is told whether the file is this user's own and nobody else may write to it.
    static func smallFile(
        _ path: FilePath, limit: Int = 1 << 26, owner: (_ isOwn: Bool) -> Void = { _ in }
    ) throws(StoreError) -> [UInt8]? {
        let (descriptor, status): (Int32, FileStatus)
        do throws(StoreError) {
            (descriptor, status) = try openPlainFile(path)
        } catch .cannot(_, _, reason: .noSuchFileOrDirectory), .cannot(_, _, reason: .notDirectory) {
            LookedAt.current?.note(path, as: nil)
            return nil
        } catch {
            LookedAt.current?.noteWhatCannotBeSeen()
            throw error
        }
        defer { close(descriptor) }
        LookedAt.current?.note(path, as: status)
        owner(isOwn(descriptor))
        guard status.byteCount <= limit else { throw .cannot(action: "read", path: path, reason: .fileTooLarge) }
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: status.byteCount) { buffer, count in
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
        if let failure { throw .cannot(action: "read", path: path, reason: failure) }
        return bytes
    }
}

extension Files {
    /// Whether an open file is this user's own and nobody else may write to it.
    static func isOwn(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_uid == geteuid()
            && status.st_mode & mode_t(S_IWGRP | S_IWOTH) == 0
    }
}

// The enum's own `read` hides the C function of this name.
private func platformRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}
