// SPDX-License-Identifier: Apache-2.0

package import Evaluation

/// The scores of a stage in text: for each data set, scale and protocol a table with a row for each image and one for
/// the mean, and a column for each metric and model.
package struct ScoreTable: Hashable, Sendable {
    package let scores: [Score]

    package init(scores: [Score]) {
        self.scores = scores
    }

    package func text(colour: Bool = false, look: TextLook = .drawn) -> String {
        guard !scores.isEmpty else { return "no scores\n" }
        let settings = distinct(scores.map(Setting.init))
        return settings.map { setting in
            let part = scores.filter { Setting($0) == setting }
            let heading =
                "\(setting.dataset.onOneLine) \(look.times)\(setting.scale)  \(setting.protocolName.onOneLine)\n"
            return heading + "\n" + table(part, look: look).text(look: look, colour: colour) + shortened(part)
        }.joined(separator: "\n")
    }

    private func table(_ scores: [Score], look: TextLook) -> TextTable {
        let measures = Metric.allCases.flatMap { metric in
            distinct(scores.filter { $0.metric == metric }.map(\.model)).map { (metric: metric, model: $0) }
        }
        var table = TextTable(
            [.init("image")] + measures.map { .init("\($0.metric.label) \($0.model)", .decimal) })
        func append(_ name: String, image: String?) {
            table.append(
                [.init(name)]
                    + measures.map { metric, model in
                        let score = scores.first { $0.image == image && $0.metric == metric && $0.model == model }
                        return .init(score.map { $0.value.formatted(decimals: metric.decimals) } ?? look.nothing)
                    })
        }
        let images = distinct(scores.compactMap(\.image))
        for image in images { append(image, image: image) }
        guard scores.contains(where: { $0.image == nil }) else { return table }
        if !images.isEmpty { table.appendRule() }
        append("mean", image: nil)
        return table
    }

    private func shortened(_ scores: [Score]) -> String {
        let models = distinct(scores.filter(\.isShortened).map(\.model))
        return models.isEmpty ? "" : "\nshortened training: \(models.map(\.onOneLine).joined(separator: ", "))\n"
    }
}

/// What the scores of one table have in common.
private struct Setting: Hashable {
    let dataset: String
    let scale: Int
    let protocolName: String

    init(_ score: Score) {
        dataset = score.dataset
        scale = score.scale
        protocolName = score.protocolName
    }
}

/// Each value once, in the order of first appearance.
func distinct<Value: Hashable>(_ values: [Value]) -> [Value] {
    var seen: Set<Value> = []
    return values.filter { seen.insert($0).inserted }
}
