// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import SystemPackage

/// What must stay in a cache whatever else goes.
package struct CacheRoots: Sendable {
    /// Results that a lock names.
    package private(set) var locked: Set<ActionKey> = []
    /// Results of the last runs of each pipeline.
    package private(set) var recent: Set<ActionKey> = []
    /// Records of the last runs of each pipeline, by their identifiers.
    package private(set) var recentRecords: Set<String> = []
    /// Actions that a process is at.
    package private(set) var living: Set<ActionKey> = []
    /// Objects that living actions read.
    package private(set) var read: Set<Digest> = []
    /// When the first of the living actions began, in nanoseconds since 1970 by the file system's clock.
    package private(set) var livingSince: Int64?

    /// - Parameters:
    ///   - lockFiles: locks beside those of the manifests that the cache has records of.
    ///   - keptRunCount: how many runs of each pipeline keep their results.
    /// - Throws: a `LockError` for a lock that cannot be read: nothing goes as long as it is unknown what it names.
    package init(of survey: CacheSurvey, lockFiles: [FilePath], keptRunCount: Int) throws {
        for file in lockFiles { try add(PipelineLock(readingFrom: file)) }
        for file in Set(survey.history.records.map(\.lockFile)).sorted(by: { $0.string < $1.string })
        where try Files.status(file)?.kind == .file {
            try add(PipelineLock(readingFrom: file))
        }
        // Two pipelines may have one name: a manifest that does not name itself has that of its file.
        var counts: [[String]: Int] = [:]
        for record in survey.history.records.reversed() {
            let pipeline = [record.pipeline, record.lockFile.string]
            counts[pipeline, default: 0] += 1
            guard counts[pipeline, default: 0] <= max(1, keptRunCount) else { continue }
            recentRecords.insert(record.id)
            guard counts[pipeline, default: 0] <= keptRunCount else { continue }
            recent.formUnion(record.stages.filter(\.outcome.hasResult).compactMap(\.key))
        }
        for key in survey.workKeys where try Self.isLiving(key, in: survey.folders) {
            living.insert(key)
            try addInputs(of: key, in: survey.folders)
            let start = try Files.status(survey.folders.claim(of: key))?.modificationTime
            livingSince = [livingSince, start].compactMap { $0 }.min()
        }
    }

    package func holds(_ key: ActionKey) -> Bool {
        locked.contains(key) || recent.contains(key) || living.contains(key)
    }

    /// Whether a process is at this action now.
    static func isLiving(_ key: ActionKey, in folders: CacheFolders) throws(StoreError) -> Bool {
        guard let claim = try ActionClaim(at: folders.claim(of: key)) else { return true }
        claim.release()
        return false
    }

    private mutating func add(_ lock: PipelineLock) {
        locked.formUnion(lock.stages.values.map(\.key))
    }

    private mutating func addInputs(of key: ActionKey, in folders: CacheFolders) throws(StoreError) {
        let work = folders.workFolder(of: key)
        guard try Files.status(work) != nil else { return }
        for name in try Files.names(in: work) where name.hasPrefix("attempt-") {
            let file = work.appending(name).appending("order.json")
            guard let bytes = try? Files.bytes(of: file),
                let json = try? JSONValue(parsing: bytes, valueLimit: WorkOrder.valueLimit),
                let order = try? WorkOrder(json: json)
            else { continue }
            for path in order.inputs.flatMap(\.artifacts).flatMap(\.files).map(\.path) {
                if let object = Self.object(at: path) { read.insert(object) }
            }
        }
    }

    /// The object whose file this is: `…/ab/cdef…`.
    private static func object(at path: FilePath) -> Digest? {
        guard let name = path.lastComponent?.string, let shelf = path.removingLastComponent().lastComponent?.string
        else { return nil }
        return Digest(hexadecimal: shelf + name)
    }
}
