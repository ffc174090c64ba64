// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest

/// All that lies in a cache, with the names that runs gave it.
package struct CacheSurvey: Sendable {
    /// A stage of a pipeline, as people call what a key stands for.
    package struct Use: Hashable, Sendable, CustomStringConvertible {
        package let pipeline: String
        package let stage: String

        package init(pipeline: String, stage: String) {
            self.pipeline = pipeline
            self.stage = stage
        }

        /// Without what would act on a terminal: a record is not to be trusted.
        package var description: String { visible("\(pipeline):\(stage)") }
    }

    package let folders: CacheFolders
    package let stores: StoreListing
    package let history: RunHistory
    /// Results that are whole, by key.
    package let results: [ActionKey: ActionCacheEntry]
    /// The stages that a key stood for, the newest run's first.
    package let uses: [ActionKey: [Use]]
    /// Records and logs of runs, by name.
    package let records: [String: StoreListing.File]
    /// The newest log of each key, and its earlier ones.
    package let logs: [ActionKey: [StoreListing.File]]
    /// Objects that an import left in `cache/work`, and those that one is at.
    package let unfinished: [StoreListing.File]
    /// The places with a folder or a claim in `cache/work`.
    package let workPlaces: [WorkPlace]

    package init(of folders: CacheFolders) throws(StoreError) {
        self.folders = folders
        try folders.checkLinks()
        // Results first: whatever they name was there before them.
        let actions = FileActionCache(cache: folders.root)
        let stores = try StoreListing(cache: folders.root)
        var results: [ActionKey: ActionCacheEntry] = [:]
        for key in stores.results.keys { results[key] = try actions.entry(for: key) }
        self.stores = stores
        self.results = results
        history = try RunHistory(of: folders)
        var uses: [ActionKey: [Use]] = [:]
        for record in history.records.reversed() {
            for stage in record.stages {
                guard let key = stage.key else { continue }
                let use = Use(pipeline: record.pipeline, stage: stage.stage)
                if uses[key]?.contains(use) != true { uses[key, default: []].append(use) }
            }
        }
        self.uses = uses
        records = try Self.files(in: folders.runs) { $0.hasSuffix(".json") ? String($0.dropLast(5)) : nil }
        let logFiles = try Self.files(in: folders.logs) { name in name.hasSuffix(".gz") ? name : nil }
        var logs: [ActionKey: [StoreListing.File]] = [:]
        for (name, file) in logFiles.sorted(by: { $0.key < $1.key }) {
            guard let key = Digest(hexadecimal: name.prefix { $0 != "." }) else { continue }
            logs[ActionKey(key), default: []].append(file)
        }
        self.logs = logs
        unfinished = try Self.files(in: folders.work) { $0.hasPrefix(CacheFolders.importPrefix) ? $0 : nil }
            .sorted { $0.key < $1.key }.map(\.value)
        workPlaces = Set(try Files.names(in: folders.work).compactMap { WorkPlace(name: $0) }).sorted()
    }

    /// Keys with a folder in `cache/work` that holds a file.
    package func unfinishedWork() throws(StoreError) -> [ActionKey] {
        var keys: Set<ActionKey> = []
        for place in workPlaces where try TreeSummary(of: folders.folder(of: place))?.holdsFile == true {
            keys.insert(place.key)
        }
        return keys.sorted()
    }

    /// The keys whose results name an object, by object.
    package var namers: [Digest: Set<ActionKey>] {
        var namers: [Digest: Set<ActionKey>] = [:]
        for (key, entry) in results {
            for output in entry.result.outputs { namers[output.object, default: []].insert(key) }
        }
        return namers
    }

    /// The words for a key: its newest stage, else its tool, else its first digits.
    package func words(for key: ActionKey) -> String {
        if let use = uses[key]?.first { return use.description }
        if let tool = results[key]?.action.document["tool"]?["name"]?.text {
            return "(\(visible(tool)), of no recorded run)"
        }
        return results[key] == nil ? "(\(key.abbreviated))" : "(a command, of no recorded run)"
    }

    private static func files<Name: Hashable>(
        in folder: CachePath, _ name: (String) -> Name?
    ) throws(StoreError) -> [Name: StoreListing.File] {
        var files: [Name: StoreListing.File] = [:]
        for (entry, file) in try Files.plainFiles(in: folder) where !entry.hasPrefix(".") {
            if let name = name(entry) { files[name] = file }
        }
        return files
    }
}

extension CacheSurvey {
    /// The bytes that a stage's results hold in the cache; an object that several stages made counts for each.
    package struct Holding: Hashable, Sendable {
        package let use: Use
        package let resultCount: Int
        package let byteCount: Int
    }

    /// Stages by their bytes, largest first.
    package var holdings: [Holding] {
        var objects: [Use: Set<Digest>] = [:]
        var counts: [Use: Int] = [:]
        for (key, entry) in results {
            for use in uses[key] ?? [] {
                counts[use, default: 0] += 1
                objects[use, default: []].formUnion(entry.result.outputs.map(\.object))
            }
        }
        let holdings = objects.map { use, held in
            Holding(
                use: use, resultCount: counts[use] ?? 0,
                byteCount: held.reduce(0) { $0 + (stores.objects[$1]?.status.byteCount ?? 0) })
        }
        return holdings.sorted { left, right in
            left.byteCount == right.byteCount
                ? left.use.description < right.use.description : left.byteCount > right.byteCount
        }
    }
}
