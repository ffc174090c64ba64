// SPDX-License-Identifier: Apache-2.0

import CZlib
package import ContentStore
package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The kept output of a stage, compressed.
package enum StageLog {
    /// Compresses a log to `target`, replacing the one of an earlier attempt; an empty log is kept too.
    package static func keep(_ log: FilePath, at target: FilePath) throws(StoreError) {
        let bytes = try Files.status(log) == nil ? [] : try Files.bytes(of: log)
        // Beside the log, so that it goes with the attempt's folder where this process is killed.
        let temporary = Files.temporarySibling(of: log)
        do throws(StoreError) {
            if let reason = write(bytes, to: temporary) {
                throw .cannot(action: "write", path: target, reason: reason)
            }
            try Files.rename(temporary, to: target)
        } catch {
            try? Files.remove(temporary)
            throw error
        }
    }

    /// The text of a kept log; `nil` where there is none.
    package static func text(at path: FilePath) throws(StoreError) -> String? {
        guard try Files.status(path) != nil else { return nil }
        guard let file = gzopen(path.string, "rb") else {
            throw .cannot(action: "read", path: path, reason: .ioError)
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var count = gzread(file, &buffer, UInt32(buffer.count))
        while count > 0 {
            bytes += buffer[..<Int(count)]
            count = gzread(file, &buffer, UInt32(buffer.count))
        }
        // A log that is cut short reads well up to its last byte, and only closing it tells.
        guard gzclose(file) == Z_OK, count == 0 else { throw .cannot(action: "read", path: path, reason: .ioError) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The reason where it could not be written.
    private static func write(_ bytes: [UInt8], to path: FilePath) -> Errno? {
        // zlib leaves the system's reason where there is one.
        errno = 0
        guard let file = gzopen(path.string, "wb6") else { return lastReason() }
        var reason: Errno?
        var start = 0
        while start < bytes.count, reason == nil {
            let count = min(1 << 20, bytes.count - start)
            let written = bytes[start..<start + count].withUnsafeBytes { gzwrite(file, $0.baseAddress, UInt32(count)) }
            if written != Int32(count) { reason = lastReason() }
            start += count
        }
        return gzclose(file) == Z_OK ? reason : reason ?? lastReason()
    }

    private static func lastReason() -> Errno { errno == 0 ? .ioError : Errno(rawValue: errno) }
}

extension StageLog {
    /// Of the zlib in use, for example `1.2.13`.
    package static var zlibVersion: String { CZlib.zlibVersion().map { String(cString: $0) } ?? "unknown" }
}
