// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Answers that are kept while everything is up to date: whoever asks must not notice.
struct SettledAnswerTests {
    private static let manifest = """
        reprise: 1
        name: settled
        settings:
          word: one
        sources:
          texts: {path: texts, files: ["*.txt"]}
          file: {path: file.txt}
        stages:
          count:
            run: sh count.sh ${inputs.texts} ${outputs.count} ${word}
            code: [count.sh]
            inputs: {texts: texts}
            outputs: {count: count.txt}
          join:
            run: cp ${inputs.count} ${outputs.joined}
            inputs: {count: count, file: file}
            outputs: {joined: joined.txt}
        """

    private static func project() throws -> CommandLineProject {
        try CommandLineProject([
            "pipeline.yml": manifest, "count.sh": "{ ls \"$1\"; echo \"$3\"; } >\"$2\"\n",
            "data/texts/a.txt": "a", "data/texts/inner/b.txt": "b", "data/texts/c.md": "c", "data/file.txt": "f",
            "data/other.txt": "o",
        ])
    }

    /// The answers that the cache keeps, by file and number of its inode.
    private static func kept(in project: CommandLineProject) -> [String: Int] {
        let memo = project.folder.appendingPathComponent("cache/memo").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: memo)) ?? []
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                let attributes = try? FileManager.default.attributesOfItem(atPath: memo + "/" + name)
                return (name, attributes?[.systemFileNumber] as? Int ?? 0)
            })
    }

    /// Asks until the answer is kept, which takes until the files are two seconds old, and returns it.
    private static func settled(
        _ project: CommandLineProject, _ arguments: [String]
    ) async throws -> CommandLineProject.Outcome {
        let before = kept(in: project)
        for _ in 0..<100 {
            let outcome = try project.run(arguments, environment: [:])
            if kept(in: project) != before { return outcome }
            try await pause()
        }
        let outcome = try project.run(arguments, environment: [:])
        Issue.record("no answer was kept: \(outcome.output)\(outcome.errors)")
        return outcome
    }

    /// Leaves the processor to other tests while files grow older.
    private static func pause() async throws { try await Task.sleep(for: .milliseconds(300)) }

    private static func forget(_ project: CommandLineProject) throws {
        try FileManager.default.removeItem(at: project.folder.appendingPathComponent("cache/memo"))
    }

    @Test(arguments: [
        ["run", "."], ["run", ".", "--json"], ["run", ".", "count"], ["run", ".", "--quiet"],
        ["run", ".", "--cache=cache", "--jobs", "2"], ["plan", "."], ["plan", "pipeline.yml", "--json"],
        ["plan", ".", "join", "--set", "word=one"],
    ])
    func `a kept answer is the answer`(arguments: [String]) async throws {
        let project = try Self.project()
        #expect(try project.reprise("run", ".").code == 0)
        let first = try await Self.settled(project, arguments)
        let kept = Self.kept(in: project)
        let second = try project.run(arguments, environment: [:])
        // The way without it would have written it anew.
        #expect(Self.kept(in: project) == kept)
        try Self.forget(project)
        let third = try project.run(arguments, environment: [:])
        for other in [second, third] {
            #expect(other.output == first.output)
            #expect(other.errors == first.errors)
            #expect(other.code == first.code)
        }
    }

    @Test(arguments: [
        ["run", ".", "--verbose"], ["run", ".", "--force", "count"], ["run", ".", "--note", "a remark"],
        ["why", ".", "count"], ["validate", "."],
    ])
    func `what does more than to answer keeps no answer`(arguments: [String]) async throws {
        let project = try Self.project()
        try project.reprise("run", ".")
        _ = try await Self.settled(project, ["plan", "."])
        let kept = Self.kept(in: project)
        for _ in 0..<2 { #expect(try project.run(arguments, environment: [:]).code == 0) }
        #expect(Self.kept(in: project) == kept)
    }

    enum Change: String, CaseIterable {
        case sourceBytes, sourceBytesInPlace, sourceRenamed, sourceTouched, sourceAdded, sourceAddedInside, sourceGone
        case sourceLinked, fileOfAnotherKind, sourceInPlaceOfAnother, codeEdited, codeGone, manifestEdited
        case manifestCommented, objectGone, objectShortened, entryGone, entryDamaged, lockAdded, folderMoved
    }

    @Test(arguments: Change.allCases)
    func `a change of anything that was looked at has the same effect as without the kept answer`(
        change: Change
    ) async throws {
        let project = try Self.project()
        try project.reprise("run", ".")
        let arguments = ["plan", ".", "--json"]
        _ = try await Self.settled(project, arguments)
        _ = try await Self.settled(project, ["run", "."])
        try Self.make(change, in: project)
        let kept = try project.run(arguments, environment: [:])
        let copy = try Self.withoutMemo(project, arguments)
        #expect(kept.output == copy.output)
        #expect(kept.errors == copy.errors)
        #expect(kept.code == copy.code)
        let run = try project.run(["run", ".", "--json"], environment: [:])
        #expect(run.code == copy.code, "\(run.errors)")
    }

    private static func withoutMemo(
        _ project: CommandLineProject, _ arguments: [String]
    ) throws -> CommandLineProject.Outcome {
        try forget(project)
        return try project.run(arguments, environment: [:])
    }

    private static func make(_ change: Change, in project: CommandLineProject) throws {
        let files = FileManager.default
        func path(_ name: String) -> String { project.folder.appendingPathComponent(name).path }
        func overwrite(_ name: String, _ text: String) throws {
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path(name)))
            defer { try? file.close() }
            try file.write(contentsOf: Data(text.utf8))
        }
        func first(below folder: String) throws -> String {
            let all = try files.subpathsOfDirectory(atPath: path(folder)).sorted()
            let name = try #require(all.first { $0.count > 50 })
            try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path("\(folder)/\(name)"))
            return "\(folder)/\(name)"
        }
        switch change {
        case .sourceBytes: try Data("A".utf8).write(to: URL(fileURLWithPath: path("data/texts/a.txt")))
        case .sourceBytesInPlace: try overwrite("data/texts/a.txt", "A")
        case .sourceRenamed: try files.moveItem(atPath: path("data/texts/a.txt"), toPath: path("data/texts/d.txt"))
        case .sourceTouched:
            try files.setAttributes([.modificationDate: Date()], ofItemAtPath: path("data/file.txt"))
        case .sourceAdded: try project.write(Data("d".utf8), to: "data/texts/d.txt")
        case .sourceAddedInside: try project.write(Data("d".utf8), to: "data/texts/inner/d.txt")
        case .sourceGone: try files.removeItem(atPath: path("data/file.txt"))
        case .sourceLinked:
            try files.removeItem(atPath: path("data/file.txt"))
            try files.createSymbolicLink(atPath: path("data/file.txt"), withDestinationPath: "other.txt")
        case .fileOfAnotherKind:
            try files.removeItem(atPath: path("data/file.txt"))
            try files.createDirectory(atPath: path("data/file.txt"), withIntermediateDirectories: false)
        case .sourceInPlaceOfAnother:
            try files.removeItem(atPath: path("data/file.txt"))
            try files.moveItem(atPath: path("data/other.txt"), toPath: path("data/file.txt"))
        case .codeEdited: try project.edit("count.sh", "ls", "ls -1")
        case .codeGone: try files.removeItem(atPath: path("count.sh"))
        case .manifestEdited: try project.edit("pipeline.yml", "word: one", "word: two")
        case .manifestCommented: try project.edit("pipeline.yml", "name: settled", "name: settled # by now")
        case .objectGone: try files.removeItem(atPath: path(try first(below: "cache/objects")))
        case .objectShortened: try Data().write(to: URL(fileURLWithPath: path(try first(below: "cache/objects"))))
        case .entryGone: try files.removeItem(atPath: path(try first(below: "cache/actions")))
        case .entryDamaged: try overwrite(try first(below: "cache/actions"), "x")
        case .lockAdded: try project.reprise("lock", ".")
        case .folderMoved: try files.moveItem(atPath: path("data"), toPath: path("moved"))
        }
    }

    @Test func `the first to ask once all is two seconds old keeps the answer, whatever came into the cache's folder`()
        async throws
    {
        let project = try Self.project()
        try project.reprise("run", ".")
        try await Task.sleep(for: .milliseconds(2500))
        try project.write(Data("x".utf8), to: "cache/other")
        // It writes down what it has hashed, too.
        try project.reprise("plan", ".")
        #expect(Self.kept(in: project).count == 1)
    }

    @Test func `another environment, setting, folder or program is another question`() async throws {
        let project = try Self.project()
        try project.reprise("run", ".")
        let answer = try await Self.settled(project, ["run", "."])
        let kept = Self.kept(in: project)
        #expect(try project.reprise("run", ".", "--set", "word=two").output != answer.output)
        #expect(Self.kept(in: project).filter { kept[$0.key] != nil } == kept)
        try project.write(Data("x".utf8), to: "elsewhere/texts/a.txt")
        try project.write(Data("y".utf8), to: "elsewhere/file.txt")
        let elsewhere = try project.reprise("plan", ".", environment: ["REPRISE_DATA": "elsewhere"])
        #expect(elsewhere.output.contains("stale"))
        let empty = try project.reprise("plan", ".", environment: ["REPRISE_CACHE": "another"])
        #expect(empty.output.contains("stale"))
    }

    @Test func `what a probe says is asked every time`() async throws {
        let project = try Self.project()
        try project.edit("pipeline.yml", "    code: [count.sh]", "    code: [count.sh]\n    probe: cat data/other.txt")
        try project.reprise("run", ".")
        // For three seconds, which is more than other answers need.
        for _ in 0..<10 {
            #expect(try project.reprise("plan", ".").output.contains("Nothing to do"))
            #expect(Self.kept(in: project).isEmpty)
            try await Self.pause()
        }
        try project.edit("data/other.txt", "o", "p")
        #expect(try project.reprise("plan", ".").output.contains("stale"))
    }
}
