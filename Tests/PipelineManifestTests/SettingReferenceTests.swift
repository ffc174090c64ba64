// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// Settings that refer to settings.
@Suite struct SettingReferenceTests {
    private func values(
        _ settings: String, set overrides: [(name: String, value: String)] = []
    ) throws -> [String: SettingValue] {
        let manifest = try manifest(
            "reprise: 1\nstages: {s: {tool: synthesize}}\nsettings:\n" + settings, set: overrides)
        return Dictionary(uniqueKeysWithValues: manifest.settings.map { ($0.name.value, $0.value) })
    }

    @Test func `a setting takes the value and the type of another, wherever that stands`() throws {
        let values = try values(
            """
              c: ${b}
              b: ${a}
              a: 3
              text: "x${a} of ${rate}"
              rate: 1e-3
              list: [1, "${a}", "${list-of-all}", a$${b}]
              list-of-all: ["${c}", {k: "${text}"}]
            """)
        #expect(values["c"] == .integer(3) && values["b"] == .integer(3))
        #expect(values["text"] == .text("x3 of 0.001"))
        let all = SettingValue.list([.integer(3), .map(["k": .text("x3 of 0.001")])])
        #expect(values["list-of-all"] == all)
        #expect(values["list"] == .list([.integer(1), .integer(3), all, .text("a${b}")]))
    }

    @Test func `what is set by hand flows into what refers to it`() throws {
        let text = "  scale: 3\n  name: x${scale}\n  other: ${scale}\n  more: \"${name}-${other}\"\n"
        let values = try values(text, set: [("scale", "4"), ("other", "2")])
        #expect(values["scale"] == .integer(4) && values["name"] == .text("x4"))
        #expect(values["other"] == .integer(2) && values["more"] == .text("x4-2"))
    }

    @Test func `a list that another setting names is told where it is written`() {
        check(
            #"""
            reprise: 1
            settings:
              sizes: ${all}
              all: [1, two]
            stages:
              p: {tool: patches, inputs: x, settings: {factors: "${sizes}"}}
            """#,
            tells: #"""
                error: p.yml:4:12: each element of setting 'factors' of tool 'patches' takes a number from 0.1 to 1, not the text 'two'
                    all: [1, two]
                             ^^^
                """#)
    }

    @Test func `settings that refer to themselves are told as a ring, once each`() {
        check(
            #"""
            reprise: 1
            settings:
              a: ${b}
              b: "x${c}"
              c: [1, {k: "${a}"}]
              d: ${d}
              e: ${a}
              f: ${g} ${
            stages:
              p: {tool: synthesize, settings: {count: "${e}"}}
            """#,
            tells: #"""
                error: p.yml:3:6: setting 'a' refers to itself: 'a' refers to 'b' refers to 'c' refers to 'a'
                    a: ${b}
                       ^^^^

                error: p.yml:6:6: setting 'd' refers to itself: 'd' refers to 'd'
                    d: ${d}
                       ^^^^

                error: p.yml:8:6: '${' is never closed
                    f: ${g} ${
                       ^^^^^^^
                hint: write '$${' for the two characters themselves

                3 mistakes in p.yml
                """#)
    }

    @Test func `a long chain of settings is read`() throws {
        var lines = "  s0: 7\n"
        for index in 1...20_000 { lines += "  s\(index): ${s\(index - 1)}\n" }
        #expect(try values(lines)["s20000"] == .integer(7))
    }

    @Test func `settings that lie in one another without end are told`() {
        var text = "reprise: 1\nstages: {s: {tool: synthesize}}\nsettings:\n  s0: [1]\n"
        for index in 1...30_000 { text += "  s\(index): ['${s\(index - 1)}']\n" }
        #expect(
            told(text) == """
                error: p.yml:68:8: with what setting 's64' refers to, lists and mappings lie more than 64 deep
                    s64: ['${s63}']
                         ^

                """)
    }

    @Test func `settings that would stand for more than memory holds are told`() {
        var text = "reprise: 1\nstages: {s: {tool: synthesize}}\nsettings:\n  s0: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        for index in 1...40 {
            text += "  s\(index): [" + String(repeating: "'${s\(index - 1)}', ", count: 10) + "1]\n"
        }
        let found = told(text)
        #expect(
            found == """
                error: p.yml:10:7: with setting 's6' the settings stand for more than 4194304 characters and elements
                    s6: ['${s5}', '${s5}', '${s5}', '${s5}', '${s5}', '${s5}', '${s5}', '${s5}', '${s5}', '${s5}', 1]
                        ^

                """)
        var doubled = "reprise: 1\nstages: {s: {tool: synthesize}}\nsettings:\n  t0: 0123456789abcdef\n"
        for index in 1...40 { doubled += "  t\(index): ${t\(index - 1)}${t\(index - 1)}\n" }
        #expect(told(doubled).contains("this text is longer than 1048576 bytes with what it refers to"))
    }
}
