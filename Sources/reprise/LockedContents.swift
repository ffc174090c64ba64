// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import SystemPackage

/// Where the results that a lock tells of can be found: caches and archives that have them.
struct LockedContents {
    private let caches: [CacheSurvey]
    private let archives: [ResultArchive]
    /// For what is unpacked.
    private let folder: FilePath

    /// - Parameter places: caches' folders and archives.
    /// - Throws: a `UsageError` for a place that is neither.
    init(_ places: [String], in folder: FilePath) throws {
        var caches: [CacheSurvey] = []
        var archives: [ResultArchive] = []
        for place in places {
            switch try Files.status(FilePath(place))?.kind {
            case .folder: caches.append(try CacheSurvey(of: CacheFolders(root: FilePath(place))))
            case .file:
                do {
                    archives.append(try ResultArchive(readingFrom: FilePath(place)))
                } catch {
                    throw error.complaint
                }
            default: throw UsageError("there is no cache and no archive '\(place)'")
            }
        }
        self.caches = caches
        self.archives = archives
        self.folder = folder
    }

    /// The document that a key is the digest of.
    func document(of key: ActionKey) -> JSONValue? {
        for cache in caches { if let entry = cache.results[key] { return entry.action.document } }
        for archive in archives { if let entry = try? archive.entry(for: key) { return entry.action.document } }
        return nil
    }

    /// A file with this content; `nil` where nobody has it whole.
    func file(withContent content: Digest) -> FilePath? {
        for cache in caches {
            let objects = FileObjectStore(cache: cache.folders.root)
            let outputs = cache.results.values.lazy.flatMap(\.result.outputs)
            for output in outputs where output.content == content && !output.contradictsItself {
                if let file = try? objects.verifiedFile(of: output.object) { return file }
            }
        }
        for archive in archives {
            guard let output = archive.artifact(withContent: content) else { continue }
            let file = folder.appending(output.object.description)
            if (try? Files.makeFolder(folder)) != nil, (try? archive.unpack(output.object, to: file)) != nil {
                return file
            }
        }
        return nil
    }
}
