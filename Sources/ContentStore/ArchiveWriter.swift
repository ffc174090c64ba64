// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// A file that goes into an archive.
package struct ArchiveInput: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case bytes([UInt8])
        case file(FilePath)
    }

    /// Relative, with `/` between its parts.
    package let name: String
    package let content: Content

    package init(name: String, content: Content) {
        self.name = name
        self.content = content
    }
}

/// Writes files into one archive that `tar` reads; the same files give the same bytes, whatever their order, owners and
/// times.
package enum ArchiveWriter {
    /// Replaces `path` by an archive of these files in one step, with a piece of a mebibyte in memory at a time.
    ///
    /// No two names may be the same, and none may lead out of a folder or hold another as if it were a folder.
    package static func write(_ inputs: [ArchiveInput], to path: FilePath) throws(ArchiveError) {
        if let fault = ArchiveNames.fault(in: inputs.map(\.name)) {
            preconditionFailure("an archive's \(fault.reason)")
        }
        let sorted = inputs.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        do {
            try Files.replace(path) { (append: ([UInt8]) throws(StoreError) -> Void) throws in
                for (index, input) in sorted.enumerated() { try write(input, number: index + 1, append) }
                try append(Array(repeating: 0, count: 2 * ArchiveHeader.blockByteCount))
            }
        } catch let error as ArchiveError {
            throw error
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            preconditionFailure("writing an archive throws its own errors only")
        }
    }

    private static func write(
        _ input: ArchiveInput, number: Int, _ append: ([UInt8]) throws(StoreError) -> Void
    ) throws {
        let byteCount: Int
        switch input.content {
        case .bytes(let bytes):
            byteCount = bytes.count
            try append(ArchiveHeader.blocks(name: input.name, byteCount: byteCount, number: number))
            try append(bytes)
        case .file(let path):
            guard let status = try Files.status(path) else {
                throw StoreError.cannot(action: "read", path: path, reason: .noSuchFileOrDirectory)
            }
            byteCount = status.byteCount
            try append(ArchiveHeader.blocks(name: input.name, byteCount: byteCount, number: number))
            var written = 0
            // One byte more than there should be tells a file that has grown.
            try Files.read(path, in: 0..<byteCount + 1) { (piece) throws(StoreError) in
                written += piece.count
                try append(Array(piece))
            }
            guard written == byteCount else { throw ArchiveError.changed(path: path) }
        }
        try append(ArchiveHeader.padding(after: byteCount))
    }
}

/// What names of files in an archive have to be.
enum ArchiveNames {
    /// The first name that is not to be unpacked below a folder, by its place in the list, and why.
    static func fault(in names: [String]) -> (index: Int, reason: String)? {
        // By their bytes: `é` in one letter and in two are two files to most file systems, and equal as text.
        var files: Set<[UInt8]> = []
        for (index, name) in names.enumerated() {
            if let reason = fault(of: name) { return (index, reason) }
            guard files.insert(Array(name.utf8)).inserted else { return (index, "file '\(name)' stands twice") }
        }
        for (index, name) in names.enumerated() {
            var folder = Array(name.utf8)[...]
            while let slash = folder.lastIndex(of: UInt8(ascii: "/")) {
                folder = folder[..<slash]
                if files.contains(Array(folder)) {
                    let folder = String(decoding: folder, as: UTF8.self)
                    return (index, "file '\(folder)' is also the folder of '\(name)'")
                }
            }
        }
        return nil
    }

    private static func fault(of name: String) -> String? {
        if name.isEmpty { return "file has no name" }
        if name.utf8.contains(0) { return "name '\(name)' holds a zero byte" }
        if name.utf8.first == UInt8(ascii: "/") { return "name '\(name)' is absolute" }
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(String.init)
        if parts.contains("..") { return "name '\(name)' leads out of its folder" }
        return parts.contains { $0 == nil || $0 == "" || $0 == "." } ? "name '\(name)' has an empty part" : nil
    }
}
