// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage
import Testing

struct LatestKeysTests {
    private static func key(_ text: String) -> ActionKey { ActionKey(Digest(ofText: text)) }

    private static func save(
        _ id: String, _ stages: [(String, StageRecord.Outcome, String)], pipeline: String = "p",
        in folders: CacheFolders
    ) throws {
        let records = stages.map { StageRecord(stage: $0.0, outcome: $0.1, key: key($0.2)) }
        try RunHistory.save(
            RunRecord(
                id: id, pipeline: pipeline, manifest: "p.yml", seconds: 1, environment: [:], overrides: [:],
                forced: [], note: nil, stages: records), in: folders)
    }

    private func withFolders(_ body: (CacheFolders) throws -> Void) throws {
        let name = "reprise-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let folders = CacheFolders(root: FilePath("/tmp").appending(name))
        defer { try? Files.removeTree(folders.root) }
        try body(folders)
    }

    @Test func `the newest keys are those of the records, whether they are kept already or not`() throws {
        try withFolders { folders in
            #expect(try LatestKeys.ofPipeline("p", in: folders) == [:])
            try folders.prepare()
            #expect(try LatestKeys.ofPipeline("p", in: folders) == [:])
            try Self.save("20260101T000000.000001Z-0", [("a", .ran, "1"), ("b", .failed, "2")], in: folders)
            try Self.save("20260101T000000.000002Z-0", [("a", .ran, "3")], pipeline: "q", in: folders)
            for _ in 0..<2 {
                #expect(try LatestKeys.ofPipeline("p", in: folders) == ["a": Self.key("1")])
                #expect(try LatestKeys.ofPipeline("q", in: folders) == ["a": Self.key("3")])
            }
            try Self.save("20260101T000000.000003Z-0", [("a", .hit, "4"), ("b", .ran, "5")], in: folders)
            for _ in 0..<2 {
                #expect(try LatestKeys.ofPipeline("p", in: folders) == ["a": Self.key("4"), "b": Self.key("5")])
            }
            try Files.remove(folders.runs.appending("20260101T000000.000003Z-0.json"))
            #expect(try LatestKeys.ofPipeline("p", in: folders) == ["a": Self.key("1")])
        }
    }

    @Test func `kept keys with any byte changed are drawn anew`() throws {
        try withFolders { folders in
            try folders.prepare()
            try Self.save("20260101T000000.000001Z-0", [("a", .ran, "1")], in: folders)
            let expected = try LatestKeys.ofPipeline("p", in: folders)
            let file = folders.latestKeys.appending(Digest(ofText: "p").description)
            let bytes = try Files.bytes(of: file)
            for offset in bytes.indices {
                var damaged = bytes
                damaged[offset] ^= 0x01
                try Files.replace(file, with: damaged)
                #expect(try LatestKeys.ofPipeline("p", in: folders) == expected, "byte \(offset)")
            }
        }
    }
}
