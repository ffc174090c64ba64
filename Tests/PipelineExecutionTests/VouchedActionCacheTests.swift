// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import PipelineExecution
import PipelineManifest
import Synchronization
import SystemPackage
import Testing

/// What is believed of results that somebody else may have published.
struct VouchedActionCacheTests {
    /// A cache whose tensors have the content of their bytes in capital letters, and a count of how often one is taken.
    private final class Scene: Sendable {
        let cache: FilePath
        let objects: FileObjectStore
        let files: FileActionCache
        private let count = Mutex(0)

        init(_ project: Project) {
            cache = project.path("cache")
            objects = FileObjectStore(cache: cache)
            files = FileActionCache(cache: cache)
        }

        var contentCount: Int { count.withLock { $0 } }

        /// As a new process would have it.
        var vouched: VouchedActionCache {
            VouchedActionCache(
                files,
                check: ContentCheck(objects: objects) { path, format in
                    self.count.withLock { $0 += 1 }
                    let text = String(decoding: try Files.bytes(of: path), as: UTF8.self)
                    guard text != "unreadable" else { throw ToolFailure("it cannot be read") }
                    return Digest(ofText: text.uppercased())
                })
        }

        /// Publishes what somebody says of an object, in a file that others may write to.
        func publish(
            _ text: String, format: String, content: Digest, byteCount: Int? = nil
        ) throws -> ActionCacheEntry {
            let object = try objects.insert(Array(text.utf8))
            let artifact = Artifact(
                name: "out", format: format, content: content, object: object.digest,
                byteCount: byteCount ?? object.byteCount)
            let document: JSONValue = ["text": .text(text), "format": .text(format), "of": .text("\(content)")]
            let entry = ActionCacheEntry(
                action: Action(document: document), result: ActionResult(outputs: [artifact]))
            try files.publish(entry)
            try Files.setPermissions(file(of: entry.action.key), 0o664)
            return entry
        }

        func file(of key: ActionKey) -> FilePath {
            let name = key.description
            return cache.appending("actions").appending(String(name.prefix(2)))
                .appending(String(name.dropFirst(2)) + ".json")
        }
    }

    @Test func `a result whose content is its bytes and is said to be another is absent, whoever published it`()
        async throws
    {
        try await Project.with { project in
            let scene = Scene(project)
            for format in ["file", "folder", "csv", "scores", "safetensors", "unheard-of"] {
                let lie = try scene.publish("evil", format: format, content: Digest(ofText: "good"))
                try Files.setPermissions(scene.file(of: lie.action.key), 0o644)
                #expect(try scene.files.result(for: lie.action.key) == lie.result)
                #expect(try scene.vouched.result(for: lie.action.key) == nil, "\(format)")
                #expect(try scene.vouched.entry(for: lie.action.key) == nil, "\(format)")
                let truth = try scene.publish("evil", format: format, content: Digest(ofText: "evil"))
                #expect(try scene.vouched.entry(for: truth.action.key) == truth)
            }
            #expect(scene.contentCount == 0)
        }
    }

    @Test func `the content of what others may have published is computed anew, once`() async throws {
        try await Project.with { project in
            let scene = Scene(project)
            let entry = try scene.publish("good", format: "tensors", content: Digest(ofText: "GOOD"))
            let first = scene.vouched
            #expect(try first.result(for: entry.action.key) == entry.result)
            #expect(try first.entry(for: entry.action.key) == entry)
            #expect(scene.contentCount == 1)
            // It was published anew, and is this user's own.
            #expect(try scene.files.ownedResult(for: entry.action.key)?.isOwn == true)
            #expect(try scene.vouched.result(for: entry.action.key) == entry.result)
            #expect(scene.contentCount == 1)
        }
    }

    @Test func `what has another content than it says, or none, is absent`() async throws {
        try await Project.with { project in
            let scene = Scene(project)
            for (text, byteCount) in [("evil", 4), ("unreadable", 10), ("good", 5)] {
                let lie = try scene.publish(
                    text, format: "model", content: Digest(ofText: "GOOD"), byteCount: byteCount)
                let vouched = scene.vouched
                #expect(try vouched.result(for: lie.action.key) == nil, "\(text)")
                #expect(try vouched.entry(for: lie.action.key) == nil, "\(text)")
            }
            #expect(scene.contentCount == 2)
            // An object that is gone says nothing.
            let gone = try scene.publish("gone", format: "png", content: Digest(ofText: "GONE"))
            try Files.remove(scene.objects.path(of: Digest(ofText: "gone")))
            #expect(try scene.vouched.result(for: gone.action.key) == nil)
            // What is published here instead is found.
            let vouched = scene.vouched
            #expect(try vouched.result(for: gone.action.key) == nil)
            try vouched.publish(gone)
            #expect(try vouched.result(for: gone.action.key) == gone.result)
        }
    }

    @Test func `one's own result is one's own only while nobody else may write to it`() async throws {
        try await Project.with { project in
            let scene = Scene(project)
            let entry = try scene.publish("good", format: "tensors", content: Digest(ofText: "GOOD"))
            for (permissions, isOwn) in [(0o644, true), (0o600, true), (0o664, false), (0o646, false)] {
                try Files.setPermissions(scene.file(of: entry.action.key), UInt16(permissions))
                #expect(try scene.files.ownedResult(for: entry.action.key)?.isOwn == isOwn, "\(permissions)")
            }
        }
    }

    @Test func `a result with other outputs or formats than its stage declares runs anew`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            let key = try #require(first.outcome.records.first { $0.stage == "shout" }?.key)
            let session = try project.session()
            let entry = try #require(try session.actions.entry(for: key))
            let output = entry.result.outputs[0]
            func made(named name: String, format: String) -> Artifact {
                Artifact(
                    name: name, format: format, content: output.object, object: output.object,
                    byteCount: output.byteCount)
            }
            let forged: [[Artifact]] = [
                [], [made(named: "text", format: "csv")], [made(named: "other", format: "file")],
                [output, made(named: "other", format: "file")], [made(named: "text", format: "unheard-of")],
            ]
            for outputs in forged {
                try session.actions.files.publish(
                    ActionCacheEntry(action: entry.action, result: ActionResult(outputs: outputs)))
                let run = try await project.run()
                #expect(run.ran == ["shout"], "\(outputs)")
                #expect(run.contents == first.contents)
            }
        }
    }

    @Test func `a forged content of bytes gives no stage another input, and verify sets it aside`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            let key = try #require(first.outcome.records.first { $0.stage == "both" }?.key)
            let session = try project.session()
            let entry = try #require(try session.actions.entry(for: key))
            let evil = try session.objects.insert(Array("evil".utf8))
            let output = entry.result.outputs[0]
            func forge() throws {
                try session.actions.files.publish(
                    ActionCacheEntry(
                        action: entry.action,
                        result: ActionResult(outputs: [
                            Artifact(
                                name: output.name, format: output.format, content: output.content,
                                object: evil.digest, byteCount: evil.byteCount)
                        ])))
            }
            try forge()
            let run = try await project.run()
            #expect(run.ran == ["both"] && run.contents == first.contents)
            try forge()
            let verification = try await CacheVerification(
                of: CacheSurvey(of: session.folders), jobs: 2,
                content: { path, _ in try FileDigest(ofFileAt: path).digest },
                progress: { _, _ in })
            #expect(verification.findings.map(\.key) == [key])
            #expect(verification.findings.map(\.fault) == [.otherContent(output: "text")])
            #expect(try session.actions.files.entry(for: key) == nil)
        }
    }

    @Test func `verify computes contents anew, and sets aside what says another`() async throws {
        try await Project.with { project in
            let scene = Scene(project)
            let folders = CacheFolders(root: scene.cache)
            try folders.prepare()
            let right = try scene.publish("good", format: "tensors", content: Digest(ofText: "GOOD"))
            let wrong = try scene.publish("evil", format: "png", content: Digest(ofText: "GOOD"))
            let torn = try scene.publish("unreadable", format: "tensors", content: Digest(ofText: "UNREADABLE"))
            let verification = try await CacheVerification(
                of: CacheSurvey(of: folders), jobs: 3,
                content: { path, _ in
                    let text = String(decoding: try Files.bytes(of: path), as: UTF8.self)
                    guard text != "unreadable" else { throw ToolFailure("it cannot be read") }
                    return Digest(ofText: text.uppercased())
                }, progress: { _, _ in })
            #expect(Set(verification.findings.map(\.key)) == [wrong.action.key, torn.action.key])
            #expect(Set(verification.findings.map(\.fault)) == [.otherContent(output: "out")])
            #expect(verification.objectCount == 3 && verification.byteCount == 18)
            #expect(try scene.files.entry(for: right.action.key) == right)
            #expect(try scene.files.entry(for: wrong.action.key) == nil)
            #expect(try StoreListing(cache: scene.cache).damaged.count == 2)
        }
    }
}
