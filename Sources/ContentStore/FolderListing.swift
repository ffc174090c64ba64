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
/// anywhere, in circles too, and is refused, and so is a name that is no text.
package struct FolderListing {
    package private(set) var files: [(name: String, status: FileStatus)] = []

    package init(_ folder: FilePath) throws(StoreError) {
        try list(folder, prefix: "", depth: 0)
        files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private mutating func list(_ folder: FilePath, prefix: String, depth: Int) throws(StoreError) {
        guard depth < 64 else { throw .cannot(action: "list", path: folder, reason: .tooManySymbolicLinkLevels) }
        for (entry, status) in try Files.entriesWithStatus(in: folder) {
            let (name, path) = (entry.string, folder.appending(entry))
            guard FilePath.Component(name) == entry else {
                throw .cannot(action: "name", path: path, reason: .illegalByteSequence)
            }
            switch status.kind {
            case .file, .link: files.append((prefix + name, status))
            case .folder where try Files.linkStatus(path)?.kind == .link:
                throw .cannot(action: "follow the linked folder", path: path, reason: .tooManySymbolicLinkLevels)
            case .folder: try list(path, prefix: prefix + name + "/", depth: depth + 1)
            case .other: continue
            }
        }
    }
}

extension Files {
    /// What a folder holds and is not hidden, with the status of what each leads to, or of a link that leads nowhere.
    ///
    /// Each is looked up from the open folder, so that the way to it is not walked again for each.
    fileprivate static func entriesWithStatus(
        in folder: FilePath
    ) throws(StoreError) -> [(FilePath.Component, FileStatus)] {
        LookedAt.current?.note(folder)
        guard let stream = folder.withPlatformString({ opendir($0) }) else {
            throw .cannot(action: "list", path: folder, reason: Errno(rawValue: errno))
        }
        defer { closedir(stream) }
        var entries: [(FilePath.Component, FileStatus)] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { name in
                    name[0] == CChar(bitPattern: UInt8(ascii: ".")) ? nil : FilePath.Component(platformString: name)
                }
            }
            guard let name else { continue }
            LookedAt.current?.note(folder.appending(name))
            if let status = try status(of: name, in: folder, descriptor: dirfd(stream)) {
                entries.append((name, status))
            }
        }
        return entries
    }

    private static func status(
        of name: FilePath.Component, in folder: FilePath, descriptor: Int32
    ) throws(StoreError) -> FileStatus? {
        var result = stat()
        for flags in [0, AT_SYMLINK_NOFOLLOW] {
            if name.withPlatformString({ fstatat(descriptor, $0, &result, flags) }) == 0 { return FileStatus(result) }
            let reason = Errno(rawValue: errno)
            guard reason == .noSuchFileOrDirectory || reason == .notDirectory else {
                throw .cannot(action: "look at", path: folder.appending(name), reason: reason)
            }
        }
        return nil
    }
}
