// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// Words, templates and command lines, each on its own.
@Suite struct ScalarTests {
    @Test(arguments: [
        ("true", SettingValue.boolean(true)), ("True", .boolean(true)), ("FALSE", .boolean(false)),
        ("0", .integer(0)), ("-0", .integer(0)), ("+7", .integer(7)), ("-12", .integer(-12)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("1e-3", .number(0.001)), ("0.001", .number(0.001)), ("1E3", .number(1000)), ("1e+3", .number(1000)),
        (".5", .number(0.5)), ("5.", .number(5)), ("-.5", .number(-0.5)), ("0.0", .number(0)), ("-0.0", .number(0)),
        ("0e5", .number(0)), ("1e-999", .number(0)),
    ])
    func `plain words of YAML 1-2's core schema have its types`(word: String, value: SettingValue) {
        #expect(PlainScalar(word) == .value(value))
    }

    @Test func `zero has no sign`() throws {
        guard case .value(.number(let zero)) = PlainScalar("-0.0") else {
            Issue.record("no number")
            return
        }
        #expect(zero.sign == .plus)
    }

    @Test(arguments: [
        "yes", "no", "on", "off", "y", "n", "1:20", "1_000", "1,000", "1e", "e5", ".", "-", "+", "1.2.3", "0x", "0xg",
        "0o8", "tRUE", "inf", "nan", "-e5", "1e+", "2016-01-01", "0b2", "1 2", "١",
    ])
    func `other plain words are text`(word: String) {
        #expect(PlainScalar(word) == .value(.text(word)))
    }

    @Test(arguments: [
        "010", "-007", "00", "01.5", "01e3", "0x1F", "0X1f", "-0x1", "0o17", "0b101", ".inf", "-.INF", "+.Inf", ".NaN",
        "9223372036854775808", "-9223372036854775809", "1e999", "-1e999",
    ])
    func `numbers that cannot be taken for sure are refused`(word: String) {
        guard case .refused(let reason, let hint) = PlainScalar(word) else {
            Issue.record("\(word) is not refused")
            return
        }
        #expect(reason.hasPrefix("the number '\(word)' "))
        #expect(!hint.isEmpty)
    }

    @Test func `a template is cut at its references`() {
        #expect(Template("").pieces == [])
        #expect(Template("a").pieces == [.text("a")])
        #expect(Template("${a}").pieces == [.reference("a")])
        #expect(Template("${a}").onlyReference == "a")
        #expect(Template("x${a}${b} y").pieces == [.text("x"), .reference("a"), .reference("b"), .text(" y")])
        #expect(Template("x${a}").onlyReference == nil)
        #expect(Template("$${a}").pieces == [.text("${a}")])
        #expect(Template("$$${a}").pieces == [.text("$${a}")])
        #expect(Template("$a $ {b} $").pieces == [.text("$a $ {b} $")])
        #expect(Template("${}").pieces == [.reference("")])
        #expect(!Template("$${").isUnclosed)
    }

    @Test(arguments: ["${", "${a", "x ${a ${b", "$$ ${"])
    func `a reference that is never closed is noticed`(text: String) {
        #expect(Template(text).isUnclosed)
        #expect(Template(text).references.isEmpty)
    }

    @Test(arguments: [
        ("", []), ("  \t\n ", []), ("a", ["a"]), (" a  b\tc\nd ", ["a", "b", "c", "d"]),
        ("'a b' \"c d\"", ["a b", "c d"]), ("a'b c'd", ["ab cd"]), ("'' \"\" x", ["", "", "x"]),
        (#"a\ b \\ \" \' \"#, ["a b", "\\", "\"", "'", "\\"]), (#""a\"b\\c\d""#, [#"a"b\c\d"#]),
        (#"'a\b' "it's""#, [#"a\b"#, "it's"]),
        ("--x=${inputs.a} $(ls) *.png ~ > out", ["--x=${inputs.a}", "$(ls)", "*.png", "~", ">", "out"]),
    ])
    func `a command line is cut as a shell cuts it, and nothing is expanded`(line: String, words: [String]) {
        #expect(CommandWords(line).words == words)
        #expect(CommandWords(line).unclosedQuote == nil)
    }

    @Test func `a quote that is never closed is noticed`() {
        #expect(CommandWords("a 'b").unclosedQuote == "'")
        #expect(CommandWords("a \"b'").unclosedQuote == "\"")
        #expect(CommandWords("\"a\\\"").unclosedQuote == "\"")
    }

    @Test func `a path stays inside its folder`() throws {
        #expect(throws: RelativePath.Fault.leavesFolder) { _ = try RelativePath("a/../\u{301}b") }
        #expect(throws: RelativePath.Fault.absolute) { _ = try RelativePath("/\u{301}b") }
        #expect(try RelativePath("a/\u{301}b").overlaps(RelativePath("a")))
        #expect(try RelativePath("a/b.h5").text == "a/b.h5")
        #expect(try RelativePath("./a//b/./c/").text == "a/b/c")
        #expect(try RelativePath("..a/b..").text == "..a/b..")
        #expect(throws: RelativePath.Fault.absolute) { try RelativePath("/a") }
        #expect(throws: RelativePath.Fault.leavesFolder) { try RelativePath("a/../b") }
        #expect(throws: RelativePath.Fault.empty) { try RelativePath("./") }
        #expect(throws: RelativePath.Fault.empty) { try RelativePath("") }
        #expect(throws: RelativePath.Fault.unusable("\0")) { try RelativePath("a\0b") }
        #expect(try RelativePath("a").overlaps(RelativePath("a/b")))
        #expect(try RelativePath("a/b").overlaps(RelativePath("a")))
        #expect(try !RelativePath("a").overlaps(RelativePath("ab")))
    }
}
