// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Rows of text under a title; the first column is aligned to the left, those of numbers to the right, and words at the
/// end of a row are left as they are.
struct Table {
    private let title: String
    private var rows: [[String]]
    private var comments: [Int: String] = [:]
    private var remarks: [String] = []

    init(_ title: String, columns: [String]) {
        self.title = title
        rows = [[""] + columns]
    }

    mutating func add(_ name: String, _ cells: String...) {
        rows.append([name] + cells)
    }

    /// A row that has nothing but a reason.
    mutating func add(_ name: String, absent reason: String) {
        rows.append([name, reason])
    }

    /// Words after the cells of the row that was added last.
    mutating func comment(_ words: String) {
        comments[rows.count - 1] = words
    }

    /// A line below the rows.
    mutating func remark(_ text: String) {
        remarks.append(text)
    }

    /// Prints it, at once.
    func show() {
        let columns = rows[0].count
        let widths = (0..<columns).map { column in
            // A reason may run over the columns after it.
            rows.filter { $0.count == columns }.map { $0[column].count }.max() ?? 0
        }
        let first = rows.map { $0[0].count }.max() ?? 0
        print("\n\(title)")
        for (number, row) in rows.enumerated() {
            var line = "  " + row[0].padding(toLength: first, withPad: " ", startingAt: 0)
            if row.count == columns {
                for (cell, width) in zip(row, widths).dropFirst() {
                    line += "  " + String(repeating: " ", count: width - cell.count) + cell
                }
            } else {
                line += "  " + row.dropFirst().joined(separator: "  ")
            }
            if let comment = comments[number] { line += "  " + comment }
            print(line)
        }
        for remark in remarks { print("  \(remark)") }
        fflush(nil)
    }
}

extension Double {
    /// Three significant digits or so: `0.0123`, `1.23`, `12.3`, `123`, `12,345`.
    var brief: String {
        switch abs(self) {
        case ..<0.1: text(4)
        case ..<10: text(2)
        case ..<100: text(1)
        default: text(0).grouped
        }
    }

    /// With a fixed number of decimals.
    func text(_ decimals: Int) -> String { String(format: "%.\(decimals)f", self) }
}

extension Double? {
    /// `brief`, or a dash.
    var brief: String { map(\.brief) ?? "-" }
    /// As `3.10x`, `0.014x`, or a dash.
    var times: String { map { ($0 < 0.1 ? $0.text(3) : $0.brief) + "x" } ?? "-" }
    /// As `66 %`, or a dash.
    var percent: String { map { ($0 * 100).text(0) + " %" } ?? "-" }
}

extension String {
    /// With commas between thousands.
    fileprivate var grouped: String {
        var text = ""
        for (place, digit) in enumerated() {
            if place > 0, (count - place) % 3 == 0, self[index(startIndex, offsetBy: place - 1)] != "-" { text += "," }
            text.append(digit)
        }
        return text
    }
}
