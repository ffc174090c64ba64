// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The files below a folder, with names relative to it; hidden files and folders are passed over.
///
/// A link to a file counts as the file, one that leads nowhere is told as a link. A link to a folder could lead
/// anywhere, in circles too, and is refused, and so is a name that is no text. A folder below it that is marked as a
/// cache (https://bford.info/cachedir), such as this program's own, is passed over.
package struct FolderListing {
    package let files: [(name: String, status: FileStatus)]

    package init(_ folder: FilePath) throws(StoreError) {
        var walk = FolderWalk()
        try walk.list(folder, prefix: "", depth: 0)
        let names = walk.names.sorted { $0.precedes($1) }
        let looks = Self.looks(at: names, in: folder)
        var files: [(name: String, status: FileStatus)] = []
        files.reserveCapacity(names.count)
        for (name, look) in zip(names, looks) {
            switch try look.get() {
            case let status? where status.kind == .file || status.kind == .link: files.append((name, status))
            // It has gone or become something else since its name was read.
            default: continue
            }
        }
        self.files = files
    }

    /// Looks take most of the time, so all processors share them.
    private static func looks(at names: [String], in folder: FilePath) -> [Result<FileStatus?, StoreError>] {
        let root = folder.withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        return parallelMap(names.count, with: {}) { number, _ in
            var path = root
            path.append(UInt8(ascii: "/"))
            path.append(contentsOf: names[number].utf8)
            path.append(0)
            return path.withUnsafeBytes { bytes -> Result<FileStatus?, Errno> in
                bytes.assumingMemoryBound(to: CChar.self).baseAddress.map(look) ?? .success(nil)
            }.mapError { .cannot(action: "look at", path: folder.pushing(FilePath(names[number])), reason: $0) }
        }
    }
}

/// The status of what a path leads to, or of a link that leads nowhere; `nil` where there is nothing.
private func look(at path: UnsafePointer<CChar>) -> Result<FileStatus?, Errno> {
    var result = stat()
    for follows in [true, false] {
        if (follows ? stat(path, &result) : lstat(path, &result)) == 0 { return .success(FileStatus(result)) }
        let reason = Errno(rawValue: errno)
        guard reason == .noSuchFileOrDirectory || reason == .notDirectory else { return .failure(reason) }
    }
    return .success(nil)
}

/// The names of all that could be a file below a folder, in no order.
private struct FolderWalk {
    private(set) var names: [String] = []

    mutating func list(_ folder: FilePath, prefix: String, depth: Int) throws(StoreError) {
        guard depth < 64 else { throw .cannot(action: "list", path: folder, reason: .tooManySymbolicLinkLevels) }
        let entries = try Self.entries(in: folder)
        if depth > 0, entries.contains(where: { $0.name == "CACHEDIR.TAG" }) { return }
        LookedAt.current?.note(entries.map(\.name), in: folder)
        for (name, type) in entries {
            switch type {
            case .file: names.append(prefix + name)
            case .folder: try list(folder.appending(name), prefix: prefix + name + "/", depth: depth + 1)
            case .unknown:
                let path = folder.appending(name)
                guard try Files.status(path)?.kind == .folder else {
                    names.append(prefix + name)
                    continue
                }
                guard try Files.linkStatus(path)?.kind != .link else {
                    throw .cannot(action: "follow the linked folder", path: path, reason: .tooManySymbolicLinkLevels)
                }
                try list(path, prefix: prefix + name + "/", depth: depth + 1)
            }
        }
    }

    /// As far as a folder says of what it holds.
    private enum EntryType {
        case file
        case folder
        /// A link, or something else, or the file system keeps it to itself.
        case unknown
    }

    /// What a folder holds and is not hidden.
    private static func entries(in folder: FilePath) throws(StoreError) -> [(name: String, type: EntryType)] {
        LookedAt.current?.note(folder)
        guard let stream = folder.withPlatformString({ opendir($0) }) else {
            throw .cannot(action: "list", path: folder, reason: Errno(rawValue: errno))
        }
        defer { closedir(stream) }
        var entries: [(name: String, type: EntryType)] = []
        errno = 0
        while let entry = readdir(stream) {
            let type: EntryType =
                switch Int(entry.pointee.d_type) {
                case Int(DT_REG): .file
                case Int(DT_DIR): .folder
                default: .unknown
                }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { name in
                    name[0] == CChar(bitPattern: UInt8(ascii: ".")) ? "" : String(validatingCString: name)
                }
            }
            guard let name else {
                let lossy = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                    tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                        FilePath(platformString: $0)
                    }
                }
                throw .cannot(action: "name", path: folder.pushing(lossy), reason: .illegalByteSequence)
            }
            if !name.isEmpty { entries.append((name, type)) }
            errno = 0
        }
        // The end of a folder and a failure on the way to it look the same but for this.
        guard errno == 0 else { throw .cannot(action: "list", path: folder, reason: Errno(rawValue: errno)) }
        return entries
    }
}
