// SPDX-License-Identifier: Apache-2.0

import Testing

/// What stands under settings, and `${name}`.
@Suite struct SettingMistakeTests {
    @Test func `a number that readers understand differently is refused`() {
        check(
            #"""
            reprise: 1
            settings: {a: 010, b: 0x1F, c: 0o17, d: .inf, e: -.NaN, f: 99999999999999999999, g: 1e999}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:15: the number '010' starts with a zero, which some readers take for octal
                  settings: {a: 010, b: 0x1F, c: 0o17, d: .inf, e: -.NaN, f: 99999999999999999999, g: 1e999}
                                ^^^
                hint: write the number without it, or the text in quotes

                error: p.yml:2:23: the number '0x1F' is not decimal
                  settings: {a: 010, b: 0x1F, c: 0o17, d: .inf, e: -.NaN, f: 99999999999999999999, g: 1e999}
                                        ^^^^
                hint: write a number in decimal, or the text in quotes

                error: p.yml:2:32: the number '0o17' is not decimal
                  settings: {a: 010, b: 0x1F, c: 0o17, d: .inf, e: -.NaN, f: 99999999999999999999, g: 1e999}
                                                 ^^^^
                hint: write a number in decimal, or the text in quotes

                error: p.yml:2:41: the number '.inf' is not finite
                  settings: {a: 010, b: 0x1F, c: 0o17, d: .inf, e: -.NaN, f: 99999999999999999999, g: 1e999}
                                                          ^^^^
                hint: write a finite number, or the text in quotes

                error: p.yml:2:50: the number '-.NaN' is not finite
                  settings: {a: 010, b: 0x1F, c: 0o17, d: .inf, e: -.NaN, f: 99999999999999999999, g: 1e999}
                                                                   ^^^^^
                hint: write a finite number, or the text in quotes

                error: p.yml:2:60: the number '99999999999999999999' is too large for an integer
                  settings: {a: 010, b: 0x1F, c: 0o17, d: .inf, e: -.NaN, f: 99999999999999999999, g: 1e999}
                                                                             ^^^^^^^^^^^^^^^^^^^^
                hint: write the text in quotes if no number is meant

                error: p.yml:2:85: the number '1e999' is too large for a number
                  settings: {a: 010, b: 0x1F, c: 0o17, d: .inf, e: -.NaN, f: 99999999999999999999, g: 1e999}
                                                                                                      ^^^^^
                hint: write the text in quotes if no number is meant

                7 mistakes in p.yml
                """#)
    }

    @Test func `a setting needs a value and a proper name`() {
        check(
            #"""
            reprise: 1
            settings:
              a:
              inputs.x: 1
              Big: 2
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:3: setting 'a' has no value
                    a:
                    ^

                error: p.yml:4:3: 'inputs.x' cannot be the name of a setting
                    inputs.x: 1
                    ^^^^^^^^
                hint: in commands ${inputs.…} and ${outputs.…} stand for paths

                error: p.yml:5:3: 'Big' cannot be the name of a setting
                    Big: 2
                    ^^^
                hint: a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, and is at most 100 long

                3 mistakes in p.yml
                """#)
    }

    @Test func `a reference to no setting is told`() {
        check(
            #"""
            reprise: 1
            settings: {learning-rate: 0.1}
            stages:
              t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, learning-rate: ${learnig-rate}, remark: "${a} ${a}"}}
            """#,
            tells: #"""
                error: p.yml:4:79: no setting is called 'learnig-rate'
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, learning-rate: ${learnig-rate}, remark: "${a} ${a}"}}
                                                                                                ^^^^^^^^^^^^^^^
                hint: did you mean 'learning-rate'?

                error: p.yml:4:105: no setting is called 'a'
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, learning-rate: ${learnig-rate}, remark: "${a} ${a}"}}
                                                                                                                          ^^^^
                hint: name it under the manifest's 'settings', or write '$${' for the two characters themselves

                2 mistakes in p.yml
                """#)
    }

    @Test func `a reference that is never closed is told`() {
        check(
            #"""
            reprise: 1
            stages:
              t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, remark: "${a"}}
            """#,
            tells: #"""
                error: p.yml:3:72: '${' is never closed
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, remark: "${a"}}
                                                                                         ^^^^^
                hint: write '$${' for the two characters themselves
                """#)
    }

    @Test func `a wrong setting is told once, not where it is used`() {
        check(
            #"""
            reprise: 1
            settings: {n: 010}
            stages:
              t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, seed: ${n}}}
            """#,
            tells: #"""
                error: p.yml:2:15: the number '010' starts with a zero, which some readers take for octal
                  settings: {n: 010}
                                ^^^
                hint: write the number without it, or the text in quotes
                """#)
    }

    @Test func `a value from a setting is told with its origin`() {
        check(
            #"""
            reprise: 1
            settings: {n: many}
            stages:
              t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, seed: ${n}}}
            """#,
            tells: #"""
                error: p.yml:4:70: setting 'seed' of tool 'train' takes an integer of at least 0, not the text 'many'
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, seed: ${n}}}
                                                                                       ^^^^
                  ${n} is the text 'many', set at line 2
                """#)
    }

    @Test func `a list cannot stand inside a text`() {
        check(
            #"""
            reprise: 1
            settings: {n: [1, 2]}
            stages:
              t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, remark: "a ${n}"}}
            """#,
            tells: #"""
                error: p.yml:4:75: setting 'n' is a list and cannot stand inside a text
                    t: {tool: train, inputs: {patches: p}, settings: {epochs: 1, remark: "a ${n}"}}
                                                                                            ^^^^
                """#)
    }
}
