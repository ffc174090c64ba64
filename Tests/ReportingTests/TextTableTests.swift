// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct TextTableTests {
    private func check(_ table: TextTable, look: TextLook = .drawn, colour: Bool = false, gives expected: String) {
        #expect(table.text(look: look, colour: colour) == expected)
    }

    private var numbers: TextTable {
        var table = TextTable([.init("image"), .init("PSNR dB", .decimal), .init("pixels", .right)])
        table.append(["img_001", "33.91", "262144"])
        table.append(["b", "9.5*", "7"])
        table.append(["c", "—", ""])
        table.append(["d", "100", "1"])
        return table
    }

    @Test func `columns are aligned left, right and by their decimal points`() {
        check(
            numbers,
            gives: """
                image    PSNR dB  pixels
                ────────────────────────
                img_001    33.91  262144
                b           9.5*       7
                c           —
                d         100          1

                """)
    }

    @Test func `the ASCII look draws its rule with hyphens`() {
        check(
            numbers, look: .ascii,
            gives: """
                image    PSNR dB  pixels
                ------------------------
                img_001    33.91  262144
                b           9.5*       7
                c           —
                d         100          1

                """)
    }

    @Test func `gaps and rules stand between rows and empty columns are left out`() {
        var table = TextTable([.init("a"), .init("nothing"), .init("b")])
        table.append(["1", "", "2"])
        table.appendGap()
        table.append(["3", "", "4"])
        table.appendRule()
        table.append(["5", "", "6"])
        check(table.withoutEmptyColumns, gives: "a  b\n────\n1  2\n\n3  4\n────\n5  6\n")
    }

    @Test func `a table without titles has no header`() {
        var table = TextTable([.init(""), .init("")])
        table.append(["system", "Linux"])
        table.append(["cpu", "x86-64"])
        check(table, gives: "system  Linux\ncpu     x86-64\n")
    }

    @Test func `wide characters take two columns and combined ones a single one`() {
        var table = TextTable([.init("name"), .init("n", .right)])
        table.append(["超解像", "1"])
        table.append(["e\u{301}te\u{301}", "2"])
        table.append(["plain", "3"])
        check(table, gives: "name    n\n─────────\n超解像  1\ne\u{301}te\u{301}     2\nplain   3\n")
    }

    @Test func `colours do not shift columns and rules are faint`() {
        var table = TextTable([.init("v"), .init("w")])
        table.append([.init("match", style: .good), "x"])
        table.append([.init("no", style: .bad), "y"])
        check(
            table, colour: true,
            gives: """
                v      w
                \u{1B}[2m────────\u{1B}[0m
                \u{1B}[32mmatch\u{1B}[0m  x
                \u{1B}[31mno\u{1B}[0m     y

                """)
        #expect(!table.text().contains("\u{1B}"))
    }

    @Test func `line ends, controls and marks of direction in a cell cannot act on the terminal`() {
        var table = TextTable([.init("a\nb"), .init("c")])
        table.append(["x\r\ny\tz", "\u{1B}[31mred\u{202E}"])
        check(table, gives: "a b    c\n────────────────\nx y z  ?[31mred?\n")
    }
}
