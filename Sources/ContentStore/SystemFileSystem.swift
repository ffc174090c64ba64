// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The file system of this machine.
package struct SystemFileSystem: FileSystem {
    package let clock: any FileClock

    /// - Parameter clock: by default that of the file systems, as it is now.
    package init(clock: any FileClock = SystemFileClock()) {
        self.clock = clock
    }

    package func status(of path: FilePath, followsLink: Bool) throws(StoreError) -> FileStatus? {
        try Files.unnotedStatus(path, followsLink: followsLink)
    }

    /// Looks take most of the time that a large folder takes, so all processors share them.
    package func statuses(of names: [String], in folder: FilePath) -> [Result<FileStatus?, StoreError>] {
        let root = folder.withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        return parallelMap(names.count, with: {}) { number, _ in
            var path = root
            path.append(UInt8(ascii: "/"))
            path.append(contentsOf: names[number].utf8)
            path.append(0)
            return path.withUnsafeBytes { bytes -> Result<FileStatus?, Errno> in
                bytes.assumingMemoryBound(to: CChar.self).baseAddress.map(Self.look) ?? .success(nil)
            }.mapError { .cannot(action: "look at", path: folder.pushing(FilePath(names[number])), reason: $0) }
        }
    }

    private static func look(at path: UnsafePointer<CChar>) -> Result<FileStatus?, Errno> {
        var result = stat()
        for follows in [true, false] {
            if (follows ? stat(path, &result) : lstat(path, &result)) == 0 { return .success(FileStatus(result)) }
            let reason = Errno(rawValue: errno)
            guard reason == .noSuchFileOrDirectory || reason == .notDirectory else { return .failure(reason) }
        }
        return .success(nil)
    }

    package func listing(of folder: FilePath) throws(StoreError) -> ListedFolder {
        let status: FileStatus
        var entries: [(name: String, type: ListedFolder.EntryType)] = []
        var nameless: FilePath?
        do throws(Errno) {
            let stream = try FolderStream(at: folder)
            status = try stream.ownStatus()
            while nameless == nil, let entry = try stream.next() {
                if entry.pointee.d_name.0 == CChar(bitPattern: UInt8(ascii: ".")) { continue }
                if let name = FolderStream.withName(of: entry, { String(validatingCString: $0) }) {
                    entries.append((name, Self.type(of: entry)))
                } else {
                    nameless = FolderStream.withName(of: entry) { FilePath(platformString: $0) }
                }
            }
        } catch {
            throw .cannot(action: "list", path: folder, reason: error)
        }
        if let nameless {
            throw .cannot(action: "name", path: folder.pushing(nameless), reason: .illegalByteSequence)
        }
        return ListedFolder(status: status, entries: entries)
    }

    private static func type(of entry: UnsafeMutablePointer<dirent>) -> ListedFolder.EntryType {
        switch Int(entry.pointee.d_type) {
        case Int(DT_REG): .file
        case Int(DT_DIR): .folder
        default: .unknown
        }
    }

    package func open(_ path: FilePath) throws(StoreError) -> any OpenFile {
        try SystemOpenFile(path)
    }
}

/// A plain file that is open to be read.
final class SystemOpenFile: OpenFile {
    /// Of a longer file the kernel is told that it is read to its end.
    private static let readAheadByteCount = 1 << 18

    let descriptor: Int32
    private let path: FilePath

    convenience init(_ path: FilePath) throws(StoreError) {
        let (descriptor, status) = try Files.openPlainFile(path)
        self.init(descriptor, status, at: path)
    }

    /// - Parameter descriptor: of a plain file with this status; is closed with the value.
    init(_ descriptor: Int32, _ status: FileStatus, at path: FilePath) {
        #if !canImport(Darwin)
            if status.byteCount > Self.readAheadByteCount { posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }
        #endif
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    func status() throws(StoreError) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .cannot(action: "look at", path: path, reason: Errno(rawValue: errno))
        }
        return FileStatus(status)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
        while true {
            let count = platformRead(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno)) }
        }
    }
}

extension Files {
    /// Opens a plain file to read it, without waiting for whatever else may lie there; the caller closes it.
    ///
    /// - Throws: `isDirectory` for a folder, `invalidArgument` for what else is no plain file.
    static func openPlainFile(_ path: FilePath) throws(StoreError) -> (descriptor: Int32, status: FileStatus) {
        // A pipe without a writer is not waited for.
        let descriptor = path.withPlatformString { platformOpen($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = Errno(rawValue: errno)
            close(descriptor)
            throw .cannot(action: "read", path: path, reason: reason)
        }
        let file = FileStatus(status)
        guard file.kind == .file else {
            close(descriptor)
            throw .cannot(
                action: "read", path: path, reason: file.kind == .folder ? .isDirectory : .invalidArgument)
        }
        return (descriptor, file)
    }
}

// The types' own `read` and `open` hide the C functions of these names.
private func platformRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

private func platformOpen(_ path: UnsafePointer<CChar>, _ flags: Int32) -> Int32 { open(path, flags) }
