// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The records of all runs that a cache has seen.
package struct RunHistory: Sendable {
    /// Oldest first: by their sequence, and before those the ones without it, by their identifiers.
    package let records: [RunRecord]
    /// Files among the records that are none.
    package let unreadCount: Int

    /// Reads the records; one that cannot be read, does not parse or has another's name is passed over and counted.
    package init(of folders: CacheFolders) throws(StoreError) {
        try folders.checkLinks()
        var records: [RunRecord] = []
        unreadCount = try Self.readEach(in: folders) { records.append($0) }
        self.records = records.sorted { left, right in
            (left.sequence ?? 0, left.id) < (right.sequence ?? 0, right.id)
        }
    }

    /// Hands over the records, in the order of their names, one in memory at a time.
    ///
    /// - Returns: how many files among them are none.
    static func readEach(
        in folders: CacheFolders, _ body: (RunRecord) -> Void
    ) throws(StoreError) -> Int {
        var unreadCount = 0
        for name in try recordNames(in: folders) {
            if let record = record(named: name, in: folders) { body(record) } else { unreadCount += 1 }
        }
        return unreadCount
    }

    /// The names of the records' files, sorted; none where there is no folder for them.
    static func recordNames(in folders: CacheFolders) throws(StoreError) -> [String] {
        guard try Files.status(folders.runs) != nil else { return [] }
        return try Files.names(in: folders.runs).filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }
    }

    /// `nil` where it cannot be read, does not parse or has another's name.
    static func record(named name: String, in folders: CacheFolders) -> RunRecord? {
        guard let bytes = try? Files.plainFile(folders.runs.appending(name), limit: CacheLimits.record),
            let json = try? JSONValue(parsing: bytes, valueLimit: RunRecord.valueLimit),
            let record = RunRecord(json: json), name == record.id + ".json"
        else { return nil }
        return record
    }

    /// The key of a stage when it last ran or failed; of a hit where it never did.
    package func latestKey(of stage: String, inPipeline pipeline: String) -> ActionKey? {
        let all = records.filter { $0.pipeline == pipeline }.flatMap(\.stages).filter { $0.stage == stage }
        return (all.last { $0.outcome == .ran || $0.outcome == .failed } ?? all.last)?.key
    }

    /// Why each stage of a pipeline ran when it last ran.
    package func latestReasons(ofPipeline pipeline: String) -> [String: String] {
        var reasons: [String: String] = [:]
        for record in records where record.pipeline == pipeline {
            for stage in record.stages where stage.outcome == .ran { reasons[stage.stage] = stage.reason }
        }
        return reasons
    }

    /// How often a test set was scored in all runs, and by how many different models.
    package func scorings(of images: Digest) -> (count: Int, models: Int) {
        let all = records.flatMap(\.stages).flatMap(\.scorings).filter { $0.images == images }
        return (all.count, Set(all.map(\.model)).count)
    }

    package static func save(_ record: RunRecord, in folders: CacheFolders) throws(StoreError) {
        try Files.replace(
            folders.runs.appending(record.id + ".json"), with: Array(record.json.indentedText.utf8),
            madeIn: folders.place)
    }

    /// An identifier that sorts by the time of this machine's clock and that no other run has.
    package static func newID() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        strftime(&buffer, buffer.count, "%Y%m%dT%H%M%S", &parts)
        let seconds = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let microseconds = String(1_000_000 + now.tv_nsec / 1000).dropFirst()
        let stamp = "\(seconds).\(microseconds)Z"
        let random = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        return stamp + "-" + String(repeating: "0", count: 8 - random.count) + random
    }
}
