// SPDX-License-Identifier: Apache-2.0

import Testing

/// Stages that use a tool.
@Suite struct ToolMistakeTests {
    @Test func `an unknown tool is told with the tool that was meant`() {
        check(
            #"""
            reprise: 1
            stages:
              t:
                tool: trian
                settings: {what: ever}
            """#,
            tells: #"""
                error: p.yml:4:11: no tool is called 'trian'
                      tool: trian
                            ^^^^^
                hint: did you mean 'train'?
                """#)
    }

    @Test func `an unknown tool that resembles none is told with the tools there are`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: download}
            """#,
            tells: #"""
                error: p.yml:3:13: no tool is called 'download'
                    t: {tool: download}
                              ^^^^^^^^
                hint: the tools are 'images', 'split', 'patches', 'train', 'evaluate' and 'synthesize'
                """#)
    }

    @Test func `a text where an integer belongs is told`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {patches: p}, settings: {epochs: ten}}
            """#,
            tells: #"""
                error: p.yml:3:61: setting 'epochs' of tool 'train' takes an integer from 1 to 1000000, not the text 'ten'
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: ten}}
                                                                              ^^^
                """#)
    }

    @Test func `every type of setting is checked`() {
        check(
            #"""
            reprise: 1
            stages:
              t:
                tool: train
                inputs: {patches: p}
                settings:
                  epochs: 1.5
                  learning-rate: fast
                  momentum: 0
                  nesterov: yes
                  remark: 5
                  seed: "1"
              i:
                tool: images
                inputs: t91
                settings: {mode: lumi, scale: 5}
              p:
                tool: patches
                inputs: t91
                settings: {factors: [0.5, two, 3]}
              q:
                tool: patches
                inputs: t91
                settings: {factors: []}
              r:
                tool: patches
                inputs: t91
                settings: {factors: 1}
              v:
                tool: synthesize
                settings: {count: [1]}
            """#,
            tells: #"""
                error: p.yml:7:15: setting 'epochs' of tool 'train' takes an integer from 1 to 1000000, not 1.5
                        epochs: 1.5
                                ^^^

                error: p.yml:8:22: setting 'learning-rate' of tool 'train' takes a number of at least 0, not the text 'fast'
                        learning-rate: fast
                                       ^^^^

                error: p.yml:9:17: setting 'momentum' of tool 'train' takes a number above 0 and of at most 1, not 0
                        momentum: 0
                                  ^

                error: p.yml:10:17: setting 'nesterov' of tool 'train' takes true or false, not the text 'yes'
                        nesterov: yes
                                  ^^^
                hint: write true

                error: p.yml:11:15: setting 'remark' of tool 'train' takes text, not 5
                        remark: 5
                                ^
                hint: put it in quotes to make it text

                error: p.yml:12:13: setting 'seed' of tool 'train' takes an integer of at least 0, not the text '1'
                        seed: "1"
                              ^^^
                hint: write the number without quotes

                error: p.yml:16:22: setting 'mode' of tool 'images' takes 'luma' or 'rgb', not the text 'lumi'
                      settings: {mode: lumi, scale: 5}
                                       ^^^^
                hint: did you mean 'luma'?

                error: p.yml:16:35: setting 'scale' of tool 'images' takes 2, 3 or 4, not 5
                      settings: {mode: lumi, scale: 5}
                                                    ^

                error: p.yml:20:31: each element of setting 'factors' of tool 'patches' takes a number from 0.1 to 1, not the text 'two'
                      settings: {factors: [0.5, two, 3]}
                                                ^^^

                error: p.yml:20:36: each element of setting 'factors' of tool 'patches' takes a number from 0.1 to 1, not 3
                      settings: {factors: [0.5, two, 3]}
                                                     ^

                error: p.yml:24:25: setting 'factors' of tool 'patches' takes a list of at least 1, each element a number from 0.1 to 1, not a list of 0
                      settings: {factors: []}
                                          ^

                error: p.yml:28:25: setting 'factors' of tool 'patches' takes a list of at least 1, each element a number from 0.1 to 1, not 1
                      settings: {factors: 1}
                                          ^

                error: p.yml:31:23: setting 'count' of tool 'synthesize' takes an integer from 1 to 10000, not a list
                      settings: {count: [1]}
                                        ^

                13 mistakes in p.yml
                """#)
    }

    @Test func `a setting outside its range is told`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {patches: p}, settings: {epochs: 0, learning-rate: -1e-3, momentum: 2, seed: -1}}
            """#,
            tells: #"""
                error: p.yml:3:61: setting 'epochs' of tool 'train' takes an integer from 1 to 1000000, not 0
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 0, learning-rate: -1e-3, momentum: 2, seed: -1}}
                                                                              ^

                error: p.yml:3:79: setting 'learning-rate' of tool 'train' takes a number of at least 0, not -0.001
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 0, learning-rate: -1e-3, momentum: 2, seed: -1}}
                                                                                                ^^^^^

                error: p.yml:3:96: setting 'momentum' of tool 'train' takes a number above 0 and of at most 1, not 2
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 0, learning-rate: -1e-3, momentum: 2, seed: -1}}
                                                                                                                 ^

                error: p.yml:3:105: setting 'seed' of tool 'train' takes an integer of at least 0, not -1
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 0, learning-rate: -1e-3, momentum: 2, seed: -1}}
                                                                                                                          ^^

                4 mistakes in p.yml
                """#)
    }

    @Test func `an unknown setting is told with the one that was meant`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, learningrate: 1, depth: 3}}
            """#,
            tells: #"""
                error: p.yml:3:64: tool 'train' has no setting 'learningrate'
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, learningrate: 1, depth: 3}}
                                                                                 ^^^^^^^^^^^^
                hint: did you mean 'learning-rate'?

                error: p.yml:3:81: tool 'train' has no setting 'depth'
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, learningrate: 1, depth: 3}}
                                                                                                  ^^^^^
                hint: its settings are 'epochs', 'learning-rate', 'momentum', 'nesterov', 'remark' and 'seed'

                2 mistakes in p.yml
                """#)
    }

    @Test func `a missing setting is told`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {patches: p}}
              u:
                tool: train
                inputs: {patches: p}
                settings: {seed: 1}
            """#,
            tells: #"""
                error: p.yml:3:3: stage 't' needs the setting 'epochs' of tool 'train'
                    t: {tool: train, inputs: {patches: p}}
                    ^
                hint: epochs: how often each patch is seen; an integer from 1 to 1000000

                error: p.yml:7:5: stage 'u' needs the setting 'epochs' of tool 'train'
                      settings: {seed: 1}
                      ^^^^^^^^
                hint: epochs: how often each patch is seen; an integer from 1 to 1000000

                2 mistakes in p.yml
                """#)
    }

    @Test func `a misspelt setting is not also missing`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {patches: p}, settings: {epoch: 1}}
            """#,
            tells: #"""
                error: p.yml:3:53: tool 'train' has no setting 'epoch'
                    t: {tool: train, inputs: {patches: p}, settings: {epoch: 1}}
                                                                      ^^^^^
                hint: did you mean 'epochs'?
                """#)
    }

    @Test func `an unknown input and a missing one are told`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {images: p}, settings: {epochs: 1}}
              u: {tool: train, settings: {epochs: 1}}
            """#,
            tells: #"""
                error: p.yml:3:20: stage 't' needs the input 'patches' of tool 'train'
                    t: {tool: train, inputs: {images: p}, settings: {epochs: 1}}
                                     ^^^^^^
                hint: patches: what is learned from

                error: p.yml:3:29: tool 'train' has no input 'images'
                    t: {tool: train, inputs: {images: p}, settings: {epochs: 1}}
                                              ^^^^^^
                hint: its inputs are 'patches' and 'validation'

                error: p.yml:4:3: stage 'u' needs the input 'patches' of tool 'train'
                    u: {tool: train, settings: {epochs: 1}}
                    ^
                hint: patches: what is learned from

                3 mistakes in p.yml
                """#)
    }

    @Test func `a misspelt input is not also missing`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {patch: p}, settings: {epochs: 1}}
            """#,
            tells: #"""
                error: p.yml:3:29: tool 'train' has no input 'patch'
                    t: {tool: train, inputs: {patch: p}, settings: {epochs: 1}}
                                              ^^^^^
                hint: did you mean 'patches'?
                """#)
    }

    @Test func `a tool with several inputs wants their names`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: p, settings: {epochs: 1}}
            """#,
            tells: #"""
                error: p.yml:3:28: 'inputs' of stage 't' takes a mapping of names, not the text 'p'
                    t: {tool: train, inputs: p, settings: {epochs: 1}}
                                             ^
                hint: its inputs are 'patches' and 'validation'
                """#)
    }

    @Test func `a list where one reference belongs is told`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {patches: [a, b]}, settings: {epochs: 1}}
              p: {tool: patches, inputs: []}
            """#,
            tells: #"""
                error: p.yml:3:38: input 'patches' of tool 'train' takes one reference, not a list
                    t: {tool: train, inputs: {patches: [a, b]}, settings: {epochs: 1}}
                                                       ^

                error: p.yml:4:30: input 'images' of tool 'patches' takes at least one reference
                    p: {tool: patches, inputs: []}
                                               ^

                2 mistakes in p.yml
                """#)
    }

    @Test func `a reference out of form is told`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {patches: a/b/c, validation: ${x}}, settings: {epochs: 1}}
              p: {tool: patches, inputs: [Train, {a: b}]}
              q: {tool: evaluate, inputs: {images: }}
            """#,
            tells: #"""
                error: p.yml:3:38: 'a/b/c' names no source and no stage
                    t: {tool: train, inputs: {patches: a/b/c, validation: ${x}}, settings: {epochs: 1}}
                                                       ^^^^^
                hint: write the name of a source or a stage, or 'stage/output'

                error: p.yml:3:57: no setting is called 'x'
                    t: {tool: train, inputs: {patches: a/b/c, validation: ${x}}, settings: {epochs: 1}}
                                                                          ^^^^
                hint: name it under the manifest's 'settings', or write '$${' for the two characters themselves

                error: p.yml:4:31: 'Train' names no source and no stage
                    p: {tool: patches, inputs: [Train, {a: b}]}
                                                ^^^^^
                hint: write the name of a source or a stage, or 'stage/output'

                error: p.yml:4:38: input 'images' of tool 'patches' takes the name of a source or a stage, not a mapping
                    p: {tool: patches, inputs: [Train, {a: b}]}
                                                       ^

                error: p.yml:5:32: input 'images' of tool 'evaluate' takes the name of a source or a stage, but has no value
                    q: {tool: evaluate, inputs: {images: }}
                                                 ^^^^^^

                5 mistakes in p.yml
                """#)
    }

    @Test func `a tool stage has no keys of a command`() {
        check(
            #"""
            reprise: 1
            stages:
              s:
                tool: synthesize
                outputs: {a: b}
                learns: true
            """#,
            tells: #"""
                error: p.yml:5:5: stage 's' has 'tool' and so cannot have 'outputs'
                      outputs: {a: b}
                      ^^^^^^^
                hint: a tool's outputs and what it reads are known: 'reprise tools' lists them

                error: p.yml:6:5: stage 's' has 'tool' and so cannot have 'learns'
                      learns: true
                      ^^^^^^
                hint: a tool's outputs and what it reads are known: 'reprise tools' lists them

                2 mistakes in p.yml
                """#)
    }

    @Test func `a stage that does nothing is told`() {
        check(
            #"""
            reprise: 1
            stages:
              s: {inputs: a}
              t: {tol: synthesize}
              u:
            """#,
            tells: #"""
                error: p.yml:3:3: stage 's' needs 'tool' or 'run'
                    s: {inputs: a}
                    ^
                hint: 'tool' names a tool of Reprise, 'run' a command; 'reprise tools' lists the tools

                error: p.yml:4:7: unknown key 'tol' in stage 't'
                    t: {tol: synthesize}
                        ^^^
                hint: did you mean 'tool'?

                error: p.yml:5:3: stage 'u' takes a mapping with the keys 'tool', 'run', 'shell', 'inputs', 'settings', 'interpreter', 'outputs', 'code', 'programs', 'environment', 'secrets', 'probe', 'resume', 'learns', 'resources', 'retries', 'timeout', 'foreach', 'matrix' and 'exclude', but has no value
                    u:
                    ^

                3 mistakes in p.yml
                """#)
    }

    @Test func `a stage that does two things is told`() {
        check(
            #"""
            reprise: 1
            stages:
              s:
                run: make
                tool: synthesize
                shell: make
            """#,
            tells: #"""
                error: p.yml:5:5: stage 's' has both 'run' and 'tool'
                      tool: synthesize
                      ^^^^
                hint: make two stages of it

                error: p.yml:6:5: stage 's' has both 'run' and 'shell'
                      shell: make
                      ^^^^^
                hint: make two stages of it

                2 mistakes in p.yml
                """#)
    }
}
