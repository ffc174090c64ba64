// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import Evaluation

/// A claim as a figure that scores are compared with, and what only people read of it.
package struct ComparedClaim: Hashable, Sendable {
    package let figure: PaperFigure
    /// Where in the paper it stands.
    package let place: String?
    /// Whether it was checked against the paper itself.
    package let isVerified: Bool
}

extension ComparedClaim {
    /// Reads a claim as it stands in key documents and work orders; throws its fault in words.
    package init(claim json: JSONValue) throws(ClaimError) {
        let name = json["claim"]?.text ?? ""
        guard let model = json["model"]?.text, let dataset = json["dataset"]?.text, let scale = json["scale"]?.integer,
            let protocolName = json["protocol"]?.text, let printed = json["printed"]?.text
        else { throw ClaimError(claim: name, reason: "is not complete") }
        guard let metric = (json["metric"]?.text).flatMap(Metric.init(rawValue:)) else {
            throw ClaimError(claim: name, reason: "names a metric that Reprise does not know")
        }
        guard
            let figure = PaperFigure(
                id: name, model: model, metric: metric, dataset: dataset, scale: scale, protocolName: protocolName,
                printed: printed, tolerance: json["tolerance"]?.number)
        else { throw ClaimError(claim: name, reason: "has the value '\(printed)', which is no decimal number") }
        self.figure = figure
        place = json["place"]?.text
        isVerified = json["verified"]?.boolean ?? true
    }
}

/// What is wrong with one claim.
package struct ClaimError: Error, Hashable, Sendable, CustomStringConvertible {
    let claim: String
    let reason: String

    package var description: String { "claim '\(claim)' \(reason)" }
}

/// A claim beside the score here.
package struct ClaimDeviation: Hashable, Sendable {
    package let claim: ComparedClaim
    package let deviation: Deviation
}

/// Claims beside scores, and all mean scores, as the JSON of an artifact of format `deviations`.
///
/// Verdicts are made once, by `compare`; what is read back is the claims and the scores, from which they follow again.
package struct DeviationDocument: Hashable, Sendable {
    package let deviations: [ClaimDeviation]
    /// Means only.
    package let scores: [Score]

    package init(claims: [ComparedClaim], scores: [Score]) {
        let means = scores.filter { $0.image == nil }
        deviations = claims.map { ClaimDeviation(claim: $0, deviation: Deviation(of: $0.figure, among: means)) }
        self.scores = means
    }

    package var json: JSONValue {
        [
            "schema": 1, "deviations": .array(deviations.map(\.json)),
            "scores": .array(scores.map(\.json)),
        ]
    }

    /// `nil` for JSON that is no such document.
    package init?(json: JSONValue) {
        guard json["schema"]?.integer == 1, let values = json["deviations"]?.array,
            let scores = ScoreDocument(json: json)?.scores
        else { return nil }
        var claims: [ComparedClaim] = []
        for value in values {
            guard let claim = try? ComparedClaim(claim: value) else { return nil }
            claims.append(claim)
        }
        self.init(claims: claims, scores: scores)
    }
}

extension ClaimDeviation {
    package var json: JSONValue {
        let figure = claim.figure
        var members: [String: JSONValue] = [
            "claim": .text(figure.id), "model": .text(figure.model), "metric": .text(figure.metric.rawValue),
            "dataset": .text(figure.dataset), "scale": .integer(figure.scale),
            "protocol": .text(figure.protocolName), "printed": .text(figure.printed),
            "paper": .number(figure.value), "here": deviation.here.map { .number($0) } ?? .null,
            "difference": deviation.difference.map { .number($0) } ?? .null,
            "verdict": .text(deviation.verdict.rawValue), "reason": .text(deviation.reason),
            "verified": .boolean(claim.isVerified),
        ]
        if let place = claim.place { members["place"] = .text(place) }
        if let tolerance = figure.tolerance { members["tolerance"] = .number(tolerance) }
        return .object(members)
    }
}
