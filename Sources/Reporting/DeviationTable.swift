// SPDX-License-Identifier: Apache-2.0

package import Evaluation

/// The paper's figures beside the scores here, with a verdict on each, and the scores that no claim is about.
///
/// Rows are grouped by data set and scale in the order of the claims, bicubic first. Why something deviates or cannot
/// be compared stands in footnotes.
package struct DeviationTable: Hashable, Sendable {
    package let deviations: [ReportedDeviation]
    /// Means and others; only means are shown.
    package let scores: [Score]
    /// Sentences for below the table, for example how often a test set was scored before.
    package let notes: [String]

    package init(deviations: [ReportedDeviation], scores: [Score], notes: [String] = []) {
        self.deviations = deviations
        self.scores = scores
        self.notes = notes
    }

    /// The table, its footnotes, the summary and the notes, each on lines of its own.
    package func text(colour: Bool, look: TextLook = .drawn) -> String {
        let content = TableContent(deviations, scores, look: look)
        let footnotes = content.footnotes.map { "\($0.mark.padded(to: 3))  \($0.text)\n" }.joined()
        let ending = ([summary] + notes.map(\.onOneLine)).map { $0 + "\n" }.joined()
        let table = content.rows.isEmpty ? "" : content.table(spaced: true).text(look: look, colour: colour)
        return [table, footnotes, ending].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// The same in GitHub's Markdown.
    package var markdown: String {
        let content = TableContent(deviations, scores, look: .drawn)
        let table = content.rows.isEmpty ? "" : content.table(spaced: false).markdown
        let footnotes = content.footnotes.map { "- \(markdownEscaped($0.mark)) \(markdownEscaped($0.text))\n" }.joined()
        let notes = notes.map { markdownItem($0) + "\n" }.joined()
        return [table, footnotes, "**\(summary)**\n", notes].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// For example `4 claims: 2 match, 1 within, 1 deviates`.
    package var summary: String {
        guard !deviations.isEmpty else { return "no claims" }
        let counts = Verdict.allCases.compactMap { verdict in
            let count = deviations.count { $0.deviation.verdict == verdict }
            return count > 0 ? "\(count) \(verdict.rawValue)" : nil
        }
        return "\(deviations.count) \(deviations.count == 1 ? "claim" : "claims"): \(counts.joined(separator: ", "))"
    }
}

/// Rows in their order, with the footnotes that they refer to.
private struct TableContent {
    private(set) var rows: [ComparisonRow]
    private(set) var footnotes: [(mark: String, text: String)] = []
    private let look: TextLook

    init(_ deviations: [ReportedDeviation], _ scores: [Score], look: TextLook) {
        let claimed = Set(deviations.map { ComparisonRow.Subject($0.figure) })
        var unclaimed: [ComparisonRow] = []
        var seen: Set<ComparisonRow.Subject> = []
        for score in scores where score.image == nil {
            let row = ComparisonRow(score, look: look)
            if !claimed.contains(row.subject), seen.insert(row.subject).inserted { unclaimed.append(row) }
        }
        self.look = look
        rows = sorted(deviations.map { ComparisonRow($0, look: look) } + unclaimed)
        if deviations.contains(where: { !$0.isVerified }) {
            footnotes.append(("*", "not checked against the paper itself"))
        }
        for index in rows.indices { refer(from: index) }
    }

    /// Gives a row the number of its footnote; one text has one number.
    private mutating func refer(from index: Int) {
        guard let text = rows[index].explanation?.onOneLine, !text.isEmpty else { return }
        if let known = footnotes.first(where: { $0.text == text && $0.mark != "*" }) {
            rows[index].mark = known.mark
        } else {
            let mark = "[\(footnotes.count { $0.mark != "*" } + 1)]"
            footnotes.append((mark, text))
            rows[index].mark = mark
        }
    }

    func table(spaced: Bool) -> TextTable {
        var table = TextTable([
            .init("data set"), .init("scale"), .init("metric"), .init("protocol"), .init("model"),
            .init("paper", .decimal), .init("here", .decimal), .init("difference", .decimal), .init("verdict"),
            .init("place"),
        ])
        let hasLargeGroups = zip(rows, rows.dropFirst()).contains { $0.subject.isGrouped(with: $1.subject) }
        for (index, row) in rows.enumerated() {
            let isNewGroup = index > 0 && !rows[index - 1].subject.isGrouped(with: row.subject)
            if spaced, hasLargeGroups, isNewGroup { table.appendGap() }
            table.append(row.cells(look))
        }
        return table.withoutEmptyColumns
    }
}

/// One line of the table.
private struct ComparisonRow {
    /// What was measured.
    struct Subject: Hashable {
        let dataset: String
        let scale: Int
        let metric: Metric
        let model: String
        let protocolName: String

        init(_ figure: PaperFigure) {
            (dataset, scale, metric) = (figure.dataset, figure.scale, figure.metric)
            (model, protocolName) = (figure.model, figure.protocolName)
        }

        init(_ score: Score) {
            (dataset, scale, metric) = (score.dataset, score.scale, score.metric)
            (model, protocolName) = (score.model, score.protocolName)
        }

        func isGrouped(with other: Subject) -> Bool {
            dataset == other.dataset && scale == other.scale
        }
    }

    let subject: Subject
    let paper: String
    let here: String
    let difference: String
    let verdict: Verdict?
    let place: String
    /// What a footnote says of it.
    let explanation: String?
    /// Of its footnote.
    var mark = ""

    init(_ reported: ReportedDeviation, look: TextLook) {
        subject = Subject(reported.figure)
        paper = reported.figure.printed + (reported.isVerified ? "" : "*")
        here = reported.here ?? look.nothing
        difference = reported.difference ?? look.nothing
        verdict = reported.deviation.verdict
        place = reported.place ?? ""
        explanation = reported.explanation
    }

    init(_ score: Score, look: TextLook) {
        subject = Subject(score)
        paper = look.nothing
        here = score.value.formatted(decimals: score.metric.decimals)
        difference = ""
        verdict = nil
        place = ""
        explanation = score.isShortened ? "the training was shortened" : nil
    }

    func cells(_ look: TextLook) -> [TextTable.Cell] {
        let words = [verdict?.rawValue ?? "", mark].filter { !$0.isEmpty }.joined(separator: " ")
        return [
            .init(subject.dataset), .init("\(look.times)\(subject.scale)"), .init(subject.metric.label),
            .init(subject.protocolName), .init(subject.model), .init(paper), .init(here), .init(difference),
            .init(words, style: verdict?.style ?? .plain), .init(place),
        ]
    }
}

/// By data set and scale, metric, model and protocol; names in the order of their first appearance, but bicubic first.
private func sorted(_ rows: [ComparisonRow]) -> [ComparisonRow] {
    let groups = places(rows.map { [$0.subject.dataset, String($0.subject.scale)] })
    let models = places([["bicubic"]] + rows.map { [$0.subject.model] })
    let protocols = places(rows.map { [$0.subject.protocolName] })
    func key(_ index: Int) -> [Int] {
        let subject = rows[index].subject
        return [
            groups[[subject.dataset, String(subject.scale)]] ?? 0, Metric.allCases.firstIndex(of: subject.metric) ?? 0,
            models[[subject.model]] ?? 0, protocols[[subject.protocolName]] ?? 0, index,
        ]
    }
    return rows.indices.sorted { key($0).lexicographicallyPrecedes(key($1)) }.map { rows[$0] }
}

/// Each name with the place of its first appearance.
private func places(_ names: [[String]]) -> [[String]: Int] {
    Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
}

extension Verdict {
    var style: TextStyle {
        switch self {
        case .match, .within, .exceeds: .good
        case .deviates: .bad
        case .notComparable, .notMeasured: .caution
        }
    }
}
