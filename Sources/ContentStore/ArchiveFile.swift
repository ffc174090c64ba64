// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The file of an archive, open for as long as anything of it is read, so that all of it is of one file.
final class ArchiveFile: Sendable {
    let path: FilePath
    let byteCount: Int
    private let descriptor: Int32

    /// - Throws: `ArchiveError`, also for a pipe or a device, which is not waited for.
    init(_ path: FilePath) throws(ArchiveError) {
        self.path = path
        let status: FileStatus
        do throws(StoreError) {
            (descriptor, status) = try Files.openPlainFile(path)
        } catch .cannot(_, _, reason: .invalidArgument), .cannot(_, _, reason: .isDirectory) {
            throw .malformed(path: path, offset: 0, reason: "it is no plain file")
        } catch {
            throw .store(error)
        }
        byteCount = status.byteCount
        LookedAt.current?.note(path, as: status)
    }

    deinit { close(descriptor) }

    /// Reads bytes from `offset` on; fewer than the buffer takes only where the file ends.
    ///
    /// - Returns: how many.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count == 0 { break }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw .store(.cannot(action: "read", path: path, reason: Errno(rawValue: errno)))
            }
        }
        return done
    }

    /// Throws where the file has another length by now than when it was opened.
    func checkUnchanged() throws(ArchiveError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .store(.cannot(action: "read", path: path, reason: Errno(rawValue: errno)))
        }
        guard Int(status.st_size) == byteCount else { throw .changedWhileRead(path: path) }
    }
}
