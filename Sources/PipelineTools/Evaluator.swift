// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import PipelineExecution
import Tensors

/// What is scored at once: an image, or a crop of one.
struct EvaluatedPart {
    let image: Image
    /// As scores call it: the image's name, with the pass where it is a crop.
    let name: String
    /// Where a crop lies and in which pass, counted from 1; nil for a whole image.
    let crop: (pass: Int, top: Int, left: Int)?
}

/// What came of one image under one protocol.
struct EvaluationOutcome {
    let sample: EvaluationSample
    /// Models in the order of the table, baselines first.
    let predictions: [(model: String, prediction: Prediction)]
    let scores: [Score]
}

/// Scores images one by one as the settings of `evaluate` ask.
struct Evaluator {
    let protocols: [EvaluationProtocol]
    let crops: EvaluationCrops?
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
        scale = settings.integer("scale")
        let crops = try EvaluationCrops(settings, scale: scale)
        let kernel = settings.optionalText("kernel").flatMap { ResamplingKernel(named: $0) }
        protocols = settings.texts("protocols").withoutRepetitions.compactMap { name in
            guard var evaluation = EvaluationProtocol(named: name) else { return nil }
            if let kernel { evaluation = evaluation.with(kernel: kernel) }
            return crops.map { evaluation.onCrops(of: $0.extent) } ?? evaluation
        }
        self.crops = crops
        metrics = settings.texts("metrics").withoutRepetitions.compactMap { Metric(rawValue: $0) }
        baselines = settings.texts("baselines").withoutRepetitions
        pictureCount = settings.integer("picture-images")
        pictureCrop = settings.integer("picture-crop")
        dataset = settings.text("dataset")
        model = try Self.model(context, scale: scale, baselines: baselines)
        pool = WorkerPool(threads: context.threads)
        self.level = level
    }

    private static func model(_ context: ToolContext, scale: Int, baselines: [String]) throws -> Model? {
        guard var model = try context.optionalInput("model").map({ try Model(readingFrom: $0.path) }) else {
            guard !baselines.isEmpty else {
                throw ToolFailure("there is neither a model nor a baseline to score", at: .setting("baselines"))
            }
            return nil
        }
        if let name = context.settings.optionalText("model-name") { model.name = name }
        guard model.scale == scale else {
            throw ToolFailure(
                "the model is for x\(model.scale), and the evaluation is at x\(scale)", at: .setting("scale"))
        }
        guard !baselines.contains(model.name) else {
            throw ToolFailure(
                "the model is called '\(model.name)', as a baseline is", at: .setting("model-name"),
                hint: "give it another 'model-name'")
        }
        return model
    }

    /// What of an image is scored in a pass, counted from 0.
    func part(of image: Image, named name: String, pass: Int) -> EvaluatedPart {
        guard let crops else { return EvaluatedPart(image: image, name: name, crop: nil) }
        let (top, left) = crops.place(in: image, named: name, pass: pass)
        return EvaluatedPart(
            image: image.cropped(top: top, left: left, height: crops.extent, width: crops.extent),
            name: "\(name) pass \(pass + 1)", crop: (pass + 1, top, left))
    }

    func outcome(of part: EvaluatedPart, under evaluation: EvaluationProtocol) throws -> EvaluationOutcome {
        let (image, name) = (part.image, part.name)
        let least = metrics.map { evaluation.leastExtent(for: $0, scale: scale) }.max() ?? scale
        guard min(image.height, image.width) >= least else {
            throw ToolFailure(
                "image '\(name)' of \(image.width)x\(image.height) pixels is too small: "
                    + "\(metrics.map(\.rawValue).joined(separator: " and ")) at x\(scale) need \(least)x\(least)",
                at: .input("images"))
        }
        let sample = evaluation.prepared(image, scale: scale)
        var predictions: [(model: String, prediction: Prediction)] = baselines.map { ($0, sample.bicubic) }
        if let model {
            let prediction = try model.prediction(
                for: sample, ofImage: name, under: evaluation, pool: pool, level: level)
            predictions.append((model.name, prediction))
        }
        let scores = try predictions.flatMap { model, prediction in
            try metrics.map { try score(model, prediction, $0, sample, name, evaluation) }
        }
        return EvaluationOutcome(sample: sample, predictions: predictions, scores: scores)
    }

    private func score(
        _ modelName: String, _ prediction: Prediction, _ metric: Metric, _ sample: EvaluationSample, _ name: String,
        _ evaluation: EvaluationProtocol
    ) throws -> Score {
        guard let value = evaluation.value(of: metric, prediction, for: sample), value.isFinite else {
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
        let pictures = outcome.predictions.map { evaluation.picture(of: $0.prediction, for: outcome.sample) }
        return ([outcome.sample.source] + pictures).map { $0.middle(pictureCrop) }
    }
}

extension Image {
    /// The middle part of at most `extent` pixels in each direction.
    fileprivate func middle(_ extent: Int) -> Image {
        let (height, width) = (min(extent, self.height), min(extent, self.width))
        return cropped(
            top: (self.height - height) / 2, left: (self.width - width) / 2, height: height, width: width)
    }
}
