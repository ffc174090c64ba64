// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Runs that are remembered, shown, noted and ordered by their scores.
@Suite struct HistoryCommandTests {
    private func runs(_ project: CommandLineProject, _ arguments: String...) throws -> [[String: Any]] {
        let output = try project.run(["history"] + arguments + ["--json"], environment: [:]).output
        let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
        return try #require(object?["runs"] as? [[String: Any]])
    }

    @Test func `runs are listed newest first, in the order of their numbers and not of their clocks`() throws {
        let project = try CommandLineProject(WordsPipeline.files)
        try project.reprise("run", "words.yml", "-q")
        try project.reprise("run", "words.yml", "-q", "--set", "ending=?", "--note", "asks")
        try project.reprise("run", "words.yml", "-q", "--set", "ending=.")
        let records = try runs(project)
        #expect(records.compactMap { $0["sequence"] as? Int } == [3, 2, 1])
        #expect(records.map { ($0["overrides"] as? [String: String])?["ending"] } == [".", "?", nil])
        #expect(records.allSatisfy { $0["folder"] as? String == project.folder.resolvingSymlinksInPath().path })

        // A clock that went back ten years: the record of the last run gets an earlier name and stays the last.
        let last = try #require(records.first?["id"] as? String)
        let early = "2016" + last.dropFirst(4)
        let folder = project.folder.appendingPathComponent("cache/runs")
        let text = try project.text("cache/runs/\(last).json").replacingOccurrences(of: last, with: early)
        try project.write(Data(text.utf8), to: "cache/runs/\(early).json")
        try FileManager.default.removeItem(at: folder.appendingPathComponent("\(last).json"))
        #expect(try runs(project).first?["id"] as? String == early)

        let table = try project.reprise("history").output.split(separator: "\n").map(String.init)
        #expect(table.count == 5)
        #expect(table[0].hasPrefix("run       when (UTC)"))
        #expect(table[0].hasSuffix("settings  note"))
        #expect(table[2].contains("2016-") && table[2].hasSuffix("ending=."))
        #expect(table[3].hasSuffix("ending=?  asks"))
        #expect(try runs(project, "--limit", "1").count == 1)
        #expect(try runs(project, "words", "--stage", "images").count == 1)
        #expect(try runs(project, "words.yml", "--stage", "shout").count == 3)
        let none = try project.reprise("history", "wrods")
        #expect(none.code == 2)
        #expect(none.errors == "error: there are no runs of a pipeline 'wrods'\nhint: did you mean 'words'?\n")
    }

    @Test func `a run is shown and noted by the first digits of its number`() throws {
        let project = try CommandLineProject(WordsPipeline.files)
        try project.reprise("run", "words.yml", "-q", "--note", "first")
        let id = try #require(try runs(project).first?["id"] as? String)
        let number = try #require(id.split(separator: "-").last.map(String.init))
        let shown = try project.reprise("history", "show", String(number.prefix(6))).output
        #expect(shown.hasPrefix("run         \(number), 20"), "\(shown)")
        #expect(shown.contains("\nnote        first\n"))
        #expect(shown.contains("has not run before"))
        let noted = try project.reprise("history", "note", id, "a \"better\" one")
        #expect(noted.output == "noted in run \(number)\n")
        #expect(try runs(project).first?["note"] as? String == "a \"better\" one")
        #expect(try project.reprise("history", "note", number, "").output == "took the note of run \(number) away\n")
        #expect(try runs(project).first?["note"] == nil)
        let unknown = try project.reprise("history", "show", "zz")
        #expect(unknown.code == 2)
        #expect(unknown.errors == "error: there is no run 'zz'\nhint: 'reprise history' lists them\n")
    }

    @Test func `two runs are compared by what was set, their stages and their outputs`() throws {
        let project = try CommandLineProject(WordsPipeline.files)
        try project.reprise("run", "words.yml", "-q")
        let single = try project.reprise("history", "diff")
        #expect(single.code == 2)
        #expect(
            single.errors == """
                error: there is one run of 'words', and none to compare it with
                hint: 'reprise history' lists the runs of all pipelines

                """)
        try project.reprise("run", "words.yml", "-q", "--set", "ending=?", "--note", "asks")
        try project.reprise("run", "words.yml", "-q", "--set", "ending=?", "--force", "upper")
        let numbers = try runs(project).reversed().compactMap { run in
            (run["id"] as? String)?.split(separator: "-").last.map(String.init)
        }
        #expect(numbers.count == 3)

        let changed = try project.reprise("history", "diff", numbers[0], numbers[1])
        let rows = changed.output.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("─") }
        #expect(rows[0] == "run       when (UTC)           pipeline  note")
        #expect(rows[1].hasPrefix("\(numbers[0])  20") && rows[2].hasSuffix("  words     asks"))
        #expect(rows[3] == "what    \(numbers[0])  \(numbers[1])")
        #expect(rows[4] == "ending  -         ?")
        #expect(
            rows[5...] == [
                "stage  what differs",
                #"shout  the script changed 'sed "s/$/!/" inputs/upper > outputs/shout.txt'"#
                    + #" -> 'sed "s/$/?/" inputs/upper > outputs/shout.txt'"#,
                "       its output 'shout' is another",
            ])

        // Of one the newest run is told, of none the newest and the one before it.
        #expect(try project.reprise("history", "diff", numbers[0]).output.contains("'shout' is another"))
        let same = try project.reprise("history", "diff").output
        #expect(same.hasSuffix("\n\nThey had the same to do, and got the same.\n"))
        #expect(same.contains(numbers[1]) && same.contains(numbers[2]))
    }

    @Test func `two runs are compared by their scores, and by stages that one of them has`() throws {
        let project = try CommandLineProject(["tiny.yml": TinyPipeline.manifest])
        try project.reprise("run", "tiny.yml", "-q", "evaluate")
        try project.reprise("run", "tiny.yml", "-q", "--set", "learning-rate=0.0001")
        let output = try project.reprise("history", "diff", "--json").output
        let object = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        let stages = try #require(object["stages"] as? [[String: Any]])
        #expect(stages.compactMap { $0["name"] as? String } == ["train", "evaluate", "compare"])
        #expect(stages[0]["outputs"] as? [String] == ["log", "model"])
        #expect((stages[0]["reasons"] as? [[String: Any]])?.map { $0["name"] as? String } == ["learning-rate"])
        #expect(stages[2]["first"] is NSNull && stages[2]["second"] as? String == "ran")
        let scores = try #require(object["scores"] as? [[String: Any]])
        let score = try #require(
            scores.first { $0["model"] as? String == "FSRCNN-s" && $0["metric"] as? String == "psnr" })
        let values = ["first", "second", "difference"].compactMap { score[$0] as? Double }
        #expect(values.count == 3 && values[2] == values[1] - values[0] && values[2] != 0)
        let bicubic = try #require(scores.first { $0["model"] as? String == "bicubic" })
        #expect(bicubic["difference"] as? Double == 0)
    }

    @Test func `records that are damaged are passed over and counted`() throws {
        let project = try CommandLineProject(WordsPipeline.files)
        try project.reprise("run", "words.yml", "-q")
        for (name, text) in [("a", ""), ("b", "{"), ("c", "[1]"), ("d", "{\"schema\":1}"), ("e", "\u{0}\u{1}")] {
            try project.write(Data(text.utf8), to: "cache/runs/\(name).json")
        }
        try FileManager.default.createDirectory(
            at: project.folder.appendingPathComponent("cache/runs/f.json"), withIntermediateDirectories: true)
        let listed = try project.reprise("history")
        #expect(listed.code == 0)
        #expect(listed.output.hasSuffix("6 records cannot be read and are passed over.\n"))
        #expect(Set(try project.outcomes("run", "words.yml", "-q").values) == ["hit"])
    }

    @Test func `best orders runs by their scores, with the settings that differ`() throws {
        let project = try CommandLineProject(["tiny.yml": TinyPipeline.manifest])
        try project.reprise("run", "tiny.yml", "-q")
        try project.reprise("run", "tiny.yml", "-q", "--set", "learning-rate=0.0001")
        let best = try project.reprise("best", "tiny.yml", "--metric", "psnr", "--model", "FSRCNN-s", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(best.output.utf8)) as? [String: Any]
        let group = try #require((object?["groups"] as? [[String: Any]])?.first)
        #expect(group["dataset"] as? String == "Tiny" && group["scale"] as? Int == 3)
        let runs = try #require(group["runs"] as? [[String: Any]])
        let values = runs.compactMap { $0["value"] as? Double }
        #expect(values.count == 2 && values == values.sorted(by: >))
        let rates = runs.compactMap { ($0["settings"] as? [String: String])?["train.learning-rate"] }
        #expect(Set(rates) == ["0.001", "0.0001"])
        #expect(runs.allSatisfy { ($0["settings"] as? [String: String])?.count == 1 })
        let table = try project.reprise("best", "tiny", "--metric", "psnr", "--model", "FSRCNN-s", "--minimize").output
        let lines = table.split(separator: "\n").map(String.init)
        #expect(lines[0] == "Tiny x3 under 'y-double'")
        #expect(lines[1].hasSuffix("train.learning-rate"))
        #expect(lines[3].hasSuffix(rates[1]) && lines[4].hasSuffix(rates[0]))
        let wrong = try project.reprise("best", "tiny", "--metric", "psn")
        #expect(wrong.code == 2 && wrong.errors == "error: there is no metric 'psn'\nhint: did you mean 'psnr'?\n")
    }
}
