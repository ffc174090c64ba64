// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

struct VisibleTextTests {
    @Test(arguments: [
        ("two\nlines\twide", "two\nlines\twide"), ("\u{1B}[2Jx\r", "\\u{1B}[2Jx\\r"), ("\u{9B}1m", "\\u{9B}1m"),
        ("a\u{202E}b", "a\\u{202E}b"), ("é 漢", "é 漢"), ("\u{7}\u{0}", "\\u{7}\\u{0}"), ("\r\n", "\\r\n"),
    ])
    func `lines of others are shown and not followed`(text: String, expected: String) {
        #expect(visibleLines(text) == expected)
        #expect(visibleLines(text, keepsStyles: true) == expected)
    }

    @Test(arguments: [
        ("\u{1B}[1;31mred\u{1B}[0m", true), ("\u{1B}[m", true), ("\u{1B}[2J", false), ("\u{1B}]0;title\u{7}", false),
        ("\u{1B}[1", false), ("\u{1B}[?25m", false), ("\u{1B}", false),
    ])
    func `only the look of letters may stay`(text: String, stays: Bool) {
        #expect((visibleLines(text, keepsStyles: true) == text) == stays)
        #expect(!visibleLines(text).contains("\u{1B}"))
    }

    @Test func `a text on one line has no line feed`() {
        #expect(visible("a\nb\u{1B}") == "a\\nb\\u{1B}")
    }
}
