// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import SystemPackage

/// The key of each stage of a pipeline when it last ran well or hit.
///
/// They are drawn from the records and kept beside them, `runs/latest/PIPELINE`, with the names of the records that
/// they were drawn from, so that a run that finds nothing to do reads no record.
package enum LatestKeys {
    private static let schema = 1

    package static func ofPipeline(
        _ pipeline: String, in folders: CacheFolders
    ) throws(StoreError) -> [String: ActionKey] {
        guard try Files.status(folders.runs) != nil else { return [:] }
        let records = try digestOfRecords(in: folders)
        let file = folders.latestKeys.appending(Digest(ofText: pipeline).description)
        if let keys = kept(in: file, of: records) { return keys }
        let keys = try RunHistory(of: folders).latestKeys(ofPipeline: pipeline)
        // Keeping them is a convenience: a cache that cannot be written is met later, where it matters.
        try? Files.makeFolder(folders.latestKeys)
        try? Files.replace(file, with: sealed(keys, records))
        return keys
    }

    private static func digestOfRecords(in folders: CacheFolders) throws(StoreError) -> Digest {
        let names = try Files.names(in: folders.runs).filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }
        return Digest(ofText: names.map { JSONValue.text($0).canonicalText }.joined(separator: "\n"))
    }

    private static func sealed(_ keys: [String: ActionKey], _ records: Digest) -> [UInt8] {
        let keys = JSONValue.object(keys.mapValues { .text($0.description) })
        let document: JSONValue = [
            "schema": .integer(schema), "records": .text(records.description), "keys": keys,
            "seal": .text(seal(keys, records).description),
        ]
        return document.canonicalBytes
    }

    private static func kept(in file: FilePath, of records: Digest) -> [String: ActionKey]? {
        guard let bytes = (try? Files.status(file)) == nil ? nil : try? Files.bytes(of: file),
            let document = try? JSONValue(parsing: bytes), document["schema"]?.integer == schema,
            document["records"]?.digest == records, let members = document["keys"],
            document["seal"]?.digest == seal(members, records), let digests = members.object
        else { return nil }
        return digests.compactMapValues { $0.digest.map { ActionKey($0) } }
    }

    /// A flipped bit would give a stage a wrong past.
    private static func seal(_ keys: JSONValue, _ records: Digest) -> Digest {
        Digest(of: keys.canonicalBytes + Array(records.description.utf8))
    }
}
