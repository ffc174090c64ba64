// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest
package import SystemPackage

/// Looks at the sources and the declared code of a pipeline, and hashes what it finds.
package struct SourceObserver<Memory: FileDigestMemory> {
    private let graph: StageGraph
    private let needed: [StageNode]
    /// Where relative sources are looked up.
    private let dataFolder: FilePath
    /// Where declared code and catalogues are looked up.
    private let manifestFolder: FilePath
    private let fileSystem: any FileSystem
    package private(set) var memory: Memory
    private var diagnostics: [Diagnostic] = []

    package init(
        graph: StageGraph, needed: [StageNode], dataFolder: FilePath, manifestFolder: FilePath, memory: Memory,
        of fileSystem: any FileSystem = SystemFileSystem()
    ) {
        self.graph = graph
        self.needed = needed
        self.dataFolder = dataFolder
        self.manifestFolder = manifestFolder
        self.fileSystem = fileSystem
        self.memory = memory
    }

    /// The snapshot without probes; throws `Diagnostics` that name every source that is missing, empty or unreadable
    /// and all code and catalogues that are missing, or a `StoreError` when those cannot be read.
    ///
    /// - Parameter mistakes: what else is known to be missing, told with the rest.
    package mutating func snapshot(besides mistakes: [Diagnostic] = []) throws -> SourceSnapshot {
        var snapshot = SourceSnapshot()
        let used = Set(needed.flatMap(\.inputs).flatMap(\.origins))
        var found: [(source: Source, files: [FoundFile])] = []
        for source in graph.manifest.sources where used.contains(.source(source.name.value)) {
            do throws(StoreError) {
                if let files = try files(of: source) { found.append((source, files)) }
            } catch {
                report(unreadable: source, error)
            }
        }
        // All sources at once, so that many processors have something to do where each source is one file.
        var looks: [(path: FilePath, status: FileStatus)] = []
        looks.reserveCapacity(found.reduce(0) { $0 + $1.files.count })
        for (_, files) in found { for file in files { looks.append((file.path, file.status)) } }
        var digests = memory.digests(of: looks)[...]
        for (source, files) in found {
            do throws(StoreError) {
                snapshot.sources[source.name.value] = try content(of: files, digests.prefix(files.count))
            } catch {
                report(unreadable: source, error)
            }
            digests = digests.dropFirst(files.count)
        }
        for source in graph.manifest.sources where used.contains(.source(source.name.value)) {
            guard let reference = source.catalogue else { continue }
            snapshot.catalogues[source.name.value] = try content(of: reference, of: source)
        }
        for node in needed {
            guard case .command(let command) = node.stage.work else { continue }
            snapshot.code[node.name] = try content(of: command)
        }
        let told = diagnostics + mistakes
        if !told.isEmpty { throw Diagnostics(told) }
        return snapshot
    }

    /// - Throws: `StoreError.changing` where the file is not the one that was hashed any more.
    private func isLikeFolder(_ file: SourceContent.File) throws(StoreError) -> Bool {
        let open = try fileSystem.open(file.path)
        let isLikeFolder = try FolderLikeness.isFound(in: open, at: file.path)
        guard try open.status() == file.status else { throw .changing(path: file.path) }
        return isLikeFolder
    }

    private func content(
        of files: [FoundFile], _ digests: ArraySlice<Result<HashedFile, StoreError>>
    ) throws(StoreError) -> SourceContent {
        var content: [SourceContent.File] = []
        content.reserveCapacity(files.count)
        for (found, digest) in zip(files, digests) {
            let file = try digest.get()
            if file.status != found.status { LookedAt.current?.note(found.path, as: file.status) }
            content.append(
                SourceContent.File(name: found.name, path: found.path, bytes: file.bytes, status: file.status))
        }
        guard let file = content.first, files.first?.isWholeSource == true else { return SourceContent(files: content) }
        return SourceContent(files: content, isOneFile: true, isLikeFolder: try isLikeFolder(file))
    }

    /// The files behind a source, not yet read; `nil` where it is not there.
    private mutating func files(of source: Source) throws(StoreError) -> [FoundFile]? {
        guard let path = location(of: source) else { return nil }
        guard let status = try fileSystem.look(at: path) else {
            report(missing: source, at: path)
            return nil
        }
        if status.kind == .file {
            return [
                FoundFile(name: path.lastComponent?.string ?? "", path: path, status: status, isWholeSource: true)
            ]
        }
        let patterns = source.files.map { FilePattern($0.value) }
        var files: [FoundFile] = []
        for (name, status) in try FolderListing(path, in: fileSystem).files {
            guard patterns.isEmpty || patterns.contains(where: { $0.matches(name) }) else { continue }
            let file = path.appending(name)
            // Leaving it out without a word would make another data set of this one.
            if status.kind == .link {
                throw .cannot(action: "follow the link", path: file, reason: .noSuchFileOrDirectory)
            }
            files.append(FoundFile(name: name, path: file, status: status))
        }
        if files.isEmpty { report(empty: source, at: path) }
        return files
    }

    private mutating func location(of source: Source) -> FilePath? {
        let path = FilePath(source.path.value)
        if path.isAbsolute { return path }
        var resolved = dataFolder.pushing(path).lexicallyNormalized()
        if resolved.isEmpty { resolved = "." }
        guard !path.lexicallyNormalized().starts(with: "..") else {
            diagnostics.append(
                Diagnostic(
                    .invalidPath, in: graph.manifest.source, at: source.path.location,
                    "source '\(source.name.value)' leads out of the data folder '\(dataFolder)'",
                    hint: "name another data folder with --data, or write an absolute path"))
            return nil
        }
        return resolved
    }

    private mutating func file(named name: String, at path: FilePath, _ status: FileStatus)
        throws(StoreError) -> SourceContent.File
    {
        let file = try memory.digest(ofFileAt: path, status: status)
        if file.status != status { LookedAt.current?.note(path, as: file.status) }
        return SourceContent.File(name: name, path: path, bytes: file.bytes, status: file.status)
    }

    /// The catalogue as a folder of one file that has the name of the part.
    private mutating func content(
        of reference: Located<CatalogueReference>, of source: Source
    ) throws -> SourceContent? {
        let path = CatalogueCheck.path(of: reference.value, in: manifestFolder)
        guard let status = try Files.status(path), status.kind == .file else {
            diagnostics.append(CatalogueCheck.missing(reference, at: path, in: graph.manifest))
            return nil
        }
        return SourceContent(files: [try file(named: reference.value.part ?? "", at: path, status)])
    }

    private mutating func content(of command: Command) throws -> SourceContent {
        let folder = command.folder(below: manifestFolder)
        var files: [String: SourceContent.File] = [:]
        for entry in command.code {
            let listing: CodeListing
            do throws(StoreError) {
                listing = try CodeListing(entry.value, in: folder)
            } catch {
                report(CodeCheck.unreadable(entry, error, of: graph.manifest))
                continue
            }
            if listing.files.isEmpty { report(CodeCheck.missing(entry, in: folder, of: graph.manifest)) }
            for (name, status) in listing.files {
                if let known = files[name] {
                    // `é` in one letter and in two: the key could not tell the two files apart.
                    if !known.name.utf8.elementsEqual(name.utf8) {
                        report(CodeCheck.ambiguous(entry, name, of: graph.manifest))
                    }
                } else {
                    files[name] = try file(named: name, at: folder.pushing(FilePath(name)), status)
                }
            }
        }
        return SourceContent(files: files.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
    }

    /// Several stages may name the same at one place.
    private mutating func report(_ diagnostic: Diagnostic) {
        if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
    }

    private mutating func report(missing source: Source, at path: FilePath) {
        diagnostics.append(
            Diagnostic(
                .missingSource, in: graph.manifest.source, at: source.path.location,
                "source '\(source.name.value)' is not there", details: ["looked for: \(path)"],
                hint: FilePath(source.path.value).isAbsolute
                    ? "write a path relative to the data folder, and name that with --data DIR or REPRISE_DATA"
                    : "name the folder that holds '\(source.path.value)' with --data DIR or REPRISE_DATA"))
    }

    private mutating func report(unreadable source: Source, _ error: StoreError) {
        diagnostics.append(
            Diagnostic(
                .unreadableSource, in: graph.manifest.source, at: source.path.location,
                "source '\(source.name.value)' cannot be read", details: ["\(error)"]))
    }

    private mutating func report(empty source: Source, at path: FilePath) {
        let patterns = source.files.map { "'\($0.value)'" }.joined(separator: ", ")
        diagnostics.append(
            Diagnostic(
                .emptySource, in: graph.manifest.source, at: source.path.location,
                "source '\(source.name.value)' holds no files"
                    + (patterns.isEmpty ? "" : " that fit \(patterns)"),
                details: ["looked in: \(path)"],
                hint: "name another data folder with --data DIR or REPRISE_DATA"))
    }
}

extension Command {
    /// Where the code and programs of the command are looked up and its probes run.
    package func folder(below manifestFolder: FilePath) -> FilePath {
        folder.isEmpty ? manifestFolder : manifestFolder.pushing(FilePath(folder)).lexicallyNormalized()
    }
}

/// A file of a source that has yet to be read.
private struct FoundFile {
    let name: String
    let path: FilePath
    let status: FileStatus
    /// Whether the source is this file.
    var isWholeSource = false
}
