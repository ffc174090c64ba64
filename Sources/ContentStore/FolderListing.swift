// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

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
        for entry in try Files.entries(in: folder) {
            let (name, path) = (entry.string, folder.appending(entry))
            if name.hasPrefix(".") { continue }
            guard FilePath.Component(name) == entry else {
                throw .cannot(action: "name", path: path, reason: .illegalByteSequence)
            }
            let target = try Files.status(path)
            guard let status = try target == nil ? Files.linkStatus(path) : target else { continue }
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
