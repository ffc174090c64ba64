// SPDX-License-Identifier: Apache-2.0

import Testing

/// The --set of the command line.
@Suite struct OverrideMistakeTests {
    @Test func `an unknown name after --set is told with the name that was meant`() {
        check(
            #"""
            reprise: 1
            settings: {learning-rate: 0.1}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: --set:1:1: p.yml has no setting 'learnin-rate'
                  learnin-rate=1
                  ^^^^^^^^^^^^
                hint: did you mean 'learning-rate'?
                """#,
            set: [("learnin-rate", "1")])
    }

    @Test func `--set without settings is told`() {
        check(
            #"""
            reprise: 1
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: --set:1:1: p.yml has no setting 'n'
                  n=1
                  ^
                hint: --set changes what stands under the manifest's 'settings', and there is nothing
                """#,
            set: [("n", "1")])
    }

    @Test func `--set keeps the type`() {
        check(
            #"""
            reprise: 1
            settings: {n: 1, x: 0.5, b: true, t: fast, l: [1]}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: --set:1:3: a setting that is a list cannot be changed by --set
                  l=[2]
                    ^^^
                hint: change it in the manifest

                error: --set:1:3: this setting takes a number, not the text 'abc'
                  x=abc
                    ^^^
                hint: it is 0.5 in the manifest, and --set keeps the type

                error: --set:1:3: this setting takes an integer, not 0.5
                  n=0.5
                    ^^^
                hint: it is 1 in the manifest, and --set keeps the type

                error: --set:1:3: this setting takes true or false, not the text 'yes'
                  b=yes
                    ^^^
                hint: it is true in the manifest, and --set keeps the type

                4 mistakes in --set
                """#,
            set: [("n", "0.5"), ("x", "abc"), ("b", "yes"), ("l", "[2]"), ("n", "010")])
    }

    @Test func `a value from --set is told with its origin`() {
        check(
            #"""
            reprise: 1
            settings: {n: 5}
            stages:
              s: {tool: synthesize, settings: {count: ${n}}}
            """#,
            tells: #"""
                error: p.yml:4:43: setting 'count' of tool 'synthesize' takes an integer from 1 to 10000, not 0
                    s: {tool: synthesize, settings: {count: ${n}}}
                                                            ^^^^
                  ${n} is 0, set by --set
                """#,
            set: [("n", "0")])
    }

    @Test func `mistakes of --set and of the manifest are told together`() {
        check(
            #"""
            reprise: 1
            settings: {n: 5}
            nmae: x
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: --set:1:1: p.yml has no setting 'm'
                  m=1
                  ^
                hint: its settings are 'n'

                error: p.yml:3:1: unknown key 'nmae' in the manifest
                  nmae: x
                  ^^^^
                hint: did you mean 'name'?

                2 mistakes
                """#,
            set: [("m", "1")])
    }
}
