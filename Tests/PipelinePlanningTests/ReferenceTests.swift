// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelinePlanning
import Testing

/// What the author of a reference that leads nowhere is told, whole.
struct ReferenceTests {
    @Test func `a misspelt name`() {
        check(
            """
            reprise: 1
            sources: {photos: {path: photos}}
            stages:
              load: {tool: load, inputs: photo}
              cut: {tool: cut, inputs: laod}

            """,
            tells: """
                error: p.yml:4:30: stage 'load' needs 'photo', and no stage or source is called 'photo'
                    load: {tool: load, inputs: photo}
                                               ^^^^^
                hint: did you mean 'photos'?

                error: p.yml:5:28: stage 'cut' needs 'laod', and no stage or source is called 'laod'
                    cut: {tool: cut, inputs: laod}
                                             ^^^^
                hint: did you mean 'load'?

                2 mistakes in p.yml

                """)
    }

    @Test func `a name that resembles none`() {
        check(
            """
            reprise: 1
            stages:
              load: {tool: load, inputs: photographs}

            """,
            tells: """
                error: p.yml:3:30: stage 'load' needs 'photographs', and no stage or source is called 'photographs'
                    load: {tool: load, inputs: photographs}
                                               ^^^^^^^^^^^

                """)
    }

    @Test func `an output that the stage has not`() {
        check(
            """
            reprise: 1
            sources: {photos: {path: photos}}
            stages:
              load: {tool: load, inputs: photos}
              cut: {tool: cut, inputs: load}
              fit: {tool: fit, inputs: {training: cut/trian, validation: cut/half}, settings: {learning-rate: 1}}

            """,
            tells: """
                error: p.yml:6:39: stage 'fit' needs 'cut/trian', and stage 'cut' has no output 'trian'
                    fit: {tool: fit, inputs: {training: cut/trian, validation: cut/half}, settings: {learning-rate: 1}}
                                                        ^^^^^^^^^
                hint: did you mean 'cut/train'?

                error: p.yml:6:62: stage 'fit' needs 'cut/half', and stage 'cut' has no output 'half'
                    fit: {tool: fit, inputs: {training: cut/trian, validation: cut/half}, settings: {learning-rate: 1}}
                                                                               ^^^^^^^^
                hint: its outputs: train, validation, test

                2 mistakes in p.yml

                """)
    }

    @Test func `an output's name without its stage`() {
        check(
            """
            reprise: 1
            sources: {photos: {path: photos}}
            stages:
              load: {tool: load, inputs: photos}
              cut: {tool: cut, inputs: load}
              fit: {tool: fit, inputs: {training: train}, settings: {learning-rate: 1}}

            """,
            tells: """
                error: p.yml:6:39: stage 'fit' needs 'train', and no stage or source is called 'train'
                    fit: {tool: fit, inputs: {training: train}, settings: {learning-rate: 1}}
                                                        ^^^^^
                hint: 'train' is an output of stage 'cut': write 'cut/train'

                """)
    }

    @Test func `an output of a source`() {
        check(
            """
            reprise: 1
            sources: {photos: {path: photos}}
            stages:
              load: {tool: load, inputs: photos/images}

            """,
            tells: """
                error: p.yml:4:30: stage 'load' needs 'photos/images', and a source such as 'photos' has no outputs
                    load: {tool: load, inputs: photos/images}
                                               ^^^^^^^^^^^^^
                hint: write 'photos'; 'files:' of the source says which of its files count

                """)
    }

    @Test func `a wrong format`() {
        check(
            """
            reprise: 1
            sources: {photos: {path: photos}}
            stages:
              load: {tool: load, inputs: photos}
              cut: {tool: cut, inputs: photos}
              again: {tool: load, inputs: load}
              fit: {tool: fit, inputs: {training: again, start: load}, settings: {learning-rate: 1}}

            """,
            tells: """
                error: p.yml:5:28: input 'images' of stage 'cut' takes images, and 'photos' is folder
                    cut: {tool: cut, inputs: photos}
                                             ^^^^^^
                hint: of that format here: 'load/images', 'cut/train', 'cut/validation', 'cut/test', 'again/images'

                error: p.yml:6:31: input 'files' of stage 'again' takes folder, and 'load' is images
                    again: {tool: load, inputs: load}
                                                ^^^^

                error: p.yml:7:53: input 'start' of stage 'fit' takes model, and 'load' is images
                    fit: {tool: fit, inputs: {training: again, start: load}, settings: {learning-rate: 1}}
                                                                      ^^^^
                hint: of that format here: 'fit/model'

                3 mistakes in p.yml

                """)
    }

    @Test func `a command takes any format`() throws {
        let graph = try graph(
            """
            reprise: 1
            sources: {photos: {path: photos}}
            stages:
              load: {tool: load, inputs: photos}
              own: {run: "cp ${inputs.a} ${outputs.o}", inputs: {a: load, b: [photos, load]}, outputs: {o: o}}

            """)
        let own = try #require(graph.node(named: "own"))
        #expect(own.inputs.map(\.isList) == [false, true])
        #expect(own.inputs.last?.origins == [.source("photos"), .stage("load", output: "images")])
    }

    @Test func `a mistake in a command hides none among its stage's inputs`() {
        check(
            """
            reprise: 1
            stages:
              own: {run: "cp ${nope} ${outputs.o}", inputs: {x: gone}, outputs: {o: o}}

            """,
            tells: """
                error: p.yml:3:18: no setting is called 'nope'
                    own: {run: "cp ${nope} ${outputs.o}", inputs: {x: gone}, outputs: {o: o}}
                                   ^^^^^^^
                hint: name it under the manifest's 'settings', or write '$${' for the two characters themselves

                error: p.yml:3:53: stage 'own' needs 'gone', and no stage or source is called 'gone'
                    own: {run: "cp ${nope} ${outputs.o}", inputs: {x: gone}, outputs: {o: o}}
                                                                      ^^^^

                2 mistakes in p.yml

                """)
    }
}
