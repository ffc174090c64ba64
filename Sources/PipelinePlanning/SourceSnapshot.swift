// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest
package import SystemPackage

/// The files behind one source as they were when they were looked at.
package struct SourceContent: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        /// Relative to the source's folder, `/` between parts; the file's own name where the source is one file.
        package let name: String
        package let path: FilePath
        package let bytes: FileDigest
        /// What the file system said of the file, to notice a change while a stage reads it.
        package let status: FileStatus

        package init(name: String, path: FilePath, bytes: FileDigest, status: FileStatus) {
            self.name = name
            self.path = path
            self.bytes = bytes
            self.status = status
        }
    }

    /// Sorted by the bytes of their names.
    package let files: [File]

    /// Names and bytes of all files; where they lie and how they are dated is not in it.
    package let content: Digest
    /// Whether the source is a file and not a folder, which a command sees as a file under the input's name.
    package let isOneFile: Bool
    /// Whether it is a file that the keys of commands have to tell apart from a folder with the same digest.
    package let isLikeFolder: Bool

    /// What a command can tell apart: of a file its bytes, since it does not see the name; of a folder its content.
    package var bytes: Digest { isOneFile ? files.first?.bytes.digest ?? content : content }

    package init(files: [File], isOneFile: Bool = false, isLikeFolder: Bool = false) {
        self.files = files
        self.isOneFile = isOneFile
        self.isLikeFolder = isLikeFolder
        var lines = Array(FolderLikeness.listingHeading.utf8)
        lines.reserveCapacity(lines.count + files.reduce(0) { $0 + $1.name.utf8.count + 80 })
        for file in files {
            lines.append(contentsOf: file.bytes.digest.description.utf8)
            lines.append(UInt8(ascii: " "))
            lines += JSONValue.text(file.name).canonicalBytes
            lines.append(UInt8(ascii: "\n"))
        }
        content = Digest(of: lines)
    }
}

/// Everything outside the cache that keys are made of: the only read of data for keys.
package struct SourceSnapshot: Sendable {
    /// By the source's name.
    package var sources: [String: SourceContent]
    /// The catalogues that sources name, by the source's name: one file each, with the part's name, empty where the
    /// catalogue has no parts.
    package var catalogues: [String: SourceContent]
    /// The declared code of command stages: stage, then file as declared, then its bytes.
    package var code: [String: SourceContent]
    /// The output of each probe of a command stage, by the stage's name, in the order declared.
    package var probes: [String: [ProbeOutput]]
    /// The file of each program that a command stage declares, by the stage's name; its own name is as declared.
    package var programs: [String: [SourceContent.File]]

    package init(
        sources: [String: SourceContent] = [:], catalogues: [String: SourceContent] = [:],
        code: [String: SourceContent] = [:], probes: [String: [ProbeOutput]] = [:],
        programs: [String: [SourceContent.File]] = [:]
    ) {
        self.sources = sources
        self.catalogues = catalogues
        self.code = code
        self.probes = probes
        self.programs = programs
    }
}

/// Digests of files that were hashed before, so that a file that has not changed is not read again.
///
/// What a file held comes with the status of the very file that was read, which need not be the one that was looked at.
package protocol FileDigestMemory {
    /// Those of many files, in their order.
    mutating func digests(of files: [(path: FilePath, status: FileStatus)]) -> [Result<HashedFile, StoreError>]

    mutating func digest(ofFileAt path: FilePath, status: FileStatus) throws(StoreError) -> HashedFile
}

/// Hashes every file every time.
package struct NoMemory: FileDigestMemory {
    private let fileSystem: any FileSystem

    package init(of fileSystem: any FileSystem = SystemFileSystem()) {
        self.fileSystem = fileSystem
    }

    package mutating func digests(
        of files: [(path: FilePath, status: FileStatus)]
    ) -> [Result<HashedFile, StoreError>] {
        files.map { file in
            Result { () throws(StoreError) in try digest(ofFileAt: file.path, status: file.status) }
        }
    }

    package mutating func digest(ofFileAt path: FilePath, status: FileStatus) throws(StoreError) -> HashedFile {
        try HashedFile(readingFrom: path, lookedAt: status, in: fileSystem, through: FileBuffer())
    }
}
