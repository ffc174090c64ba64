// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import SystemPackage

/// The files that one entry of a command's `code` stands for: a file, all files of a folder, or those that fit a
/// pattern.
///
/// A pattern is read part by part from the manifest's folder on, so that no other folder is looked into: `*.py` finds
/// files beside the manifest, `src/**/*.py` those anywhere below `src`. Hidden files, compiled Python (`__pycache__`,
/// `*.pyc`), folders that are marked as caches, and `inputs` and `outputs` beside the manifest, which a command has for
/// itself, never count in folders and patterns. A link to a folder could lead
/// anywhere, in circles too, and is refused.
struct CodeListing {
    /// Relative to the manifest's folder; in no order, each once or more often.
    private(set) var files: [(name: String, status: FileStatus)] = []

    private let folder: FilePath

    init(_ entry: String, in folder: FilePath) throws(StoreError) {
        self.folder = folder
        if FilePattern.isPattern(entry) {
            try match(entry.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }[...], below: "")
            return
        }
        guard let status = try Files.status(folder.pushing(FilePath(entry))) else { return }
        switch status.kind {
        case .file: files = [(entry, status)]
        case .folder: try match(["**", "*"], below: entry + "/")
        case .link, .other: return
        }
    }

    /// - Parameter prefix: the folder that the next part is looked up in, with a `/` at its end, or nothing.
    private mutating func match(_ parts: ArraySlice<String>, below prefix: String) throws(StoreError) {
        guard let part = parts.first, prefix.utf8.count < Self.maximumNameLength else { return }
        let rest = parts.dropFirst()
        if part == "**" { return try matchFolders(rest.isEmpty ? ["*"] : rest, below: prefix) }
        guard FilePattern.isPattern(part) else { return try take(part, rest, below: prefix) }
        let pattern = FilePattern(part)
        for name in try names(below: prefix) where pattern.matches(name) { try take(name, rest, below: prefix) }
    }

    /// Looks for the parts in a folder and in all folders below it.
    private mutating func matchFolders(_ parts: ArraySlice<String>, below prefix: String) throws(StoreError) {
        guard prefix.utf8.count < Self.maximumNameLength else { return }
        try match(parts, below: prefix)
        for name in try names(below: prefix) where try isFolder(prefix + name) {
            try matchFolders(parts, below: prefix + name + "/")
        }
    }

    /// Goes on below what the part named, or takes it where it was the last.
    private mutating func take(
        _ name: String, _ rest: ArraySlice<String>, below prefix: String
    ) throws(StoreError) {
        guard rest.isEmpty else {
            if try isFolder(prefix + name) { try match(rest, below: prefix + name + "/") }
            return
        }
        let status = try Files.status(folder.pushing(FilePath(prefix + name)))
        if let status, status.kind == .file { files.append((prefix + name, status)) }
    }

    private func isFolder(_ name: String) throws(StoreError) -> Bool {
        let path = folder.pushing(FilePath(name))
        guard try Files.status(path)?.kind == .folder else { return false }
        guard try Files.linkStatus(path)?.kind != .link else {
            throw .cannot(action: "follow the linked folder", path: path, reason: .tooManySymbolicLinkLevels)
        }
        // https://bford.info/cachedir
        return try Files.status(path.appending("CACHEDIR.TAG")) == nil
    }

    /// What can count in a folder; none where it is none.
    private func names(below prefix: String) throws(StoreError) -> [String] {
        let path = folder.pushing(FilePath(prefix))
        guard try Files.status(path)?.kind == .folder else { return [] }
        return try Files.entries(in: path).map { entry throws(StoreError) in
            guard FilePath.Component(entry.string) == entry else {
                throw .cannot(action: "name", path: path.appending(entry), reason: .illegalByteSequence)
            }
            return entry.string
        }.filter { name in
            !name.hasPrefix(".") && !name.hasSuffix(".pyc") && name != "__pycache__"
                && !(prefix.isEmpty && (name == "inputs" || name == "outputs"))
        }
    }

    /// Far beyond what a file system takes.
    private static let maximumNameLength = 8192
}
