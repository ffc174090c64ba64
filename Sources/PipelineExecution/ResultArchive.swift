// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelinePlanning
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
    package let results: [ActionKey: ActionResult]
    let reader: ArchiveReader
    /// Where the bytes of each object lie.
    let objects: [Digest: ArchiveMember]

    private static let heading = "reprise-results.json"
    /// Room for a million results.
    private static let headingByteLimit = 1 << 27
    private static let headingValueLimit = 1 << 21
    /// The longest document of a result with its result, as of those in a cache.
    private static let entryByteLimit = 1 << 26

    /// Writes the results of a pipeline's stages, whose objects are verified as they are packed.
    ///
    /// - Throws: `StoreError` for an object that is absent or damaged, which is set aside; `ArchiveError`.
    package static func write(
        _ results: [(stage: String, entry: ActionCacheEntry)], ofPipeline pipeline: String,
        from objects: FileObjectStore, to path: FilePath
    ) throws {
        var stages: [ActionKey: [String]] = [:]
        var files: [Digest: FilePath] = [:]
        var inputs: [ArchiveInput] = []
        for (stage, entry) in results {
            stages[entry.action.key, default: []].append(stage)
            guard stages[entry.action.key]?.count == 1 else { continue }
            inputs.append(
                ArchiveInput(name: "results/\(entry.action.key).json", content: .bytes(bytes(of: entry))))
            for output in entry.result.outputs where files[output.object] == nil {
                files[output.object] = objects.path(of: output.object)
            }
        }
        inputs += files.map { ArchiveInput(name: "objects/\($0)", content: .object($1, $0)) }
        inputs.append(ArchiveInput(name: Self.heading, content: .bytes(heading(pipeline, stages))))
        do throws(ArchiveError) {
            try ArchiveWriter.write(inputs, to: path)
        } catch {
            // An object that is gone or damaged is told as such.
            for (object, file) in files where error.path == file { _ = try objects.verifiedFile(of: object) }
            throw error
        }
    }

    private static func heading(_ pipeline: String, _ stages: [ActionKey: [String]]) -> [UInt8] {
        let results = stages.map { key, names in
            (key.description, JSONValue.array(names.sorted().map { .text($0) }))
        }
        let heading: JSONValue = [
            "schema": 1, "pipeline": .text(pipeline), "results": .object(Dictionary(uniqueKeysWithValues: results)),
        ]
        return heading.canonicalBytes
    }

    /// Reads an archive's results and checks that its parts belong together; `ArchiveError` where they do not.
    ///
    /// Of the results' documents one is in memory at a time.
    package init(readingFrom path: FilePath) throws(ArchiveError) {
        let reader = try ArchiveReader(readingFrom: path)
        self.reader = reader
        let named: [String: JSONValue]
        (pipeline, named) = try Self.heading(of: reader)
        var results: [ActionKey: ActionResult] = [:]
        var objects: [Digest: ArchiveMember] = [:]
        for member in reader.members where member.name != Self.heading {
            if let key = Self.key(in: member.name) {
                results[key] = try Self.entry(key, member, in: reader).result
            } else if let object = Self.object(in: member.name) {
                objects[object] = member
            } else {
                throw reader.malformed("'\(member.name)' does not belong into an archive of results")
            }
        }
        self.results = results
        self.objects = objects
        stages = try Self.stages(named, results, in: reader)
        try checkObjects()
    }

    private static func heading(
        of reader: ArchiveReader
    ) throws(ArchiveError) -> (pipeline: String, results: [String: JSONValue]) {
        guard let member = reader.member(named: heading) else {
            throw reader.malformed("it is no archive of results: '\(heading)' is missing")
        }
        let bytes = try reader.bytes(of: member, limit: headingByteLimit)
        guard let json = try? JSONValue(parsing: bytes, valueLimit: headingValueLimit), json["schema"]?.integer == 1,
            let pipeline = json["pipeline"]?.text, let results = json["results"]?.object
        else { throw reader.malformed("'\(heading)' is not understood") }
        return (pipeline, results)
    }

    private static func stages(
        _ named: [String: JSONValue], _ results: [ActionKey: ActionResult], in reader: ArchiveReader
    ) throws(ArchiveError) -> [ActionKey: [String]] {
        var stages: [ActionKey: [String]] = [:]
        for (name, words) in named.sorted(by: { $0.key < $1.key }) {
            guard let key = Digest(hexadecimal: name).map({ ActionKey($0) }), results[key] != nil else {
                throw reader.malformed("the result of '\(words.array?.first?.text ?? name)' is missing")
            }
            stages[key] = (words.array ?? []).compactMap(\.text)
        }
        return stages
    }

    /// Every object is of some result, and every output has its object, of the length that it says.
    private func checkObjects() throws(ArchiveError) {
        var stray = Set(objects.keys)
        var missing: Digest?
        for output in results.values.lazy.flatMap(\.outputs) {
            stray.remove(output.object)
            guard let member = objects[output.object] else {
                missing = min(missing ?? output.object, output.object)
                continue
            }
            guard member.byteCount == output.byteCount else { throw wrong(output.object) }
        }
        if let stray = stray.min() { throw reader.malformed("no result names the object \(stray.abbreviated)") }
        if let missing { throw reader.malformed("the object \(missing.abbreviated) is missing") }
    }

    /// An action of the archive with its result; `nil` where it has none of this key.
    package func entry(for key: ActionKey) throws(ArchiveError) -> ActionCacheEntry? {
        guard let member = reader.member(named: Self.name(of: key)) else { return nil }
        return try Self.entry(key, member, in: reader)
    }

    /// An output with this content; `nil` where no result has one.
    package func artifact(withContent content: Digest) -> Artifact? {
        results.filter { $1.outputs.contains { $0.content == content } }.min { $0.key < $1.key }?
            .value.outputs.first { $0.content == content }
    }

    /// Writes an object's verified bytes to a file.
    package func unpack(_ object: Digest, to target: FilePath) throws {
        guard let member = objects[object] else { throw StoreError.absent(object: object) }
        guard try reader.unpack(member, to: target) == object else {
            try Files.remove(target)
            throw wrong(object)
        }
    }

    func wrong(_ object: Digest) -> ArchiveError {
        reader.malformed("the object \(object.abbreviated) is not what its name says")
    }

    private static func name(of key: ActionKey) -> String { "results/\(key).json" }

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

    private static func entry(
        _ key: ActionKey, _ member: ArchiveMember, in reader: ArchiveReader
    ) throws(ArchiveError) -> ActionCacheEntry {
        guard let entry = entry(try reader.bytes(of: member, limit: entryByteLimit)), entry.action.key == key else {
            throw reader.malformed("the result \(key.abbreviated) is not what its name and its seal say")
        }
        guard !entry.result.contradictsItself else {
            throw reader.malformed("the result \(key.abbreviated) says another content than its objects have")
        }
        return entry
    }

    private static func entry(_ bytes: [UInt8]) -> ActionCacheEntry? {
        guard let json = try? JSONValue(parsing: bytes), let document = json["document"], let outputs = json["result"],
            json["seal"]?.digest == Digest(of: JSONValue.array([document, outputs]).canonicalBytes),
            let result = ActionResult(json: outputs)
        else { return nil }
        return ActionCacheEntry(action: Action(document: document), result: result)
    }
}

extension ArchiveReader {
    /// What is wrong with the archive as a whole.
    func malformed(_ reason: String) -> ArchiveError { .malformed(path: path, offset: 0, reason: reason) }
}

extension ArchiveError {
    /// The file that could not be packed.
    fileprivate var path: FilePath? {
        switch self {
        case .changed(let path), .store(.cannot(_, let path, _)): path
        default: nil
        }
    }
}
