// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelinePlanning
import Testing

/// Promise 4 of the design: a path from test to learning is an error with the path printed.
struct RoleTests {
    private static let hint = """
        hint: use a part of the training images as validation set; a stage that only measures does not learn

        """

    @Test func `learning from a test set, through several stages`() {
        check(
            """
            reprise: 1
            sources:
              exam: {path: exam, role: test}
            stages:
              load: {tool: load, inputs: exam}
              blur: {run: "blur ${inputs.x} ${outputs.o}", inputs: {x: load}, outputs: {o: {path: o, format: images}}}
              fit: {tool: fit, inputs: {training: blur}, settings: {learning-rate: 0.1}}

            """,
            tells: """
                error: p.yml:7:39: stage 'fit' learns from a test set through its input 'training'
                    fit: {tool: fit, inputs: {training: blur}, settings: {learning-rate: 0.1}}
                                                        ^^^^
                  path: source 'exam' (test) -> stage 'load' -> stage 'blur' -> stage 'fit'

                """ + Self.hint)
    }

    @Test func `choosing by a test set`() {
        check(
            """
            reprise: 1
            sources:
              photos: {path: photos, role: train}
              exam: {path: exam, role: test}
            stages:
              load: {tool: load, inputs: photos}
              load-exam: {tool: load, inputs: exam}
              fit: {tool: fit, inputs: {training: load, validation: load-exam}, settings: {learning-rate: 0.1}}

            """,
            tells: """
                error: p.yml:8:57: stage 'fit' chooses by a test set through its input 'validation'
                    fit: {tool: fit, inputs: {training: load, validation: load-exam}, settings: {learning-rate: 0.1}}
                                                                          ^^^^^^^^^
                  path: source 'exam' (test) -> stage 'load-exam' -> stage 'fit'

                """ + Self.hint)
    }

    @Test func `a command that learns`() {
        check(
            """
            reprise: 1
            sources:
              exam: {path: exam, role: test}
            stages:
              own: {run: "python3 train.py", inputs: {x: exam}, outputs: {o: o}, learns: true}

            """,
            tells: """
                error: p.yml:5:46: stage 'own' learns from a test set through its input 'x'
                    own: {run: "python3 train.py", inputs: {x: exam}, outputs: {o: o}, learns: true}
                                                               ^^^^
                  path: source 'exam' (test) -> stage 'own'

                """ + Self.hint)
    }

    @Test func `a part of a test set is test, whatever the part is called`() {
        check(
            """
            reprise: 1
            sources:
              exam: {path: exam, role: test}
            stages:
              load: {tool: load, inputs: exam}
              cut: {tool: cut, inputs: load}
              fit: {tool: fit, inputs: {training: cut/train}, settings: {learning-rate: 0.1}}

            """,
            tells: """
                error: p.yml:7:39: stage 'fit' learns from a test set through its input 'training'
                    fit: {tool: fit, inputs: {training: cut/train}, settings: {learning-rate: 0.1}}
                                                        ^^^^^^^^^
                  path: source 'exam' (test) -> stage 'load' -> stage 'cut' -> stage 'fit'

                """ + Self.hint)
    }

    @Test func `a part that a split holds out is test`() {
        check(
            """
            reprise: 1
            sources:
              photos: {path: photos, role: train}
            stages:
              load: {tool: load, inputs: photos}
              cut: {tool: cut, inputs: load}
              fit: {tool: fit, inputs: {training: cut/train, validation: cut/test}, settings: {learning-rate: 0.1}}

            """,
            tells: """
                error: p.yml:7:62: stage 'fit' chooses by a test set through its input 'validation'
                    fit: {tool: fit, inputs: {training: cut/train, validation: cut/test}, settings: {learning-rate: 0.1}}
                                                                               ^^^^^^^^
                  path: 'cut/test' (test) -> stage 'fit'

                """ + Self.hint)
    }

    @Test func `a model carries what it saw to the model that is trained on it`() {
        check(
            """
            reprise: 1
            sources:
              photos: {path: photos, role: train}
              exam: {path: exam, role: test}
            stages:
              load: {tool: load, inputs: photos}
              peek: {run: "peek ${inputs.x}", inputs: {x: exam}, outputs: {o: {path: o, format: model}}}
              fit: {tool: fit, inputs: {training: load, start: peek}, settings: {learning-rate: 0.1}}

            """,
            tells: """
                error: p.yml:8:52: stage 'fit' learns from a test set through its input 'start'
                    fit: {tool: fit, inputs: {training: load, start: peek}, settings: {learning-rate: 0.1}}
                                                                     ^^^^
                  path: source 'exam' (test) -> stage 'peek' -> stage 'fit'

                """ + Self.hint)
    }

    @Test func `measuring on a test set and choosing by a validation set are fine`() throws {
        let graph = try graph(wholePipeline)
        #expect(graph.roles(of: .source("exam")) == [.test])
        #expect(graph.roles(of: .source("nowhere")) == [])
        #expect(graph.roles(of: .stage("load-exam", output: "images")) == [.test])
        #expect(graph.roles(of: .stage("cut", output: "train")) == [.train])
        #expect(graph.roles(of: .stage("cut", output: "validation")) == [.validation])
        #expect(graph.roles(of: .stage("cut", output: "test")) == [.test])
        #expect(graph.roles(of: .stage("fit", output: "model")) == [.train, .validation])
        #expect(graph.roles(of: .stage("measure", output: "scores")) == [.train, .validation, .test])
        #expect(graph.roles(of: .stage("measure", output: "none")) == [])
    }

    @Test func `a validation set that is split stays one beside the part's own role`() throws {
        let graph = try graph(
            """
            reprise: 1
            sources:
              half: {path: half, role: validation}
            stages:
              load: {tool: load, inputs: half}
              cut: {tool: cut, inputs: load}

            """)
        #expect(graph.roles(of: .stage("cut", output: "train")) == [.train, .validation])
        #expect(graph.roles(of: .stage("cut", output: "validation")) == [.validation])
        #expect(graph.roles(of: .stage("cut", output: "test")) == [.test])
    }
}
