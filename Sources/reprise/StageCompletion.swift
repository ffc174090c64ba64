// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution
import PipelinePlanning
import PipelineTools

/// What a shell offers where a stage is to be named: the stages of the pipeline that was typed before.
enum StageCompletion {
    static let names = CompletionKind.custom { words, _, _ in
        guard let pipeline = words.dropFirst(2).first(where: { !$0.hasPrefix("-") }) else { return [] }
        // Whoever types has no use for the mistakes of a manifest.
        let session = try? PipelineSession(pipeline: pipeline, data: "data", cache: "cache", toolbox: .standard)
        return session?.graph.names ?? []
    }
}
