// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import Evaluation

/// The scores of a stage as the JSON of an artifact of format `scores`.
///
///     {"schema":1,"scores":[{"dataset":"Set5","image":"img_001","metric":"psnr","model":"bicubic",
///       "protocol":"y-double","scale":3,"shortened":false,"value":33.91},…]}
///
/// `image` is null for the mean over the data set.
package struct ScoreDocument: Hashable, Sendable {
    package let scores: [Score]

    package init(_ scores: [Score]) {
        self.scores = scores
    }

    package var json: JSONValue {
        ["schema": 1, "scores": .array(scores.map(\.json))]
    }

    /// `nil` for JSON that is no such document.
    package init?(json: JSONValue) {
        guard json["schema"]?.integer == 1, let values = json["scores"]?.array else { return nil }
        var scores: [Score] = []
        for value in values {
            guard let score = Score(json: value) else { return nil }
            scores.append(score)
        }
        self.scores = scores
    }
}

extension Score {
    package var json: JSONValue {
        [
            "model": .text(model), "metric": .text(metric.rawValue), "dataset": .text(dataset),
            "scale": .integer(scale), "protocol": .text(protocolName), "image": image.map { .text($0) } ?? .null,
            "value": .number(value), "shortened": .boolean(isShortened),
        ]
    }

    init?(json: JSONValue) {
        guard let model = json["model"]?.text, let metric = (json["metric"]?.text).flatMap(Metric.init(rawValue:)),
            let dataset = json["dataset"]?.text, let scale = json["scale"]?.integer,
            let protocolName = json["protocol"]?.text, let value = json["value"]?.number
        else { return nil }
        self.init(
            model: model, metric: metric, dataset: dataset, scale: scale, protocolName: protocolName,
            image: json["image"]?.text, value: value, isShortened: json["shortened"]?.boolean ?? false)
    }
}
