// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest
import PipelinePlanning
package import SystemPackage

extension ResultArchive {
    /// What taking an archive in did.
    package struct Taken: Hashable, Sendable {
        package var newResultCount = 0
        package var knownResultCount = 0
        package var newObjectCount = 0
        package var byteCount = 0
    }

    /// Takes all results into a cache, or none: nothing is published before every byte was checked, and every content
    /// that is something else than its bytes computed anew.
    ///
    /// A result that the cache has under the same key stays as it is; its objects come in where they were lost.
    ///
    /// - Parameter content: computes the content of a file of a format that has one of its own.
    package func take(
        into folders: CacheFolders, content: (FilePath, ArtifactFormat) throws -> Digest
    ) throws -> Taken {
        try folders.prepare()
        let store = FileObjectStore(cache: folders.root)
        var arrivals = Arrivals(archive: self, store: store, folder: folders.work)
        do {
            try arrivals.unpack()
            try arrivals.checkContents(content)
        } catch {
            arrivals.discard()
            throw error
        }
        var taken = Taken()
        do {
            try arrivals.insert(&taken)
            try publish(in: FileActionCache(cache: folders.root), &taken)
        } catch {
            arrivals.discard()
            throw error
        }
        return taken
    }

    private func publish(in actions: FileActionCache, _ taken: inout Taken) throws {
        for key in results.keys.sorted() {
            if let known = try actions.result(for: key), !known.contradictsItself {
                taken.knownResultCount += 1
            } else if let entry = try entry(for: key) {
                try actions.publish(entry)
                taken.newResultCount += 1
            }
        }
    }
}

/// The objects of an archive on their way into a store, unpacked beside it.
private struct Arrivals {
    let archive: ResultArchive
    let store: FileObjectStore
    let folder: CachePath
    /// Those that the store lacks.
    private var files: [(object: Digest, file: FilePath)] = []

    init(archive: ResultArchive, store: FileObjectStore, folder: CachePath) {
        self.archive = archive
        self.store = store
        self.folder = folder
    }

    /// Reads every object of the archive once, in its order, and unpacks those that the store lacks.
    mutating func unpack() throws {
        for (object, member) in archive.objects.sorted(by: { $0.key < $1.key }) {
            if try store.holds(object, byteCount: member.byteCount) {
                var hasher = ContentHasher()
                try archive.reader.read(member) { hasher.update($0) }
                guard hasher.finalized() == object else { throw archive.wrong(object) }
            } else {
                try unpack(object, member)
            }
        }
    }

    @discardableResult
    private mutating func unpack(_ object: Digest, _ member: ArchiveMember) throws -> FilePath {
        let unique = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let file = folder.appending(CacheFolders.importPrefix + unique).filePath
        files.append((object, file))
        guard try archive.reader.unpack(member, toNew: file) == object else { throw archive.wrong(object) }
        return file
    }

    mutating func checkContents(_ content: (FilePath, ArtifactFormat) throws -> Digest) throws {
        var places = Dictionary(files.map { ($0.object, $0.file) }, uniquingKeysWith: { first, _ in first })
        var computed: [Digest: [ArtifactFormat: Digest]] = [:]
        for (key, result) in archive.results.sorted(by: { $0.key < $1.key }) {
            for output in result.outputs {
                guard let format = output.canonicalFormat else { continue }
                var found = computed[output.object]?[format]
                if found == nil {
                    let place = try place(of: output.object, &places)
                    found = try? content(place, format)
                    computed[output.object, default: [:]][format] = found
                }
                guard found == output.content else {
                    throw archive.reader.malformed(
                        "the output '\(output.name)' of the result \(key.abbreviated) has another content than it says")
                }
            }
        }
    }

    /// A file with the object's verified bytes; one that turns out to be damaged in the store is unpacked after all.
    private mutating func place(of object: Digest, _ places: inout [Digest: FilePath]) throws -> FilePath {
        if places[object] == nil { places[object] = try heldFile(of: object) }
        if let place = places[object] { return place }
        guard let member = archive.objects[object] else { throw StoreError.absent(object: object) }
        let file = try unpack(object, member)
        places[object] = file
        return file
    }

    /// The store's file of an object; `nil` where it turns out to be damaged, or has gone.
    private func heldFile(of object: Digest) throws(StoreError) -> FilePath? {
        do throws(StoreError) {
            return try store.verifiedFile(of: object)
        } catch .damaged, .absent {
            return nil
        }
    }

    mutating func insert(_ taken: inout ResultArchive.Taken) throws {
        for (object, file) in files {
            let digest = try store.insert(movingFileAt: file)
            guard digest.digest == object else { throw archive.wrong(object) }
            taken.newObjectCount += 1
            taken.byteCount += digest.byteCount
        }
        try store.sync()
    }

    /// Removes what has not come into the store.
    func discard() {
        for (_, file) in files { try? Files.remove(file) }
    }
}
