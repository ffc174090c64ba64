// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Links, pipes and folders that somebody put into a cache where something else is expected: nothing outside
/// is touched, nothing is waited for, and results are right.
@Suite struct PlantedTests {
    /// A place in a cache, relative to it; KEY, SHELF and REST stand for the key of a stage and an object's name.
    static let places = [
        "work/KEY", "work/KEY.claim", "work/KEY/attempt-1", "work/KEY/attempt-1/order.json", "work/KEY/checkpoint",
        "work/KEY/resume", "work/KEY/failed", "objects/SHELF", "objects/SHELF/REST", "objects/damaged",
        "actions/KSHELF", "actions/KSHELF/KREST.json", "runs/one.json", "runs/logs/KEY.gz", "runs/latest/PIPELINE",
        "memo/QUESTION", "stat", "work/import-1", ".stat.17-2lv39s2zl8aih",
    ]

    static let kinds = ["link", "pipe", "folder", "device link"]

    private let project: CommandLineProject
    private let words: [String: String]
    private let text: Data

    init() throws {
        project = try CommandLineProject(WordsPipeline.files)
        let run = try project.reprise("run", "words.yml", "-q", "--json")
        #expect(run.code == 0, "\(run.errors)")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let stages = try #require(object["stages"] as? [[String: Any]])
        let stage = try #require(stages.first { $0["name"] as? String == "upper" })
        let key = try #require(stage["key"] as? String)
        let outputs = try #require(stage["outputs"] as? [String: [String: Any]])
        let name = try #require(outputs["upper"]?["object"] as? String)
        words = [
            "KEY": key, "KSHELF": String(key.prefix(2)), "KREST": String(key.dropFirst(2)),
            "SHELF": String(name.prefix(2)), "REST": String(name.dropFirst(2)),
            "PIPELINE": String(repeating: "a", count: 64), "QUESTION": String(repeating: "b", count: 64),
        ]
        text = try Data(contentsOf: Self.place("objects/SHELF/REST", words, in: project))
        for file in ["victim/a", "victim/attempt-1/b", "victim/\(words["REST"] ?? "")", "victim/checkpoint/c"] {
            try project.write(Data("kept\n".utf8), to: file)
        }
    }

    private static func place(_ name: String, _ words: [String: String], in project: CommandLineProject) -> URL {
        let parts = name.split(separator: "/").map { part in
            var part = String(part)
            for (word, value) in words.sorted(by: { $0.key.count > $1.key.count }) {
                part = part.replacingOccurrences(of: word, with: value)
            }
            return part
        }
        return parts.reduce(project.folder.appendingPathComponent("cache")) { $0.appendingPathComponent($1) }
    }

    private func plant(_ kind: String, at name: String) throws {
        let place = Self.place(name, words, in: project)
        try? FileManager.default.removeItem(at: place)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        let victim = project.folder.appendingPathComponent("victim").path
        switch kind {
        case "link": #expect(symlink(victim, place.path) == 0)
        case "device link": #expect(symlink("/dev/zero", place.path) == 0)
        case "pipe": #expect(mkfifo(place.path, 0o666) == 0)
        default:
            try FileManager.default.createDirectory(
                at: place.appendingPathComponent("inner"), withIntermediateDirectories: true)
        }
    }

    private func expectVictimUntouched(_ comment: String) throws {
        let victim = project.folder.appendingPathComponent("victim")
        let names = try FileManager.default.subpathsOfDirectory(atPath: victim.path).sorted()
        let expected = ["a", "attempt-1", "attempt-1/b", "checkpoint", "checkpoint/c", words["REST"] ?? ""].sorted()
        #expect(names == expected, "\(comment)")
        for name in names where !["attempt-1", "checkpoint"].contains(name) {
            let bytes = try Data(contentsOf: victim.appendingPathComponent(name))
            #expect(bytes == Data("kept\n".utf8), "\(comment)")
        }
    }

    @Test(arguments: kinds, places) func `what is planted in a place is never followed nor waited for`(
        kind: String, place: String
    ) throws {
        try plant(kind, at: place)
        for arguments in [
            ["cache", "stats"], ["history"], ["cache", "gc", "--keep-last", "0", "--max-size", "0", "--delete"],
            ["plan", "words.yml"], ["run", "words.yml", "-q"], ["run", "words.yml", "-q", "--force", "upper"],
            ["log", "words.yml", "upper"], ["cache", "verify"], ["run", "words.yml", "-q"],
        ] {
            let ended = try project.run(arguments, environment: [:])
            // A log that is no log is none; a damaged object is told once.
            let allowed: Set<Int32> = arguments[0] == "log" ? [0, 2, 4] : arguments.last == "verify" ? [0, 4] : [0]
            #expect(allowed.contains(ended.code), "\(kind) at \(place), \(arguments): \(ended.errors)")
            try expectVictimUntouched("\(kind) at \(place), \(arguments)")
        }
        #expect(try project.reprise("run", "words.yml", "-q", "--force", "upper").code == 0)
        #expect(try Data(contentsOf: Self.place("objects/SHELF/REST", words, in: project)) == text)
        try expectVictimUntouched("\(kind) at \(place)")
    }

    @Test(arguments: ["work", "objects", "actions", "runs", "runs/logs", "runs/latest", "memo"])
    func `a folder that every cache has and that is a link is refused`(name: String) throws {
        try plant("link", at: name)
        for arguments in [
            ["run", "words.yml", "-q", "--force", "upper"], ["cache", "gc", "--delete"], ["cache", "stats"],
        ] {
            let ended = try project.run(arguments, environment: [:])
            #expect(ended.code == 4, "\(arguments): \(ended.errors)")
            #expect(
                ended.errors.hasPrefix("error: 'cache/\(name)' is a link; nothing below a cache may be one\nhint: "),
                "\(ended.errors)")
            try expectVictimUntouched("\(name), \(arguments)")
        }
    }

    @Test func `a cache whose own folder is a link works`() throws {
        let cache = project.folder.appendingPathComponent("cache")
        let elsewhere = project.folder.appendingPathComponent("elsewhere")
        try FileManager.default.moveItem(at: cache, to: elsewhere)
        try FileManager.default.createSymbolicLink(at: cache, withDestinationURL: elsewhere)
        #expect(Set(try project.outcomes("run", "words.yml", "-q").values) == ["hit"])
        #expect(try project.outcomes("run", "words.yml", "-q", "--force", "upper")["upper"] == "ran")
    }

    @Test func `a tree of many levels below an action's folder stops nobody`() throws {
        let work = Self.place("work/KEY", words, in: project)
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        try CommandLineProject.makeDeepTree(in: work.path, levels: 3000, name: String(repeating: "n", count: 255))
        for arguments in [["cache", "stats"], ["cache", "gc", "--delete"], ["run", "words.yml", "-q"]] {
            let ended = try project.run(arguments, environment: [:])
            #expect(ended.code == 0, "\(arguments): \(ended.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: work.path))
    }

    @Test func `a forged record's lock stops no collection`() throws {
        let runs = project.folder.appendingPathComponent("cache/runs")
        #expect(mkfifo(project.folder.appendingPathComponent("words.lock").path, 0o666) == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: runs.path).contains { $0.hasSuffix(".json") })
        let ended = try project.reprise("cache", "gc", "--keep-last", "0", "--delete")
        #expect(ended.code == 0)
        #expect(ended.errors.hasPrefix("warning: cannot read '"), "\(ended.errors)")
        #expect(
            ended.errors.hasSuffix("words.lock': invalid argument; all results of 'words' stay\n"), "\(ended.errors)")
    }

    @Test func `what is old by its modification goes, although it was restored just now`() throws {
        // As a restore leaves it: the times of modification of before, and those of change of now.
        let cache = project.folder.appendingPathComponent("cache")
        for name in try FileManager.default.subpathsOfDirectory(atPath: cache.path) {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_600_000_000)],
                ofItemAtPath: cache.appendingPathComponent(name).path)
        }
        let ended = try project.reprise("cache", "gc", "--keep-last", "0", "--max-age", "30d", "--delete", "--json")
        let told = try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        #expect((told["freed"] as? Int ?? 0) > 0 && told["notRemoved"] as? Int == 0, "\(ended.output)")
        #expect(!FileManager.default.fileExists(atPath: Self.place("objects/SHELF/REST", words, in: project).path))
    }
}
