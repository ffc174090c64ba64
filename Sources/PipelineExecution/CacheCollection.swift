// SPDX-License-Identifier: Apache-2.0

package import ContentStore

/// What of a cache can go, as a value: `gc` prints it, and with `--delete` acts on it.
///
/// Results that no root holds go by age, or the least recently used first until the cache is small enough, or all of
/// them where neither is asked for. Objects go when no result names them any more. What is younger than an hour stays,
/// and so does what is younger than an hour before the first action that is running began.
package struct CacheCollection: Sendable {
    package struct Policy: Hashable, Sendable {
        /// In nanoseconds.
        package var maximumAge: Int64?
        package var maximumByteCount: Int?

        package init(maximumAge: Int64? = nil, maximumByteCount: Int? = nil) {
            self.maximumAge = maximumAge
            self.maximumByteCount = maximumByteCount
        }
    }

    package enum Subject: Hashable, Sendable {
        case result(ActionKey)
        case object(Digest)
        /// A damaged file that was set aside, or one that nobody finished.
        case stray
        case log(ActionKey)
        case record(id: String)
        case work(ActionKey)
        /// What the last failed attempt wrote.
        case failedWork(ActionKey)
    }

    package struct Item: Hashable, Sendable {
        package let subject: Subject
        /// The stage, or what else it is.
        package let words: String
        /// What goes with it: for a result, the objects that it alone names too.
        package let byteCount: Int
        /// In nanoseconds, since it was last used.
        package let age: Int64
        package let reason: String
        fileprivate let file: StoreListing.File?
        /// Of work.
        fileprivate let place: WorkPlace?
    }

    package private(set) var items: [Item] = []
    /// All that the cache holds, and what of it stays.
    package let byteCount: Int
    package var keptByteCount: Int { byteCount - items.reduce(0) { $0 + $1.byteCount } }
    package var freedByteCount: Int { items.reduce(0) { $0 + $1.byteCount } }

    /// One hour: a run that has just begun, or whose record is not written yet, loses nothing.
    package static let grace: Int64 = 3_600_000_000_000

    private let survey: CacheSurvey
    /// The objects that go with each result, and those that no result names.
    private var objects: [Digest: StoreListing.File] = [:]

    /// - Parameter now: the file system's time, `Files.fileTime`; what lies in its future counts as new.
    package init(of survey: CacheSurvey, roots: CacheRoots, policy: Policy, now: Int64) throws(StoreError) {
        self.survey = survey
        var work: [WorkPlace: TreeSummary] = [:]
        for place in survey.workPlaces { work[place] = try TreeSummary(of: survey.folders.folder(of: place)) }
        byteCount = Self.byteCount(of: survey) + work.values.reduce(0) { $0 + $1.byteCount }
        var choice = Choice(survey, roots: roots, policy: policy, now: now)
        choice.takeRemains(roots: roots)
        try choice.takeWork(work, roots: roots)
        choice.takeResults(byteCount: byteCount, roots: roots)
        choice.takeLogsAndRecords(roots: roots)
        items = choice.items
        objects = choice.objects
    }

    private static func byteCount(of survey: CacheSurvey) -> Int {
        let files =
            Array(survey.stores.objects.values) + Array(survey.stores.results.values) + survey.stores.damaged
            + Array(survey.records.values) + Array(survey.logs.values.joined()) + survey.unfinished
        return files.reduce(0) { $0 + $1.status.byteCount }
    }
}

/// The choice of what goes, one kind after another.
private struct Choice {
    private let survey: CacheSurvey
    private let policy: CacheCollection.Policy
    private let now: Int64
    private let grace: Int64
    private let lastUses: [ActionKey: Int64]
    /// How long each action took when it last ran, as far as a record says so.
    private let seconds: [ActionKey: Double]
    private let kept: Set<Digest>
    private var namers: [Digest: Set<ActionKey>]
    private(set) var items: [CacheCollection.Item] = []
    private(set) var objects: [Digest: StoreListing.File] = [:]

    init(_ survey: CacheSurvey, roots: CacheRoots, policy: CacheCollection.Policy, now: Int64) {
        self.survey = survey
        self.policy = policy
        self.now = now
        grace = CacheCollection.grace + max(0, now - (roots.livingSince ?? now))
        kept = roots.read
        namers = survey.namers
        var lastUses = survey.stores.results.mapValues(\.time)
        for record in survey.history.records {
            guard let time = survey.records[record.id]?.time else { continue }
            for key in record.stages.compactMap(\.key) {
                if let last = lastUses[key] { lastUses[key] = max(last, time) }
            }
        }
        self.lastUses = lastUses
        seconds = Dictionary(
            survey.history.records.flatMap(\.stages).compactMap { stage in
                stage.outcome == .ran ? stage.key.map { ($0, stage.seconds) } : nil
            }, uniquingKeysWith: { $1 })
    }

    private func age(since time: Int64) -> Int64 { max(0, now - time) }

    /// What is of no use to anybody: damaged files, objects without a result, and what dead processes left.
    mutating func takeRemains(roots: CacheRoots) {
        for file in survey.stores.damaged {
            take(.stray, "a damaged file", file.status.byteCount, file, "it was set aside")
        }
        for file in survey.unfinished {
            take(.stray, "an unfinished import", file.status.byteCount, file, "nobody is at it")
        }
        for (object, file) in survey.stores.objects.sorted(by: { $0.key < $1.key })
        where namers[object] == nil && isFree(object, file) {
            objects[object] = file
            take(.object(object), "an object", file.status.byteCount, file, "no result names it")
        }
    }

    /// What attempts left that did not end well.
    mutating func takeWork(_ work: [WorkPlace: TreeSummary], roots: CacheRoots) throws(StoreError) {
        for (place, tree) in work.sorted(by: { $0.key < $1.key }) where !roots.living.contains(place.key) {
            let isOver = survey.results[place.key] != nil
            // A folder does not grow younger with what is written to a file in it, such as a checkpoint.
            let age = age(since: tree.newestTime)
            guard age >= grace else { continue }
            let words = survey.words(for: place.key)
            if isOver || age > policy.maximumAge ?? .max {
                items.append(
                    CacheCollection.Item(
                        subject: .work(place.key), words: words + ", unfinished work", byteCount: tree.byteCount,
                        age: age, reason: isOver ? "its stage has a result" : "it is older than asked for", file: nil,
                        place: place))
            } else if policy.maximumAge == nil, let bytes = try failedByteCount(at: place), bytes > 0 {
                items.append(
                    CacheCollection.Item(
                        subject: .failedWork(place.key), words: words + ", what a failed attempt wrote",
                        byteCount: bytes, age: age, reason: "no run reads it", file: nil, place: place))
            }
        }
    }

    private func failedByteCount(at place: WorkPlace) throws(StoreError) -> Int? {
        try TreeSummary(of: survey.folders.folder(of: place).appending(CacheFolders.failed))?.byteCount
    }

    mutating func takeResults(byteCount: Int, roots: CacheRoots) {
        for (key, file) in survey.stores.results.sorted(by: { $0.key < $1.key }) where survey.results[key] == nil {
            take(.result(key), survey.words(for: key), file.status.byteCount, file, "it is damaged")
        }
        let candidates = survey.results.keys.filter { key in
            !roots.holds(key) && age(since: lastUses[key] ?? now) >= grace
        }
        var excess = policy.maximumByteCount.map { byteCount - $0 - items.reduce(0) { $0 + $1.byteCount } }
        for key in candidates.sorted(by: isTakenBefore) {
            let age = age(since: lastUses[key] ?? now)
            if let maximum = policy.maximumAge, age > maximum {
                takeResult(key, age: age, "it is older than asked for")
            } else if let left = excess, left > 0 {
                takeResult(key, age: age, "the cache is larger than asked for")
            } else if policy == CacheCollection.Policy() {
                takeResult(key, age: age, "no lock and no last run needs it")
            } else {
                continue
            }
            excess = excess.map { $0 - (items.last?.byteCount ?? 0) }
        }
    }

    /// Logs of results that go, and logs and records that are too old.
    mutating func takeLogsAndRecords(roots: CacheRoots) {
        let gone = Set(items.compactMap { if case .result(let key) = $0.subject { key } else { nil } })
        let logs = survey.logs.sorted { $0.key < $1.key }.flatMap { key, files in files.map { (key, $0) } }
        for (key, file) in logs {
            if gone.contains(key) {
                take(.log(key), survey.words(for: key) + ", log", file.status.byteCount, file, "its result goes")
            } else if survey.results[key] == nil, age(since: file.time) > policy.maximumAge ?? .max {
                let words = survey.words(for: key) + ", log"
                take(.log(key), words, file.status.byteCount, file, "it is older than asked for")
            }
        }
        for record in survey.history.records where !roots.recentRecords.contains(record.id) {
            guard let file = survey.records[record.id], age(since: file.time) > policy.maximumAge ?? .max else {
                continue
            }
            take(
                .record(id: record.id), "\(record.pipeline), record of a run", file.status.byteCount, file,
                "it is older than asked for")
        }
    }

    /// Least recently used first; among equals first what is quick to make again for the bytes that it frees.
    private func isTakenBefore(_ left: ActionKey, _ right: ActionKey) -> Bool {
        let (leftUse, rightUse) = (lastUses[left] ?? now, lastUses[right] ?? now)
        if leftUse != rightUse { return leftUse < rightUse }
        let (leftCost, rightCost) = (secondsPerByte(left), secondsPerByte(right))
        return leftCost == rightCost ? left < right : leftCost < rightCost
    }

    private func secondsPerByte(_ key: ActionKey) -> Double {
        let bytes = survey.results[key]?.result.outputs.reduce(1.0) { $0 + Double($1.byteCount) } ?? 1
        return (seconds[key] ?? 0) / bytes
    }

    private mutating func takeResult(_ key: ActionKey, age: Int64, _ reason: String) {
        guard let file = survey.stores.results[key], let entry = survey.results[key] else { return }
        var bytes = file.status.byteCount
        for object in Set(entry.result.outputs.map(\.object)) {
            namers[object]?.remove(key)
            guard namers[object]?.isEmpty == true, let file = survey.stores.objects[object], isFree(object, file) else {
                continue
            }
            objects[object] = file
            bytes += file.status.byteCount
        }
        items.append(
            CacheCollection.Item(
                subject: .result(key), words: survey.words(for: key), byteCount: bytes, age: age, reason: reason,
                file: file, place: nil))
    }

    private func isFree(_ object: Digest, _ file: StoreListing.File) -> Bool {
        !kept.contains(object) && age(since: file.time) >= grace
    }

    /// Takes a file that is old enough to be nobody's.
    private mutating func take(
        _ subject: CacheCollection.Subject, _ words: String, _ byteCount: Int, _ file: StoreListing.File,
        _ reason: String
    ) {
        let age = age(since: file.time)
        guard age >= grace else { return }
        items.append(
            CacheCollection.Item(
                subject: subject, words: words, byteCount: byteCount, age: age, reason: reason, file: file,
                place: nil))
    }
}

extension CacheCollection {
    /// What came of removing.
    package struct Deletion: Hashable, Sendable {
        /// How many of `items` were kept after all, because somebody used them meanwhile.
        package fileprivate(set) var keptCount = 0
        /// How many could not be removed, or not whole.
        package fileprivate(set) var failedCount = 0
        package fileprivate(set) var failedByteCount = 0
        package fileprivate(set) var leftovers = Leftovers()

        /// Of a look that removes nothing.
        package init() {}
    }

    /// Removes what is still as it was found: results before the objects that they name.
    ///
    /// Whoever dies on the way leaves objects that no result names, and never a result that names what is gone. An
    /// object that a run which began meanwhile names again is kept. What cannot be removed stays, and the rest goes.
    package func delete() throws(StoreError) -> Deletion {
        var deletion = Deletion()
        for item in items {
            if case .object = item.subject { continue }
            do throws(StoreError) {
                if try !delete(item) { deletion.keptCount += 1 }
            } catch {
                deletion.failedCount += 1
                deletion.failedByteCount += item.byteCount
                deletion.leftovers.add(error)
            }
        }
        let named = try namedNow()
        for (object, file) in objects.sorted(by: { $0.key < $1.key }) where !named.contains(object) {
            do throws(StoreError) {
                if try Self.isUnchanged(file) { try Files.remove(file.path) }
            } catch {
                deletion.failedCount += 1
                deletion.failedByteCount += file.status.byteCount
                deletion.leftovers.add(error)
            }
        }
        return deletion
    }

    private func delete(_ item: Item) throws(StoreError) -> Bool {
        switch item.subject {
        case .result(let key), .log(let key): return try deleteClaimed(item, key)
        case .work(let key), .failedWork(let key):
            let place = item.place ?? WorkPlace(key)
            let work = survey.folders.folder(of: place)
            guard let claim = try ActionClaim(at: survey.folders.claim(of: place)) else { return false }
            defer { claim.release() }
            if case .work = item.subject {
                try Files.removeTree(work)
            } else {
                try Files.removeTree(work.appending(CacheFolders.failed))
                try DeadWork.removeIfBare(work)
            }
            return true
        case .stray, .record, .object:
            guard let file = item.file, try Self.isUnchanged(file) else { return false }
            try Files.remove(file.path)
            return true
        }
    }

    /// Nobody can begin with the action while its result goes.
    private func deleteClaimed(_ item: Item, _ key: ActionKey) throws(StoreError) -> Bool {
        guard let file = item.file, let claim = try ActionClaim(at: survey.folders.claim(of: key)) else { return false }
        defer { claim.release() }
        let isUnchanged = try Self.isUnchanged(file)
        if isUnchanged { try Files.remove(file.path) }
        return isUnchanged
    }

    /// The objects that results name which are there now.
    private func namedNow() throws(StoreError) -> Set<Digest> {
        let actions = FileActionCache(cache: survey.folders.root)
        var named: Set<Digest> = []
        for key in try StoreListing(cache: survey.folders.root).results.keys {
            var entry = survey.results[key]
            if entry == nil { entry = try actions.entry(for: key) }
            named.formUnion((entry?.result.outputs ?? []).map(\.object))
        }
        return named
    }

    private static func isUnchanged(_ file: StoreListing.File) throws(StoreError) -> Bool {
        try Files.status(file.path) == file.status
    }
}
