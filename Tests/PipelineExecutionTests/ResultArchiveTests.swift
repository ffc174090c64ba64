// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import SystemPackage
import Testing

struct ResultArchiveTests {
    /// The content of a format that has one of its own is that of its bytes in capital letters.
    private static func content(_ path: FilePath, _ format: ArtifactFormat) throws -> Digest {
        Digest(ofText: String(decoding: try Files.bytes(of: path), as: UTF8.self).uppercased())
    }

    /// A result that somebody made up, with its object in a store.
    private func entry(
        _ text: String, format: String, content: Digest, in objects: FileObjectStore, byteCount: Int? = nil
    ) throws -> ActionCacheEntry {
        let object = try objects.insert(Array(text.utf8))
        let artifact = Artifact(
            name: "out", format: format, content: content, object: object.digest,
            byteCount: byteCount ?? object.byteCount)
        return ActionCacheEntry(
            action: Action(document: ["text": .text(text)]), result: ActionResult(outputs: [artifact]))
    }

    @Test func `a content that differs from the object's is refused, and a right one is taken`() async throws {
        try await Project.with { project in
            let objects = FileObjectStore(cache: project.path("cache"))
            let (path, other) = (project.path("a.tar"), CacheFolders(root: project.path("other")))
            func take(_ entries: ActionCacheEntry...) throws -> ResultArchive.Taken {
                try ResultArchive.write(
                    entries.map { (stage: "made-up", entry: $0) }, ofPipeline: "p", from: objects, to: path)
                return try ResultArchive(readingFrom: path).take(into: other, content: Self.content)
            }
            func refusal(_ reason: String) -> ArchiveError { .malformed(path: path, offset: 0, reason: reason) }
            let right = try entry("good", format: "tensors", content: Digest(ofText: "GOOD"), in: objects)
            let wrong = try entry("evil", format: "tensors", content: Digest(ofText: "GOOD"), in: objects)
            let key = wrong.action.key.abbreviated
            #expect(
                throws: refusal("the output 'out' of the result \(key) has another content than it says")
            ) { try take(right, wrong) }
            for format in ["file", "csv", "folder", "unheard-of"] {
                let lie = try entry("evil", format: format, content: Digest(ofText: "good"), in: objects)
                #expect(throws: refusal("the result \(key) says another content than its objects have")) {
                    try take(right, lie)
                }
            }
            #expect(try isEmpty(other.root))
            #expect(try Files.names(in: other.work) == [])
            #expect(try take(right).newResultCount == 1)
            // The cache has the object by now; what another result says of it is looked at all the same.
            let second = ActionCacheEntry(
                action: Action(document: ["second": 1]),
                result: ActionResult(outputs: [
                    Artifact(
                        name: "out", format: "png", content: Digest(ofText: "other"),
                        object: right.result.outputs[0].object, byteCount: 4)
                ]))
            #expect(throws: ArchiveError.self) { try take(second) }
            #expect(try FileActionCache(cache: other.root).entry(for: second.action.key) == nil)
        }
    }

    @Test func `an object of another length than its result says is refused`() async throws {
        try await Project.with { project in
            let objects = FileObjectStore(cache: project.path("cache"))
            let lie = try entry("text", format: "file", content: Digest(ofText: "text"), in: objects, byteCount: 5)
            let path = project.path("a.tar")
            try ResultArchive.write([(stage: "s", entry: lie)], ofPipeline: "p", from: objects, to: path)
            let object = Digest(ofText: "text").abbreviated
            #expect(
                throws: ArchiveError.malformed(
                    path: path, offset: 0, reason: "the object \(object) is not what its name says")
            ) { try ResultArchive(readingFrom: path) }
        }
    }

    @Test func `an object that is damaged is told when it is packed, and set aside`() async throws {
        try await Project.with { project in
            let cache = project.path("cache")
            let objects = FileObjectStore(cache: cache)
            let entry = try entry("text", format: "file", content: Digest(ofText: "text"), in: objects)
            let file = objects.path(of: Digest(ofText: "text"))
            try Files.remove(file)
            try Files.write(Array("tent".utf8), toNew: file)
            #expect(throws: StoreError.damaged(object: Digest(ofText: "text"), path: file)) {
                try ResultArchive.write(
                    [(stage: "s", entry: entry)], ofPipeline: "p", from: objects, to: project.path("a.tar"))
            }
            #expect(throws: StoreError.absent(object: Digest(ofText: "text"))) {
                try ResultArchive.write(
                    [(stage: "s", entry: entry)], ofPipeline: "p", from: objects, to: project.path("a.tar"))
            }
            #expect(try Files.status(project.path("a.tar")) == nil)
        }
    }

    @Test func `a thousand results of one key, and a thousand keys, go through an archive`() async throws {
        try await Project.with { project in
            let objects = FileObjectStore(cache: project.path("cache"))
            let entries = try (0..<1000).map { number in
                try entry("\(number)", format: "file", content: Digest(ofText: "\(number)"), in: objects)
            }
            let results =
                entries.map { (stage: "each", entry: $0) } + (0..<1000).map { (stage: "\($0)", entry: entries[0]) }
            let path = project.path("a.tar")
            try ResultArchive.write(results, ofPipeline: "p", from: objects, to: path)
            let archive = try ResultArchive(readingFrom: path)
            #expect(archive.results.count == 1000)
            #expect(archive.stages[entries[0].action.key]?.count == 1001)
            #expect(try archive.entry(for: entries[7].action.key) == entries[7])
            let other = CacheFolders(root: project.path("other"))
            #expect(try archive.take(into: other, content: Self.content).newResultCount == 1000)
            #expect(try FileActionCache(cache: other.root).entry(for: entries[999].action.key) == entries[999])
        }
    }
    /// Packs all results of a run.
    private func pack(_ project: Project, to name: String) async throws {
        let session = try project.session()
        let run = try await project.run()
        let results = try run.outcome.records.compactMap { record in
            try record.key.flatMap { try session.actions.entry(for: $0) }.map { (stage: record.stage, entry: $0) }
        }
        try ResultArchive.write(
            results, ofPipeline: session.manifest.name, from: session.objects, to: project.path(name))
    }

    private func isEmpty(_ cache: FilePath) throws -> Bool {
        let listing = try StoreListing(cache: cache)
        return listing.objects.isEmpty && listing.results.isEmpty
    }

    @Test func `another cache takes results in and a run there hits`() async throws {
        try await Project.with { project in
            try await pack(project, to: "a.tar")
            let archive = try ResultArchive(readingFrom: project.path("a.tar"))
            #expect(archive.pipeline == "demo")
            #expect(
                Set(archive.stages.values.joined()) == ["read-left", "read-right", "shout", "head", "both", "last"])
            let other = CacheFolders(root: project.path("other"))
            let taken = try archive.take(into: other, content: Self.content)
            #expect(taken.newResultCount == 6 && taken.knownResultCount == 0 && taken.newObjectCount == 6)
            let run = try await project.run(cache: "other")
            #expect(run.outcome.records.allSatisfy { $0.outcome == .hit })
            let again = try archive.take(into: other, content: Self.content)
            #expect(again.newResultCount == 0 && again.knownResultCount == 6 && again.newObjectCount == 0)
            try await pack(project, to: "b.tar")
            #expect(try Files.bytes(of: project.path("a.tar")) == Files.bytes(of: project.path("b.tar")))
        }
    }

    @Test func `an archive cut short anywhere leaves a cache as it was`() async throws {
        try await Project.with { project in
            try await pack(project, to: "a.tar")
            let bytes = try Files.bytes(of: project.path("a.tar"))
            for count in stride(from: 0, to: bytes.count, by: 97) {
                try Files.replace(project.path("cut.tar"), with: Array(bytes[..<count]))
                #expect(throws: ArchiveError.self) {
                    try ResultArchive(readingFrom: project.path("cut.tar")).take(
                        into: CacheFolders(root: project.path("other")), content: Self.content)
                }
            }
            #expect(try isEmpty(project.path("other")))
        }
    }

    @Test func `a flipped bit anywhere leaves a cache as it was, or changes nothing that counts`() async throws {
        try await Project.with { project in
            try await pack(project, to: "a.tar")
            let bytes = try Files.bytes(of: project.path("a.tar"))
            for offset in stride(from: 0, to: bytes.count, by: 7) {
                var flipped = bytes
                flipped[offset] ^= UInt8(1 << (offset % 8))
                try Files.replace(project.path("bad.tar"), with: flipped)
                let other = CacheFolders(root: project.path("other"))
                do {
                    let archive = try ResultArchive(readingFrom: project.path("bad.tar"))
                    #expect(try archive.take(into: other, content: Self.content).newResultCount == 6)
                    try Files.removeTree(other.root)
                } catch is ArchiveError {
                    let isUntouched = try isEmpty(other.root)
                    #expect(isUntouched, "byte \(offset)")
                }
            }
        }
    }

    @Test func `an archive of something else, or with parts that do not belong together, is refused`() async throws {
        try await Project.with { project in
            func check(_ files: [String: [UInt8]], _ reason: String) throws {
                let path = project.path("hostile.tar")
                try ArchiveWriter.write(
                    files.map { ArchiveInput(name: $0.key, content: .bytes($0.value)) }, to: path)
                let expected = ArchiveError.malformed(path: path, offset: 0, reason: reason)
                #expect(throws: expected) { _ = try ResultArchive(readingFrom: path) }
            }
            try check(["a": []], "it is no archive of results: 'reprise-results.json' is missing")
            try check(["reprise-results.json": []], "'reprise-results.json' is not understood")
            let heading = Array(#"{"pipeline":"p","results":{},"schema":1}"#.utf8)
            try check(
                ["reprise-results.json": heading, "x": []], "'x' does not belong into an archive of results")
            let digest = Digest(of: [1])
            try check(
                ["reprise-results.json": heading, "objects/\(digest)": [1]],
                "no result names the object \(digest.abbreviated)")
            try check(
                ["reprise-results.json": heading, "results/\(digest).json": Array("{}".utf8)],
                "the result \(digest.abbreviated) is not what its name and its seal say")
            let naming = Array(#"{"pipeline":"p","results":{"\#(digest)":["train"]},"schema":1}"#.utf8)
            try check(["reprise-results.json": naming], "the result of 'train' is missing")
        }
    }
}
