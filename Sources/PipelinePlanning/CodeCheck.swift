// SPDX-License-Identifier: Apache-2.0

import ContentStore
package import PipelineManifest
package import SystemPackage

/// Looks up what the stages of a manifest name as code, and reads none of it.
package struct CodeCheck {
    /// Each entry of `code` that stands for no file, or that cannot be looked up; once for all instances of a stage.
    package private(set) var mistakes: [Diagnostic] = []

    /// - Parameter folder: that of the manifest.
    package init(_ manifest: Manifest, in folder: FilePath) {
        var known: Set<Entry> = []
        for stage in manifest.stages {
            guard case .command(let command) = stage.work else { continue }
            let folder = command.folder(below: folder)
            for entry in command.code where known.insert(Entry(name: entry.value, location: entry.location)).inserted {
                do throws(StoreError) {
                    guard try CodeListing(entry.value, in: folder).files.isEmpty else { continue }
                    mistakes.append(Self.missing(entry, in: folder, of: manifest))
                } catch {
                    mistakes.append(Self.unreadable(entry, error, of: manifest))
                }
            }
        }
    }

    private struct Entry: Hashable {
        let name: String
        let location: SourceLocation
    }

    static func missing(_ entry: Located<String>, in folder: FilePath, of manifest: Manifest) -> Diagnostic {
        let isPattern = FilePattern.isPattern(entry.value)
        let path = folder.pushing(FilePath(entry.value))
        let isFolder = (try? Files.status(path))??.kind == .folder
        return Diagnostic(
            .missingSource, in: manifest.source, at: entry.location,
            isPattern
                ? "no file fits '\(entry.value)'"
                : isFolder ? "the folder '\(entry.value)' holds no code" : "there is no file '\(entry.value)'",
            details: ["looked \(isPattern || isFolder ? "in" : "for"): \(isPattern ? folder : path)"],
            hint: "code is looked up beside the manifest"
                + (isPattern || isFolder ? "; hidden files, caches and compiled Python do not count" : ""))
    }

    static func unreadable(_ entry: Located<String>, _ error: StoreError, of manifest: Manifest) -> Diagnostic {
        Diagnostic(
            .unreadableSource, in: manifest.source, at: entry.location, "code '\(entry.value)' cannot be looked up",
            details: ["\(error)"], hint: "name the files, or the folders that hold them, one by one")
    }

    static func ambiguous(_ entry: Located<String>, _ name: String, of manifest: Manifest) -> Diagnostic {
        Diagnostic(
            .unreadableSource, in: manifest.source, at: entry.location,
            "two files of the code '\(entry.value)' are called '\(name)', one with an accent written otherwise",
            hint: "rename one of them")
    }
}
