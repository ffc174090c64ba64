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
