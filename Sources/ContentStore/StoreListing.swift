// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The files of a cache's two stores, as their folders name them; none is read.
package struct StoreListing: Sendable {
    package struct File: Hashable, Sendable {
        package let path: FilePath
        package let status: FileStatus

        /// When it was last written or renamed, by the clock of the file system.
        package var time: Int64 { max(status.modificationTime, status.changeTime) }

        package init(path: FilePath, status: FileStatus) {
            self.path = path
            self.status = status
        }
    }

    package private(set) var objects: [Digest: File] = [:]
    package private(set) var results: [ActionKey: File] = [:]
    /// Objects and results that were set aside because they were not what their names say.
    package private(set) var damaged: [File] = []

    /// What is missing counts as empty; what vanishes meanwhile is passed over.
    package init(cache: FilePath) throws(StoreError) {
        try visit(cache.appending("objects")) { name, file, listing in
            guard let digest = Digest(hexadecimal: name) else { return }
            listing.objects[digest] = file
        }
        try visit(cache.appending("actions")) { name, file, listing in
            guard name.hasSuffix(".json"), let digest = Digest(hexadecimal: name.dropLast(5)) else { return }
            listing.results[ActionKey(digest)] = file
        }
    }

    private mutating func visit(
        _ folder: FilePath, _ take: (_ name: String, File, inout StoreListing) -> Void
    ) throws(StoreError) {
        for shelf in try Self.names(in: folder) {
            let path = folder.appending(shelf)
            if shelf == "damaged" {
                for name in try Self.names(in: path) {
                    if let file = try Self.file(path.appending(name)) { damaged.append(file) }
                }
            } else if shelf.utf8.count == 2 {
                for name in try Self.names(in: path) {
                    if let file = try Self.file(path.appending(name)) { take(shelf + name, file, &self) }
                }
            }
        }
    }

    private static func names(in folder: FilePath) throws(StoreError) -> [String] {
        guard try Files.status(folder)?.kind == .folder else { return [] }
        do throws(StoreError) {
            return try Files.names(in: folder)
        } catch .cannot(_, _, reason: .noSuchFileOrDirectory) {
            return []
        }
    }

    private static func file(_ path: FilePath) throws(StoreError) -> File? {
        guard let status = try Files.linkStatus(path), status.kind == .file else { return nil }
        return File(path: path, status: status)
    }
}

extension Files {
    /// What the file system's clock says now, in nanoseconds since 1970, from a file made in `folder` for this.
    ///
    /// Times of files are compared with this and not with the clock of this machine, which may be another.
    package static func fileTime(in folder: FilePath) throws(StoreError) -> Int64 {
        let probe = temporarySibling(of: folder.appending("time"))
        try write([], toNew: probe)
        defer { try? remove(probe) }
        return try status(probe)?.modificationTime ?? 0
    }

    /// Sets the times of a file to now.
    package static func touch(_ path: FilePath) throws(StoreError) {
        guard path.withPlatformString({ utimensat(AT_FDCWD, $0, nil, 0) }) == 0 else {
            throw .cannot(action: "set the times of", path: path, reason: Errno(rawValue: errno))
        }
    }
}
