// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import PipelineExecution
import PipelineManifest
import SystemPackage
import Testing

/// Archives of many results and folders of many files: a few here, and as many as
/// `REPRISE_ARCHIVE_RESULTS=100000` says, or an object of so many bytes as `REPRISE_ARCHIVE_BYTES` says, where somebody
/// wants to know the seconds and the memory, which are printed then.
@Suite(.serialized) struct LargeArchiveTests {
    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    private static let count = number("REPRISE_ARCHIVE_RESULTS") ?? 200
    private static let isMeasured = number("REPRISE_ARCHIVE_RESULTS") ?? number("REPRISE_ARCHIVE_BYTES") != nil

    /// Does something, and prints how long it took and the most memory that this process has had.
    private func timed<Value>(_ words: String, _ work: () throws -> Value) rethrows -> Value {
        let start = ContinuousClock.now
        let value = try work()
        if Self.isMeasured {
            var usage = rusage()
            #if canImport(Darwin)
                getrusage(RUSAGE_SELF, &usage)
            #else
                getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            #endif
            print("\(words): \(ContinuousClock.now - start), peak \(usage.ru_maxrss / 1024) MB")
        }
        return value
    }

    private func noContent(_ path: FilePath, _ format: ArtifactFormat) throws -> Digest {
        throw ToolFailure("there is no tensor file here")
    }

    private func entry(_ number: Int, _ object: FileDigest) -> ActionCacheEntry {
        let document: JSONValue = [
            "schema": 1, "inputs": ["text": .text(Digest(ofText: "input \(number)").description)],
            "tool": ["name": "upper", "version": 1], "settings": ["suffix": .text("\(number)"), "count": 3],
            "outputs": ["text"],
        ]
        let output = Artifact(
            name: "text", format: "file", content: object.digest, object: object.digest, byteCount: object.byteCount)
        return ActionCacheEntry(action: Action(document: document), result: ActionResult(outputs: [output]))
    }

    @Test func `many results go from one cache to another`() async throws {
        try await Project.with { project in
            let objects = FileObjectStore(cache: project.path("cache"))
            let results = try (0..<Self.count).map { number in
                (stage: "stage-\(number)", entry: entry(number, try objects.insert(Array("text \(number)".utf8))))
            }
            let path = project.path("a.tar")
            try timed("\(Self.count) results written") {
                try ResultArchive.write(results, ofPipeline: "p", from: objects, to: path)
            }
            let archive = try timed("\(Self.count) results read") { try ResultArchive(readingFrom: path) }
            let other = CacheFolders(root: project.path("other"))
            let taken = try timed("\(Self.count) results taken") { try archive.take(into: other, content: noContent) }
            #expect(taken.newResultCount == Self.count && taken.newObjectCount == Self.count)
            let again = try timed("\(Self.count) results taken again") {
                try archive.take(into: other, content: noContent)
            }
            #expect(again.knownResultCount == Self.count && again.newObjectCount == 0)
            #expect(try Files.names(in: other.work) == [])
        }
    }

    @Test func `a folder of many files is packed and unpacked`() async throws {
        try await Project.with { project in
            let folder = project.path("files")
            for number in 0..<Self.count {
                if number % 1000 == 0 { try Files.makeFolder(folder.appending("\(number / 1000)")) }
                try Files.write(
                    Array("\(number)".utf8),
                    toNew: folder.appending("\(number / 1000)").appending("file-\(number)"))
            }
            let output = StageOutput(name: "out", format: .folder, role: nil, path: nil)
            let path = project.path("a.tar")
            try timed("\(Self.count) files packed") { try FolderPacking.pack(folder, of: output, to: path) }
            let files = try timed("\(Self.count) files unpacked") {
                try FolderPacking.unpack(path, into: project.path("unpacked"))
            }
            #expect(files.count == Self.count)
            let last = try #require(files.first { $0.name.hasSuffix("/file-\(Self.count - 1)") })
            #expect(try Files.bytes(of: last.path) == Array("\(Self.count - 1)".utf8))
        }
    }

    @Test func `a large object goes from one cache to another`() async throws {
        try await Project.with { project in
            let byteCount = Self.number("REPRISE_ARCHIVE_BYTES") ?? 5 << 20
            let file = project.path("large")
            try Files.replace(file) { (append: ([UInt8]) throws(StoreError) -> Void) throws in
                var piece = [UInt8](repeating: 0, count: 1 << 20)
                for start in stride(from: 0, to: byteCount, by: piece.count) {
                    for index in 0..<8 { piece[index] = UInt8(truncatingIfNeeded: start >> (8 * index)) }
                    try append(Array(piece.prefix(byteCount - start)))
                }
            }
            let objects = FileObjectStore(cache: project.path("cache"))
            try Files.makeFolder(project.path("cache"))
            let object = try objects.insert(movingFileAt: file)
            let path = project.path("a.tar")
            try timed("an object of \(byteCount) bytes written") {
                try ResultArchive.write(
                    [(stage: "s", entry: entry(1, object))], ofPipeline: "p", from: objects, to: path)
            }
            let other = CacheFolders(root: project.path("other"))
            let taken = try timed("an object of \(byteCount) bytes read and taken") {
                try ResultArchive(readingFrom: path).take(into: other, content: noContent)
            }
            #expect(taken.byteCount == byteCount)
            #expect(try FileDigest(ofFileAt: FileObjectStore(cache: other.root).path(of: object.digest)) == object)
        }
    }
}
