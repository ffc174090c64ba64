// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import Imaging
package import PipelineExecution
package import PipelineManifest
import SystemPackage
import TensorStore
package import Tensors
import Training

/// Scores a model beside bicubic on a test set, image by image, under named protocols.
package struct EvaluateTool: Tool {
    private let level: SIMDLevel?

    /// Without a level it is the one of the environment, else the processor's best.
    package init(level: SIMDLevel? = nil) {
        self.level = level
    }

    package let interface = ToolInterface(
        name: "evaluate", version: 1,
        summary: "scores a model beside bicubic on a set of images, under named protocols",
        inputs: [
            .init("images", [.images], summary: "HR images"),
            .init("model", [.model], arity: .optional, summary: "the network; only the baselines where it is left out"),
        ],
        outputs: [
            .init("scores", .scores, summary: "PSNR and SSIM per image and their means"),
            .init("table", .csv, summary: "the same as comma-separated values"),
            .init("predictions", .tensors, summary: "the 8-bit luma that was compared, per protocol, image and model"),
            .init("picture", .png, summary: "crops of some images side by side: HR, bicubic, network"),
        ],
        settings: [
            .init("dataset", .text, .required, summary: "the set's name in tables and claims, for example Set5"),
            .init("scale", .integerChoice([2, 3, 4]), .required, summary: "the factor of super-resolution"),
            .init(
                "protocols", .list(of: .choice(EvaluationProtocol.all.map(\.name)), minimum: 1),
                .defaulted(.list([.text("y-double")])), summary: "how LR is made and what is compared"),
            .init(
                "metrics", .list(of: .choice(Metric.allCases.map(\.rawValue)), minimum: 1),
                .defaulted(.list([.text("psnr"), .text("ssim")])), summary: "what is measured"),
            .init(
                "baselines", .list(of: .choice(["bicubic"]), minimum: 0), .defaulted(.list([.text("bicubic")])),
                summary: "what is scored beside the model"),
            .init("model-name", .text, .optional, summary: "the model's name in tables; its own where it is left out"),
            .init("picture-images", .integer(1...16), .defaulted(.integer(3)), summary: "images in the picture"),
            .init("picture-crop", .integer(16...512), .defaulted(.integer(96)), summary: "HR pixels of a crop's side"),
        ])

    package func run(_ context: ToolContext) throws {
        let images = try ImageSetReader(context.input("images").path)
        guard images.count > 0 else { throw ToolFailure("there are no images to score", at: .input("images")) }
        let evaluator = try Evaluator(context, level: level ?? SIMDLevel.chosen())
        var file = try PredictionWriter(context.output("predictions"))
        var scores: [Score] = []
        var rows: [[Image]] = []
        for index in 0..<images.count {
            let image = try images.image(index)
            for evaluation in evaluator.protocols {
                let outcome = try evaluator.outcome(of: image, images.entries[index].name, under: evaluation)
                scores += outcome.scores
                try file.append(outcome, image: index, name: images.entries[index].name, under: evaluation)
                if evaluation.name == evaluator.protocols[0].name, index < evaluator.pictureCount {
                    rows.append(evaluator.pictureRow(image, outcome, under: evaluation))
                }
            }
            context.report(StageProgress("images", done: index + 1, total: images.count))
        }
        try file.close()
        let all = scores + Self.means(of: scores)
        try Files.write(Array(ScoreDocument(all).json.indentedText.utf8), toNew: context.output("scores"))
        try Files.write(Array(Self.csv(all).utf8), toNew: context.output("table"))
        try Files.write(try Image(rows: rows).png(), toNew: context.output("picture"))
    }

    /// A mean for each model, protocol and metric, in the order of their first appearance.
    private static func means(of scores: [Score]) -> [Score] {
        var kinds: [String] = []
        var groups: [String: [Score]] = [:]
        for score in scores {
            let kind = "\(score.model)\n\(score.protocolName)\n\(score.metric.rawValue)"
            if groups[kind] == nil { kinds.append(kind) }
            groups[kind, default: []].append(score)
        }
        return kinds.compactMap { groups[$0].map(Score.mean(of:)) }
    }

    private static func csv(_ scores: [Score]) -> String {
        var text = "dataset,scale,image,model,protocol,metric,value\n"
        for score in scores {
            let fields = [
                score.dataset, String(score.scale), score.image ?? "mean", score.model, score.protocolName,
                score.metric.rawValue, score.value.formatted(decimals: 10),
            ]
            text += fields.map(\.asCSVField).joined(separator: ",") + "\n"
        }
        return text
    }
}

extension String {
    /// Quoted where a comma, a quote or a line break asks for it (RFC 4180).
    fileprivate var asCSVField: String {
        guard contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return self }
        return "\"" + split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

/// What came of one image under one protocol.
struct EvaluationOutcome {
    let sample: EvaluationSample
    /// Models in the order of the table, baselines first, with the 8-bit luma that was compared.
    let predictions: [(model: String, luma: Image)]
    let scores: [Score]
}

/// Scores images one by one as the settings ask.
private struct Evaluator {
    let protocols: [EvaluationProtocol]
    let pictureCount: Int
    private let pictureCrop: Int
    private let metrics: [Metric]
    private let baselines: [String]
    private let dataset: String
    private let scale: Int
    private let model: Model?
    private let pool: WorkerPool
    private let level: SIMDLevel

    init(_ context: ToolContext, level: SIMDLevel) throws {
        let settings = context.settings
        protocols = settings.texts("protocols").withoutRepetitions.compactMap { EvaluationProtocol(named: $0) }
        metrics = settings.texts("metrics").withoutRepetitions.compactMap { Metric(rawValue: $0) }
        baselines = settings.texts("baselines").withoutRepetitions
        pictureCount = settings.integer("picture-images")
        pictureCrop = settings.integer("picture-crop")
        dataset = settings.text("dataset")
        scale = settings.integer("scale")
        var model = try context.optionalInput("model").map { try Model(readingFrom: $0.path) }
        if let name = settings.optionalText("model-name") { model?.name = name }
        if let model, model.scale != scale {
            throw ToolFailure(
                "the model is for x\(model.scale), and the evaluation is at x\(scale)", at: .setting("scale"))
        }
        guard model != nil || !baselines.isEmpty else {
            throw ToolFailure("there is neither a model nor a baseline to score", at: .setting("baselines"))
        }
        if let model, baselines.contains(model.name) {
            throw ToolFailure(
                "the model is called '\(model.name)', as a baseline is", at: .setting("model-name"),
                hint: "give it another 'model-name'")
        }
        self.model = model
        pool = WorkerPool(threads: context.threads)
        self.level = level
    }

    func outcome(of image: Image, _ name: String, under evaluation: EvaluationProtocol) throws -> EvaluationOutcome {
        let least = metrics.map { evaluation.leastExtent(for: $0, scale: scale) }.max() ?? scale
        guard min(image.height, image.width) >= least else {
            throw ToolFailure(
                "image '\(name)' of \(image.width)x\(image.height) pixels is too small: "
                    + "\(metrics.map(\.rawValue).joined(separator: " and ")) at x\(scale) need \(least)x\(least)",
                at: .input("images"))
        }
        let sample = evaluation.prepared(image, scale: scale)
        var predictions: [(model: String, luma: Image)] = baselines.map { ($0, sample.bicubic) }
        if let model {
            let luma = try model.prediction(for: sample, ofImage: name, under: evaluation, pool: pool, level: level)
            predictions.append((model.name, luma))
        }
        let scores = try predictions.flatMap { prediction in
            try metrics.map { metric in
                try score(prediction.model, prediction.luma, metric, sample, name, evaluation)
            }
        }
        return EvaluationOutcome(sample: sample, predictions: predictions, scores: scores)
    }

    private func score(
        _ modelName: String, _ luma: Image, _ metric: Metric, _ sample: EvaluationSample, _ name: String,
        _ evaluation: EvaluationProtocol
    ) throws -> Score {
        guard let value = evaluation.value(of: metric, luma, for: sample), value.isFinite else {
            throw ToolFailure(
                "'\(modelName)' reproduces image '\(name)' exactly, so that its \(metric.title) is infinite",
                at: .input("images"), hint: "leave flat images out of a test set")
        }
        return Score(
            model: modelName, metric: metric, dataset: dataset, scale: scale, protocolName: evaluation.name,
            image: name, value: value, isShortened: modelName == model?.name && model?.isShortened == true)
    }

    /// HR, then every model, in colour, cropped about the middle.
    func pictureRow(_ image: Image, _ outcome: EvaluationOutcome, under evaluation: EvaluationProtocol) -> [Image] {
        let full = image.cropped(toMultipleOf: scale) ?? image
        let pictures = outcome.predictions.map { evaluation.picture(of: $0.luma, for: outcome.sample) }
        return ([full] + pictures).map { $0.middle(pictureCrop) }
    }
}

extension Image {
    /// The middle part of at most `extent` pixels in each direction.
    fileprivate func middle(_ extent: Int) -> Image {
        let (height, width) = (min(extent, self.height), min(extent, self.width))
        return cropped(
            top: (self.height - height) / 2, left: (self.width - width) / 2, height: height, width: width)
    }

    /// Strips one below the other, each magnified twice, with a gap between them.
    fileprivate init(rows: [[Image]]) {
        let gap = 8
        let strips = rows.map { Image(strip: $0, gap: gap, zoom: 2).rgb }
        let width = strips.map(\.width).max() ?? 1
        self.init(
            height: strips.map(\.height).reduce(0, +) + gap * max(0, strips.count - 1), width: width, mode: .rgb8,
            repeating: 255)
        var top = 0
        for strip in strips {
            for row in 0..<strip.height {
                let start = (top + row) * rowLength
                pixels.replaceSubrange(
                    start..<start + strip.rowLength,
                    with: strip.pixels[row * strip.rowLength..<(row + 1) * strip.rowLength])
            }
            top += strip.height + gap
        }
    }
}

// Predictions are an HDF5 file, so that every figure can be computed again from what was compared:
//
//     /                                        attribute `format` = predictions
//     /predictions/PROTOCOL/00000/reference    uint8 (height, width), attributes `image`, `protocol`, `shave`
//     /predictions/PROTOCOL/00000/0            uint8 (height, width), attribute `model`; 1, 2, ... in the table's order

/// Writes what was compared.
private struct PredictionWriter {
    private let file: TensorFileWriter

    init(_ path: FilePath) throws {
        file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "predictions")
    }

    mutating func append(
        _ outcome: EvaluationOutcome, image: Int, name: String, under evaluation: EvaluationProtocol
    ) throws {
        let digits = String(image)
        let index = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let group = "predictions/\(evaluation.name)/\(index)"
        let sample = outcome.sample
        try write(
            sample.reference, "\(group)/reference",
            [
                "image": .text(name), "protocol": .text(evaluation.name),
                "shave": .integer(evaluation.shave(scale: sample.scale)), "scale": .integer(sample.scale),
            ])
        for (position, prediction) in outcome.predictions.enumerated() {
            try write(prediction.luma, "\(group)/\(position)", ["model": .text(prediction.model)])
        }
    }

    func close() throws { try file.close() }

    private func write(_ luma: Image, _ dataset: String, _ attributes: [String: AttributeValue]) throws {
        try file.write(dataset, luma.pixels, shape: [luma.height, luma.width], attributes: attributes)
    }
}
