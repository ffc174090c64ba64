// SPDX-License-Identifier: Apache-2.0

/// A number a paper printed, with all that it takes to compare it.
package struct PaperFigure: Hashable, Sendable {
    package let id: String
    package let model: String
    package let metric: Metric
    package let dataset: String
    package let scale: Int
    /// The name of the `EvaluationProtocol`.
    package let protocolName: String
    /// As the paper prints it, for example `33.06`.
    package let printed: String
    package let value: Double
    /// Digits after the point in `printed`.
    package let decimals: Int
    /// How far a score may lie from `value` and still be `within`; nil: only the same digits match.
    package let tolerance: Double?

    /// Nil where `printed` is not a plain decimal number such as `33.06` or `-1`, of at most 15 digits.
    package init?(
        id: String, model: String, metric: Metric, dataset: String, scale: Int, protocolName: String, printed: String,
        tolerance: Double? = nil
    ) {
        precondition(tolerance.map { $0 >= 0 } ?? true, "a tolerance is not negative")
        let digits = printed.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        let parts = digits.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard
            printed.utf8.count - digits.count <= 1, digits.count <= 16,
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }),
            let value = Double(printed)
        else { return nil }
        self.id = id
        self.model = model
        self.metric = metric
        self.dataset = dataset
        self.scale = scale
        self.protocolName = protocolName
        self.printed = printed
        self.value = value
        self.decimals = parts.count == 2 ? parts[1].count : 0
        self.tolerance = tolerance
    }

    /// Whether a larger score than the paper's is the better one.
    package var higherIsBetter: Bool { metric.higherIsBetter }
}

/// What a paper's figure is worth here.
package enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// Equal at the printed digits.
    case match
    /// Not further away than its tolerance.
    case within
    /// Past the tolerance on the better side.
    case exceeds
    /// Past the tolerance on the worse side.
    case deviates
    /// There is a score, but under another protocol, of another data set, or of a shortened training.
    case notComparable = "not-comparable"
    /// There is no score.
    case notMeasured = "not-measured"
}

/// A paper's figure beside the score here.
package struct Deviation: Hashable, Sendable {
    package let figure: PaperFigure
    /// The mean here, also where it is not comparable under the figure's own protocol; nil where there is none.
    package let here: Double?
    /// `here` less the paper's value.
    package let difference: Double?
    package let verdict: Verdict
    /// Why it cannot be compared or what is missing; empty for the other verdicts.
    package let reason: String

    /// The figure's verdict among `scores`; the first mean that fits is taken, the scores of single images are not
    /// looked at.
    package init(of figure: PaperFigure, among scores: [Score]) {
        let means = scores.filter {
            $0.image == nil && $0.model == figure.model && $0.metric == figure.metric && $0.scale == figure.scale
        }
        let ofDataset = means.filter { $0.dataset == figure.dataset }
        let exact = ofDataset.first { $0.protocolName == figure.protocolName }
        self.figure = figure
        here = exact?.value
        difference = exact.map { $0.value - figure.value }
        if let exact, !exact.isShortened {
            verdict = figure.verdict(on: exact.value)
            reason = ""
        } else if exact != nil {
            verdict = .notComparable
            reason = "the training was shortened"
        } else if !ofDataset.isEmpty {
            verdict = .notComparable
            reason =
                "scored under \(names(ofDataset.map(\.protocolName))), the figure is under '\(figure.protocolName)'"
        } else if !means.isEmpty {
            verdict = .notComparable
            reason = "scored on \(names(means.map(\.dataset))), the figure is for '\(figure.dataset)'"
        } else {
            verdict = .notMeasured
            reason = "no \(figure.metric.rawValue) of '\(figure.model)' on '\(figure.dataset)' x\(figure.scale)"
        }
    }
}

extension PaperFigure {
    /// How `here`, which is comparable, stands to the paper's value.
    ///
    /// Never `match` or better for what is no number.
    package func verdict(on here: Double) -> Verdict {
        guard !here.isNaN else { return .deviates }
        if here.formatted(decimals: decimals) == value.formatted(decimals: decimals) { return .match }
        let difference = here - value
        if let tolerance, difference.magnitude <= tolerance { return .within }
        return (difference > 0) == higherIsBetter ? .exceeds : .deviates
    }
}

/// Each name once, in quotes, in the order of their first appearance.
private func names(_ names: [String]) -> String {
    var seen: [String] = []
    for name in names where !seen.contains(name) { seen.append(name) }
    return seen.map { "'\($0)'" }.joined(separator: ", ")
}
