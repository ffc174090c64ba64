// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest

/// Writes a model for other programs.
struct ExportWeightsTool: Tool {
    let interface = ToolInterface(
        name: "export-weights", version: 1,
        summary: "writes a model as safetensors and as ONNX, for other programs",
        inputs: [.init("model", [.model], summary: "the network")],
        outputs: [
            .init("weights", .safetensors, summary: "the parameters, with the model's description as metadata"),
            .init(
                "network", .onnx,
                summary: "the whole network: 'image', float32 (1, channels, height, width) of 0...1, becomes "
                    + "'upscaled'"),
        ],
        settings: [])

    func run(_ context: ToolContext) throws {
        let model = try Model(readingFrom: context.input("model").path)
        try Files.write(model.safetensors, toNew: context.output("weights"))
        try Files.write(model.onnx, toNew: context.output("network"))
    }
}
