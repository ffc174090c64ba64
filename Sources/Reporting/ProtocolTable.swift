// SPDX-License-Identifier: Apache-2.0

package import Evaluation

/// The mean scores of models under several protocols side by side, for each data set and scale: a row for each
/// protocol, a column for each metric and model, in more digits than papers print, since protocols differ in them.
package struct ProtocolTable: Hashable, Sendable {
    private let means: [Score]

    /// Nil where no model was scored under two protocols on one data set and scale.
    package init?(scores: [Score]) {
        means = scores.filter { $0.image == nil }
        let severals = Dictionary(grouping: means) { Subject($0) }.values.contains { group in
            Set(group.map(\.protocolName)).count > 1
        }
        guard severals else { return nil }
    }

    package func text(colour: Bool = false, look: TextLook = .drawn) -> String {
        let measures = Metric.allCases.flatMap { metric in
            distinct(means.filter { $0.metric == metric }.map(\.model)).map { (metric: metric, model: $0) }
        }
        var table = TextTable(
            [.init("data set"), .init("scale"), .init("protocol")]
                + measures.map { .init("\($0.metric.label) \($0.model)", .decimal) })
        var isFirst = true
        for place in distinct(means.map(Place.init)) {
            let here = means.filter { Place($0) == place }
            if !isFirst { table.appendGap() }
            isFirst = false
            for (row, name) in distinct(here.map(\.protocolName)).enumerated() {
                let values = measures.map { metric, model in
                    let score = here.first { $0.protocolName == name && $0.metric == metric && $0.model == model }
                    return TextTable.Cell(
                        score.map { $0.value.formatted(decimals: metric.fineDecimals) } ?? look.nothing)
                }
                let place = row == 0 ? [place.dataset, "\(look.times)\(place.scale)"] : ["", ""]
                table.append(place.map { .init($0) } + [.init(name)] + values)
            }
        }
        return table.text(look: look, colour: colour)
    }
}

private struct Place: Hashable {
    let dataset: String
    let scale: Int

    init(_ score: Score) {
        (dataset, scale) = (score.dataset, score.scale)
    }
}

/// What can be scored under several protocols.
private struct Subject: Hashable {
    let place: Place
    let model: String
    let metric: Metric

    init(_ score: Score) {
        (place, model, metric) = (Place(score), score.model, score.metric)
    }
}

extension Metric {
    /// Digits after the point in which protocols are told apart.
    fileprivate var fineDecimals: Int {
        switch self {
        case .psnr, .mse, .mae: 4
        case .ssim: 5
        }
    }
}
