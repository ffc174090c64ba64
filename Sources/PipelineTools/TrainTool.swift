// SPDX-License-Identifier: Apache-2.0

package import PipelineExecution
package import PipelineManifest
package import Tensors
import Training

/// Trains a super-resolution network on patches.
package struct TrainTool: Tool {
    private let level: SIMDLevel?
    private let rhythm: TrainingRhythm

    /// Makes the tool.
    ///
    /// Without a level it is the one of the environment, else the processor's best. The intervals are the least time
    /// between two checkpoints and between two reports.
    package init(
        level: SIMDLevel? = nil, checkpointInterval: Duration = .seconds(20),
        reportInterval: Duration = .milliseconds(200)
    ) {
        self.level = level
        rhythm = TrainingRhythm(reports: reportInterval, checkpoints: checkpointInterval)
    }

    package let interface = ToolInterface(
        name: "train", version: 1,
        summary: "trains a super-resolution network on patches",
        inputs: [
            .init("patches", [.patches], purpose: .learns, summary: "pairs to learn from"),
            .init(
                "validation", [.images], purpose: .chooses, arity: .optional,
                summary:
                    "HR images to follow the training by, under y-double or with RGB patches under pillow-rgb, and to "
                    + "choose the best network by with 'keep: best'"),
            .init(
                "validation-patches", [.patches], purpose: .chooses, arity: .optional,
                summary: "pairs, as large as those to learn from, whose loss is followed; 'keep: best' and "
                    + "'stop-patience' then go by it"),
            .init(
                "start", [.model], purpose: .learns, arity: .optional,
                summary:
                    "a model to begin with: what it has of layers of the same name, kind and shape, but for padding; "
                    + "the others begin as their initialisers say"),
        ],
        outputs: [
            .init("model", .model, summary: "the trained network"),
            .init("log", .trainingLog, summary: "loss, learning rate and validation over the steps"),
        ],
        settings: Self.networkSettings + Self.optimizerSettings + Self.scheduleSettings + Self.runSettings,
        words: [
            .init("fsrcnn", of: "architecture", summary: "FSRCNN(d, s, m)"),
            .init("fsrcnn-s", of: "architecture", summary: "FSRCNN(32, 5, 1)"),
            .init(
                "srcnn-9-1-5", of: "architecture",
                summary: "SRCNN with kernels of 9, 1 and 5, on patches of the rule 'srcnn'"),
            .init("srcnn-9-5-5", of: "architecture", summary: "the same with kernels of 9, 5 and 5"),
            .init(
                "bicubic", of: "architecture",
                summary: "one transposed convolution that begins as bicubic interpolation"),
            .init("layers", of: "architecture", summary: "what 'layers' lists"),
        ])

    private static let networkSettings: [ToolInterface.Setting] = [
        .init(
            "architecture",
            .choice(["fsrcnn", "fsrcnn-s", "srcnn-9-1-5", "srcnn-9-5-5", "bicubic", "layers"]),
            .defaulted(.text("fsrcnn")), summary: "of as many channels as the patches"),
        .init(
            "layers", .list(of: .item(LayerItems.layers), minimum: 1), .optional,
            summary: "the network of 'architecture: layers', from first to last"),
        .init("d", .integer(1...1024), .optional, summary: "feature channels of 'fsrcnn', 56 where it is left out"),
        .init("s", .integer(1...1024), .optional, summary: "shrunk channels of 'fsrcnn', 12 where it is left out"),
        .init("m", .integer(0...64), .optional, summary: "mapping layers of 'fsrcnn', 4 where it is left out"),
        .init(
            "slopes", .choice(SlopeSharing.allCases.map(\.rawValue)), .defaulted(.text("per-layer")),
            summary: "PReLU slopes: one a layer, as in the authors' weights, or one a channel"),
        .init(
            "deconvolution-padding", .integer(0...8), .optional,
            summary: "pixels that the deconvolution cuts off at its start; 4 where it is left out, and with Keras' "
                + "'same' 3, 3, 2 at scales 2, 3, 4"),
        .init(
            "initialiser", .choice(WeightRule.allCases.map(\.rawValue)), .optional,
            summary: "first weights of convolutions, he-fan-out where it is left out; the deconvolution begins as "
                + "'gaussian', N(0, 0.001)"),
        .init(
            "expand-initialiser", .choice(WeightRule.allCases.map(\.rawValue)), .optional,
            summary: "first weights of the layer 'expand', as the others where it is left out"),
        .init("first-slope", .number(-1...1), .optional, summary: "of PReLU, 0.25 where it is left out"),
        .init(
            "name", .text, .optional,
            summary: "the model's name in tables; FSRCNN, FSRCNN-s, FSRCNN(d,s,m), SRCNN, SRCNN(9-5-5), 'learned "
                + "interpolation' or 'network' where it is left out"),
    ]

    private static let optimizerSettings: [ToolInterface.Setting] = [
        .init(
            "steps", .integer(0...1_000_000_000), .required,
            summary: "optimizer steps, a batch each; at most so many with 'stop-patience'; 0 gives the network as it "
                + "begins"),
        .init(
            "loss", .choice(["mse", "l1", "charbonnier"]), .optional,
            summary: "the mean of d^2, of |d|, or of sqrt(d^2 + epsilon^2); mse where it is left out"),
        .init(
            "charbonnier-epsilon", .number(1e-12...1), .optional,
            summary: "of 'charbonnier', 0.001 where it is left out"),
        .init("batch", .integer(1...65536), .defaulted(.integer(128)), summary: "patches in a batch"),
        .init(
            "optimizer", .choice(["adam", "adamw", "sgd", "nesterov", "rmsprop"]), .defaulted(.text("adam")),
            summary: "Adam and AdamW (0.9, 0.999), SGD with momentum and with Nesterov's, or RMSprop as Keras has it"),
        .init("momentum", .number(0...1), .defaulted(.number(0.9)), summary: "of SGD"),
        .init("rho", .number(0...1), .optional, summary: "of RMSprop, 0.9 where it is left out"),
        .init(
            "epsilon", .number(.leastNormalMagnitude...1), .optional,
            summary: "of RMSprop (under the root), 1e-7 where it is left out, and of Adam and AdamW, 1e-8"),
        .init("learning-rate", .number(0...1000), .defaulted(.number(0.001)), summary: "of the convolutions"),
        .init(
            "deconvolution-learning-rate", .number(0...1000), .optional,
            summary: "of the transposed convolution; the same where it is left out"),
        .init(
            "weight-decay", .number(0...1), .optional,
            summary: "of weights, added to their gradient but by 'adamw'; 0 where it is left out, with 'adamw' 0.01"),
        .init(
            "deconvolution-weight-decay", .number(0...1), .optional,
            summary: "of the transposed convolution's weights; the same where it is left out"),
        .init(
            "layer-rates", .list(of: .item(LayerItems.rates), minimum: 1), .optional,
            summary: "learning rates and weight decays of single layers, in place of those above"),
        .init(
            "gradient-limit", .number(.leastNormalMagnitude...1e30), .optional,
            summary: "gradients are scaled down to this Euclidean norm where they exceed it"),
    ]

    private static let scheduleSettings: [ToolInterface.Setting] = [
        .init(
            "schedule", .choice(["constant", "cosine", "step", "plateau"]), .defaulted(.text("constant")),
            summary: "'cosine' lets the rate fall to 0 over the steps, 'step' by a factor at intervals, 'plateau' by a "
                + "factor when an epoch's mean training loss stops falling, as Keras' ReduceLROnPlateau"),
        .init(
            "schedule-factor", .number(.leastNormalMagnitude...0.999999), .optional,
            summary: "of 'step' and 'plateau', 0.1 where it is left out"),
        .init("schedule-steps", .integer(1...1_000_000_000), .optional, summary: "from fall to fall, for 'step'"),
        .init(
            "plateau-patience", .integer(0...1_000_000), .optional,
            summary: "epochs without improvement before the rate falls, 10 where it is left out"),
        .init(
            "plateau-delta", .number(0...1000), .optional,
            summary: "how much less the loss must be to count as better, 0.0001 where it is left out"),
        .init(
            "plateau-cooldown", .integer(0...1_000_000), .optional,
            summary: "epochs after a fall that count for nothing, 0 where it is left out"),
        .init(
            "least-rate", .number(0...1000), .optional,
            summary: "what 'plateau' never lets the rate fall below, 0 where it is left out"),
        .init(
            "warm-up", .integer(1...1_000_000_000), .optional,
            summary: "first steps over which the rate rises in equal parts; none where it is left out"),
        .init(
            "epoch-steps", .integer(1...1_000_000_000), .optional,
            summary: "steps of an epoch; rows of the log are then epochs, and have the mean norm of the gradients"),
        .init(
            "stop-patience", .integer(0...1_000_000), .optional,
            summary: "epochs without a lower validation loss after which training ends, as with Keras' EarlyStopping; "
                + "it goes to the last step where it is left out"),
        .init(
            "stop-delta", .number(0...1000), .optional,
            summary: "how much less the validation loss must be to count as better, also for 'keep: best'; 0 where it "
                + "is left out"),
    ]

    private static let runSettings: [ToolInterface.Setting] = [
        .init("seed", .integer(0...Int.max), .defaulted(.integer(0)), summary: "of first weights and sample order"),
        .init(
            "keep", .choice(["last", "best"]), .defaulted(.text("last")),
            summary: "the network after the last step, or the one with the best validation PSNR, or with the lowest "
                + "validation loss where there are validation patches"),
        .init(
            "validation-interval", .integer(1...1_000_000_000), .defaulted(.integer(1000)),
            summary: "steps between two rows of the log, without 'epoch-steps'"),
        .init(
            "inference-padding", .choice(ConvolutionPadding.allCases.map(\.rawValue).filter { $0 != "valid" }),
            .defaulted(.text("replicate")), summary: "how convolutions see past the edge of whole images"),
        .init(
            "shortened", .boolean, .defaulted(.boolean(false)),
            summary: "says that this training is shorter than the paper's: its scores are compared with nothing"),
    ]

    package func run(_ context: ToolContext) throws {
        let patches = try PatchSetReader(context.input("patches").path)
        guard patches.count > 0 else { throw ToolFailure("there are no patches to learn from", at: .input("patches")) }
        let start = try context.optionalInput("start").map { try Model(readingFrom: $0.path) }
        let plan = try TrainingPlan(context.settings, patches, start: start)
        let held = try context.optionalInput("validation-patches").map { try PatchSetReader($0.path) }
        try Self.check(plan, patches, held, hasImages: context.optionalInput("validation") != nil)
        let pool = WorkerPool(threads: context.threads)
        let level = try self.level ?? SIMDLevel.chosen()
        let images = try context.optionalInput("validation").map {
            try ValidationSet(
                $0.path, scale: patches.geometry.scale, channels: plan.description.inputs, pool: pool, level: level)
        }
        if let remark = plan.startRemark { context.remark(remark) }
        var session = TrainingSession(
            plan: plan, data: TrainingData(patches: patches, held: held, images: images),
            checkpoints: CheckpointFolder(context.checkpointFolder), rhythm: rhythm, pool: pool, level: level)
        try session.run(context)
        try session.model.write(to: context.output("model"))
        try session.log.write(to: context.output("log"))
    }

    private static func check(
        _ plan: TrainingPlan, _ patches: PatchSetReader, _ held: PatchSetReader?, hasImages: Bool
    ) throws(ToolFailure) {
        if plan.keepsBest, held == nil, !hasImages {
            throw ToolFailure("'keep: best' needs validation images to choose by", at: .setting("keep"))
        }
        guard let held else {
            if plan.stopPatience != nil {
                throw ToolFailure("'stop-patience' needs validation patches to go by", at: .setting("stop-patience"))
            }
            return
        }
        guard held.count > 0 else {
            throw ToolFailure("there are no validation patches", at: .input("validation-patches"))
        }
        guard held.geometry == patches.geometry, held.inputShape == patches.inputShape else {
            throw ToolFailure(
                "validation patches of \(held.inputShape) with labels of \(held.labelShape) are not cut as those to "
                    + "learn from, of \(patches.inputShape) with labels of \(patches.labelShape)",
                at: .input("validation-patches"), hint: "give both 'patches' stages the same settings")
        }
    }
}
