// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelinePlanning
import Testing

/// Graphs of stages that `foreach` and `matrix` made several of.
struct InstanceTests {
    private static let family = """
        reprise: 1
        sources: {photos: {path: photos, role: train}, exam: {path: exam, role: test}}
        stages:
          load: {tool: load, inputs: photos}
          train:
            matrix: {epochs: [1, 2], rate: [0.1, 0.5]}
            tool: fit
            inputs: {training: load}
            settings: {learning-rate: "${rate}", epochs: "${epochs}"}
          tests: {tool: load, inputs: exam}
          scores:
            matrix: {rate: [0.1, 0.5], epochs: [1, 2]}
            tool: measure
            inputs: {model: train, images: tests}
          judge: {tool: judge, inputs: scores}

        """

    @Test func `instances are stages of the graph, joined by their values`() throws {
        let graph = try graph(Self.family)
        #expect(graph.names.count == 11)
        let one = try #require(graph.node(named: "scores@epochs=2,rate=0.1"))
        #expect(Array(one.upstream) == ["tests", "train@epochs=2,rate=0.1"])
        let judge = try #require(graph.node(named: "judge"))
        #expect(
            Array(judge.upstream) == [
                "scores@epochs=1,rate=0.1", "scores@epochs=1,rate=0.5", "scores@epochs=2,rate=0.1",
                "scores@epochs=2,rate=0.5",
            ])
        #expect(graph.stages(neededFor: ["scores@epochs=2,rate=0.5"]).count == 4)
    }

    @Test(arguments: [
        ("judge", ["judge"]),
        ("train@epochs=1,rate=0.5", ["train@epochs=1,rate=0.5"]),
        (
            "train",
            [
                "train@epochs=1,rate=0.1", "train@epochs=1,rate=0.5", "train@epochs=2,rate=0.1",
                "train@epochs=2,rate=0.5",
            ]
        ),
        ("*@epochs=1,rate=0.1", ["train@epochs=1,rate=0.1", "scores@epochs=1,rate=0.1"]),
        ("t*s", ["tests"]),
        ("train@epochs=3*", []),
        ("trains", []),
    ])
    func `targets of the command line are names, groups and patterns`(target: String, names: [String]) throws {
        #expect(Set(try graph(Self.family).names(matching: target)) == Set(names))
    }

    @Test func `what is wrong with the references of all instances is told once`() {
        check(
            """
            reprise: 1
            sources: {exam: {path: exam, role: test}}
            stages:
              load: {tool: load, inputs: exam}
              train:
                foreach: [1, 2, 3]
                tool: fit
                inputs: {training: load}
                settings: {learning-rate: 0.1}
              scores:
                foreach: [1, 2, 4]
                tool: measure
                inputs: {model: "train@${item}", images: [loud, "train@1/log", train@1/none]}
              self: {foreach: [a, b], tool: measure, inputs: {images: self}}

            """,
            tells: """
                error: p.yml:8:24: stage 'train' learns from a test set through its input 'training'
                      inputs: {training: load}
                                         ^^^^
                  path: source 'exam' (test) -> stage 'load' -> stage 'train@1'
                hint: use a part of the training images as validation set; a stage that only measures does not learn

                error: p.yml:13:21: stage 'scores' needs 'train@4', and no stage or source is called 'train@4'
                      inputs: {model: "train@${item}", images: [loud, "train@1/log", train@1/none]}
                                      ^^^^^^^^^^^^^^^
                  so in 'scores@4'
                hint: did you mean 'train@1'?

                error: p.yml:13:47: stage 'scores' needs 'loud', and no stage or source is called 'loud'
                      inputs: {model: "train@${item}", images: [loud, "train@1/log", train@1/none]}
                                                                ^^^^
                hint: did you mean 'load'?

                error: p.yml:13:53: input 'images' of stage 'scores' takes images, and 'train@1/log' is training-log
                      inputs: {model: "train@${item}", images: [loud, "train@1/log", train@1/none]}
                                                                      ^^^^^^^^^^^^^
                hint: of that format here: 'load/images'

                error: p.yml:13:68: stage 'scores' needs 'train@1/none', and stage 'train' has no output 'none'
                      inputs: {model: "train@${item}", images: [loud, "train@1/log", train@1/none]}
                                                                                     ^^^^^^^^^^^^
                hint: its outputs: model, log

                error: p.yml:14:59: input 'images' of stage 'self' takes images, and 'self@a' is scores
                    self: {foreach: [a, b], tool: measure, inputs: {images: self}}
                                                                            ^^^^
                  so in 'self@a' and 1 more of its kind
                hint: of that format here: 'load/images'

                6 mistakes in p.yml

                """)
    }

    @Test func `what refers to a group that was wrong is not told again`() {
        check(
            """
            reprise: 1
            stages:
              many: {foreach: 3, tool: load, inputs: x}
              bad: {foreach: [1, 2], tool: load, inputs: {file: x}}
              one: {tool: measure, inputs: {images: [many, many@1, "many@*", bad, bad@1]}}

            """,
            tells: """
                error: p.yml:3:19: 'foreach' of stage 'many' takes a list, or a mapping of names to values, not 3
                    many: {foreach: 3, tool: load, inputs: x}
                                    ^

                error: p.yml:4:47: tool 'load' has no input 'file'
                    bad: {foreach: [1, 2], tool: load, inputs: {file: x}}
                                                                ^^^^
                hint: did you mean 'files'?

                2 mistakes in p.yml

                """)
    }

    @Test func `a circle with a long tail is found in the time of its length`() throws {
        var text = "reprise: 1\nstages:\n  s0: {tool: cut, inputs: s1}\n  s1: {tool: cut, inputs: s0}\n"
        for index in 2...8000 { text += "  s\(index): {tool: cut, inputs: s\(index - 1)}\n" }
        do {
            _ = try StageGraph.parse(SourceText(file: "p.yml", text: text), interfaces: Tools.all)
            Issue.record("nothing was told")
        } catch {
            #expect(
                error.all.map(\.message) == ["stage 's0' needs its own output: 's0' needs 's1' needs 's0'"])
        }
    }
}
