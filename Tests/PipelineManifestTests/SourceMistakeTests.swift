// SPDX-License-Identifier: Apache-2.0

import Testing

/// What stands under sources.
@Suite struct SourceMistakeTests {
    @Test func `a source needs a path`() {
        check(
            #"""
            reprise: 1
            sources:
              a: {role: train}
              b:
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:3: source 'a' needs 'path'
                    a: {role: train}
                    ^

                error: p.yml:4:3: source 'b' takes a mapping with the keys 'path', 'files', 'role' and 'catalogue', but has no value
                    b:
                    ^

                2 mistakes in p.yml
                """#)
    }

    @Test func `a role must be one of three`() {
        check(
            #"""
            reprise: 1
            sources:
              a: {path: a, role: trian}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:22: 'role' of source 'a' takes 'train', 'validation' or 'test', not 'trian'
                    a: {path: a, role: trian}
                                       ^^^^^
                hint: did you mean 'train'?
                """#)
    }

    @Test func `a home folder is not expanded`() {
        check(
            #"""
            reprise: 1
            sources:
              a: {path: ~/data}
              b: {path: ""}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:13: '~' does not stand for a folder in a manifest
                    a: {path: ~/data}
                              ^^^^^^
                hint: write a path relative to the data folder, or a whole one

                error: p.yml:4:13: the path of source 'b' is empty
                    b: {path: ""}
                              ^^
                hint: write a path relative to the data folder, or a whole one

                2 mistakes in p.yml
                """#)
    }

    @Test func `patterns must be text`() {
        check(
            #"""
            reprise: 1
            sources:
              a: {path: a, files: ["*.png", [x]]}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:33: each element of 'files' of source 'a' takes text, not a list
                    a: {path: a, files: ["*.png", [x]]}
                                                  ^
                """#)
    }
}
