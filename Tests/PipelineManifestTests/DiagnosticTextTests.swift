// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

@Suite struct DiagnosticTextTests {
    private let source = SourceText(file: "p.yml", text: "first\n\tinputs: [a, b]\n\nlast")

    private func text(_ location: PipelineManifest.SourceLocation, colour: Bool = false) -> String {
        DiagnosticText(hasColour: colour).text(
            of: Diagnostic(
                .learnsFromTest, in: source, at: location, "stage 'x' learns from a test set",
                details: ["set5 (test)", "-> images"], hint: "use 't91'"))
    }

    @Test func `details stand between the caret and the hint`() {
        #expect(
            text(SourceLocation(line: 2, column: 11, length: 1)) == """
                error: p.yml:2:11: stage 'x' learns from a test set
                      inputs: [a, b]
                               ^
                  set5 (test)
                  -> images
                hint: use 't91'

                """)
    }

    @Test func `colour changes nothing but the colour`() {
        let location = SourceLocation(line: 1, column: 2, length: 3)
        let coloured = text(location, colour: true)
        #expect(
            coloured == """
                \u{1B}[1;31merror:\u{1B}[0m p.yml:1:2: \u{1B}[1mstage 'x' learns from a test set\u{1B}[0m
                  first
                   \u{1B}[36m^^^\u{1B}[0m
                  set5 (test)
                  -> images
                \u{1B}[36mhint:\u{1B}[0m use 't91'

                """)
        var plain = coloured
        for code in ["\u{1B}[1;31m", "\u{1B}[1m", "\u{1B}[36m", "\u{1B}[0m"] {
            plain = plain.split(separator: code, omittingEmptySubsequences: false).joined()
        }
        #expect(plain == text(location))
    }

    @Test func `an empty line has no excerpt`() {
        #expect(text(SourceLocation(line: 3, column: 1)).split(separator: "\n").count == 4)
        #expect(text(SourceLocation(line: 9, column: 1)).split(separator: "\n").count == 4)
    }

    @Test func `a caret never leaves its line`() {
        #expect(text(SourceLocation(line: 4, column: 3, length: 99)).contains("  last\n    ^^\n"))
        #expect(text(SourceLocation(line: 4, column: 50, length: 9)).contains("  last\n      ^\n"))
    }

    @Test(arguments: [1, 60, 200, 250, 399, 400])
    func `a long line is cut so that the caret stays under its letter`(column: Int) throws {
        let letters = (0..<400).map { $0 == column - 1 ? "X" : "-" }.joined()
        let long = SourceText(file: "p.yml", text: letters)
        let shown = DiagnosticText().text(
            of: Diagnostic(.wrongValue, in: long, at: SourceLocation(line: 1, column: column), "x"))
        let lines = shown.split(separator: "\n").map(Array.init)
        try #require(lines.count == 3)
        #expect(lines[1].count <= 2 + 202)
        #expect(lines[1].firstIndex(of: "X") == lines[2].firstIndex(of: "^"))
        #expect((lines[1][2] == "…") == (column > 51))
    }

    @Test func `controls in a file's name and a message cannot reach the terminal`() {
        let source = SourceText(file: "a\u{1B}[2J.yml", text: "x")
        let shown = DiagnosticText().text(
            of: Diagnostic(.wrongValue, in: source, at: SourceLocation(line: 1, column: 1), "no \u{1B}]0;x\u{7}"))
        #expect(shown == "error: a\\u{1B}[2J.yml:1:1: no \\u{1B}]0;x\\u{7}\n  x\n  ^\n")
    }

    @Test func `quoted words are cut where they are long`() {
        #expect(quoted("a") == "'a'")
        #expect(quoted("a\nb") == "'a\\nb'")
        #expect(quoted(String(repeating: "a", count: 60)).count == 62)
        #expect(quoted(String(repeating: "a", count: 61)) == "'" + String(repeating: "a", count: 59) + "…'")
    }

    @Test func `mistakes stand in the order of their places`() {
        let all = [(2, 5), (1, 9), (2, 1)].map { line, column in
            Diagnostic(.wrongValue, in: source, at: SourceLocation(line: line, column: column), "x")
        }
        #expect(Diagnostics(all).all.map { [$0.location.line, $0.location.column] } == [[1, 9], [2, 1], [2, 5]])
    }

    @Test func `types read well after 'takes'`() {
        let types: [(SettingType, String)] = [
            (.boolean, "true or false"), (.text, "text"), (.integer(Int.min...Int.max), "an integer"),
            (.integer(1...Int.max), "an integer of at least 1"), (.integer(Int.min...3), "an integer of at most 3"),
            (.integer(1...3), "an integer from 1 to 3"), (.number(0...1), "a number from 0 to 1"),
            (.number(-Double.infinity...Double.infinity), "a number"),
            (.number(0.5...Double.greatestFiniteMagnitude), "a number of at least 0.5"),
            (.number(-Double.greatestFiniteMagnitude...1), "a number of at most 1"),
            (.number(.leastNonzeroMagnitude...Double.infinity), "a number above 0"),
            (.number(.leastNormalMagnitude...1), "a number above 0 and of at most 1"),
            (.choice(["a"]), "'a'"), (.choice(["a", "b", "c"]), "'a', 'b' or 'c'"), (.integerChoice([2, 3]), "2 or 3"),
            (.list(of: .text, minimum: 0), "a list, each element text"),
            (.list(of: .integer(1...2), minimum: 1), "a list of at least 1, each element an integer from 1 to 2"),
            (.item(Tools.last), "one of 'clamp' and 'tanh'"),
            (.item(Tools.layers), "one of 'convolution', 'prelu', 'relu', …"),
            (.list(of: .item(Tools.last), minimum: 0), "a list of 'clamp' and 'tanh'"),
            (.list(of: .item(Tools.layers), minimum: 1), "a list of at least 1 of 'convolution', 'prelu', 'relu', …"),
        ]
        for (type, words) in types { #expect(type.description == words) }
    }
}
