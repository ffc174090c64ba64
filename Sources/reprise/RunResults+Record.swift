// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import PipelineExecution
import PipelineManifest
import PipelineTools

extension RunResults {
    /// The mean scores of a run for its record, so that `best` need not open them again.
    static func scores(of stages: [StageRecord], in session: PipelineSession) -> [RunScore] {
        stages.flatMap { record in
            record.outputs.filter { $0.format == ArtifactFormat.scores.rawValue }.flatMap { artifact in
                means(of: artifact, in: session).map { score in
                    RunScore(
                        stage: record.stage, model: score.model, metric: score.metric.rawValue,
                        dataset: score.dataset, scale: score.scale, protocolName: score.protocolName,
                        value: score.value)
                }
            }
        }
    }

    /// None where the cache has lost the scores: a record is written all the same.
    private static func means(of artifact: Artifact, in session: PipelineSession) -> [Score] {
        guard let bytes = try? session.objects.bytes(of: artifact.object), let json = try? JSONValue(parsing: bytes),
            let document = ScoreDocument(json: json)
        else { return [] }
        return document.scores.filter { $0.image == nil }
    }
}
