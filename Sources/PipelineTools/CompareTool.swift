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
        let claims = try context.claims.map { try ComparedClaim(claim: $0) }
        let document = DeviationDocument(claims: claims, scores: scores)
        try Files.write(Array(document.json.indentedText.utf8), toNew: context.output("deviations"))
        context.report(StageProgress("claims", done: claims.count, total: claims.count))
    }
}
