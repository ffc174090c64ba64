// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import Imaging
package import PipelineExecution
package import PipelineManifest
package import Tensors

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
            .init(
                "model", [.model], arity: .optional,
                summary: "the network, of luma or of RGB; only the baselines where it is left out"),
        ],
        outputs: [
            .init("scores", .scores, summary: "the metrics per image and their means"),
            .init("table", .csv, summary: "the same as comma-separated values"),
            .init("predictions", .tensors, summary: "what was compared, per protocol, image and model"),
            .init("picture", .png, summary: "crops of some images side by side: HR, bicubic, network"),
        ],
        settings: [
            .init("dataset", .text, .required, summary: "the set's name in tables and claims, for example Set5"),
            .init("scale", .integerChoice([2, 3, 4]), .required, summary: "the factor of super-resolution"),
            .init(
                "protocols", .list(of: .choice(EvaluationProtocol.all.map(\.name)), minimum: 1),
                .defaulted(.list([.text("y-double")])), summary: "how LR is made and what is compared"),
            .init(
                "kernel", .choice(ResamplingKernel.all.map(\.name)), .optional,
                summary:
                    "makes LR, and figures are called like y-double+pillow-bicubic; the protocol's own where it is "
                    + "left out"),
            .init(
                "metrics", .list(of: .choice(Metric.allCases.map(\.rawValue)), minimum: 1),
                .defaulted(.list([.text("psnr"), .text("ssim")])), summary: "what is measured"),
            .init(
                "baselines", .list(of: .choice(["bicubic"]), minimum: 0), .defaulted(.list([.text("bicubic")])),
                summary: "what is scored beside the model"),
            .init("model-name", .text, .optional, summary: "the model's name in tables; its own where it is left out"),
            .init(
                "crop", .integer(16...16384), .optional,
                summary: "HR pixels of a side of random crops, and figures are called like pillow-rgb+crops-648; whole "
                    + "images where it is left out"),
            .init("passes", .integer(1...1000), .optional, summary: "crops of each image; one where it is left out"),
            .init(
                "seed", .integer(0...Int.max), .optional, summary: "decides where crops lie; 0 where it is left out"),
            .init("picture-images", .integer(1...16), .defaulted(.integer(3)), summary: "images in the picture"),
            .init("picture-crop", .integer(16...512), .defaulted(.integer(96)), summary: "HR pixels of a crop's side"),
        ],
        words: EvaluationProtocol.all.map { .init($0.name, of: "protocols", summary: $0.summary) } + .kernels
            + Metric.allCases.map { .init($0.rawValue, of: "metrics", summary: $0.summary) })

    package func run(_ context: ToolContext) throws {
        let images = try ImageSetReader(context.input("images").path)
        guard images.count > 0 else { throw ToolFailure("there are no images to score", at: .input("images")) }
        let evaluator = try Evaluator(context, level: level ?? SIMDLevel.chosen())
        try evaluator.crops?.check(images)
        let passes = evaluator.crops?.passes ?? 1
        var file = try PredictionWriter(context.output("predictions"))
        var scores: [Score] = []
        var rows: [[Image]] = []
        for index in 0..<images.count {
            let whole = try images.image(index)
            for pass in 0..<passes {
                let part = evaluator.part(of: whole, named: images.entries[index].name, pass: pass)
                for evaluation in evaluator.protocols {
                    let outcome = try evaluator.outcome(of: part, under: evaluation)
                    scores += outcome.scores
                    try file.append(outcome, of: part, number: index * passes + pass, under: evaluation)
                    if evaluation == evaluator.protocols[0], rows.count < evaluator.pictureCount {
                        rows.append(evaluator.pictureRow(part.image, outcome, under: evaluation))
                    }
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

extension Image {
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
