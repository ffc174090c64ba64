// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// The files below a folder, with names relative to it; hidden files and folders are passed over.
///
/// A link to a file counts as the file, one that leads nowhere is told as a link. A link to a folder could lead
/// anywhere, in circles too, and is refused, and so is a name that is no text. A folder below it that is marked as a
/// cache (https://bford.info/cachedir), such as this program's own, is passed over.
package struct FolderListing {
    package let files: [(name: String, status: FileStatus)]

    package init(
        _ folder: FilePath, in fileSystem: some FileSystem = SystemFileSystem()
    ) throws(StoreError) {
        var walk = FolderWalk(fileSystem: fileSystem)
        try walk.list(folder, prefix: "", depth: 0)
        let names = walk.names.sorted { $0.precedes($1) }
        let looks = fileSystem.statuses(of: names, in: folder)
        LookedAt.current?.note(names, as: looks, in: folder)
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
}

/// The names of all that could be a file below a folder, in no order.
private struct FolderWalk<System: FileSystem> {
    let fileSystem: System
    private(set) var names: [String] = []

    init(fileSystem: System) {
        self.fileSystem = fileSystem
    }

    mutating func list(_ folder: FilePath, prefix: String, depth: Int) throws(StoreError) {
        guard depth < 64 else { throw .cannot(action: "list", path: folder, reason: .fileNameTooLong) }
        let listed = try fileSystem.listing(of: folder)
        LookedAt.current?.note(folder, as: listed.status)
        if depth > 0, listed.entries.contains(where: { $0.name == "CACHEDIR.TAG" }) { return }
        for (name, type) in listed.entries {
            switch type {
            case .file: names.append(prefix + name)
            case .folder: try list(folder.appending(name), prefix: prefix + name + "/", depth: depth + 1)
            case .unknown:
                let path = folder.appending(name)
                guard try fileSystem.look(at: path)?.kind == .folder else {
                    names.append(prefix + name)
                    continue
                }
                guard try fileSystem.look(at: path, followsLink: false)?.kind != .link else {
                    throw .cannot(action: "follow the linked folder", path: path, reason: .tooManySymbolicLinkLevels)
                }
                try list(path, prefix: prefix + name + "/", depth: depth + 1)
            }
        }
    }
}
