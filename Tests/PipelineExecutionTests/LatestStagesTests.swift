// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage
import Testing

struct LatestStagesTests {
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
            #expect(try LatestStages(ofPipeline: "p", in: folders).keys == [:])
            try folders.prepare()
            #expect(try LatestStages(ofPipeline: "p", in: folders).keys == [:])
            try Self.save("20260101T000000.000001Z-0", [("a", .ran, "1"), ("b", .failed, "2")], in: folders)
            try Self.save("20260101T000000.000002Z-0", [("a", .ran, "3")], pipeline: "q", in: folders)
            for _ in 0..<2 {
                #expect(try LatestStages(ofPipeline: "p", in: folders).keys == ["a": Self.key("1")])
                #expect(try LatestStages(ofPipeline: "q", in: folders).keys == ["a": Self.key("3")])
            }
            try Self.save("20260101T000000.000003Z-0", [("a", .hit, "4"), ("b", .ran, "5")], in: folders)
            for _ in 0..<2 {
                #expect(
                    try LatestStages(ofPipeline: "p", in: folders).keys == ["a": Self.key("4"), "b": Self.key("5")])
            }
            try Files.remove(folders.runs.appending("20260101T000000.000003Z-0.json"))
            #expect(try LatestStages(ofPipeline: "p", in: folders).keys == ["a": Self.key("1")])
        }
    }

    @Test func `kept keys with any byte changed are drawn anew`() throws {
        try withFolders { folders in
            try folders.prepare()
            try Self.save("20260101T000000.000001Z-0", [("a", .ran, "1")], in: folders)
            let expected = try LatestStages(ofPipeline: "p", in: folders).keys
            let file = folders.latestStages.appending(Digest(ofText: "p").description)
            let bytes = try Files.bytes(of: file.filePath)
            for offset in bytes.indices {
                var damaged = bytes
                damaged[offset] ^= 0x01
                try Files.replace(file, with: damaged)
                #expect(try LatestStages(ofPipeline: "p", in: folders).keys == expected, "byte \(offset)")
            }
        }
    }

    @Test func `a run that is added is known without a look at any record`() throws {
        try withFolders { folders in
            try folders.prepare()
            try Self.save("20260101T000000.000001Z-0", [("a", .ran, "1"), ("b", .ran, "2")], in: folders)
            var latest = try LatestStages(ofPipeline: "p", in: folders)
            #expect(latest.sequence == 0 && latest.seconds == ["a": 0, "b": 0])
            var record = RunRecord(
                id: "20260101T000000.000002Z-0", pipeline: "p", manifest: "p.yml", seconds: 1, environment: [:],
                overrides: [:], forced: [], note: nil,
                stages: [
                    StageRecord(stage: "a", outcome: .ran, key: Self.key("3"), seconds: 2.5),
                    StageRecord(stage: "b", outcome: .failed, key: Self.key("4"), seconds: 7),
                ])
            record.sequence = 8
            try RunHistory.save(record, in: folders)
            latest.add(record, in: folders)
            // Only the names of the records count now: what is in them is not read again.
            for name in ["20260101T000000.000001Z-0", "20260101T000000.000002Z-0"] {
                try Files.replace(folders.runs.appending(name + ".json"), with: [])
            }
            let known = try LatestStages(ofPipeline: "p", in: folders)
            #expect(known.keys == ["a": Self.key("3"), "b": Self.key("2")])
            #expect(known.seconds == ["a": 2.5, "b": 0])
            #expect(known.sequence == 8)
        }
    }

    @Test func `a run that is added while another was saved is drawn from the records`() throws {
        try withFolders { folders in
            try folders.prepare()
            var latest = try LatestStages(ofPipeline: "p", in: folders)
            try Self.save("20260101T000000.000001Z-0", [("a", .ran, "1"), ("b", .ran, "2")], in: folders)
            try Self.save("20260101T000000.000002Z-0", [("a", .ran, "3")], in: folders)
            let record = try #require(try RunHistory(of: folders).records.last)
            latest.add(record, in: folders)
            let known = try LatestStages(ofPipeline: "p", in: folders)
            #expect(known.keys == ["a": Self.key("3"), "b": Self.key("2")])
        }
    }
}
