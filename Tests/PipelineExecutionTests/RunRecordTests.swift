// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import PipelineExecution
import SystemPackage
import Testing

struct RunRecordTests {
    private static let images = Digest(ofText: "images")

    private static func record(
        _ id: String, pipeline: String = "demo", _ stages: [StageRecord], note: String? = nil
    ) -> RunRecord {
        RunRecord(
            id: id, pipeline: pipeline, manifest: "p.yml", seconds: 1.5, environment: ["system": "Linux", "a": "b"],
            overrides: ["epochs": "3"], forced: ["train"], note: note, stages: stages)
    }

    private static func stage(
        _ name: String, _ outcome: StageRecord.Outcome, key: String?, scorings: [TestScoring] = []
    ) -> StageRecord {
        StageRecord(
            stage: name, outcome: outcome, reason: outcome == .hit ? "" : "because \(key ?? "")",
            key: key.map { ActionKey(Digest(ofText: $0)) }, seconds: 0.25, processorSeconds: 3, peakMemoryBytes: 4096,
            outputs: [
                Artifact(name: "o", format: "file", content: images, object: Digest(ofText: "bytes"), byteCount: 5)
            ], scorings: scorings)
    }

    private func withFolders(_ body: (CacheFolders) throws -> Void) throws {
        let name = "reprise-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let folders = CacheFolders(root: FilePath("/tmp").appending(name))
        try folders.prepare()
        defer { try? Files.removeTree(folders.root) }
        try body(folders)
    }

    @Test func `a record is read back from its JSON`() throws {
        let scorings = [
            TestScoring(images: Self.images, model: nil), TestScoring(images: Self.images, model: Self.images),
        ]
        let stages = [
            Self.stage("a", .ran, key: "1", scorings: scorings), Self.stage("b", .hit, key: "2"),
            Self.stage("c", .failed, key: "3"), StageRecord(stage: "d", outcome: .skipped, reason: "stopped"),
        ]
        for note in ["why \"this\"\n", nil] {
            let record = Self.record("1", stages, note: note)
            #expect(RunRecord(json: record.json) == record)
            #expect(RunRecord(json: try JSONValue(parsing: Array(record.json.indentedText.utf8))) == record)
        }
    }

    @Test func `place, folders, attempts and scores are read back, and records of before have none`() throws {
        var record = Self.record("1", [Self.stage("a", .ran, key: "1")])
        #expect(record.sequence == nil && record.folder == nil && record.scores == [])
        #expect(record.lockFile == "p.lock" && record.dataFolder == "data")
        record.sequence = 7
        record.folder = "/home/ada"
        record.data = "sets"
        record.stages[0].attempts = 3
        record.scores = [
            RunScore(
                stage: "a", model: "m", metric: "psnr", dataset: "Set5", scale: 3, protocolName: "y-double", value: 33.5
            )
        ]
        #expect(RunRecord(json: record.json) == record)
        #expect(record.manifestFile == "/home/ada/p.yml" && record.lockFile == "/home/ada/p.lock")
        #expect(record.dataFolder == "/home/ada/sets")
        record.manifest = "/srv/x3.yaml"
        #expect(record.lockFile == "/srv/x3.lock")
    }

    @Test func `runs are in the order of their numbers, those without one before them`() throws {
        try withFolders { folders in
            #expect(try LatestStages(ofPipeline: "demo", in: folders).sequence == 0)
            for (id, sequence) in [("5", 1), ("1", 2), ("9", nil), ("3", 3), ("0", nil)] {
                var record = Self.record(id, [])
                record.sequence = sequence
                try RunHistory.save(record, in: folders)
            }
            // A record under another's name would count twice.
            try Files.write(Self.record("3", []).json.canonicalBytes, toNew: folders.runs.appending("4.json"))
            try Files.makeFolder(folders.runs.appending("6.json"))
            let history = try RunHistory(of: folders)
            #expect(history.records.map(\.id) == ["0", "9", "5", "1", "3"])
            #expect(try LatestStages(ofPipeline: "demo", in: folders).sequence == 3)
            #expect(history.unreadCount == 2)
        }
    }

    @Test func `what the command line prints of a stage, whole`() {
        let stage = Self.stage("a", .ran, key: "1", scorings: [TestScoring(images: Self.images, model: nil)])
        #expect(
            JSONValue.object(stage.publicJSON).canonicalText
                == #"{"key":"\#(Digest(ofText: "1"))","name":"a","outcome":"ran","outputs":{"o":{"bytes":5,"#
                + #""content":"\#(Self.images)","format":"file","object":"\#(Digest(ofText: "bytes"))"}},"#
                + #""reason":"because 1","seconds":0.25}"#)
    }

    @Test func `another schema and other values are no record`() {
        let json = Self.record("1", []).json
        for name in ["schema", "id", "pipeline", "manifest", "stages"] {
            var members = json.object ?? [:]
            members[name] = .null
            #expect(RunRecord(json: .object(members)) == nil)
        }
        #expect(RunRecord(json: [1]) == nil)
    }

    @Test func `the history has the newest key of each stage that ended well`() throws {
        try withFolders { folders in
            #expect(try RunHistory(of: folders).records == [])
            let records = [
                Self.record("3", [Self.stage("a", .failed, key: "3"), Self.stage("b", .hit, key: "7")]),
                Self.record("1", [Self.stage("a", .ran, key: "1"), Self.stage("b", .ran, key: "5")]),
                Self.record("4", pipeline: "other", [Self.stage("a", .ran, key: "9")]),
                Self.record("2", [Self.stage("a", .ran, key: "2"), StageRecord(stage: "b", outcome: .skipped)]),
            ]
            for record in records { try RunHistory.save(record, in: folders) }
            try Files.write([1, 2], toNew: folders.runs.appending("0.json"))
            try Files.write(Array("{}".utf8), toNew: folders.runs.appending("5.json"))
            let history = try RunHistory(of: folders)
            #expect(history.records.map(\.id) == ["1", "2", "3", "4"])
            func key(_ text: String) -> ActionKey { ActionKey(Digest(ofText: text)) }
            #expect(try LatestStages(ofPipeline: "demo", in: folders).keys == ["a": key("2"), "b": key("7")])
            #expect(try LatestStages(ofPipeline: "none", in: folders).keys == [:])
            #expect(history.latestKey(of: "a", inPipeline: "demo") == key("3"))
            #expect(history.latestKey(of: "b", inPipeline: "demo") == key("5"))
            #expect(history.latestKey(of: "c", inPipeline: "demo") == nil)
            #expect(history.latestReasons(ofPipeline: "demo") == ["a": "because 2", "b": "because 5"])
        }
    }

    @Test func `the last lines of a log are those of its text, however long it is`() throws {
        try withFolders { folders in
            try folders.prepare()
            let key = ActionKey(Digest(ofText: "a"))
            let file = folders.root.appending("log")
            #expect(try StageLog.lastLines(3, at: folders.log(of: key)) == nil)
            for (text, expected) in [
                ("one\ntwo\n", ["one", "two"]), ("a\n\nb\r\nc\nd", ["b", "c", "d"]),
                ((0..<50_000).map { "line \($0)\n" }.joined(), ["line 49997", "line 49998", "line 49999"]),
                ("x\n" + String(repeating: "y", count: 300_000), [String(repeating: "y", count: 1000) + "…"]),
            ] {
                try Files.replace(file, with: Array(text.utf8))
                try StageLog.keep(file, of: key, in: folders)
                #expect(try StageLog.lastLines(3, at: folders.log(of: key)) == expected)
            }
        }
    }

    @Test func `scorings of a test set are counted over all pipelines, with their models`() throws {
        try withFolders { folders in
            let (one, two) = (Digest(ofText: "one"), Digest(ofText: "two"))
            let other = Digest(ofText: "other images")
            let scorings = [
                [TestScoring(images: Self.images, model: one), TestScoring(images: other, model: two)],
                [TestScoring(images: Self.images, model: one), TestScoring(images: Self.images, model: nil)],
                [TestScoring(images: Self.images, model: two)],
            ]
            for (index, scorings) in scorings.enumerated() {
                let stage = Self.stage("e", .ran, key: "k", scorings: scorings)
                try RunHistory.save(Self.record("\(index)", pipeline: "p\(index)", [stage]), in: folders)
            }
            let history = try RunHistory(of: folders)
            func counts(_ images: Digest) -> [Int] {
                [history.scorings(of: images).count, history.scorings(of: images).models]
            }
            #expect(counts(Self.images) == [4, 3])
            #expect(counts(other) == [1, 1])
            #expect(counts(one) == [0, 0])
        }
    }

    @Test func `identifiers sort by time, within a second too`() {
        let ids = (0..<200).map { _ in RunHistory.newID() }
        #expect(Set(ids).count == ids.count)
        let stamps = ids.compactMap { $0.split(separator: "-").first.map(String.init) }
        #expect(stamps == stamps.sorted())
        #expect(Set(stamps).count > 1, "runs within a second cannot be told apart")
        // Those of earlier versions had whole seconds.
        #expect(stamps.allSatisfy { $0.count == "20261121T101500.123456Z".count })
    }

    @Test func `a log is read back, whatever is in it, and earlier ones too`() throws {
        try withFolders { folders in
            let log = folders.root.appending("log")
            let key = ActionKey(Self.images)
            #expect(try StageLog.text(at: folders.log(of: key)) == nil)
            let long = String(repeating: "epoch é 😀\n", count: 200_000)
            for text in ["one\n", long] {
                try Files.replace(log, with: Array(text.utf8))
                try StageLog.keep(log, of: key, in: folders)
                #expect(try StageLog.text(at: folders.log(of: key)) == text)
            }
            let size = try #require(try Files.status(folders.log(of: key))?.byteCount)
            #expect(size < long.utf8.count / 50)
            #expect(try StageLog.text(at: folders.log(of: key, before: 1)) == "one\n")
            #expect(try Files.names(in: folders.logs) == ["\(key).1.gz", "\(key).gz"])
            #expect(!StageLog.zlibVersion.isEmpty)
        }
    }

    @Test(arguments: [true, false])
    func `of a log that is empty or missing nothing is kept`(isThere: Bool) throws {
        try withFolders { folders in
            let (log, key) = (folders.root.appending("log"), ActionKey(Self.images))
            if isThere { try Files.write([], toNew: log) }
            try StageLog.keep(log, of: key, in: folders)
            #expect(try Files.names(in: folders.logs) == [])
        }
    }

    @Test func `only so many earlier logs are kept`() throws {
        try withFolders { folders in
            let (log, key) = (folders.root.appending("log"), ActionKey(Self.images))
            for number in 0..<20 {
                try Files.replace(log, with: Array("\(number)".utf8))
                try StageLog.keep(log, of: key, in: folders)
            }
            let texts = try (0...StageLog.earlierCount).map { try StageLog.text(at: folders.log(of: key, before: $0)) }
            #expect(texts == (10...19).reversed().map(String.init))
            #expect(try Files.names(in: folders.logs).count == 10)
        }
    }

    @Test func `a long log is handed over piece by piece, and no further than somebody wants it`() throws {
        try withFolders { folders in
            let (log, key) = (folders.root.appending("log"), ActionKey(Self.images))
            // Nothing but a length: 64 MiB of zeros, which compress to 64 KiB.
            try Files.write([], toNew: log)
            try #require(truncate(log.string, 1 << 26) == 0)
            try StageLog.keep(log, of: key, in: folders)
            var (byteCount, longest, count) = (0, 0, 0)
            let found = try StageLog.read(folders.log(of: key)) { piece in
                byteCount += piece.count
                longest = max(longest, piece.count)
                return true
            }
            #expect(found && byteCount == 1 << 26 && longest == 1 << 16)
            _ = try StageLog.read(folders.log(of: key)) { _ in
                count += 1
                return count < 3
            }
            #expect(count == 3)
            let last = try StageLog.lastLines(3, at: folders.log(of: key), byteLimit: 1 << 20)
            #expect(last?.count == 2)
            #expect(last?.last == "… what the log holds after 1048576 bytes is left out")
        }
    }

    @Test func `a log that is no plain file is told and not waited for`() throws {
        try withFolders { folders in
            try folders.prepare()
            let path = folders.log(of: ActionKey(Self.images))
            let refusal = StoreError.cannot(
                action: "read as a log what is no plain file:", path: path.filePath, reason: .notSupported)
            try #require(mkfifo(path.filePath.string, 0o600) == 0)
            #expect(throws: refusal) { _ = try StageLog.read(path) { _ in true } }
            #expect(throws: refusal) { _ = try StageLog.lastLines(3, at: path) }
            try Files.remove(path)
            try Files.makeFolder(path)
            #expect(throws: refusal) { _ = try StageLog.text(at: path) }
        }
    }

    @Test func `a log that is cut short is told`() throws {
        try withFolders { folders in
            let (log, key) = (folders.root.appending("log"), ActionKey(Self.images))
            let kept = folders.log(of: key)
            try Files.write((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }, toNew: log)
            try StageLog.keep(log, of: key, in: folders)
            try Files.replace(kept, with: Array(try Files.bytes(of: kept.filePath).dropLast(500)))
            #expect(
                throws: StoreError.cannot(action: "read to its end the log", path: kept.filePath, reason: .ioError)
            ) {
                _ = try StageLog.text(at: kept)
            }
        }
    }

    @Test func `a cache is marked as one`() throws {
        try withFolders { folders in
            try folders.prepare()
            #expect(try Files.names(in: folders.root) == [".gitignore", "CACHEDIR.TAG", "memo", "runs", "work"])
            let tag = String(decoding: try Files.bytes(of: folders.root.appending("CACHEDIR.TAG")), as: UTF8.self)
            // https://bford.info/cachedir/
            #expect(tag.hasPrefix("Signature: 8a477f597d28d172789f06886806bc55\n"))
        }
    }
}
