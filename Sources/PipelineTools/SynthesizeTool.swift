// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import PipelineManifest

/// Makes images out of nothing, so that a pipeline can be tried without any data.
struct SynthesizeTool: Tool {
    let interface = ToolInterface(
        name: "synthesize", version: 1,
        summary: "makes images by a dead-leaves model with textures, gradients, edges and strokes",
        inputs: [],
        outputs: [.init("images", .images, summary: "colour images, the same for the same settings everywhere")],
        settings: [
            .init("count", .integer(1...100_000), .required, summary: "how many images"),
            .init("height", .integer(16...4096), .defaulted(.integer(192)), summary: "pixels"),
            .init("width", .integer(16...4096), .defaulted(.integer(192)), summary: "pixels"),
            .init("seed", .integer(0...Int.max), .defaulted(.integer(0)), summary: "another seed, other images"),
        ])

    func run(_ context: ToolContext) throws {
        let settings = context.settings
        let count = settings.integer("count")
        let images = DeadLeaves(
            height: settings.integer("height"), width: settings.integer("width"),
            seed: UInt64(settings.integer("seed")))
        var set = try ImageSetWriter(context.output("images"))
        for index in 0..<count {
            let digits = String(index + 1)
            let name = "synthetic-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
            try set.append(images.image(index), ImageSetEntry(name: name, source: name, transform: "none"))
            context.report(StageProgress("images", done: index + 1, total: count))
        }
        try set.close()
    }
}
