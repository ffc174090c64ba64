// SPDX-License-Identifier: Apache-2.0

/// Rows of short texts under a header, two spaces between columns and a thin rule below the header.
///
///     image    PSNR dB
///     ────────────────
///     img_001    33.91
///     img_002    31.5
package struct TextTable: Hashable, Sendable {
    package enum Alignment: Hashable, Sendable {
        case left
        case right
        /// The decimal points, or the ends of texts without one, stand below each other.
        case decimal
    }

    package struct Column: Hashable, Sendable {
        package let title: String
        package let alignment: Alignment

        package init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title.onOneLine
            self.alignment = alignment
        }
    }

    /// A text and how it is set off; line ends and controls in it are replaced.
    package struct Cell: Hashable, Sendable, ExpressibleByStringInterpolation {
        package let text: String
        package let style: TextStyle

        package init(_ text: String, style: TextStyle = .plain) {
            self.text = text.onOneLine
            self.style = style
        }

        package init(stringLiteral text: String) {
            self.init(text)
        }
    }

    enum Line: Hashable, Sendable {
        case row([Cell])
        case gap
        case rule
    }

    package private(set) var columns: [Column]
    private(set) var lines: [Line] = []

    package init(_ columns: [Column]) {
        precondition(!columns.isEmpty, "a table has at least one column")
        self.columns = columns
    }

    /// Adds a row with a cell for each column.
    package mutating func append(_ cells: [Cell]) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        lines.append(.row(cells))
    }

    /// Adds an empty line between groups of rows.
    package mutating func appendGap() {
        lines.append(.gap)
    }

    /// Adds a thin rule, as before a mean.
    package mutating func appendRule() {
        lines.append(.rule)
    }

    var rows: [[Cell]] {
        lines.compactMap { if case .row(let cells) = $0 { cells } else { nil } }
    }

    /// The table without the columns in which no row has a text.
    package var withoutEmptyColumns: TextTable {
        let kept = columns.indices.filter { column in rows.contains { !$0[column].text.isEmpty } }
        guard !kept.isEmpty else { return self }
        var table = TextTable(kept.map { columns[$0] })
        table.lines = lines.map { line in
            if case .row(let cells) = line { .row(kept.map { cells[$0] }) } else { line }
        }
        return table
    }
}

extension TextTable {
    /// The table in text, a line ending after each line and no spaces before it.
    ///
    /// A table whose titles are all empty has no header.
    package func text(look: TextLook = .drawn, colour: Bool = false) -> String {
        let layouts = columns.indices.map { index in ColumnLayout(columns[index], cells: rows.map { $0[index] }) }
        let width = layouts.reduce(2 * (layouts.count - 1)) { $0 + $1.width }
        let rule = String(repeating: look.rule, count: width)
        let drawnRule = colour ? TextStyle.faint.applied(to: rule) : rule
        var drawn: [String] = []
        if columns.contains(where: { !$0.title.isEmpty }) {
            drawn.append(joined(layouts.map { $0.header }))
            drawn.append(drawnRule)
        }
        for line in lines {
            switch line {
            case .row(let cells): drawn.append(joined(zip(layouts, cells).map { $0.placed($1, colour: colour) }))
            case .gap: drawn.append("")
            case .rule: drawn.append(drawnRule)
            }
        }
        return drawn.map { $0 + "\n" }.joined()
    }

    private func joined(_ cells: [String]) -> String {
        cells.joined(separator: "  ").trimmed
    }
}

/// The extents of one column, in columns of the terminal.
private struct ColumnLayout {
    let column: TextTable.Column
    let width: Int
    /// What stands from the decimal point on; 0 where the column is not aligned by it.
    let fractionWidth: Int

    init(_ column: TextTable.Column, cells: [TextTable.Cell]) {
        self.column = column
        let texts = cells.map(\.text)
        guard column.alignment == .decimal else {
            fractionWidth = 0
            width = (texts + [column.title]).map(\.displayWidth).max() ?? 0
            return
        }
        let fractions = texts.map { fraction(of: $0).displayWidth }
        let fractionWidth = fractions.max() ?? 0
        let wholeWidth = zip(texts, fractions).map { $0.displayWidth - $1 }.max() ?? 0
        self.fractionWidth = fractionWidth
        width = max(column.title.displayWidth, wholeWidth + fractionWidth)
    }

    var header: String {
        column.alignment == .left ? column.title.padded(to: width) : column.title.paddedLeft(to: width)
    }

    func placed(_ cell: TextTable.Cell, colour: Bool) -> String {
        let text = colour ? cell.style.applied(to: cell.text) : cell.text
        let spaces = width - cell.text.displayWidth
        let after =
            switch column.alignment {
            case .left: spaces
            case .right: 0
            case .decimal: fractionWidth - fraction(of: cell.text).displayWidth
            }
        return String(repeating: " ", count: spaces - after) + text + String(repeating: " ", count: after)
    }
}

/// The text from its first point on, or nothing.
private func fraction(of text: String) -> Substring {
    text.firstIndex(of: ".").map { text[$0...] } ?? ""
}

extension Substring {
    fileprivate var displayWidth: Int { String(self).displayWidth }
}
