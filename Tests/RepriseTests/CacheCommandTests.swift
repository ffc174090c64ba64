// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What `reprise cache` tells and does, as its user sees it.
@Suite struct CacheCommandTests {
    private func project() throws -> CommandLineProject {
        let project = try CommandLineProject(WordsPipeline.files)
        let run = try project.reprise("run", "words.yml", "-q")
        #expect(run.code == 0, "\(run.errors)")
        return project
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// The object's files, by their names.
    private func objects(_ project: CommandLineProject) throws -> [URL] {
        let folder = project.folder.appendingPathComponent("cache/objects")
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix("") && $0.split(separator: "/").count == 2 && !$0.hasPrefix("damaged") }
            .sorted().map { folder.appendingPathComponent($0) }
    }

    /// Writes another byte into the only object of so many bytes.
    private func damage(_ project: CommandLineProject, byteCount: Int) throws {
        for file in try objects(project) {
            var bytes = try Data(contentsOf: file)
            guard bytes.count == byteCount else { continue }
            bytes[0] ^= 1
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
            try bytes.write(to: file)
        }
    }

    @Test func `stats counts what there is, and names the largest stages`() throws {
        let project = try project()
        let stats = try object(try project.reprise("cache", "stats", "--json").output)
        #expect(stats["objects"] as? Int == 3 && stats["results"] as? Int == 3 && stats["runs"] as? Int == 1)
        let stages = (stats["stages"] as? [[String: Any]] ?? []).compactMap { $0["stage"] as? String }
        #expect(stages == ["images", "shout", "upper"])
        let text = try project.reprise("cache", "stats", "--limit", "1")
        #expect(text.output.contains("words:images        1"), "\(text.output)")
        #expect(!text.output.contains("words:shout"))
        let absent = try project.reprise("cache", "stats", "--cache", "none")
        #expect(absent.code == 2)
        #expect(absent.errors == "error: there is no cache 'none'\nhint: '--cache DIR' or REPRISE_CACHE names one\n")
    }

    @Test func `verify finds a flipped bit, and repair makes the bytes again`() throws {
        let project = try project()
        let well = try project.reprise("cache", "verify")
        #expect(well.code == 0)
        #expect(well.output.hasPrefix("All is well: 3 objects ("))
        try damage(project, byteCount: 8)
        let found = try project.reprise("cache", "verify")
        #expect(found.code == 4)
        #expect(
            found.output.hasPrefix("words:upper: object 41e96d7d4de1 is damaged, and was set aside\n"),
            "\(found.output)")
        let advice = Self.advice(project)
        #expect(
            found.output.hasSuffix(
                ": 1 fault. 'reprise cache verify --repair PIPELINE' makes again what it can.\n" + advice),
            "\(found.output)")
        // Without a pipeline nothing runs.
        let none = try project.reprise("cache", "verify", "--repair", "-q")
        #expect(none.code == 4)
        #expect(none.output.hasSuffix(advice), "\(none.output)")
        let mended = try project.reprise("cache", "verify", "--repair", "-q", "words.yml")
        #expect(mended.code == 0)
        #expect(
            mended.output.hasPrefix("words:upper: its output 'upper' is absent\nwords:upper: made again\n"),
            "\(mended.output)")
        #expect(mended.output.hasSuffix("1 fault. All was made again.\n"))
        #expect(try project.reprise("cache", "verify").code == 0)
        #expect(Set(try project.outcomes("run", "words.yml", "-q").values) == ["hit"])
    }

    /// What would make the results again, by the records.
    private static func advice(_ project: CommandLineProject) -> String {
        let folder = project.folder.resolvingSymlinksInPath().path
        return """
            By the cache's records, which anybody who writes to it could have written, this would make them:
              reprise cache verify --repair \(folder)/words.yml --data \(folder)/data

            """
    }

    @Test func `a result that is damaged is set aside and made again, from another folder too`() throws {
        let project = try project()
        let actions = project.folder.appendingPathComponent("cache/actions")
        for name in try FileManager.default.subpathsOfDirectory(atPath: actions.path) where name.hasSuffix(".json") {
            let file = actions.appendingPathComponent(name)
            try Data((try String(contentsOf: file, encoding: .utf8) + "x").utf8).write(to: file)
        }
        try project.write(Data(), to: "elsewhere/empty")
        let cache = project.folder.appendingPathComponent("cache").path
        let mended = try project.run(
            [
                "-c",
                "cd elsewhere && exec \"$0\" cache verify --repair ../words.yml -q --json --data ../data --cache "
                    + cache, CommandLineProject.executable.path,
            ], environment: [:], program: URL(fileURLWithPath: "/bin/sh"))
        #expect(mended.code == 0, "\(mended.output)\(mended.errors)")
        let findings = try object(mended.output)["findings"] as? [[String: Any]] ?? []
        #expect(findings.count == 3 && findings.allSatisfy { $0["repaired"] as? Bool == true })
        #expect(Set(try project.outcomes("run", "words.yml", "-q").values) == ["hit"])
    }

    @Test func `what cannot be made again is listed with the reason`() throws {
        let project = try project()
        try project.write(Data("other\n".utf8), to: "data/text.txt")
        try damage(project, byteCount: 8)
        let failed = try project.reprise("cache", "verify", "--repair", "words.yml", "-q")
        #expect(failed.code == 4)
        #expect(
            failed.output.contains(
                "words:upper: cannot be made again: no pipeline that was named makes it with this data and these settings\n"
            ),
            "\(failed.output)")
        #expect(
            failed.output.hasSuffix("1 fault. 1 of them could not be made again.\n" + Self.advice(project)),
            "\(failed.output)")
        try FileManager.default.removeItem(at: project.folder.appendingPathComponent("words.yml"))
        let gone = try project.reprise("cache", "verify", "--repair", "words.yml", "-q")
        #expect(gone.code == 2 && gone.errors.hasPrefix("error: there is no pipeline 'words.yml'\n"), "\(gone.errors)")
        let aimless = try project.reprise("cache", "verify", "words.yml", "-q")
        #expect(aimless.code == 2 && aimless.errors == "error: a PIPELINE goes with '--repair'\n", "\(aimless.errors)")
    }

    @Test func `what a record names is not run, and does not reach the terminal as it is`() throws {
        let project = try project()
        try damage(project, byteCount: 8)
        let runs = project.folder.appendingPathComponent("cache/runs")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: runs.path).first { $0.hasSuffix(".json") })
        let mark = project.folder.appendingPathComponent("mark").path
        try project.write(
            Data("reprise: 1\nstages: {upper: {run: [touch, '\(mark)'], outputs: {o: o}}}\n".utf8), to: "evil.yml")
        try project.edit("cache/runs/" + name, "words.yml", "evil.yml")
        try project.edit("cache/runs/" + name, #""overrides": {}"#, #""overrides": {"a": "\u001b[2J; $(touch x)'"}"#)
        try project.edit("cache/runs/" + name, #""pipeline": "words""#, #""pipeline": "w\u001b[2J""#)
        for words in [[], ["words.yml"]] {
            let outcome = try project.run(["cache", "verify", "--repair", "-q"] + words, environment: [:])
            #expect(outcome.code == (words.isEmpty ? 4 : 0), "\(outcome.output)\(outcome.errors)")
            #expect(outcome.output.contains("w\\u{1B}[2J:upper: its output") || words.isEmpty, "\(outcome.output)")
            #expect(!outcome.output.contains("\u{1B}"))
            guard words.isEmpty else { continue }
            #expect(outcome.output.contains(#"/evil.yml --data "#), "\(outcome.output)")
            #expect(outcome.output.hasSuffix(#" --set $'a=\033[2J; $(touch x)\''"# + "\n"), "\(outcome.output)")
        }
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test func `the keys behind a result that is made again are made too`() throws {
        let project = try project()
        let actions = project.folder.appendingPathComponent("cache/actions")
        for name in try FileManager.default.subpathsOfDirectory(atPath: actions.path) where name.hasSuffix(".json") {
            try Data("x".utf8).write(to: actions.appendingPathComponent(name))
        }
        let mended = try project.reprise("cache", "verify", "--repair", "words.yml", "-q")
        #expect(mended.code == 0, "\(mended.output)\(mended.errors)")
        #expect(mended.output.contains("3 faults. All was made again.\n"), "\(mended.output)")
    }

    @Test func `gc removes nothing young, and nothing at all unless told`() throws {
        let project = try project()
        let young = try project.reprise("cache", "gc", "--keep-last", "0", "--delete")
        #expect(young.code == 0)
        #expect(young.output.hasPrefix("Nothing to remove: "))
        // Files from the future make all else old: the file system's time is what counts.
        let json = try object(try project.reprise("cache", "gc", "--json").output)
        #expect(json["freed"] as? Int == 0 && json["deleted"] as? Bool == false)
        for (option, value, message) in [
            ("--max-age", "soon", "'--max-age soon' is no time\nhint: for example '90m', '12h' or '30d'"),
            ("--max-size", "-1", "'--max-size -1' is no size\nhint: for example '500MB' or '20GB'"),
            (
                "--max-size", "99999999999TB",
                "'--max-size 99999999999TB' is no size\nhint: for example '500MB' or '20GB'"
            ),
            ("--lock", "none.lock", "there is no lock 'none.lock'"),
        ] {
            let wrong = try project.reprise("cache", "gc", "\(option)=\(value)")
            #expect(wrong.code == 2 && wrong.errors == "error: \(message)\n", "\(wrong.errors)")
        }
    }

    @Test func `another machine takes results in and runs nothing`() throws {
        let (here, there) = (try project(), try CommandLineProject(WordsPipeline.files))
        let exported = try here.reprise("cache", "export", "words.yml", "--to", "words.tar")
        #expect(exported.code == 0)
        #expect(exported.output.hasPrefix("wrote words.tar: 3 results, "))
        let archive = try Data(contentsOf: here.folder.appendingPathComponent("words.tar"))
        try there.write(archive, to: "words.tar")
        let imported = try there.reprise("cache", "import", "words.tar")
        #expect(imported.output.hasPrefix("took 3 results of 'words' with 3 objects ("), "\(imported.errors)")
        #expect(Set(try there.outcomes("run", "words.yml", "-q").values) == ["hit"])
        #expect(try there.reprise("cache", "import", "words.tar").output.hasSuffix(", 3 were there already\n"))

        try there.write(archive.dropLast(1500), to: "cut.tar")
        let cut = try there.reprise("cache", "import", "cut.tar", "--cache", "other")
        #expect(cut.code == 1)
        #expect(cut.errors.hasPrefix("error: the archive 'cut.tar' is damaged at byte "))
        #expect(!FileManager.default.fileExists(atPath: there.folder.appendingPathComponent("other").path))
        #expect(try there.reprise("cache", "import", "none.tar").errors == "error: there is no archive 'none.tar'\n")
    }

    @Test func `export tells what is not up to date`() throws {
        let project = try CommandLineProject(WordsPipeline.files)
        let early = try project.reprise("cache", "export", "words.yml", "--to", "words.tar")
        #expect(early.code == 2)
        #expect(
            early.errors == """
                error: stage 'images' is not up to date: has not run before
                hint: 'reprise run words.yml' brings it up to date

                """)
    }
}
