// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import SystemPackage

/// Results with their objects in one file that another machine's cache takes in.
///
///     reprise-results.json   {"schema":1,"pipeline":NAME,"results":{KEY:[STAGE…]}}
///     results/KEY.json       a key document with its result and a seal over both
///     objects/DIGEST         the bytes of an output
///
/// The same results are the same bytes. Whoever takes one in trusts nothing of it: documents have to have their keys,
/// results their seals and objects their digests.
package struct ResultArchive: Sendable {
    package let pipeline: String
    /// The stages that each key stood for where the archive was made.
    package let stages: [ActionKey: [String]]
    package let entries: [ActionKey: ActionCacheEntry]
    private let reader: ArchiveReader

    private static let heading = "reprise-results.json"

    /// Writes the results of a pipeline's stages, whose objects `objects` verifies.
    package static func write(
        _ results: [(stage: String, entry: ActionCacheEntry)], ofPipeline pipeline: String,
        from objects: FileObjectStore, to path: FilePath
    ) throws {
        var stages: [ActionKey: [String]] = [:]
        var inputs: [String: ArchiveInput] = [:]
        for (stage, entry) in results {
            stages[entry.action.key, default: []].append(stage)
            let name = "results/\(entry.action.key).json"
            inputs[name] = ArchiveInput(name: name, content: .bytes(bytes(of: entry)))
            for output in entry.result.outputs {
                let name = "objects/\(output.object)"
                guard inputs[name] == nil else { continue }
                inputs[name] = ArchiveInput(name: name, content: .file(try objects.verifiedFile(of: output.object)))
            }
        }
        let heading: JSONValue = [
            "schema": 1, "pipeline": .text(pipeline),
            "results": .object(
                Dictionary(
                    uniqueKeysWithValues: stages.map { key, names in
                        (key.description, JSONValue.array(names.sorted().map { .text($0) }))
                    })),
        ]
        let first = ArchiveInput(name: Self.heading, content: .bytes(heading.canonicalBytes))
        try ArchiveWriter.write([first] + inputs.values, to: path)
    }

    /// Reads an archive's results and checks that its parts belong together; `ArchiveError` where they do not.
    package init(readingFrom path: FilePath) throws(ArchiveError) {
        let reader = try ArchiveReader(readingFrom: path)
        self.reader = reader
        func malformed(_ reason: String) -> ArchiveError { .malformed(path: path, offset: 0, reason: reason) }
        guard let member = reader.member(named: Self.heading) else {
            throw malformed("it is no archive of results: '\(Self.heading)' is missing")
        }
        guard let json = try? JSONValue(parsing: try reader.bytes(of: member)), json["schema"]?.integer == 1,
            let pipeline = json["pipeline"]?.text, let results = json["results"]?.object
        else { throw malformed("'\(Self.heading)' is not understood") }
        var stages: [ActionKey: [String]] = [:]
        var entries: [ActionKey: ActionCacheEntry] = [:]
        var objects: Set<Digest> = []
        for member in reader.members where member.name != Self.heading {
            if let key = Self.key(in: member.name) {
                guard let entry = Self.entry(try reader.bytes(of: member)), entry.action.key == key else {
                    throw malformed("the result \(key.abbreviated) is not what its name and its seal say")
                }
                entries[key] = entry
            } else if let object = Self.object(in: member.name) {
                objects.insert(object)
            } else {
                throw malformed("'\(member.name)' does not belong into an archive of results")
            }
        }
        for (name, words) in results {
            guard let key = Digest(hexadecimal: name).map({ ActionKey($0) }), entries[key] != nil else {
                throw malformed("the result of '\(words.array?.first?.text ?? name)' is missing")
            }
            stages[key] = (words.array ?? []).compactMap(\.text)
        }
        let named = Set(entries.values.flatMap(\.result.outputs).map(\.object))
        if let stray = objects.subtracting(named).min() {
            throw malformed("no result names the object \(stray.abbreviated)")
        }
        if let missing = named.subtracting(objects).min() {
            throw malformed("the object \(missing.abbreviated) is missing")
        }
        self.pipeline = pipeline
        self.stages = stages
        self.entries = entries
    }

    /// An output with this content, and the results that it is of; `nil` where no result has one.
    package func artifact(withContent content: Digest) -> Artifact? {
        entries.sorted { $0.key < $1.key }.lazy.flatMap(\.value.result.outputs).first { $0.content == content }
    }

    /// Writes an object's verified bytes to a file.
    package func unpack(_ object: Digest, to target: FilePath) throws {
        guard let member = reader.member(named: "objects/\(object)") else { throw StoreError.absent(object: object) }
        try check(member, object)
        try reader.unpack(member, to: target)
    }

    /// What taking an archive in did.
    package struct Taken: Hashable, Sendable {
        package var newResultCount = 0
        package var knownResultCount = 0
        package var newObjectCount = 0
        package var byteCount = 0
    }

    /// Takes all results into a cache, or none: nothing is published before every byte was checked.
    ///
    /// A result that the cache has under the same key stays as it is; its objects come in where they were lost.
    package func take(into folders: CacheFolders) throws -> Taken {
        let objects = FileObjectStore(cache: folders.root)
        let actions = FileActionCache(cache: folders.root)
        for member in reader.members {
            if let object = Self.object(in: member.name) { try check(member, object) }
        }
        try folders.prepare()
        var taken = Taken()
        for output in Set(entries.values.flatMap(\.result.outputs)).sorted(by: { $0.object < $1.object }) {
            if try objects.holds(output.object, byteCount: output.byteCount) { continue }
            guard let member = reader.member(named: "objects/\(output.object)") else { continue }
            let unique = String(UInt64.random(in: 0...UInt64.max), radix: 36)
            let file = folders.work.appending(CacheFolders.importPrefix + unique)
            try reader.unpack(member, to: file)
            guard try objects.insert(movingFileAt: file).digest == output.object else { throw wrong(output.object) }
            taken.newObjectCount += 1
            taken.byteCount += output.byteCount
        }
        try objects.sync()
        for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
            if try actions.entry(for: key) != nil {
                taken.knownResultCount += 1
            } else {
                try actions.publish(entry)
                taken.newResultCount += 1
            }
        }
        return taken
    }

    private func check(_ member: ArchiveMember, _ object: Digest) throws {
        var hasher = ContentHasher()
        try reader.read(member) { hasher.update($0) }
        guard hasher.finalized() == object else { throw wrong(object) }
        for output in entries.values.flatMap(\.result.outputs) where output.object == object {
            guard output.byteCount == member.byteCount else { throw wrong(object) }
        }
    }

    private func wrong(_ object: Digest) -> ArchiveError {
        .malformed(path: reader.path, offset: 0, reason: "the object \(object.abbreviated) is not what its name says")
    }

    private static func key(in name: String) -> ActionKey? {
        guard name.hasPrefix("results/"), name.hasSuffix(".json") else { return nil }
        return Digest(hexadecimal: name.dropFirst(8).dropLast(5)).map { ActionKey($0) }
    }

    private static func object(in name: String) -> Digest? {
        name.hasPrefix("objects/") ? Digest(hexadecimal: name.dropFirst(8)) : nil
    }

    private static func bytes(of entry: ActionCacheEntry) -> [UInt8] {
        let (document, result) = (entry.action.document, entry.result.json)
        let seal = Digest(of: JSONValue.array([document, result]).canonicalBytes)
        return JSONValue.object(["document": document, "result": result, "seal": .text(seal.description)])
            .canonicalBytes
    }

    private static func entry(_ bytes: [UInt8]) -> ActionCacheEntry? {
        guard let json = try? JSONValue(parsing: bytes), let document = json["document"], let outputs = json["result"],
            json["seal"]?.digest == Digest(of: JSONValue.array([document, outputs]).canonicalBytes),
            let result = ActionResult(json: outputs)
        else { return nil }
        return ActionCacheEntry(action: Action(document: document), result: result)
    }
}
