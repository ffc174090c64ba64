// SPDX-License-Identifier: Apache-2.0

import Testing

/// Keys, names and the shape of a manifest.
@Suite struct KeyMistakeTests {
    @Test func `an unknown key is told with the key that was meant`() {
        check(
            #"""
            reprise: 1
            nmae: x
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:1: unknown key 'nmae' in the manifest
                  nmae: x
                  ^^^^
                hint: did you mean 'name'?
                """#)
    }

    @Test func `an unknown key that resembles none is told with the keys there are`() {
        check(
            #"""
            reprise: 1
            sources:
              a: {path: a, sha: 1}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:16: unknown key 'sha' in source 'a'
                    a: {path: a, sha: 1}
                                 ^^^
                hint: the keys here are 'path', 'files', 'role' and 'catalogue'
                """#)
    }

    @Test func `a key given twice is told where it is given again`() {
        check(
            #"""
            reprise: 1
            name: a
            "name": b
            name: c
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:1: key 'name' of the manifest is given twice, first at line 2
                  "name": b
                  ^^^^^^

                error: p.yml:4:1: key 'name' of the manifest is given twice, first at line 2
                  name: c
                  ^^^^

                2 mistakes in p.yml
                """#)
    }

    @Test func `a stage declared twice is told`() {
        check(
            #"""
            reprise: 1
            stages:
              s: {tool: synthesize}
              t: {tool: synthesize}
              s: {tool: synthesize}
            """#,
            tells: #"""
                error: p.yml:5:3: stage 's' is declared twice, first at line 3
                    s: {tool: synthesize}
                    ^
                """#)
    }

    @Test func `a source declared twice is told`() {
        check(
            #"""
            reprise: 1
            sources: {a: {path: a}, a: {path: b}}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:25: source 'a' is declared twice, first at line 2
                  sources: {a: {path: a}, a: {path: b}}
                                          ^
                """#)
    }

    @Test func `a stage with the name of a source is told`() {
        check(
            #"""
            reprise: 1
            stages:
              a: {tool: synthesize}
            sources:
              a: {path: a}
            """#,
            tells: #"""
                error: p.yml:3:3: stage 'a' has the name of the source at line 5
                    a: {tool: synthesize}
                    ^
                """#)
    }

    @Test func `equal keys are told wherever they are`() {
        check(
            #"""
            reprise: 1
            stages:
              s:
                tool: synthesize
                settings: {count: 1, count: 2}
                tool: synthesize
            paper: {title: a, title: b}
            """#,
            tells: #"""
                error: p.yml:5:26: setting 'count' is declared twice, first at line 5
                      settings: {count: 1, count: 2}
                                           ^^^^^

                error: p.yml:6:5: key 'tool' of stage 's' is given twice, first at line 4
                      tool: synthesize
                      ^^^^

                error: p.yml:7:19: key 'title' of the paper is given twice, first at line 7
                  paper: {title: a, title: b}
                                    ^^^^^

                3 mistakes in p.yml
                """#)
    }

    @Test func `a missing version is told`() {
        check(
            #"""
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:1:1: the manifest needs 'reprise'
                  stages: {s: {tool: synthesize}}
                  ^^^^^^
                hint: start with 'reprise: 1'
                """#)
    }

    @Test func `another version is the only thing told`() {
        check(
            #"""
            reprise: 2
            steps: {}
            """#,
            tells: #"""
                error: p.yml:1:10: version 2 of the manifest's form is not known
                  reprise: 2
                           ^
                hint: this Reprise reads version 1
                """#)
    }

    @Test func `a version that is no number is told`() {
        check(
            #"""
            reprise: "1"
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:1:10: 'reprise' takes the version of the manifest's form, not the text '1'
                  reprise: "1"
                           ^^^
                hint: this Reprise reads version 1
                """#)
    }

    @Test func `a manifest without stages is refused`() {
        check(
            #"""
            reprise: 1
            name: x
            """#,
            tells: #"""
                error: p.yml:1:1: the manifest needs 'stages'
                  reprise: 1
                  ^^^^^^^
                """#)
    }

    @Test func `a manifest whose stages are empty is refused`() {
        check(
            #"""
            reprise: 1
            stages:
            """#,
            tells: #"""
                error: p.yml:2:1: a manifest needs at least one stage
                  stages:
                  ^^^^^^
                """#)
    }

    @Test func `a key without a value is told at the key`() {
        check(
            #"""
            reprise: 1
            name:
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:1: 'name' of the manifest takes text, but has no value
                  name:
                  ^^^^
                """#)
    }

    @Test func `a mapping where a text belongs is told`() {
        check(
            #"""
            reprise: 1
            title: {a: b}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:8: 'title' of the manifest takes text, not a mapping
                  title: {a: b}
                         ^
                """#)
    }

    @Test func `stages must be a mapping`() {
        check(
            #"""
            reprise: 1
            stages: [synthesize]
            """#,
            tells: #"""
                error: p.yml:2:9: 'stages' takes a mapping of names, not a list
                  stages: [synthesize]
                          ^
                """#)
    }

    @Test func `a name out of form is told`() {
        check(
            #"""
            reprise: 1
            name: My Paper
            stages:
              Train: {tool: synthesize}
              -x: {tool: synthesize}
            """#,
            tells: #"""
                error: p.yml:2:7: 'My Paper' cannot be the name of the manifest
                  name: My Paper
                        ^^^^^^^^
                hint: a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, and is at most 100 long

                error: p.yml:4:3: 'Train' cannot be the name of a stage
                    Train: {tool: synthesize}
                    ^^^^^
                hint: a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, and is at most 100 long

                error: p.yml:5:3: '-x' cannot be the name of a stage
                    -x: {tool: synthesize}
                    ^^
                hint: a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, and is at most 100 long

                3 mistakes in p.yml
                """#)
    }

    @Test func `a paper needs a title and a plausible year`() {
        check(
            #"""
            reprise: 1
            paper: {authors: [A, B], year: 16}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:1: the paper needs 'title'
                  paper: {authors: [A, B], year: 16}
                  ^^^^^

                error: p.yml:2:32: 'year' of the paper takes an integer from 1000 to 9999, not 16
                  paper: {authors: [A, B], year: 16}
                                                 ^^

                2 mistakes in p.yml
                """#)
    }

    @Test func `an assumption says what about and what was chosen`() {
        check(
            #"""
            reprise: 1
            assumptions:
              - {about: batch size}
              - chosen: 3
              - x
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:5: the assumption needs 'chosen'
                    - {about: batch size}
                      ^

                error: p.yml:4:5: the assumption needs 'about'
                    - chosen: 3
                      ^^^^^^

                error: p.yml:5:5: the assumption takes a mapping with the keys 'about', 'chosen' and 'reason', not the text 'x'
                    - x
                      ^

                3 mistakes in p.yml
                """#)
    }
}
