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

/// What stages printed, kept compressed.
package enum StageLog {
    /// So many logs of an action are kept beside the newest.
    package static let earlierCount = 9

    /// Compresses a log into the place of an action's newest; the one there before becomes an earlier one.
    ///
    /// Of a log that is empty, or not there, nothing is kept.
    package static func keep(_ log: FilePath, of key: ActionKey, in folders: CacheFolders) throws(StoreError) {
        try moveUp(key, in: folders)
        guard let status = try Files.status(log), status.byteCount > 0 else { return }
        let target = folders.log(of: key)
        // Beside the log, so that it goes with the attempt's folder where this process is killed.
        let temporary = Files.temporarySibling(of: CachePath(ofFileAt: log))
        do throws(StoreError) {
            if let reason = try write(log, to: temporary) { throw target.fault("write", reason) }
            if try Files.status(target)?.kind == .folder { try Files.removeTree(target) }
            try Files.rename(temporary, to: target)
        } catch {
            try? Files.remove(temporary)
            throw error
        }
    }

    private static func moveUp(_ key: ActionKey, in folders: CacheFolders) throws(StoreError) {
        var free = 0
        while free < earlierCount, try Files.status(folders.log(of: key, before: free)) != nil { free += 1 }
        while free > 0 {
            // A folder in a log's place is nobody's.
            let place = folders.log(of: key, before: free)
            if try Files.status(place)?.kind == .folder { try Files.removeTree(place) }
            try Files.rename(folders.log(of: key, before: free - 1), to: folders.log(of: key, before: free))
            free -= 1
        }
    }

    /// The text of a kept log of at most 64 MiB; `nil` where there is none.
    package static func text(at path: CachePath) throws(StoreError) -> String? {
        var bytes: [UInt8] = []
        let found = try read(path) { piece in
            bytes += piece
            return bytes.count <= textByteLimit
        }
        guard bytes.count <= textByteLimit else {
            throw .cannot(action: "read", path: path.filePath, reason: .fileTooLarge)
        }
        return found ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// The last lines of a kept log, each cut where it is very long; `nil` where there is none.
    ///
    /// - Parameter byteLimit: so many bytes of it are looked at; where it has more, another line says so.
    package static func lastLines(
        _ count: Int, at path: CachePath, byteLimit: Int = 1 << 28
    ) throws(StoreError) -> [String]? {
        var bytes: [UInt8] = []
        var readCount = 0
        let found = try read(path) { piece in
            bytes += piece
            if bytes.count > 2 * tailByteCount { bytes.removeFirst(bytes.count - tailByteCount) }
            readCount += piece.count
            return readCount < byteLimit
        }
        guard found else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        let shown = lines.suffix(count).map { $0.count > lineLength ? $0.prefix(lineLength) + "…" : String($0) }
        return readCount < byteLimit ? shown : shown + ["… what the log holds after \(readCount) bytes is left out"]
    }

    private static let textByteLimit = 1 << 26
    /// Far more than the last lines that anybody is shown.
    private static let tailByteCount = 1 << 16
    private static let lineLength = 1000
    private static let pieceByteCount = 1 << 16

    /// Hands over a log's bytes in pieces of at most 64 KiB, until `body` wants no more; false where there is no log.
    ///
    /// A log of some kilobytes may hold gigabytes. One that is no plain file is told, and not waited for.
    package static func read(
        _ path: CachePath, _ body: (ArraySlice<UInt8>) -> Bool
    ) throws(StoreError) -> Bool {
        guard let file = try open(path) else { return false }
        var buffer = [UInt8](repeating: 0, count: pieceByteCount)
        var count = gzread(file, &buffer, UInt32(buffer.count))
        while count > 0 {
            guard body(buffer[..<Int(count)]) else {
                gzclose(file)
                return true
            }
            count = gzread(file, &buffer, UInt32(buffer.count))
        }
        // A log that is cut short reads well up to its last byte, and only closing it tells.
        guard gzclose(file) == Z_OK, count == 0 else {
            throw .cannot(action: "read to its end the log", path: path.filePath, reason: .ioError)
        }
        return true
    }

    /// `nil` where there is nothing.
    private static func open(_ path: CachePath) throws(StoreError) -> gzFile? {
        guard let descriptor = try descriptor(of: path) else {
            if try Files.status(path) == nil { return nil }
            throw .cannot(
                action: "read as a log what is no plain file:", path: path.filePath, reason: .notSupported)
        }
        guard let file = gzdopen(descriptor, "rb") else {
            close(descriptor)
            throw .cannot(action: "read the log", path: path.filePath, reason: .noMemory)
        }
        return file
    }

    private static func descriptor(of path: CachePath) throws(StoreError) -> Int32? {
        do throws(Errno) {
            return try path.openedFile()?.descriptor
        } catch {
            throw path.fault("read the log", error)
        }
    }

    /// The reason where it could not be written.
    private static func write(_ log: FilePath, to path: CachePath) throws(StoreError) -> Errno? {
        // zlib leaves the system's reason where there is one.
        errno = 0
        let descriptor = try Files.create(path)
        guard let file = gzdopen(descriptor, "wb6") else {
            close(descriptor)
            return lastReason()
        }
        var reason: Errno?
        do throws(StoreError) {
            try Files.read(log) { piece in
                guard reason == nil else { return }
                if gzwrite(file, piece.baseAddress, UInt32(piece.count)) != Int32(piece.count) { reason = lastReason() }
            }
        } catch {
            gzclose(file)
            throw error
        }
        return gzclose(file) == Z_OK ? reason : reason ?? lastReason()
    }

    private static func lastReason() -> Errno { errno == 0 ? .ioError : Errno(rawValue: errno) }
}

extension StageLog {
    /// Of the zlib in use, for example `1.2.13`.
    package static var zlibVersion: String { CZlib.zlibVersion().map { String(cString: $0) } ?? "unknown" }
}
