// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import PipelineExecution
import PipelineManifest

/// Puts the paper's claims beside the scores here, each with a verdict.
struct CompareTool: Tool {
    let interface = ToolInterface(
        name: "compare", version: 1,
        summary: "puts the manifest's claims beside scores, each with a verdict",
        inputs: [.init("scores", [.scores], arity: .many, summary: "the scores of any number of evaluations")],
        outputs: [.init("deviations", .deviations, summary: "a verdict for each claim, and all mean scores")],
        settings: [], readsClaims: true)

    func run(_ context: ToolContext) throws {
        var scores: [Score] = []
        for input in context.inputs("scores") {
            guard let document = ScoreDocument(json: try JSONValue(parsing: try Files.bytes(of: input.path))) else {
                throw ToolFailure("'\(input.path)' holds no scores", at: .input("scores"))
            }
            scores += document.scores
        }
        scores = try Self.unambiguous(scores)
        let claims = try context.claims.map { try ComparedClaim(claim: $0) }
        let document = DeviationDocument(claims: claims, scores: scores)
        try Files.write(Array(document.json.indentedText.utf8), toNew: context.output("deviations"))
        context.report(StageProgress("claims", done: claims.count, total: claims.count))
    }

    /// Each score once; two different values of one thing are a fault, since a claim could be held against either.
    private static func unambiguous(_ scores: [Score]) throws(ToolFailure) -> [Score] {
        var known: [Score: Score] = [:]
        var kept: [Score] = []
        for score in scores {
            var kind = score
            (kind.value, kind.isShortened) = (0, false)
            guard let earlier = known.updateValue(score, forKey: kind) else {
                kept.append(score)
                continue
            }
            guard earlier == score else {
                let place = score.image.map { "image '\($0)' of '\(score.dataset)'" } ?? "'\(score.dataset)'"
                throw ToolFailure(
                    "'\(score.model)' has two different scores in \(score.metric.title) on \(place) x\(score.scale) "
                        + "under '\(score.protocolName)'",
                    at: .input("scores"), hint: "tell the models apart by 'model-name' of their 'evaluate' stages")
            }
        }
        return kept
    }
}
