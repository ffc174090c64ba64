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
                summary: "HR images to follow the training by, and to choose the best network by with 'keep: best'"),
        ],
        outputs: [
            .init("model", .model, summary: "the trained network"),
            .init("log", .trainingLog, summary: "loss, learning rate and validation PSNR over the steps"),
        ],
        settings: [
            .init(
                "architecture", .choice(["fsrcnn", "fsrcnn-s"]), .defaulted(.text("fsrcnn")),
                summary: "FSRCNN(d, s, m), or FSRCNN-s = FSRCNN(32, 5, 1)"),
            .init("d", .integer(1...1024), .optional, summary: "feature channels of 'fsrcnn', 56 where it is left out"),
            .init("s", .integer(1...1024), .optional, summary: "shrunk channels of 'fsrcnn', 12 where it is left out"),
            .init("m", .integer(0...64), .optional, summary: "mapping layers of 'fsrcnn', 4 where it is left out"),
            .init(
                "slopes", .choice(SlopeSharing.allCases.map(\.rawValue)), .defaulted(.text("per-layer")),
                summary: "PReLU slopes: one a layer, as in the authors' weights, or one a channel"),
            .init("name", .text, .optional, summary: "the model's name in tables; FSRCNN, FSRCNN-s or FSRCNN(d,s,m)"),
            .init("steps", .integer(1...1_000_000_000), .required, summary: "optimizer steps, a batch each"),
            .init("batch", .integer(1...65536), .defaulted(.integer(128)), summary: "patches in a batch"),
            .init(
                "optimizer", .choice(["adam", "sgd"]), .defaulted(.text("adam")),
                summary: "Adam (0.9, 0.999, 1e-8), or SGD with momentum"),
            .init("momentum", .number(0...1), .defaulted(.number(0.9)), summary: "of SGD"),
            .init("learning-rate", .number(0...1000), .defaulted(.number(0.001)), summary: "of the convolutions"),
            .init(
                "deconvolution-learning-rate", .number(0...1000), .optional,
                summary: "of the transposed convolution; the same where it is left out"),
            .init(
                "schedule", .choice(["constant", "cosine"]), .defaulted(.text("constant")),
                summary: "'cosine' lets the rate fall to 0 over the steps"),
            .init(
                "gradient-limit", .number(.leastNormalMagnitude...1e30), .optional,
                summary: "gradients are scaled down to this Euclidean norm where they exceed it"),
            .init("seed", .integer(0...Int.max), .defaulted(.integer(0)), summary: "of first weights and sample order"),
            .init(
                "keep", .choice(["last", "best"]), .defaulted(.text("last")),
                summary: "the network after the last step, or the one with the best validation PSNR"),
            .init(
                "validation-interval", .integer(1...1_000_000_000), .defaulted(.integer(1000)),
                summary: "steps between two rows of the log"),
            .init(
                "inference-padding", .choice(ConvolutionPadding.allCases.map(\.rawValue).filter { $0 != "valid" }),
                .defaulted(.text("replicate")), summary: "how convolutions see past the edge of whole images"),
            .init(
                "shortened", .boolean, .defaulted(.boolean(false)),
                summary: "says that this training is shorter than the paper's: its scores are compared with nothing"),
        ])

    package func run(_ context: ToolContext) throws {
        let patches = try PatchSetReader(context.input("patches").path)
        guard patches.count > 0 else { throw ToolFailure("there are no patches to learn from", at: .input("patches")) }
        let plan = try TrainingPlan(context.settings, geometry: patches.geometry)
        if plan.keepsBest, context.optionalInput("validation") == nil {
            throw ToolFailure("'keep: best' needs validation images to choose by", at: .setting("keep"))
        }
        let pool = WorkerPool(threads: context.threads)
        let level = try self.level ?? SIMDLevel.chosen()
        let validation = try context.optionalInput("validation").map {
            try ValidationSet($0.path, scale: patches.geometry.scale, pool: pool, level: level)
        }
        var session = TrainingSession(
            plan: plan, patches: patches, validation: validation,
            checkpoints: CheckpointFolder(context.checkpointFolder), rhythm: rhythm, pool: pool, level: level)
        try session.run(context)
        try session.model.write(to: context.output("model"))
        try session.log.write(to: context.output("log"))
    }
}

/// The settings of a training as the values of the field.
struct TrainingPlan {
    let name: String
    let description: NetworkDescription
    let configuration: TrainingConfiguration
    let geometry: LabelGeometry
    let interval: Int
    let keepsBest: Bool
    let inferencePadding: ConvolutionPadding
    let isShortened: Bool

    init(_ settings: ToolSettings, geometry: LabelGeometry) throws(ToolFailure) {
        guard let slopes = SlopeSharing(rawValue: settings.text("slopes")),
            let padding = ConvolutionPadding(rawValue: settings.text("inference-padding"))
        else { preconditionFailure("the interface lets no other slopes or padding through") }
        let size = try FSRCNNSize(settings)
        description = NetworkDescription.fsrcnn(
            d: size.d, s: size.s, m: size.m, scale: geometry.scale, labelConvention: geometry.convention,
            slopes: slopes)
        name = settings.optionalText("name") ?? size.name
        let steps = settings.integer("steps")
        configuration = TrainingConfiguration(
            optimizer: settings.text("optimizer") == "sgd" ? .sgd(momentum: settings.number("momentum")) : .adam,
            learningRate: settings.number("learning-rate"),
            deconvolutionLearningRate: settings.optionalNumber("deconvolution-learning-rate"),
            schedule: settings.text("schedule") == "cosine" ? .cosine(totalSteps: steps) : .constant,
            padding: geometry.trainingPadding, batchSize: settings.integer("batch"), steps: steps,
            seed: UInt64(settings.integer("seed")), gradientNormLimit: settings.optionalNumber("gradient-limit"))
        self.geometry = geometry
        interval = settings.integer("validation-interval")
        keepsBest = settings.text("keep") == "best"
        inferencePadding = padding
        isShortened = settings.boolean("shortened")
    }

    func model(_ network: Network) -> Model {
        Model(
            name: name, network: network, outputShift: geometry.outputShift, labelConvention: geometry.convention,
            padding: inferencePadding, isShortened: isShortened)
    }
}

/// Feature channels, shrunk channels and mapping layers of an FSRCNN.
private struct FSRCNNSize: Hashable {
    let d, s, m: Int

    static let paper = FSRCNNSize()
    static let small = FSRCNNSize(d: 32, s: 5, m: 1)

    init(d: Int = 56, s: Int = 12, m: Int = 4) {
        (self.d, self.s, self.m) = (d, s, m)
    }

    init(_ settings: ToolSettings) throws(ToolFailure) {
        guard settings.text("architecture") == "fsrcnn-s" else {
            self.init(
                d: settings.optionalInteger("d") ?? Self.paper.d, s: settings.optionalInteger("s") ?? Self.paper.s,
                m: settings.optionalInteger("m") ?? Self.paper.m)
            return
        }
        for setting in ["d", "s", "m"] where settings.optionalInteger(setting) != nil {
            throw ToolFailure(
                "'fsrcnn-s' is FSRCNN(32, 5, 1) and takes no '\(setting)'", at: .setting(setting),
                hint: "use 'architecture: fsrcnn'")
        }
        self = .small
    }

    /// As the paper calls it, so that no other network is taken for its FSRCNN; for example `FSRCNN(48,12,2)`.
    var name: String {
        switch self {
        case .paper: "FSRCNN"
        case .small: "FSRCNN-s"
        default: "FSRCNN(\(d),\(s),\(m))"
        }
    }
}
