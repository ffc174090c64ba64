// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import SystemPackage
import Testing

struct ResultArchiveTests {
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
            let taken = try archive.take(into: other)
            #expect(taken.newResultCount == 6 && taken.knownResultCount == 0 && taken.newObjectCount == 6)
            let run = try await project.run(cache: "other")
            #expect(run.outcome.records.allSatisfy { $0.outcome == .hit })
            let again = try archive.take(into: other)
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
                        into: CacheFolders(root: project.path("other")))
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
                    #expect(try archive.take(into: other).newResultCount == 6)
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
