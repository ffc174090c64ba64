// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Manifests with many stages and several files, as a user runs them.
@Suite struct GroupTests {
    private static let pipeline = """
        reprise: 1
        includes: parts/sums.yml
        settings: {base: 1, more: "${base}0"}
        stages:
          number:
            matrix: {a: [1, 2, 3], b: [1, 2, 3, 4]}
            exclude: [{a: 3, b: 4}]
            shell: echo $((${a} * ${b} + ${more})) > ${outputs.n}
            outputs: {n: n.txt}
          row:
            foreach: [1, 2]
            shell: cat ${inputs.all} > ${outputs.n}
            inputs: {all: "number@a=${item},*"}
            outputs: {n: n.txt}

        """

    private static let sums = """
        reprise: 1
        stages:
          sum:
            run: [/bin/sh, code/add.sh, "${inputs.all}", "${outputs.n}"]
            inputs: {all: [row]}
            outputs: {n: n.txt}
            code: [code/]

        """

    private func project() throws -> CommandLineProject {
        try CommandLineProject([
            "pipeline.yml": Self.pipeline, "parts/sums.yml": Self.sums,
            "parts/code/add.sh": "for last; do :; done\ncat inputs/all/* | tr '\\n' ' ' > \"$last\"\n",
        ])
    }

    @Test func `groups and included files run, and what an element changes runs alone`() throws {
        let project = try project()
        let first = try project.outcomes("run", ".")
        #expect(first.count == 14 && first.values.allSatisfy { $0 == "ran" })
        try project.reprise("export", ".", "sum", "--to", "out")
        #expect(try project.text("out/n") == "11 12 13 14 12 14 16 18 ")
        try project.edit("pipeline.yml", "b: [1, 2, 3, 4]", "b: [1, 2, 3, 4, 5]")
        let second = try project.outcomes("run", ".")
        #expect(
            second.filter { $0.value == "ran" }.keys.sorted()
                == ["number@a=1,b=5", "number@a=2,b=5", "number@a=3,b=5", "row@1", "row@2", "sum"])
        try project.edit("parts/code/add.sh", "tr '\\n' ' '", "tr '\\n' ','")
        #expect(try project.outcomes("run", ".").filter { $0.value == "ran" }.keys.sorted() == ["sum"])
    }

    @Test func `targets and forced stages are groups and patterns too`() throws {
        let project = try project()
        #expect(try project.outcomes("run", ".", "row").count == 10)
        #expect(try project.outcomes("run", ".", "number@a=3,*").count == 3)
        #expect(try project.outcomes("run", ".", "number@b=1,a=*").count == 3)
        #expect(Array(try project.outcomes("run", ".", "number@b=1,a=2").keys) == ["number@a=2,b=1"])
        let forced = try project.outcomes("run", ".", "row", "--force", "row@*")
        #expect(forced.filter { $0.value == "ran" }.keys.sorted() == ["row@1", "row@2"])
    }

    @Test func `what means no stage is told`() throws {
        let project = try project()
        let unknown = try project.reprise("run", ".", "rows")
        #expect(unknown.code == 2)
        #expect(
            unknown.errors == "error: the pipeline 'pipeline' has no stage 'rows'\nhint: did you mean 'row'?\n")
        let pattern = try project.reprise("run", ".", "rows@*")
        #expect(pattern.code == 2 && pattern.errors.contains("fits 'rows@*'\nhint: its stages: number, row, sum"))
    }

    @Test func `commands about one stage take its name in any order, and say where a name is several`() throws {
        let project = try project()
        #expect(try project.reprise("run", ".").code == 0)
        #expect(try project.reprise("why", ".", "row").output.contains("row@2"))
        #expect(try project.reprise("why", ".", "number@b=1,a=*").output.contains("number@a=3,b=1"))
        #expect(try project.reprise("log", ".", "number@b=1,a=2").output == "stage 'number@a=2,b=1' printed nothing\n")
        #expect(try project.reprise("show", ".", "number@b=1,a=2/n").output.contains("12"))
        #expect(try project.reprise("export", ".", "number@b=1,a=2", "--to", "out").code == 0)
        #expect(try project.text("out/n") == "12\n")
        for command in [["show", ".", "row"], ["log", ".", "row@*"], ["export", ".", "row", "--to", "o"]] {
            let outcome = try project.run(command, environment: [:])
            #expect(outcome.code == 2)
            #expect(
                outcome.errors == """
                    error: '\(command[2])' is 2 stages, and one is needed
                    hint: name one of them: 'row@1', 'row@2'

                    """)
        }
    }

    @Test func `a forced stage runs though nothing that was asked for needs it`() throws {
        let project = try project()
        #expect(try project.reprise("run", ".").code == 0)
        let outcomes = try project.outcomes("run", ".", "row@1", "--force", "row@2")
        #expect(outcomes.filter { $0.value == "ran" }.keys.sorted() == ["row@2"])
    }

    @Test func `an annotation names the included file that a stage stands in`() throws {
        let project = try project()
        #expect(try project.reprise("run", ".").code == 0)
        #expect(try project.reprise("lock", ".").code == 0)
        try project.edit("parts/code/add.sh", "tr '\\n' ' '", "tr '\\n' ','")
        let check = try project.reprise("check", ".", "--github")
        #expect(check.code == 3)
        #expect(check.output.contains("::error file=parts/sums.yml,line=3,title=stage 'sum' differs"))
    }

    @Test func `a manifest and what it includes may begin with a byte order mark`() throws {
        let project = try project()
        for file in ["pipeline.yml", "parts/sums.yml"] {
            try project.write(Data([0xef, 0xbb, 0xbf]) + Data(try project.text(file).utf8), to: file)
        }
        #expect(try project.reprise("validate", ".").code == 0)
    }

    @Test func `two outputs that would be one file are not exported`() throws {
        let project = try CommandLineProject([
            "pipeline.yml": """
            reprise: 1
            stages:
              a:
                shell: echo 1 > ${outputs.a}; echo 2 > ${outputs.b}
                outputs: {a: {path: x, format: csv}, b: y}
              b:
                shell: echo 1 > ${outputs.a}; echo 2 > outputs/a.csv
                outputs: {a: {path: x, format: csv}, a.csv: a.csv}

            """
        ])
        #expect(try project.reprise("export", ".", "a", "--to", "out").code == 0)
        let outcome = try project.reprise("export", ".", "b", "--to", "more")
        #expect(outcome.code == 2 && !FileManager.default.fileExists(atPath: project.folder.path + "/more"))
        #expect(
            outcome.errors.hasSuffix(
                """
                error: two outputs of stage 'b' would be written to 'more/a.csv'
                hint: give one of them another name in the manifest

                """))
    }

    @Test func `an answer that cannot be written ends with 4`() throws {
        let project = try project()
        for arguments in [["plan", ".", "--json"], ["schema"]] {
            let process = Process()
            process.executableURL = CommandLineProject.executable
            process.arguments = arguments
            process.currentDirectoryURL = project.folder
            process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilEnded()
            #expect(process.terminationStatus == 4, "\(arguments)")
        }
    }

    @Test func `what a killed check left goes with the next`() throws {
        let project = try project()
        #expect(try project.reprise("run", ".").code == 0)
        #expect(try project.reprise("lock", ".").code == 0)
        let names = [".reprise-check.1-dead", ".reprise-check.2-new"]
        try project.write(Data(), to: "tmp/\(names[0])/alive")
        try project.write(Data("x".utf8), to: "tmp/\(names[0])/cache/objects/a")
        try project.write(Data("x".utf8), to: "tmp/\(names[1])/cache")
        let temporary = project.folder.appendingPathComponent("tmp").path
        #expect(try project.reprise("check", ".", "--fresh", environment: ["TMPDIR": temporary]).code == 0)
        // One without a lock file may be another's who has just made it.
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == [names[1]])
    }

    @Test func `a large group is drawn as one stage unless all are asked for`() throws {
        let project = try project()
        let drawing = try project.reprise("graph", ".", "--format", "dot").output
        #expect(drawing.contains(#"label="number@*\n11 stages"#) && drawing.contains(#"label="row@1\n"#))
        #expect(!drawing.contains("number@a=1,b=1"))
        let expanded = try project.reprise("graph", ".", "--format", "dot", "--expand").output
        #expect(expanded.contains("number@a=3,b=3") && !expanded.contains("number@*"))
    }

    @Test func `mistakes of included files are told with their place`() throws {
        let project = try project()
        try project.edit("parts/sums.yml", "code: [code/]", "code: [cod/]\n    tool: x")
        let outcome = try project.reprise("validate", ".")
        #expect(outcome.code == 2)
        #expect(
            outcome.errors == """
                error: parts/sums.yml:8:5: stage 'sum' has both 'run' and 'tool'
                      tool: x
                      ^^^^
                hint: make two stages of it

                """)
    }

    @Test func `the schema of manifests is printed`() throws {
        let project = try project()
        let schema = try project.reprise("schema")
        let object = try JSONSerialization.jsonObject(with: Data(schema.output.utf8)) as? [String: Any]
        #expect(schema.code == 0 && object?["title"] as? String == "Reprise manifest")
    }
}
