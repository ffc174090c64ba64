// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What runs again and what does not, counted.
///
/// Each test is a way in which users of other tools met a stage that ran for no reason or did not run for a good one; the
/// public threads that tell of it stand beside it.
@Suite struct RerunReasonTests {
    private static let manifest = """
        reprise: 1
        name: words
        settings: {first: 3, unused: 1}
        sources:
          texts: {path: texts}
          stop: {path: stop.txt}
        stages:
          clean:
            run: sh clean.sh ${inputs.texts} ${outputs.words}
            inputs: {texts: texts}
            code: [clean.sh]
            environment: {CASE: lower}
            outputs: {words: words.txt}
          rank:
            shell: sort ${inputs.words} | head -n ${first} > ${outputs.ranked}
            inputs: {words: clean, stop: stop}
            outputs: {ranked: ranked.txt}
          length:
            shell: wc -c < ${inputs.words} > ${outputs.length}
            inputs: {words: clean}
            outputs: {length: length.txt}
          report:
            shell: cat ${inputs.parts} > ${outputs.report}
            inputs: {parts: [rank, length]}
            outputs: {report: report.txt}

        """

    private static let files = [
        "words.yml": manifest,
        "clean.sh": "cat \"$1\"/* | tr 'A-Z' 'a-z' > \"$2\"\n",
        "data/texts/a.txt": "Delta\nAlpha\n",
        "data/texts/b.txt": "Charlie\nBravo\n",
        "data/stop.txt": "the\n",
    ]

    private static let all: Set<String> = ["clean", "rank", "length", "report"]

    /// A project whose stages have all run.
    private func project() throws -> CommandLineProject {
        let project = try CommandLineProject(Self.files)
        #expect(try ran(project) == Self.all)
        return project
    }

    private func ran(_ project: CommandLineProject, environment: [String: String] = [:]) throws -> Set<String> {
        Set(
            try project.outcomes("run", "words.yml", "-q", environment: environment)
                .filter { $0.value == "ran" }.keys)
    }

    private func write(_ project: CommandLineProject, _ text: String, to name: String) throws {
        try project.write(Data(text.utf8), to: name)
    }

    private func setTimes(_ project: CommandLineProject, _ name: String, secondsFromNow seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: seconds)],
            ofItemAtPath: project.folder.appendingPathComponent(name).path)
    }

    // nextflow-io/nextflow#1358
    @Test func `nothing changed, and nothing runs`() throws {
        let project = try project()
        #expect(try ran(project) == [])
        #expect(try ran(project) == [])
    }

    // snakemake/snakemake#1694, nextflow-io/nextflow#1408
    @Test func `comments, blank lines and the order of keys and stages run nothing`() throws {
        let project = try project()
        try project.edit("words.yml", "stages:\n", "stages:\n\n  # what follows is about words\n\n")
        try project.edit("words.yml", "settings: {first: 3, unused: 1}\n", "")
        try project.edit(
            "words.yml", "  length:\n    shell: wc -c < ${inputs.words} > ${outputs.length}\n", "  length:\n")
        try project.edit(
            "words.yml", "    outputs: {length: length.txt}\n",
            "    outputs: {length: length.txt}   # in bytes\n    shell: wc -c < ${inputs.words} > ${outputs.length}\n")
        let text = try project.text("words.yml")
        try write(project, text + "settings: {unused: 1, first: 3}\n", to: "words.yml")
        #expect(try ran(project) == [])
    }

    // snakemake/snakemake#1677, #2212, #4134; EngreitzLab/scE2G#112, #113
    @Test func `other time stamps run nothing, be they older or newer`() throws {
        let project = try project()
        try setTimes(project, "data/texts/a.txt", secondsFromNow: 100_000)
        try setTimes(project, "data/stop.txt", secondsFromNow: -100_000)
        try setTimes(project, "clean.sh", secondsFromNow: 5)
        try setTimes(project, "words.yml", secondsFromNow: 5)
        #expect(try ran(project) == [])
    }

    // snakemake/snakemake#2212; treeverse/dvc#2144: the same files in another place
    @Test func `a copied project with the old cache runs nothing`() throws {
        let project = try project()
        let copy = try CommandLineProject(Self.files)
        let outcomes = try copy.outcomes(
            "run", "words.yml", "-q", "--cache", project.folder.appendingPathComponent("cache").path)
        #expect(Set(outcomes.values) == ["hit"])
    }

    // snakemake/snakemake#2011
    @Test func `other bytes of the same length and the same time stamp run what reads them`() throws {
        let project = try project()
        let path = project.folder.appendingPathComponent("data/stop.txt").path
        let before = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        try write(project, "and\n", to: "data/stop.txt")
        try FileManager.default.setAttributes([.modificationDate: before ?? Date()], ofItemAtPath: path)
        #expect(try ran(project) == ["rank"], "and what came out is the same, so 'report' is not made again")
    }

    // Clinical-Genomics/BALSAMIC#1213: a random temporary folder in the parameters
    @Test func `another environment of the user, temporary folder or home runs nothing`() throws {
        let project = try project()
        #expect(
            try ran(project, environment: ["TMPDIR": "/var/tmp", "HOME": "/root", "USER": "somebody", "LANG": "de_DE"])
                == [])
    }

    // snakemake/snakemake#3491
    @Test func `another command line runs its stage and what its output changes`() throws {
        let project = try project()
        try project.edit("words.yml", "sort ${inputs.words}", "sort -r ${inputs.words}")
        #expect(try ran(project) == ["rank", "report"])
    }

    // snakemake/snakemake#3491, where it is the shell that changes
    @Test func `another shell runs its stage`() throws {
        let project = try project()
        try project.edit("words.yml", "    shell: wc", "    interpreter: /bin/bash\n    shell: wc")
        #expect(try ran(project) == ["length"])
    }

    // EngreitzLab/scE2G#113: 130 of 159 jobs were stale, 14 of them for a reason
    @Test func `a setting runs the stages that use it and no other`() throws {
        let project = try project()
        try project.edit("words.yml", "unused: 1", "unused: 2")
        #expect(try ran(project) == [])
        try project.edit("words.yml", "first: 3", "first: 2")
        #expect(try ran(project) == ["rank", "report"])
    }

    // treeverse/dvc#9913
    @Test func `an input, a variable or a file of code that is removed runs its stage`() throws {
        let project = try project()
        try project.edit("words.yml", "{words: clean, stop: stop}", "{words: clean}")
        #expect(try ran(project) == ["rank"])
        try project.edit("words.yml", "    environment: {CASE: lower}\n", "")
        #expect(try ran(project) == ["clean"])
        try project.edit("words.yml", "sh clean.sh ${inputs.texts} ${outputs.words}", "touch ${outputs.words}")
        try project.edit("words.yml", "    code: [clean.sh]\n", "")
        #expect(try ran(project) == Self.all)
    }

    // treeverse/dvc#3004, ropensci/targets#1540, #1574
    @Test func `a comment in a script runs its stage, and nothing after it`() throws {
        let project = try project()
        try project.edit("clean.sh", "cat ", "# lower case only\ncat ")
        #expect(try ran(project) == ["clean"])
    }

    // treeverse/dvc#2144
    @Test func `hidden files beside the data run nothing, and a new file does`() throws {
        let project = try project()
        try write(project, "cached", to: "data/texts/.cache/a.pyc")
        try write(project, "open", to: "data/texts/.a.txt.swp")
        #expect(try ran(project) == [])
        try write(project, "Echo\n", to: "data/texts/c.txt")
        #expect(try ran(project) == Self.all)
    }

    // treeverse/dvc#2144: a renamed file is another folder, and a file moved away is missed
    @Test func `a renamed file of a folder runs what reads the folder`() throws {
        let project = try project()
        let texts = project.folder.appendingPathComponent("data/texts")
        try FileManager.default.moveItem(
            at: texts.appendingPathComponent("a.txt"), to: texts.appendingPathComponent("z.txt"))
        #expect(
            try ran(project) == ["clean", "rank", "length"],
            "sorted and counted, the words are those of before, so 'report' is not made again")
    }

    // nextflow-io/nextflow#1629, ropensci/targets#162
    @Test func `after a failure only what failed and what waits for it runs`() throws {
        let project = try project()
        try project.edit("words.yml", "cat ${inputs.parts}", "false ${inputs.parts}")
        let failed = try project.reprise("run", "words.yml", "-q")
        #expect(failed.code == 1)
        try project.edit("words.yml", "false ${inputs.parts}", "cat -u ${inputs.parts}")
        #expect(try ran(project) == ["report"])
    }

    // nextflow-io/nextflow#3005: the order in which results arrive
    @Test func `the order in which stages end runs nothing and changes no key`() throws {
        let (one, many) = (try CommandLineProject(Self.files), try CommandLineProject(Self.files))
        try one.reprise("lock", "words.yml", "-q", "--jobs", "1")
        try many.reprise("lock", "words.yml", "-q", "--jobs", "8")
        #expect(try one.text("words.lock") == many.text("words.lock"))
        #expect(Set(try many.outcomes("run", "words.yml", "-q", "--jobs", "3").values) == ["hit"])
    }

    // snakemake/snakemake#3095
    @Test func `a forced stage with the same content runs nothing after it, then or later`() throws {
        let project = try project()
        let forced = try project.outcomes("run", "words.yml", "clean", "--force", "clean", "-q")
        #expect(forced == ["clean": "ran"])
        #expect(try ran(project) == [])
    }

    // snakemake/snakemake#3095
    @Test func `a forced command with other content runs what reads it, also in a later run`() throws {
        let project = try project()
        try project.edit("words.yml", "sh clean.sh ${inputs.texts}", "sh clean.sh /proc/sys/kernel/random/uuid")
        try write(project, "cat \"$1\" > \"$2\"\n", to: "clean.sh")
        #expect(try ran(project) == Self.all)
        try project.reprise("run", "words.yml", "clean", "--force", "clean", "-q")
        #expect(try ran(project) == ["rank", "length", "report"])
        #expect(try ran(project) == [])
    }

    // snakemake/snakemake#3456, ropensci/targets#257: back to what was there before
    @Test func `a change that is taken back runs nothing`() throws {
        let project = try project()
        try project.edit("words.yml", "first: 3", "first: 1")
        #expect(try ran(project) == ["rank", "report"])
        try project.edit("words.yml", "first: 1", "first: 3")
        #expect(try ran(project) == [])
    }

    // snakemake/snakemake#3675
    @Test(arguments: [
        ("first: 3", "first: 2"), ("unused: 1", "unused: 7"), ("CASE: lower", "CASE: upper"),
        ("wc -c", "wc -l"), ("{words: clean, stop: stop}", "{words: clean}"),
        ("cat ${inputs.parts}", "cat -u ${inputs.parts}"),
        ("name: words", "name: words"),
    ])
    func `what a plan says is what a run does`(old: String, new: String) throws {
        let project = try project()
        try project.edit("words.yml", old, new)
        let plan = try project.reprise("plan", "words.yml", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(plan.output.utf8)) as? [String: Any]
        var states: [String: String] = [:]
        for stage in object?["stages"] as? [[String: Any]] ?? [] {
            if let name = stage["name"] as? String { states[name] = stage["state"] as? String }
        }
        let ran = try ran(project)
        #expect(Set(states.keys) == Self.all)
        #expect(ran.isSuperset(of: states.filter { $0.value == "stale" }.keys))
        #expect(ran.isDisjoint(with: states.filter { $0.value == "up-to-date" }.keys))
    }

    // treeverse/dvc#1164, nextflow-io/nextflow#4344, ropensci/targets#162
    @Test func `the reason of a run has the old and the new value`() throws {
        let project = try project()
        try project.edit("words.yml", "CASE: lower", "CASE: upper")
        #expect(
            try project.reprise("why", "words.yml", "clean").output == """
                stage 'clean' must run:
                  variable 'CASE' changed 'lower' -> 'upper'

                """)
        #expect(try ran(project) == ["clean"])
        #expect(
            try project.reprise("why", "words.yml", "clean").output.hasSuffix(
                "  it last ran because: variable 'CASE' changed 'lower' -> 'upper'\n"))
    }
}
