// SPDX-License-Identifier: Apache-2.0

import Testing

/// Where the caret stands.
@Suite struct PlaceTests {
    @Test func `columns count characters, not bytes or scalars`() {
        check(
            #"""
            reprise: 1
            title: "日本 e\#u{301} 👩\#u{200D}👩\#u{200D}👧"
            sources: {"é": {path: a}, b: {path: "e\#u{301}👩\#u{200D}👩\#u{200D}👧", rolle: train}}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:11: 'é' cannot be the name of a source
                  sources: {"é": {path: a}, b: {path: "e\#u{301}👩\#u{200D}👩\#u{200D}👧", rolle: train}}
                            ^^^
                hint: a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, and is at most 100 long

                error: p.yml:3:43: unknown key 'rolle' in source 'b'
                  sources: {"é": {path: a}, b: {path: "e\#u{301}👩\#u{200D}👩\#u{200D}👧", rolle: train}}
                                                             ^^^^^
                hint: did you mean 'role'?

                2 mistakes in p.yml
                """#)
    }

    @Test func `tabs and controls in a line are shown`() {
        check(
            #"""
            reprise: 1
            title:\#t"a\#u{200E}b"\#t
            nmae:\#t"a\#u{200E}b"\#t# x
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:1: unknown key 'nmae' in the manifest
                  nmae:   "a\u{200E}b"    # x
                  ^^^^
                hint: did you mean 'name'?
                """#)
    }

    @Test func `windows line endings change no place`() {
        check(
            #"""
            reprise: 1\#r
            sources:\#r
              a: {pth: a}\#r
            stages: {s: {tool: synthesize}}\#r
            """#,
            tells: #"""
                error: p.yml:3:7: unknown key 'pth' in source 'a'
                    a: {pth: a}
                        ^^^
                hint: did you mean 'path'?
                """#)
    }

    @Test func `a long line is cut around the caret`() {
        check(
            #"""
            reprise: 1
            assumptions: [{about: a0, chosen: b}, {about: a1, chosen: b}, {about: a2, chosen: b}, {about: a3, chosen: b}, {about: a4, chosen: b}, {about: a5, chosen: b}, {about: a6, chosen: b}, {about: a7, chosen: b}, {about: a8, chosen: b}, {about: a9, chosen: b}, {about: a10, chosen: b}, {about: a11, chosen: b}, {abuot: x, chosen: y}, {about: c0, chosen: d}, {about: c1, chosen: d}, {about: c2, chosen: d}, {about: c3, chosen: d}, {about: c4, chosen: d}, {about: c5, chosen: d}, {about: c6, chosen: d}, {about: c7, chosen: d}, {about: c8, chosen: d}, {about: c9, chosen: d}, {about: c10, chosen: d}, {about: c11, chosen: d}]
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:306: unknown key 'abuot' in the assumption
                  …about: a10, chosen: b}, {about: a11, chosen: b}, {abuot: x, chosen: y}, {about: c0, chosen: d}, {about: c1, chosen: d}, {about: c2, chosen: d}, {about: c3, chosen: d}, {about: c4, chosen: d}, {about: …
                                                                     ^^^^^
                hint: did you mean 'about'?
                """#)
    }

    @Test func `a quoted token is underlined with its quotes`() {
        check(
            #"""
            reprise: 1
            "nmae": x
            'it''s': y
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:1: unknown key 'nmae' in the manifest
                  "nmae": x
                  ^^^^^^
                hint: did you mean 'name'?

                error: p.yml:3:1: unknown key 'it's' in the manifest
                  'it''s': y
                  ^^^^^^^
                hint: the keys here are 'reprise', 'name', 'title', 'paper', 'assumptions', 'includes', 'settings', 'pools', 'sources', 'stages' and 'claims'

                2 mistakes in p.yml
                """#)
    }

    @Test func `a JSON manifest has its places too`() {
        check(
            #"""
            {
              "reprise": 1,
              "stages": {
                "s": {"tool": "synthesise"}
              }
            }
            """#,
            tells: #"""
                error: p.yml:4:19: no tool is called 'synthesise'
                      "s": {"tool": "synthesise"}
                                    ^^^^^^^^^^^^
                hint: did you mean 'synthesize'?
                """#)
    }
}
