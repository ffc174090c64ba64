// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import SystemPackage

/// Reads the catalogues that the sources of a manifest name, and finds what is wrong with them.
struct CatalogueCheck {
    /// Mistakes at a place of the manifest: a file that is not there, a part that the catalogue does not have.
    private(set) var inManifest: [Diagnostic] = []
    /// The mistakes of each catalogue that is none, at places of its own.
    private(set) var inCatalogues: [[Diagnostic]] = []

    private let manifest: Manifest
    private let folder: FilePath
    /// Nil for a file that was told.
    private var catalogues: [FilePath: Catalogue?] = [:]

    /// - Parameter folder: that of the manifest, where catalogues are looked up.
    init(_ manifest: Manifest, in folder: FilePath) {
        self.manifest = manifest
        self.folder = folder
        for source in manifest.sources {
            guard let reference = source.catalogue, let catalogue = catalogue(of: reference) else { continue }
            guard case .failure(let unknown) = catalogue.part(named: reference.value.part) else { continue }
            inManifest.append(
                Diagnostic(
                    .unknownPart, in: manifest.source, at: reference.location, unknown.message, hint: unknown.hint))
        }
    }

    /// Where a catalogue is looked up, without `..` where that can be.
    static func path(of reference: CatalogueReference, in folder: FilePath) -> FilePath {
        folder.pushing(FilePath(reference.file)).lexicallyNormalized()
    }

    static func missing(
        _ reference: Located<CatalogueReference>, at path: FilePath, in manifest: Manifest
    ) -> Diagnostic {
        Diagnostic(
            .missingSource, in: manifest.source, at: reference.location,
            "there is no catalogue '\(reference.value.file)'", details: ["looked for: \(path)"],
            hint: "catalogues are looked up beside the manifest")
    }

    private mutating func catalogue(of reference: Located<CatalogueReference>) -> Catalogue? {
        let path = Self.path(of: reference.value, in: folder)
        if let known = catalogues[path] { return known }
        let catalogue = read(reference, at: path)
        catalogues[path] = .some(catalogue)
        return catalogue
    }

    private mutating func read(_ reference: Located<CatalogueReference>, at path: FilePath) -> Catalogue? {
        let text: String?
        do throws(StoreError) {
            guard try Files.status(path)?.kind == .file else {
                inManifest.append(Self.missing(reference, at: path, in: manifest))
                return nil
            }
            text = String(validating: try Files.bytes(of: path, limit: Catalogue.maximumByteCount), as: UTF8.self)
        } catch {
            report(unreadable: reference, "\(error)")
            return nil
        }
        guard let text else {
            report(unreadable: reference, "'\(path)' is not text in UTF-8")
            return nil
        }
        do throws(Diagnostics) {
            return try Catalogue.parse(SourceText(file: path.string, text: text))
        } catch {
            inCatalogues.append(error.all)
            return nil
        }
    }

    private mutating func report(unreadable reference: Located<CatalogueReference>, _ cause: String) {
        inManifest.append(
            Diagnostic(
                .unreadableSource, in: manifest.source, at: reference.location,
                "the catalogue '\(reference.value.file)' cannot be read", details: [cause]))
    }
}
