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

    /// What keeps more than it should: locks that records name and that cannot be read.
    package private(set) var warnings: [String] = []

    /// - Parameters:
    ///   - lockFiles: locks beside those of the manifests that the cache has records of.
    ///   - keptRunCount: how many runs of each pipeline keep their results.
    /// - Throws: a `LockError` for one of `lockFiles` that cannot be read: nothing goes as long as it is unknown what
    ///   it names. Where a record names such a lock, all results of its pipeline stay instead: records may be forged.
    package init(of survey: CacheSurvey, lockFiles: [FilePath], keptRunCount: Int) throws {
        for file in lockFiles { try add(PipelineLock(readingFrom: file)) }
        for file in Set(survey.history.records.map(\.lockFile)).sorted(by: { $0.string < $1.string })
        where (try? Files.status(file)) != .some(nil) {
            do {
                try add(Self.recordedLock(file))
            } catch {
                keepAll(ofLock: file, in: survey.history, "\(error)")
            }
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
        for place in survey.workPlaces where Self.isLiving(place, in: survey.folders) {
            living.insert(place.key)
            try addInputs(of: place, in: survey.folders)
            let start = try Files.status(survey.folders.claim(of: place))?.modificationTime
            livingSince = [livingSince, start].compactMap { $0 }.min()
        }
    }

    package func holds(_ key: ActionKey) -> Bool {
        locked.contains(key) || recent.contains(key) || living.contains(key)
    }

    /// Whether a process is at this place now, as far as can be told: another user's claim that cannot be had counts as
    /// held.
    private static func isLiving(_ place: WorkPlace, in folders: CacheFolders) -> Bool {
        guard let claim = try? ActionClaim(at: folders.claim(of: place)) else { return true }
        claim.release()
        return false
    }

    /// A lock is a plain file; what a record names may be anything.
    private static func recordedLock(_ file: FilePath) throws -> PipelineLock {
        guard let status = try Files.status(file), status.kind == .file, status.byteCount <= CacheLimits.lock else {
            throw StoreError.cannot(action: "read", path: file, reason: .invalidArgument)
        }
        return try PipelineLock(readingFrom: file)
    }

    private mutating func keepAll(ofLock file: FilePath, in history: RunHistory, _ reason: String) {
        let pipelines = Set(history.records.filter { $0.lockFile == file }.map(\.pipeline))
        for record in history.records where pipelines.contains(record.pipeline) {
            locked.formUnion(record.stages.compactMap(\.key))
        }
        let names = pipelines.sorted().map { "'\($0)'" }.joined(separator: ", ")
        warnings.append("\(reason); all results of \(names) stay")
    }

    private mutating func add(_ lock: PipelineLock) {
        locked.formUnion(lock.stages.values.map(\.key))
    }

    private mutating func addInputs(of place: WorkPlace, in folders: CacheFolders) throws(StoreError) {
        let work = folders.folder(of: place)
        for name in try Files.names(in: work) where name.hasPrefix("attempt-") {
            let file = work.appending(name).appending("order.json")
            guard let bytes = try? Files.plainFile(file, limit: CacheLimits.workOrder),
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
