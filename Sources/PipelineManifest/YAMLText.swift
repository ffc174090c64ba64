// SPDX-License-Identifier: Apache-2.0

/// A manifest's text as Unicode scalars in lines, which is how the YAML parser counts, and the way back to characters,
/// which is how an author counts.
struct YAMLText {
    let scalars: [Unicode.Scalar]
    /// Which file the places are in.
    private let file: Int
    /// Where each line starts in `scalars`; never empty.
    private let lineStarts: [Int]
    /// For each line with other than ASCII characters, the column (from 1) of the character each of its scalars is in.
    private let characterColumns: [Int: [Int]]

    init(_ text: String, file: Int = 0) {
        let scalars = Array(text.unicodeScalars)
        let starts = YAMLText.lineStarts(of: scalars)
        self.file = file
        self.scalars = scalars
        self.lineStarts = starts
        self.characterColumns = YAMLText.characterColumns(of: scalars, lineStarts: starts)
    }

    var lineCount: Int { lineStarts.count }

    /// The place of the text as a whole.
    var start: SourceLocation { SourceLocation(line: 1, column: 1, file: file) }

    /// The offset of a place that the YAML parser names, both counted from 1; clipped to the text.
    func offset(line: Int, column: Int) -> Int {
        guard line >= 1, line <= lineStarts.count else { return scalars.count }
        return min(lineStarts[line - 1] + max(0, column - 1), scalars.count)
    }

    /// The place of a token of `count` scalars, clipped to the line it starts in.
    func location(at offset: Int, count: Int) -> SourceLocation {
        let start = min(max(0, offset), scalars.count)
        let line = lineIndex(containing: start)
        let last = max(start, min(start + count, endOfLine(line)) - 1)
        let column = characterColumn(of: start, line: line)
        return SourceLocation(
            line: line + 1, column: column, length: characterColumn(of: last, line: line) - column + 1, file: file)
    }

    /// Where the line that holds `offset` ends, without its line ending.
    func endOfLine(containing offset: Int) -> Int { endOfLine(lineIndex(containing: offset)) }

    /// The characters of one line, counted from 1, without its line ending; empty past the end.
    func line(_ number: Int) -> String {
        guard number >= 1, number <= lineStarts.count else { return "" }
        return YAMLText.string(scalars[lineStarts[number - 1]..<endOfLine(number - 1)])
    }

    static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(scalars.count)
        for scalar in scalars {
            if scalar.isASCII {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes.append(contentsOf: String(scalar).utf8)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func endOfLine(_ index: Int) -> Int {
        guard index + 1 < lineStarts.count else { return scalars.count }
        var end = lineStarts[index + 1] - 1
        if end > lineStarts[index], scalars[end] == "\n", scalars[end - 1] == "\r" { end -= 1 }
        return end
    }

    private func lineIndex(containing offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    private func characterColumn(of offset: Int, line: Int) -> Int {
        let column = offset - lineStarts[line]
        guard !characterColumns.isEmpty, let columns = characterColumns[line] else { return column + 1 }
        return column < columns.count ? columns[column] : (columns.last ?? 0) + 1 + column - columns.count
    }

    private static func lineStarts(of scalars: [Unicode.Scalar]) -> [Int] {
        var starts = [0]
        for (offset, scalar) in scalars.enumerated() where isLineEnd(scalar) {
            if scalar == "\r", offset + 1 < scalars.count, scalars[offset + 1] == "\n" { continue }
            starts.append(offset + 1)
        }
        return starts
    }

    private static func characterColumns(of scalars: [Unicode.Scalar], lineStarts: [Int]) -> [Int: [Int]] {
        var columns: [Int: [Int]] = [:]
        for (line, start) in lineStarts.enumerated() {
            let end = line + 1 < lineStarts.count ? lineStarts[line + 1] : scalars.count
            guard !scalars[start..<end].allSatisfy(\.isASCII) else { continue }
            var ofLine: [Int] = []
            for (column, character) in string(scalars[start..<end]).enumerated() {
                ofLine.append(contentsOf: repeatElement(column + 1, count: character.unicodeScalars.count))
            }
            columns[line] = ofLine
        }
        return columns
    }

    /// YAML's line breaks.
    private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}
