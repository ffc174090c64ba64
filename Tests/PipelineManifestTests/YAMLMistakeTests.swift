// SPDX-License-Identifier: Apache-2.0

import Testing

/// Texts that are no YAML, or more YAML than a manifest may hold.
@Suite struct YAMLMistakeTests {
    @Test func `an empty manifest is refused`() {
        check(
            "",
            tells: #"""
                error: p.yml:1:1: the manifest is empty
                hint: start with 'reprise: 1' and 'stages:'
                """#)
    }

    @Test func `a manifest of nothing but comments is refused`() {
        check(
            #"""
            # reprise: 1
            """#,
            tells: #"""
                error: p.yml:1:1: the manifest is empty
                  # reprise: 1
                  ^
                hint: start with 'reprise: 1' and 'stages:'
                """#)
    }

    @Test func `a list is no manifest`() {
        check(
            #"""
            - reprise: 1
            """#,
            tells: #"""
                error: p.yml:1:1: the manifest takes a mapping with the keys 'reprise', 'name', 'title', 'paper', 'assumptions', 'includes', 'settings', 'pools', 'sources', 'stages' and 'claims', not a list
                  - reprise: 1
                  ^
                """#)
    }

    @Test func `a tab in the indentation is refused`() {
        check(
            #"""
            reprise: 1
            stages:
            \#ts: {tool: synthesize}
            """#,
            tells: #"""
                error: p.yml:3:1: a tab stands where YAML wants spaces
                      s: {tool: synthesize}
                  ^^^^
                hint: indent with spaces
                """#)
    }

    @Test func `a quote that is never closed is refused where it opens`() {
        check(
            #"""
            reprise: 1
            name: "x
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:7: a quoted text that starts here is never closed
                  name: "x
                        ^
                """#)
    }

    @Test func `a bracket that is never closed is refused where it opens`() {
        check(
            #"""
            reprise: 1
            stages: {s: {tool: synthesize}
            claims: []
            """#,
            tells: #"""
                error: p.yml:2:9: the mapping that starts here is never closed, or lacks a ','
                  stages: {s: {tool: synthesize}
                          ^
                """#)
    }

    @Test func `a list that is never closed is refused where it opens`() {
        check(
            #"""
            reprise: 1
            sources:
              a: {path: a, files: [b, c}
            """#,
            tells: #"""
                error: p.yml:3:23: the list that starts here is never closed, or lacks a ','
                    a: {path: a, files: [b, c}
                                        ^
                """#)
    }

    @Test func `a colon inside a plain text is refused`() {
        check(
            #"""
            reprise: 1
            title: FSRCNN: fast
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:14: a ':' stands where no key can end
                  title: FSRCNN: fast
                               ^
                hint: check the indentation, or put a text that holds ': ' in quotes
                """#)
    }

    @Test func `a key without a colon is refused`() {
        check(
            #"""
            reprise: 1
            name
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:1: a key without ':'
                  name
                  ^
                hint: write 'key: value'
                """#)
    }

    @Test func `a line that is indented too little is refused`() {
        check(
            #"""
            reprise: 1
            stages:
                s:
                    tool: synthesize
                  t: 1
            """#,
            tells: #"""
                error: p.yml:5:7: a key was expected here
                        t: 1
                        ^
                hint: check the indentation and the quotes of the lines above
                """#)
    }

    @Test func `an escape that YAML does not know is refused`() {
        check(
            #"""
            reprise: 1
            title: "a\qb"
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:10: a backslash that YAML does not know
                  title: "a\qb"
                           ^
                hint: inside single quotes a backslash is an ordinary character
                """#)
    }

    @Test func `a second document is refused`() {
        check(
            #"""
            reprise: 1
            stages: {s: {tool: synthesize}}
            ---
            reprise: 1
            """#,
            tells: #"""
                error: p.yml:3:1: a second document starts here
                  ---
                  ^
                hint: a manifest is one document: remove the line '---'
                """#)
    }

    @Test func `a control character is refused`() {
        check(
            #"""
            reprise: 1
            title: a\#u{7}b
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:9: the text holds a control character
                  title: a\u{7}b
                          ^^^^^
                hint: inside double quotes such a character can be written as an escape, for example "\x07"
                """#)
    }

    @Test func `a text that starts with an at sign is refused`() {
        check(
            #"""
            reprise: 1
            title: @home
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:8: nothing can start with this character
                  title: @home
                         ^
                hint: put the text in quotes
                """#)
    }

    @Test func `a pattern that starts with a star needs quotes`() {
        check(
            #"""
            reprise: 1
            sources:
              a: {path: a, files: [*.png, */b]}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:31: a text cannot start with '*' or '&'
                    a: {path: a, files: [*.png, */b]}
                                                ^
                hint: put the text in quotes
                """#)
    }

    @Test func `a pattern without quotes is taken for an alias`() {
        check(
            #"""
            reprise: 1
            sources:
              a: {path: a, files: *.png}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:3:23: a manifest has no YAML aliases, such as '*.png'
                    a: {path: a, files: *.png}
                                        ^^^^^
                hint: name the value under 'settings' and write ${name}, or put the text in quotes
                """#)
    }

    @Test func `anchors, aliases, merges and tags are refused where they stand`() {
        check(
            #"""
            reprise: 1
            stages:
              a: &base {tool: synthesize}
              b: *base
              c:
                <<: *base
                tool: !custom synthesize
            """#,
            tells: #"""
                error: p.yml:3:6: a manifest has no YAML anchors, such as '&base'
                    a: &base {tool: synthesize}
                       ^^^^^
                hint: name the value under 'settings' and write ${name}, or put the text in quotes

                error: p.yml:4:6: a manifest has no YAML aliases, such as '*base'
                    b: *base
                       ^^^^^
                hint: name the value under 'settings' and write ${name}, or put the text in quotes

                error: p.yml:6:5: unknown key '<<' in stage 'c'
                      <<: *base
                      ^^
                hint: the keys here are 'tool', 'run', 'shell', 'inputs', 'settings', 'interpreter', 'outputs', 'code', 'programs', 'environment', 'secrets', 'probe', 'resume', 'learns', 'resources', 'retries', 'timeout', 'foreach', 'matrix' and 'exclude'

                error: p.yml:6:9: a manifest has no YAML aliases, such as '*base'
                      <<: *base
                          ^^^^^
                hint: name the value under 'settings' and write ${name}, or put the text in quotes

                error: p.yml:7:11: a manifest has no YAML tags, such as '!custom'
                      tool: !custom synthesize
                            ^^^^^^^
                hint: put a text that starts with '!' in quotes

                5 mistakes in p.yml
                """#)
    }

    @Test func `a key that is no word is refused`() {
        check(
            #"""
            reprise: 1
            ? [a, b]
            : c
            ? {d: e}
            : f
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:3: a key must be a word
                  ? [a, b]
                    ^

                error: p.yml:4:3: a key must be a word
                  ? {d: e}
                    ^

                2 mistakes in p.yml
                """#)
    }

    @Test func `nesting without end is refused`() {
        check(
            #"""
            reprise: 1
            settings: {a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}
            stages: {s: {tool: synthesize}}
            """#,
            tells: #"""
                error: p.yml:2:78: lists and mappings lie more than 64 deep here
                  settings: {a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}
                                                                                               ^
                """#)
    }
}
