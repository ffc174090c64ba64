// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What a command left in its `outputs` folder, beside what its stage declares.
struct CommandOutputs {
    /// So many names are told where a stage wrote something else than it declares.
    private static let toldCount = 10

    private let order: CommandOrder
    private let folder: FilePath
    private let outputsFolder: FilePath
    /// Files, links and whatever is no folder, by their paths in `outputs`.
    ///
    /// They are told apart by bytes: names that are equal as text may be those of two files, and need not be text.
    private var found: [FilePath: FileStatus.Kind] = [:]

    init(of order: CommandOrder) throws {
        self.order = order
        folder = order.folder.appending("command")
        outputsFolder = folder.appending("outputs")
        guard try Files.linkStatus(outputsFolder)?.kind == .folder else { return }
        do {
            try look(at: outputsFolder, named: "")
        } catch StoreError.cannot(_, _, reason: .fileNameTooLong) {
            throw ToolFailure("it wrote folders to 'outputs' that lie deeper than a path can name")
        }
    }

    /// The file of each output, in the order declared.
    ///
    /// - Throws: a `ToolFailure` where one is missing or is no file, and where
    /// something was written that the stage does not declare.
    func files() throws -> [FilePath] {
        let paths = try order.outputs.map { try file(of: $0) }
        let undeclared = Self.words(for: found.keys.filter { !isDeclared($0) })
        if !undeclared.isEmpty {
            throw ToolFailure(
                "it wrote what it does not declare to 'outputs'",
                details: Self.told(undeclared),
                hint: "declare it under the stage's 'outputs', or write it to another folder")
        }
        return paths
    }

    /// Whether a stage declares this output, or a folder that it lies in.
    private func isDeclared(_ name: FilePath) -> Bool {
        order.outputs.contains { output in
            let declared = Self.name(of: output)
            return name == declared || output.format == .folder && name.starts(with: declared)
        }
    }

    private static func name(of output: StageOutput) -> FilePath {
        FilePath(output.path ?? output.name).lexicallyNormalized()
    }

    private mutating func look(at folder: FilePath, named prefix: FilePath) throws {
        for entry in try Files.entries(in: folder) {
            let (name, path) = (prefix.appending(entry), folder.appending(entry))
            guard let status = try Files.linkStatus(path) else { continue }
            if status.kind == .folder {
                try look(at: path, named: name)
            } else {
                found[name] = status.kind
            }
        }
    }

    private func file(of output: StageOutput) throws -> FilePath {
        let name = Self.name(of: output)
        let path = outputsFolder.pushing(name)
        if output.format == .folder { return try packedFolder(path, of: output) }
        switch found[name] {
        case .file: return path
        case .link: return try linkedFile(path, of: output)
        case .folder, .other: throw ToolFailure("its output '\(output.name)' is not a plain file")
        case nil:
            if try Files.linkStatus(path) != nil {
                throw ToolFailure("its output '\(output.name)' is not a plain file")
            }
            throw try missing(output)
        }
    }

    private func packedFolder(_ path: FilePath, of output: StageOutput) throws -> FilePath {
        guard let status = try Files.linkStatus(path) else { throw try missing(output) }
        guard status.kind == .folder else { throw ToolFailure("its output '\(output.name)' is not a folder") }
        let archive = order.folder.appending("packed-" + output.name)
        try FolderPacking.pack(path, of: output, to: archive)
        return archive
    }

    private func missing(_ output: StageOutput) throws -> ToolFailure {
        ToolFailure(
            "it did not write its output '\(output.name)'", details: try wherever(),
            hint: "a command writes to ${outputs.\(output.name)}, relative to the folder it runs in")
    }

    /// What the command wrote in other places than declared ones, for a hint.
    private func wherever() throws -> [String] {
        let elsewhere = Self.words(for: found.keys.filter { !isDeclared($0) })
        let laidOut = Set(["inputs", "outputs"] + order.code.compactMap { FilePath($0.name).components.first })
        let beside = try Files.entries(in: folder).filter { !laidOut.contains($0) }.map(\.string)
        let names = (elsewhere + beside).sorted { $0.precedes($1) }
        return names.isEmpty ? [] : ["found in its folder: " + Self.told(names).joined(separator: ", ")]
    }

    /// The paths for people, sorted; bytes that are no text are shown as such.
    private static func words(for names: [FilePath]) -> [String] {
        names.map { "outputs/" + $0.string }.sorted { $0.precedes($1) }
    }

    private static func told(_ names: [String]) -> [String] {
        let more = names.count - toldCount
        return names.prefix(toldCount) + (more > 0 ? ["and \(more) more"] : [])
    }

    /// A copy of the file that a link inside the private folder leads to; a link out of it could lead anywhere.
    private func linkedFile(_ path: FilePath, of output: StageOutput) throws -> FilePath {
        guard let target = Self.realPath(path), let root = Self.realPath(folder), target.starts(with: root) else {
            throw ToolFailure("its output '\(output.name)' is a link that leads out of its folder, or nowhere")
        }
        guard try Files.status(target)?.kind == .file else {
            throw ToolFailure("its output '\(output.name)' is not a plain file")
        }
        let copy = order.folder.appending("linked-" + output.name)
        try Files.copy(target, toNew: copy)
        return copy
    }

    /// The path without links; `nil` where it leads nowhere.
    private static func realPath(_ path: FilePath) -> FilePath? {
        guard let resolved = path.withPlatformString({ realpath($0, nil) }) else { return nil }
        defer { free(resolved) }
        return FilePath(platformString: resolved)
    }
}
