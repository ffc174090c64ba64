// SPDX-License-Identifier: Apache-2.0

import Testing

/// Mistakes of the manifest and of what its parts say of each other are told at once, each once.
struct ManyMistakesTests {
    @Test func `four different mistakes come together`() {
        check(
            """
            reprise: 1
            sources:
              exam: {path: exam, role: test}
            stages:
              load: {tool: load, inputs: exam, colour: red}
              cut: {tool: cutt, inputs: load}
              fit:
                tool: fit
                inputs: {training: load, validation: cut/validation}
                settings: {learning-rate: fast}
              measure: {tool: measure, inputs: {images: lod, model: fit}}

            """,
            tells: """
                error: p.yml:5:36: unknown key 'colour' in stage 'load'
                    load: {tool: load, inputs: exam, colour: red}
                                                     ^^^^^^
                hint: the keys here are 'tool', 'run', 'shell', 'inputs', 'settings', 'interpreter', 'outputs', \
                'code', 'programs', 'environment', 'secrets', 'probe', 'resume', 'learns', \
                'resources', 'retries', 'timeout', 'foreach', 'matrix' and 'exclude'

                error: p.yml:6:15: no tool is called 'cutt'
                    cut: {tool: cutt, inputs: load}
                                ^^^^
                hint: did you mean 'cut'?

                error: p.yml:9:24: stage 'fit' learns from a test set through its input 'training'
                      inputs: {training: load, validation: cut/validation}
                                         ^^^^
                  path: source 'exam' (test) -> stage 'load' -> stage 'fit'
                hint: use a part of the training images as validation set; a stage that only measures does not learn

                error: p.yml:10:31: setting 'learning-rate' of tool 'fit' takes a number from 0 to 1, not the text 'fast'
                      settings: {learning-rate: fast}
                                                ^^^^

                error: p.yml:11:45: stage 'measure' needs 'lod', and no stage or source is called 'lod'
                    measure: {tool: measure, inputs: {images: lod, model: fit}}
                                                              ^^^
                hint: did you mean 'load'?

                5 mistakes in p.yml

                """)
    }

    @Test func `a source that is wrong is told once, not at each reference`() {
        check(
            """
            reprise: 1
            sources:
              photos: {role: train}
            stages:
              load: {tool: load, inputs: photos}
              again: {tool: load, inputs: photos}

            """,
            tells: """
                error: p.yml:3:3: source 'photos' needs 'path'
                    photos: {role: train}
                    ^^^^^^

                """)
    }

    @Test func `a stage that is wrong is told once, not at each reference`() {
        check(
            """
            reprise: 1
            stages:
              first: {outputs: {o: o}}
              second: {run: cp, inputs: {x: first/o, y: first}, outputs: {o: o}}

            """,
            tells: """
                error: p.yml:3:3: stage 'first' needs 'tool' or 'run'
                    first: {outputs: {o: o}}
                    ^^^^^
                hint: 'tool' names a tool of Reprise, 'run' a command; 'reprise tools' lists the tools

                """)
    }

    @Test func `an output that is wrong is told once, not at each reference`() {
        check(
            """
            reprise: 1
            stages:
              first: {run: cp, outputs: {a: ../a, b: b}}
              second: {run: cp, inputs: {x: first/a, y: first, z: first/b}, outputs: {o: o}}
              third: {tool: cut, inputs: first/b}

            """,
            tells: """
                error: p.yml:3:33: path '../a' leaves its folder
                    first: {run: cp, outputs: {a: ../a, b: b}}
                                                  ^^^^
                hint: write a path without '..'

                error: p.yml:5:30: input 'images' of stage 'third' takes images, and 'first/b' is file
                    third: {tool: cut, inputs: first/b}
                                               ^^^^^^^
                hint: of that format here: 'third/train', 'third/validation', 'third/test'

                2 mistakes in p.yml

                """)
    }

    @Test func `a misspelt key of the manifest hides no names`() {
        check(
            """
            reprise: 1
            source:
              photos: {path: photos}
            stages:
              load: {tool: load, inputs: photos}
              cut: {tool: cut, inputs: laod}

            """,
            tells: """
                error: p.yml:2:1: unknown key 'source' in the manifest
                  source:
                  ^^^^^^
                hint: did you mean 'sources'?

                error: p.yml:6:28: stage 'cut' needs 'laod', and no stage or source is called 'laod'
                    cut: {tool: cut, inputs: laod}
                                             ^^^^
                hint: did you mean 'load'?

                2 mistakes in p.yml

                """)
    }

    @Test func `sources of another form could be anything`() {
        check(
            """
            reprise: 1
            sources: [photos]
            stages:
              load: {tool: load, inputs: photos}

            """,
            tells: """
                error: p.yml:2:10: 'sources' takes a mapping of names, not a list
                  sources: [photos]
                           ^

                """)
    }

    @Test func `a name that is both a source and a stage is told once`() {
        check(
            """
            reprise: 1
            sources:
              photos: {path: photos}
            stages:
              photos: {tool: load, inputs: photos}
              cut: {tool: cut, inputs: photos}

            """,
            tells: """
                error: p.yml:5:3: stage 'photos' has the name of the source at line 3
                    photos: {tool: load, inputs: photos}
                    ^^^^^^

                """)
    }

    @Test func `a text that is no manifest has that one mistake`() {
        check(
            "reprise: 2\nstages: {a: {tool: load, inputs: nowhere}}\n",
            tells: """
                error: p.yml:1:10: version 2 of the manifest's form is not known
                  reprise: 2
                           ^
                hint: this Reprise reads version 1

                """)
    }
}
