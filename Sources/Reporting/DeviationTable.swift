// SPDX-License-Identifier: Apache-2.0

package import Evaluation

/// The paper's figures beside those measured here, one line each, and what was measured without a claim.
///
///     data set  scale  metric   protocol  model    paper   here  difference  verdict
///     ────────────────────────────────────────────────────────────────────────────────
///     Set5      ×3     PSNR dB  y-double  bicubic  30.39  30.39        0.00  match
///                                         FSRCNN   33.06  32.40       -0.66  deviates
package struct DeviationTable: Hashable, Sendable {
    /// A deviation with what only people read of its claim.
    package struct Row: Hashable, Sendable {
        package let deviation: Deviation
        /// Where in the paper, for example `Table 3`.
        package let place: String?
        /// Whether the figure was checked against the paper itself.
        package let isVerified: Bool

        package init(deviation: Deviation, place: String?, isVerified: Bool) {
            self.deviation = deviation
            self.place = place
            self.isVerified = isVerified
        }
    }

    private let rows: [Row]
    private let scores: [Score]
    private let notes: [String]

    /// - Parameters:
    ///   - scores: means; those that a deviation speaks of are not shown again.
    ///   - notes: lines below the table.
    package init(deviations: [Row], scores: [Score], notes: [String]) {
        rows = deviations
        self.scores = scores.filter { $0.image == nil }
        self.notes = notes
    }
}

extension DeviationTable {
    package func text(look: TextLook = .drawn, colour: Bool) -> String {
        var footnotes: [String] = []
        var table = TextTable(Self.columns)
        var before: DeviationLine.Group?
        for line in lines {
            if let before, before != line.group { table.appendGap() }
            let isFirst = before != line.group
            before = line.group
            table.append(line.cells(look: look, showsGroup: isFirst, footnotes: &footnotes))
        }
        var text = table.text(look: look, colour: colour)
        let below = [summary].compactMap { $0 } + footnotes.enumerated().map { "[\($0 + 1)] \($1)" } + starNotes + notes
        if !below.isEmpty { text += "\n" + below.map { $0 + "\n" }.joined() }
        return text
    }

    package var markdown: String {
        var footnotes: [String] = []
        var text = "| " + Self.columns.map(\.title).joined(separator: " | ") + " |\n"
        text += "|" + Self.columns.map { $0.alignment == .left ? "---|" : "---:|" }.joined() + "\n"
        for line in lines {
            let cells = line.cells(look: .drawn, showsGroup: true, footnotes: &footnotes)
            text += "| " + cells.map { $0.text.escapedForMarkdown }.joined(separator: " | ") + " |\n"
        }
        let below = [summary].compactMap { $0 } + footnotes.enumerated().map { "[\($0 + 1)] \($1)" } + starNotes + notes
        return text + below.map { "\n\($0.escapedForMarkdown)\n" }.joined()
    }

    private static let columns: [TextTable.Column] = [
        .init("data set"), .init("scale"), .init("metric"), .init("protocol"), .init("model"),
        .init("paper", .decimal), .init("here", .decimal), .init("difference", .decimal), .init("verdict"),
    ]

    /// For example `4 claims (Table 3): 2 match, 1 within, 1 deviates`.
    private var summary: String? {
        guard !rows.isEmpty else { return nil }
        let counts = Verdict.allCases.compactMap { verdict -> String? in
            let count = rows.filter { $0.deviation.verdict == verdict }.count
            return count > 0 ? "\(count) \(verdict.rawValue)" : nil
        }
        var places: [String] = []
        for place in rows.compactMap(\.place) where !places.contains(place) { places.append(place) }
        let origin = places.isEmpty ? "" : " (\(places.joined(separator: ", ")))"
        return "\(rows.count) \(rows.count == 1 ? "claim" : "claims")\(origin): \(counts.joined(separator: ", "))"
    }

    private var starNotes: [String] {
        rows.contains { !$0.isVerified } ? ["* not checked against the paper itself"] : []
    }

    /// Claims and scores of one data set, scale, metric and protocol together, in the order in which they come.
    private var lines: [DeviationLine] {
        let claimed = rows.map { DeviationLine($0) }
        let measured = scores.filter { score in !rows.contains { $0.deviation.isAbout(score) } }.map { DeviationLine($0) }
        var groups: [DeviationLine.Group] = []
        for line in claimed + measured where !groups.contains(line.group) { groups.append(line.group) }
        return groups.flatMap { group in
            let all = (claimed + measured).filter { $0.group == group }
            return all.filter(\.isBaseline) + all.filter { !$0.isBaseline }
        }
    }
}

/// One line of the table.
private struct DeviationLine {
    struct Group: Hashable {
        let dataset: String
        let scale: Int
        let metric: Metric
        let protocolName: String
    }

    let group: Group
    private let model: String
    private let paper: String?
    private let here: Double?
    private let difference: Double?
    private let verdict: Verdict?
    private let reason: String
    private let isVerified: Bool

    init(_ row: DeviationTable.Row) {
        let (deviation, figure) = (row.deviation, row.deviation.figure)
        group = Group(
            dataset: figure.dataset, scale: figure.scale, metric: figure.metric, protocolName: figure.protocolName)
        model = figure.model
        paper = figure.printed
        here = deviation.here
        difference = deviation.difference
        verdict = deviation.verdict
        reason = deviation.reason
        isVerified = row.isVerified
    }

    init(_ score: Score) {
        group = Group(
            dataset: score.dataset, scale: score.scale, metric: score.metric, protocolName: score.protocolName)
        model = score.model
        paper = nil
        here = score.value
        difference = nil
        verdict = nil
        reason = ""
        isVerified = true
    }

    var isBaseline: Bool { model == "bicubic" }

    func cells(look: TextLook, showsGroup: Bool, footnotes: inout [String]) -> [TextTable.Cell] {
        let metric = group.metric.title + (group.metric.unit.isEmpty ? "" : " \(group.metric.unit)")
        let heads = [group.dataset, look.times + String(group.scale), metric, group.protocolName]
        return heads.map { .init(showsGroup ? $0 : "") } + [
            .init(model), .init(paper.map { $0 + (isVerified ? "" : "*") } ?? look.nothing),
            .init(here.map { $0.formatted(decimals: decimals) } ?? look.nothing),
            .init(difference.map(signed) ?? (paper == nil ? "" : look.nothing)),
            .init(verdictText(&footnotes), style: style),
        ]
    }

    private func verdictText(_ footnotes: inout [String]) -> String {
        guard let verdict else { return "" }
        guard !reason.isEmpty else { return verdict.rawValue }
        footnotes.append("\(model) on \(group.dataset): \(reason)")
        return "\(verdict.rawValue) [\(footnotes.count)]"
    }

    /// As many as papers print of this metric.
    private var decimals: Int { group.metric == .psnr ? 2 : 4 }

    private func signed(_ difference: Double) -> String {
        let text = difference.formatted(decimals: decimals)
        let isZero = !text.contains { ("1"..."9").contains($0) }
        if isZero { return text.hasPrefix("-") ? String(text.dropFirst()) : text }
        return difference > 0 ? "+" + text : text
    }

    private var style: TextStyle {
        switch verdict {
        case .match, .within, .exceeds: .good
        case .deviates: .bad
        case .notComparable, .notMeasured: .caution
        case nil: .plain
        }
    }
}

extension Deviation {
    /// Whether the score is the one that stands in this deviation's line.
    fileprivate func isAbout(_ score: Score) -> Bool {
        figure.model == score.model && figure.metric == score.metric && figure.dataset == score.dataset
            && figure.scale == score.scale && figure.protocolName == score.protocolName
    }
}

extension String {
    /// Bars would end a table's cell, and angle brackets begin a tag.
    var escapedForMarkdown: String {
        var text = ""
        for character in self {
            switch character {
            case "|", "\\", "*", "_", "`", "<", ">", "[", "]": text += "\\" + String(character)
            default: text.append(character)
            }
        }
        return text
    }
}
