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
        package let path: CachePath
        package let status: FileStatus

        /// When it was last written or used, by the clock of the file system.
        ///
        /// A cache that was restored with the times
        /// of its files is as old as it was, although each file's description has changed since.
        package var time: Int64 { status.modificationTime }

        package init(path: CachePath, status: FileStatus) {
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
        let cache = CachePath(root: cache)
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
        _ folder: CachePath, _ take: (_ name: String, File, inout StoreListing) -> Void
    ) throws(StoreError) {
        for shelf in try Files.names(in: folder) {
            if shelf == "damaged" {
                damaged += try Files.plainFiles(in: folder.appending(shelf)).map(\.file)
            } else if shelf.utf8.count == 2 {
                for (name, file) in try Files.plainFiles(in: folder.appending(shelf)) {
                    take(shelf + name, file, &self)
                }
            }
        }
    }
}

extension Files {
    /// The plain files in a folder of a cache, sorted by name; none where there is no folder.
    package static func plainFiles(
        in folder: CachePath
    ) throws(StoreError) -> [(name: String, file: StoreListing.File)] {
        let files = try Files.listed(folder) { (stream) throws(Errno) in
            var files: [(name: String, file: StoreListing.File)] = []
            for name in try stream.entries() {
                let (path, status) = (folder.appending(name), stream.status(of: name))
                path.noteLook(status)
                guard let status, status.kind == .file else { continue }
                files.append((name.string, StoreListing.File(path: path, status: status)))
            }
            return files
        }
        return (files ?? []).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
