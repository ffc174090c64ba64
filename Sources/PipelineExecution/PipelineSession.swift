// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest
package import PipelinePlanning
import Synchronization
package import SystemPackage

/// What a command of Reprise works with: a manifest read and checked, its graph, a data folder and a cache.
///
/// Reading commands and writing ones begin the same way, so that `plan` and `run` cannot see two different pipelines.
package struct PipelineSession: Sendable {
    package let manifest: Manifest
    package let graph: StageGraph
    package let manifestFile: FilePath
    package let dataFolder: FilePath
    package let folders: CacheFolders
    package let objects: FileObjectStore
    package let actions: VouchedActionCache
    package let contents: ContentCheck
    package let toolbox: Toolbox
    package let overrides: [(name: String, value: String)]

    /// Reads and checks a manifest.
    ///
    /// - Parameters:
    ///   - pipeline: a manifest, or a folder that holds `pipeline.yml`.
    ///   - lookUp: finds further mistakes of a manifest in the folder that it lies in, told with the others.
    /// - Throws: `Diagnostics` with every mistake of the manifest, or `UsageError` when there is none to read.
    package init(
        pipeline: String, data: String, cache: String, overrides: [(name: String, value: String)] = [],
        toolbox: Toolbox, lookUp: (_ manifest: Manifest, _ folder: FilePath) -> [Diagnostic] = { _, _ in [] }
    ) throws {
        manifestFile = try Self.manifestFile(pipeline)
        let bytes = try Self.readable(manifestFile)
        guard let text = Self.text(bytes) else {
            throw UsageError("the manifest '\(manifestFile)' is not text in UTF-8")
        }
        let source = SourceText(file: manifestFile.string, text: text)
        graph = try StageGraph.parse(
            source, interfaces: toolbox.interfaces, overrides: overrides, folder: Self.folder(of: manifestFile),
            include: Self.includedText, lookUp: lookUp)
        manifest = graph.manifest
        dataFolder = FilePath(data)
        folders = CacheFolders(root: FilePath(cache))
        objects = FileObjectStore(cache: folders.root)
        contents = ContentCheck(objects: objects) { try toolbox.content(ofFileAt: $0, format: $1) }
        actions = VouchedActionCache(FileActionCache(cache: folders.root), check: contents)
        self.toolbox = toolbox
        self.overrides = overrides
    }

    /// The code and the programs that the stages of a manifest name and that are not there.
    package static func projectMistakes(of manifest: Manifest, in folder: FilePath) -> [Diagnostic] {
        CodeCheck(manifest, in: folder).mistakes
            + ProgramFiles(in: manifest, folder: folder).mistakes(of: manifest.stages)
    }

    /// The files that were read to make the manifest.
    package var lookedAt: [FilePath] { [manifestFile] + manifest.source.included.map { FilePath($0.file) } }

    /// Where the manifest lies, and with it its code and its lock; its catalogues are named from there.
    package var manifestFolder: FilePath { Self.folder(of: manifestFile) }

    /// Beside the manifest: `x3.yml` -> `x3.lock`.
    package var lockFile: FilePath {
        manifestFolder.appending((manifestFile.stem ?? "pipeline") + ".lock")
    }

    /// Looks at all sources and code that these stages need, and has their probes run.
    package func snapshot(for stages: [StageNode]) async throws -> SourceSnapshot {
        let fileSystem = SystemFileSystem(clock: SystemFileClock(cache: folders.root))
        // What is remembered of files changes no answer.
        let remembered = LookedAt.$current.withValue(nil) { StatCache(at: folders.statCache.filePath, of: fileSystem) }
        var observer = SourceObserver(
            graph: graph, needed: stages, dataFolder: dataFolder, manifestFolder: manifestFolder, memory: remembered,
            of: fileSystem)
        let programs = ProgramFiles(in: manifest, folder: manifestFolder)
        var snapshot = try observer.snapshot(besides: programs.mistakes(of: stages.map(\.stage)))
        let commands = stages.compactMap { node in
            if case .command(let command) = node.stage.work { command } else { nil }
        }
        // What a probe prints, and what PATH finds, no look at a file can tell.
        if commands.contains(where: { !$0.probes.isEmpty || !$0.programs.isEmpty }) {
            LookedAt.current?.noteWhatCannotBeSeen()
        }
        snapshot.probes = try await ProbeRun(manifest: manifest, folder: manifestFolder).outputs(of: stages)
        var memory = observer.memory
        snapshot.programs = try programs.files(of: stages, &memory)
        // Remembering digests is a convenience: a cache that cannot be written is met later, where it matters.
        LookedAt.$current.withValue(nil) {
            if (try? Files.status(folders.root)) != .some(nil) { try? memory.save() }
        }
        return snapshot
    }

    /// A planner that knows what earlier runs did.
    package func planner(for snapshot: SourceSnapshot, forced: Set<String> = []) throws -> Planner {
        try folders.checkLinks()
        let (actions, folders, pipeline) = (actions, folders, manifest.name)
        let latest = LatestOnce()
        return Planner(
            graph: graph, snapshot: snapshot, cache: actions, objects: objects,
            earlier: { stage throws(StoreError) in
                let keys = try latest.keys { () throws(StoreError) in
                    try LatestStages(ofPipeline: pipeline, in: folders).keys
                }
                guard let key = keys[stage] else { return nil }
                return try actions.files.entry(for: key)?.action
            }, forced: forced)
    }

    private static func folder(of manifestFile: FilePath) -> FilePath {
        let folder = manifestFile.removingLastComponent()
        return folder.isEmpty ? FilePath(".") : folder
    }

    private static func manifestFile(_ pipeline: String) throws -> FilePath {
        let path = FilePath(pipeline)
        guard let kind = try kind(of: path) else {
            throw UsageError(
                "there is no pipeline '\(pipeline)'",
                hint: "PIPELINE is a manifest, or a folder that holds 'pipeline.yml'")
        }
        guard kind == .folder else { return try plain(path, kind) }
        let file = path.appending("pipeline.yml")
        guard let kind = try self.kind(of: file) else {
            throw UsageError(
                "the folder '\(pipeline)' holds no 'pipeline.yml'", hint: manifestsHint(in: path))
        }
        return try plain(file, kind)
    }

    private static func kind(of path: FilePath) throws(UsageError) -> FileStatus.Kind? {
        do throws(StoreError) {
            return try Files.status(path)?.kind
        } catch {
            throw UsageError("\(error)")
        }
    }

    /// A pipe may never come to its end, and is read only once.
    private static func plain(_ file: FilePath, _ kind: FileStatus.Kind) throws(UsageError) -> FilePath {
        guard kind == .file else { throw UsageError("the manifest '\(file)' is not a plain file") }
        return file
    }

    private static func manifestsHint(in folder: FilePath) -> String? {
        let names = ((try? Files.names(in: folder)) ?? []).filter { $0.hasSuffix(".yml") || $0.hasSuffix(".yaml") }
        return names.isEmpty ? nil : "it holds \(names.map { "'\(folder.appending($0))'" }.joined(separator: ", "))"
    }

    /// The text of a file that a manifest includes.
    private static func includedText(_ path: String) -> IncludedText {
        do throws(StoreError) {
            guard let status = try Files.status(FilePath(path)) else { return .missing }
            guard status.kind == .file else { return .unreadable("'\(path)' is no file") }
            let bytes = try Files.bytes(of: FilePath(path), limit: Manifest.maximumByteCount)
            return text(bytes).map { .text($0) }
                ?? .unreadable("'\(path)' is not text in UTF-8")
        } catch {
            return .unreadable("\(error)")
        }
    }

    /// The text of a file in UTF-8, without the mark that some editors begin it with.
    private static func text(_ bytes: [UInt8]) -> String? {
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        return String(validating: bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...], as: UTF8.self)
    }

    private static func readable(_ file: FilePath) throws -> [UInt8] {
        do throws(StoreError) {
            return try Files.bytes(of: file, limit: 1 << 24)
        } catch {
            throw UsageError("\(error)")
        }
    }
}

/// Looks the newest keys up when the first stage is not up to date, and then no more.
private final class LatestOnce: Sendable {
    private let found = Mutex<[String: ActionKey]?>(nil)

    func keys(_ look: () throws(StoreError) -> [String: ActionKey]) throws(StoreError) -> [String: ActionKey] {
        if let keys = found.withLock({ $0 }) { return keys }
        let keys = try look()
        found.withLock { $0 = keys }
        return keys
    }
}

/// A command line that asks for something that is not there.
package struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String
    package let hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
