// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// An open folder that is being listed.
struct FolderStream: ~Copyable {
    let descriptor: Int32
    private let stream: OpaquePointer

    /// - Parameter descriptor: is closed in any case.
    init(_ descriptor: Int32) throws(Errno) {
        guard let stream = fdopendir(descriptor) else {
            let reason = Errno(rawValue: errno)
            close(descriptor)
            throw reason
        }
        self.descriptor = descriptor
        self.stream = stream
    }

    /// Opens a folder by its path, links followed.
    init(at path: FilePath) throws(Errno) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        try self.init(descriptor)
    }

    deinit { closedir(stream) }

    /// The next entry, `.` and `..` among them; `nil` at the end.
    borrowing func next() throws(Errno) -> UnsafeMutablePointer<dirent>? {
        errno = 0
        if let entry = readdir(stream) { return entry }
        // The end of a folder and a failure on the way to it look the same but for this.
        guard errno == 0 else { throw Errno(rawValue: errno) }
        return nil
    }

    static func withName<Value>(
        of entry: UnsafeMutablePointer<dirent>, _ body: (UnsafePointer<CChar>) -> Value
    ) -> Value {
        withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { body($0) }
        }
    }

    /// All that the folder holds.
    borrowing func entries() throws(Errno) -> [FilePath.Component] {
        var entries: [FilePath.Component] = []
        while let entry = try next() {
            let name = Self.withName(of: entry) { FilePath.Component(platformString: $0) }
            if let name, name.kind == .regular { entries.append(name) }
        }
        return entries
    }

    /// The status of the folder.
    borrowing func ownStatus() throws(Errno) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Errno(rawValue: errno) }
        return FileStatus(status)
    }

    /// The status of an entry; `nil` where it is gone.
    borrowing func status(of name: FilePath.Component) -> FileStatus? {
        var status = stat()
        return name.withPlatformString { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) } == 0
            ? FileStatus(status) : nil
    }
}
