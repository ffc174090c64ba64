// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest
package import SystemPackage

/// A folder that a command wrote, as one object: an archive of its files by name, whose bytes are its content.
package enum FolderPacking {
    /// Packs the files below a folder.
    ///
    /// - Throws: a `ToolFailure` for what is neither a file nor a folder or has a name that is no text or too long.
    package static func pack(_ folder: FilePath, of output: StageOutput, to archive: FilePath) throws {
        var inputs: [ArchiveInput] = []
        try look(at: folder, prefix: "", of: output, &inputs)
        do throws(ArchiveError) {
            try ArchiveWriter.write(inputs, to: archive)
        } catch {
            throw error.failure
        }
    }

    private static func look(
        at folder: FilePath, prefix: String, of output: StageOutput, _ inputs: inout [ArchiveInput]
    ) throws {
        for entry in try Files.entries(in: folder) {
            let (name, path) = (prefix + entry.string, folder.appending(entry))
            guard FilePath.Component(entry.string) == entry else {
                throw ToolFailure("its output '\(output.name)' holds a file whose name is no text: '\(name)'")
            }
            guard name.utf8.count <= ArchiveNames.byteLimit else {
                throw ToolFailure(
                    "its output '\(output.name)' holds a path of more than \(ArchiveNames.byteLimit) bytes",
                    details: ["it begins with '\(name.prefix(80))'"])
            }
            switch try Files.linkStatus(path)?.kind {
            case .file: inputs.append(ArchiveInput(name: name, content: .file(path)))
            case .folder: try look(at: path, prefix: name + "/", of: output, &inputs)
            default: throw ToolFailure("its output '\(output.name)' holds '\(name)', which is no plain file")
            }
        }
    }

    /// Lays the files of a packed folder out below a new one, read-only, and gives them sorted by name.
    package static func unpack(_ archive: FilePath, into folder: FilePath) throws(StoreError) -> [ToolInput.File] {
        do throws(ArchiveError) {
            let reader = try ArchiveReader(readingFrom: archive)
            try reader.unpackAll(into: folder)
            let files = reader.members.map { ToolInput.File(name: $0.name, path: folder.pushing(FilePath($0.name))) }
            for file in files {
                do throws(StoreError) {
                    try Files.setPermissions(file.path, 0o444)
                } catch {
                    throw .store(error)
                }
            }
            return files
        } catch {
            throw error.storeError(unpacking: archive)
        }
    }
}

extension ArchiveError {
    /// An archive of the cache's own that is none is as good as one that cannot be read.
    func storeError(unpacking archive: FilePath) -> StoreError {
        if case .store(let error) = self { return error }
        return .cannot(action: "unpack", path: archive, reason: .illegalByteSequence)
    }

    /// The disk's fault as such, all else as the stage's.
    fileprivate var failure: any Error {
        if case .store(let error) = self { error } else { ToolFailure("\(self)") }
    }
}
