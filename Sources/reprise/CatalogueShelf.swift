// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelineTools
import SystemPackage

/// The catalogues that a command looks in: those of a folder, or the project's own and those installed with the
/// program.
struct CatalogueShelf {
    /// One for each part, in the order of the files' names.
    let candidates: [CatalogueCandidate]

    /// All catalogues in `folder`; where it is nil, in `data` and in `share/reprise/catalogues` beside the program's
    /// folder, of two files with one name the first.
    init(folder: String?) throws {
        var candidates: [CatalogueCandidate] = []
        var names: Set<String> = []
        for folder in folder.map({ [FilePath($0)] }) ?? Self.usualFolders {
            for name in Self.files(in: folder) where names.insert(name).inserted {
                let path = folder.appending(name)
                let catalogue = try Self.catalogue(at: path)
                candidates += catalogue.parts.map {
                    CatalogueCandidate(file: path.string, catalogue: catalogue, part: $0)
                }
            }
        }
        guard !candidates.isEmpty else {
            let folders = (folder.map { [FilePath($0)] } ?? Self.usualFolders).map { "'\($0)'" }
            throw UsageError(
                "there are no catalogues in \(folders.joined(separator: " and "))",
                hint: "name their folder with --catalogues DIR, or one with --catalogue FILE")
        }
        self.candidates = candidates
    }

    /// The parts that `FILE` or `FILE#PART` means, and whether it is one.
    static func parts(of written: String) throws -> (candidates: [CatalogueCandidate], isOne: Bool) {
        guard let reference = CatalogueReference(written) else {
            throw UsageError("'\(written)' names no catalogue", hint: "write FILE or FILE#PART")
        }
        let catalogue = try catalogue(at: FilePath(reference.file))
        func candidate(_ part: Catalogue.Part) -> CatalogueCandidate {
            CatalogueCandidate(file: reference.file, catalogue: catalogue, part: part)
        }
        if reference.part == nil, catalogue.parts.count > 1 { return (catalogue.parts.map(candidate), false) }
        switch catalogue.part(named: reference.part) {
        case .success(let part): return ([candidate(part)], true)
        case .failure(let unknown): throw UsageError(unknown.message, hint: unknown.hint)
        }
    }

    private static var usualFolders: [FilePath] {
        let installed = OwnExecutable.path.removingLastComponent().removingLastComponent()
        return [FilePath("data"), installed.appending("share").appending("reprise").appending("catalogues")]
    }

    /// The names of the files that say they are catalogues; a folder that is not there, or cannot be read, holds none.
    private static func files(in folder: FilePath) -> [String] {
        ((try? Files.names(in: folder)) ?? []).filter { name in
            guard name.hasSuffix(".yml") || name.hasSuffix(".yaml"), !name.hasPrefix("."),
                let bytes = try? Files.bytes(of: folder.appending(name), limit: Catalogue.maximumByteCount)
            else { return false }
            return bytes.split(separator: UInt8(ascii: "\n")).contains { $0.starts(with: "catalogue:".utf8) }
        }
    }

    private static func catalogue(at path: FilePath) throws -> Catalogue {
        do throws(CatalogueFileError) {
            return try Catalogue(readingFrom: path)
        } catch {
            if case .mistaken(let diagnostics) = error { throw diagnostics }
            throw UsageError("\(error)")
        }
    }
}
