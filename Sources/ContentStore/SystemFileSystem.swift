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
        let stream = try FolderReader(folder)
        var entries: [(name: String, type: ListedFolder.EntryType)] = []
        while let entry = try stream.next() {
            let type: ListedFolder.EntryType =
                switch Int(entry.pointee.d_type) {
                case Int(DT_REG): .file
                case Int(DT_DIR): .folder
                default: .unknown
                }
            let name = FolderReader.withName(of: entry) { name in
                name[0] == CChar(bitPattern: UInt8(ascii: ".")) ? "" : String(validatingCString: name)
            }
            guard let name else {
                let lossy = FolderReader.withName(of: entry) { FilePath(platformString: $0) }
                throw .cannot(action: "name", path: folder.pushing(lossy), reason: .illegalByteSequence)
            }
            if !name.isEmpty { entries.append((name, type)) }
        }
        return ListedFolder(status: stream.status, entries: entries)
    }

    package func open(_ path: FilePath) throws(StoreError) -> any OpenFile {
        try SystemOpenFile(path)
    }
}

/// A folder that is open to be listed.
struct FolderReader: ~Copyable {
    /// From before anything was read of it.
    let status: FileStatus
    private let path: FilePath
    private let stream: OpaquePointer

    init(_ path: FilePath) throws(StoreError) {
        guard let stream = path.withPlatformString({ opendir($0) }) else {
            throw .cannot(action: "list", path: path, reason: Errno(rawValue: errno))
        }
        var status = stat()
        guard fstat(dirfd(stream), &status) == 0 else {
            let reason = Errno(rawValue: errno)
            closedir(stream)
            throw .cannot(action: "list", path: path, reason: reason)
        }
        self.stream = stream
        self.path = path
        self.status = FileStatus(status)
    }

    deinit { closedir(stream) }

    /// `nil` at the end.
    func next() throws(StoreError) -> UnsafeMutablePointer<dirent>? {
        errno = 0
        if let entry = readdir(stream) { return entry }
        // The end of a folder and a failure on the way to it look the same but for this.
        guard errno == 0 else { throw .cannot(action: "list", path: path, reason: Errno(rawValue: errno)) }
        return nil
    }

    static func withName<Value>(
        of entry: UnsafeMutablePointer<dirent>, _ body: (UnsafePointer<CChar>) -> Value
    ) -> Value {
        withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { body($0) }
        }
    }
}

/// A plain file that is open to be read.
final class SystemOpenFile: OpenFile {
    /// Of a longer file the kernel is told that it is read to its end.
    private static let readAheadByteCount = 1 << 18

    let descriptor: Int32
    private let path: FilePath

    init(_ path: FilePath) throws(StoreError) {
        let (descriptor, status) = try Files.openPlainFile(path)
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
