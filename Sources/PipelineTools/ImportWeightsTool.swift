// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import Tensors
import Training

/// Makes a model of weights that another program, or another pipeline, trained.
struct ImportWeightsTool: Tool {
    let interface = ToolInterface(
        name: "import-weights", version: 1,
        summary: "makes a model of a file of weights: Keras' .h5, safetensors, or a model of Reprise",
        inputs: [
            .init(
                "weights", [.folder, .file, .tensors, .model, .safetensors],
                summary: "one file, whose first bytes tell what it is; no code in it is ever run")
        ],
        outputs: [.init("model", .model, summary: "the network")],
        settings: [
            .init("name", .text, .optional, summary: "the model's name in tables; a model of Reprise has one"),
            .init(
                "scale", .integer(1...64), .optional,
                summary: "output pixels an input pixel, where the file does not say: above 1, the last weights are a "
                    + "deconvolution's"),
            .init(
                "input", .choice(["lr", "enlarged"]), .optional,
                summary:
                    "what the network takes: LR, as where it is left out, or LR that is enlarged by 'scale' before, "
                    + "as SRCNN"),
            .init(
                "layers", .list(of: .text, minimum: 1), .optional,
                summary: "the names of the layers, first to last, of a safetensors file from another program; 'relu' "
                    + "among them is a ReLU"),
            .init(
                "label-convention", .choice(LabelConvention.allCases.map(\.rawValue)), .optional,
                summary: "whether the deconvolution makes n * scale pixels ('scaled', as where it is left out) or "
                    + "(n - 1) * scale + 1 ('authors'), where the file does not say"),
            .init(
                "deconvolution-padding", .integer(0...254), .optional,
                summary: "pixels that the deconvolution cuts off at its start, where the file does not say; Keras' "
                    + "'same' where weights of Keras leave it out"),
            .init(
                "output-shift", .integer(-64...64), .optional,
                summary: "HR pixels from output pixel k to the one it stands for; where it is left out the file's, "
                    + "else that of the label convention"),
            .init(
                "inference-padding", .choice(ConvolutionPadding.allCases.map(\.rawValue).filter { $0 != "valid" }),
                .optional,
                summary: "how convolutions see past the edge of whole images; where it is left out the file's, else "
                    + "zero"),
        ])

    func run(_ context: ToolContext) throws {
        let input = context.input("weights")
        guard let file = input.files.first, input.files.count == 1 else {
            throw ToolFailure(
                "weights are one file, and there are \(input.files.count)", at: .input("weights"),
                hint: "a source's 'path' can be a file, and 'files' chooses among those of a folder")
        }
        let settings = ImportSettings(context.settings)
        let model: Model
        do {
            let settled = try context.settled(file, beside: "model")
            model = try settings.model(FoundModel(readingFrom: settled, settings))
            try model.check()
        } catch let failure as ToolFailure where failure.place != .stage {
            throw failure
        } catch let failure as ToolFailure {
            throw ToolFailure(
                "cannot import '\(file.path)': \(failure.message)", at: .input("weights"), details: failure.details,
                hint: failure.hint)
        } catch {
            throw ToolFailure("cannot import '\(file.path)': \(error)", at: .input("weights"))
        }
        try model.write(to: context.output("model"))
    }
}

extension Model {
    /// Fails where a parameter is no number, a layer has a name that no file of ours can hold, or the scale or shift is
    /// beyond what settings can say.
    fileprivate func check() throws(ToolFailure) {
        guard (1...64).contains(scale), (-64...64).contains(outputShift) else {
            throw ToolFailure(
                "its scale of \(scale) is not in 1...64, or its output shift of \(outputShift) in -64...64")
        }
        for layer in network.description.layers {
            let isPlain = layer.name.utf8.allSatisfy { byte in
                byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
                    || "-_.".utf8.contains(byte)
            }
            guard isPlain, !layer.name.isEmpty else {
                throw ToolFailure(
                    "its layer '\(layer.name)' has a name of other than letters, digits, '-', '_' and '.'")
            }
        }
        for parameter in network.parameters {
            if let index = parameter.tensor.values.firstIndex(where: { !$0.isFinite }) {
                throw ToolFailure(
                    "element \(index) of its parameter '\(parameter.name)' is \(parameter.tensor.values[index])")
            }
        }
    }
}
