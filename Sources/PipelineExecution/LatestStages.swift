// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import SystemPackage

/// What a run has to know of the runs before it: of each stage of a pipeline the newest key and time, and the number of
/// the newest run of all.
///
/// It is drawn from the records, one after another, and kept beside them, `runs/latest/PIPELINE`, with the names of the
/// records that it was drawn from: a run reads no record, however many there are, and adds its own.
package struct LatestStages: Sendable {
    private static let schema = 2

    /// The key of each stage when it last ran well or hit.
    package private(set) var keys: [String: ActionKey] = [:]
    /// The seconds of each stage when it last ran.
    package private(set) var seconds: [String: Double] = [:]
    /// The greatest sequence of any pipeline's runs; 0 where there was none.
    package private(set) var sequence = 0

    private let pipeline: String
    /// Of the names of the records that this was drawn from.
    private var records: Digest

    package init(ofPipeline pipeline: String, in folders: CacheFolders) throws(StoreError) {
        self.pipeline = pipeline
        records = Self.digest(of: [])
        guard try Files.status(folders.runs) != nil else { return }
        records = Self.digest(of: try RunHistory.recordNames(in: folders))
        if let kept = try? Self.kept(in: Self.file(of: pipeline, in: folders)), kept.records == records {
            (keys, seconds, sequence) = (kept.keys, kept.seconds, kept.sequence)
            return
        }
        try draw(from: folders)
        keep(in: folders)
    }

    /// Adds a run that has just been saved, and keeps what comes of it.
    ///
    /// Where another run was saved meanwhile, nothing is kept, and whoever asks next draws it from the records.
    package mutating func add(_ record: RunRecord, in folders: CacheFolders) {
        guard let names = try? RunHistory.recordNames(in: folders) else { return }
        let name = record.id + ".json"
        guard names.contains(name), Self.digest(of: names.filter { $0 != name }) == records else { return }
        add(record)
        records = Self.digest(of: names)
        keep(in: folders)
    }

    private mutating func add(_ record: RunRecord) {
        sequence = max(sequence, record.sequence ?? 0)
        guard record.pipeline == pipeline else { return }
        for stage in record.stages {
            if stage.outcome.hasResult, let key = stage.key { keys[stage.stage] = key }
            if stage.outcome == .ran { seconds[stage.stage] = stage.seconds }
        }
    }

    private mutating func draw(from folders: CacheFolders) throws(StoreError) {
        // The order of the runs first, then one record in memory at a time.
        var order: [(sequence: Int, id: String)] = []
        _ = try RunHistory.readEach(in: folders) { order.append(($0.sequence ?? 0, $0.id)) }
        for (_, id) in order.sorted(by: { $0 < $1 }) {
            if let record = RunHistory.record(named: id + ".json", in: folders) { add(record) }
        }
    }

    // MARK: The file

    private static func file(of pipeline: String, in folders: CacheFolders) -> CachePath {
        folders.latestStages.appending(Digest(ofText: pipeline).description)
    }

    /// Keeping it is a convenience: a cache that cannot be written is met later, where it matters.
    private func keep(in folders: CacheFolders) {
        let body: JSONValue = [
            "schema": .integer(Self.schema), "records": .text(records.description), "sequence": .integer(sequence),
            "keys": .object(keys.mapValues { .text($0.description) }),
            "seconds": .object(seconds.mapValues { .number($0) }),
        ]
        let document: JSONValue = ["body": body, "seal": .text(Digest(of: body.canonicalBytes).description)]
        try? Files.makeFolder(folders.latestStages)
        try? Files.replace(Self.file(of: pipeline, in: folders), with: document.canonicalBytes)
    }

    /// A flipped bit would give a stage a wrong past, so that the seal has to hold.
    private static func kept(
        in file: CachePath
    ) throws(StoreError) -> (records: Digest, keys: [String: ActionKey], seconds: [String: Double], sequence: Int)? {
        guard let bytes = try Files.plainFile(file, limit: CacheLimits.latestStages),
            let document = try? JSONValue(parsing: bytes),
            let body = document["body"], document["seal"]?.digest == Digest(of: body.canonicalBytes),
            body["schema"]?.integer == schema, let records = body["records"]?.digest,
            let sequence = body["sequence"]?.integer, let keys = body["keys"]?.object,
            let seconds = body["seconds"]?.object
        else { return nil }
        return (
            records, keys.compactMapValues { $0.digest.map { ActionKey($0) } }, seconds.compactMapValues(\.number),
            sequence
        )
    }

    private static func digest(of names: [String]) -> Digest {
        Digest(ofText: names.map { JSONValue.text($0).canonicalText }.joined(separator: "\n"))
    }
}
