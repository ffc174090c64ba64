// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import PipelineExecution
import SystemPackage
import TensorStore
import Tensors
import Training

/// How long a training waits from one report, and from one checkpoint, to the next; what is learned does not depend on
/// it.
struct TrainingRhythm: Sendable {
    let reports: Duration
    let checkpoints: Duration
}

/// What a training sees.
struct TrainingData {
    /// Pairs to learn from.
    let patches: PatchSetReader
    /// Pairs held out, whose loss is followed.
    let held: PatchSetReader?
    /// Images held out, whose PSNR is followed.
    let images: ValidationSet?
}

/// A training under way: it steps, follows itself on what is held out, and leaves checkpoints from which it goes on as
/// if it had never stopped.
struct TrainingSession {
    private(set) var log: TrainingLog
    private let plan: TrainingPlan
    private let data: TrainingData
    private let checkpoints: CheckpointFolder
    private let rhythm: TrainingRhythm
    private let trainer: Trainer
    /// The best network so far with its validation PSNR.
    private var best: (network: Network, psnr: Double)?
    /// Sums of losses and gradient norms since the last row of the log.
    private var (lossSum, normSum) = (0.0, 0.0)
    /// Watches the validation loss where there is one; without 'stop-patience' it never ends the training.
    private var stopping: EarlyStopping?

    init(
        plan: TrainingPlan, data: TrainingData, checkpoints: CheckpointFolder, rhythm: TrainingRhythm,
        pool: WorkerPool, level: SIMDLevel
    ) {
        self.plan = plan
        self.data = data
        self.checkpoints = checkpoints
        self.rhythm = rhythm
        stopping = data.held.map { _ in
            EarlyStopping(patience: plan.stopPatience ?? .max, leastImprovement: plan.stopDelta)
        }
        // A checkpoint that does not fit, as one of another version may, is passed over like a damaged one.
        if let checkpoint = checkpoints.latest(), (checkpoint.stopping == nil) == (stopping == nil),
            let restored = try? Self.restored(checkpoint, plan: plan, pool: pool, level: level)
        {
            (trainer, best) = restored
            log = checkpoint.log
            (lossSum, normSum) = (checkpoint.lossSum, checkpoint.normSum)
            stopping = checkpoint.stopping
        } else {
            trainer = Trainer(
                network: plan.firstNetwork, configuration: plan.configuration, pool: pool, level: level)
            log = TrainingLog()
        }
    }

    private static func restored(
        _ checkpoint: Checkpoint, plan: TrainingPlan, pool: WorkerPool, level: SIMDLevel
    ) throws -> (trainer: Trainer, best: (network: Network, psnr: Double)?) {
        let trainer = try Trainer(
            restoring: checkpoint.state, description: plan.description, configuration: plan.configuration,
            pool: pool, level: level)
        let best = try checkpoint.best.map { parameters in
            (try Network(description: plan.description, parameters: parameters), checkpoint.bestPSNR)
        }
        return (trainer, best)
    }

    /// The network that the settings ask to keep.
    var model: Model {
        plan.model(plan.keepsBest ? best?.network ?? trainer.network : trainer.network)
    }

    private var isOver: Bool { trainer.isFinished || stopping?.endsTraining == true }

    mutating func run(_ context: ToolContext) throws {
        if trainer.step > 0 { context.remark("goes on from a checkpoint at step \(trainer.step)") }
        let clock = ContinuousClock()
        var (reported, saved) = (clock.now, clock.now)
        while !isOver {
            let rate = trainer.learningRate
            lossSum += try step()
            normSum += trainer.gradientNorm
            if trainer.step % plan.interval == 0 || trainer.isFinished { try closeRow(rate: rate) }
            // Only reports and checkpoints go by the clock; what is learned does not.
            if clock.now - reported > rhythm.reports || isOver {
                reported = clock.now
                report(to: context)
            }
            if clock.now - saved > rhythm.checkpoints, !isOver {
                saved = clock.now
                try checkpoints.save(checkpoint)
            }
        }
        if !trainer.isFinished, let stopping {
            context.remark(
                "ends after \(stopping.epochs) epochs, \(stopping.wait) of them without a lower validation loss")
        }
    }

    private func step() throws -> Double {
        try explained { try trainer.step(data.patches) }
    }

    private func explained<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as TrainingError {
            throw ToolFailure("\(error)", hint: error.isDivergence ? "a smaller 'learning-rate' may help" : nil)
        }
    }

    private mutating func closeRow(rate: Double) throws {
        let stepsInRow = Double(trainer.step - (log.rows.last?.step ?? 0))
        let psnr = try data.images?.meanPSNR(of: plan.model(trainer.network))
        let loss = try data.held.map { held in try explained { try trainer.meanLoss(of: held) } }
        log.rows.append(
            TrainingLog.Row(
                step: trainer.step, loss: lossSum / stepsInRow, learningRate: rate,
                gradientNorm: plan.configuration.epochSteps.map { _ in normSum / stepsInRow }, validationLoss: loss,
                validationPSNR: psnr))
        (lossSum, normSum) = (0, 0)
        if isBest(loss: loss, psnr: psnr) { best = (trainer.network, psnr ?? 0) }
    }

    /// Whether the row's network is the one to keep so far: by the loss of validation patches where there are any.
    private mutating func isBest(loss: Double?, psnr: Double?) -> Bool {
        if let loss { return stopping?.endEpoch(loss: loss) == true && plan.keepsBest }
        guard plan.keepsBest, let psnr else { return false }
        return psnr > best?.psnr ?? -.infinity
    }

    private func report(to context: ToolContext) {
        let row = log.rows.last
        let remark = [
            row.map { "loss \(($0.loss * 1e6).formatted(decimals: 1))e-6" },
            row?.validationLoss.map { "validation \(($0 * 1e6).formatted(decimals: 1))e-6" },
            row?.validationPSNR.map { "validation \($0.formatted(decimals: 2)) dB" },
        ].compactMap { $0 }.joined(separator: "  ")
        context.report(
            StageProgress(
                "steps", done: trainer.step, total: plan.configuration.steps, remark: remark.isEmpty ? nil : remark))
    }

    private var checkpoint: Checkpoint {
        Checkpoint(
            state: trainer.state, log: log, lossSum: lossSum, normSum: normSum, best: best?.network.parameters,
            bestPSNR: best?.psnr ?? 0, stopping: stopping)
    }
}

/// What a training looked like at the end of every interval.
struct TrainingLog: Hashable, Sendable {
    struct Row: Hashable, Sendable {
        /// Steps done.
        let step: Int
        /// Mean over the interval.
        let loss: Double
        /// Of the interval's last step.
        let learningRate: Double
        /// Mean Euclidean norm of the steps' gradients before any limit; `nil` where rows are no epochs.
        let gradientNorm: Double?
        /// Mean over the validation patches; `nil` without any.
        let validationLoss: Double?
        /// Mean over the validation images, in dB; `nil` without any.
        let validationPSNR: Double?
    }

    var rows: [Row] = []

    // A training log is an HDF5 file: /step int64, /loss, /learning-rate and, where there is such a thing,
    // /gradient-norm, /validation-loss and /validation-psnr float64, each (rows), and the root attribute `format` =
    // training-log.
    func write(to path: FilePath) throws {
        let file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "training-log")
        try write(to: file, prefix: "")
        try file.close()
    }

    func write(to file: TensorFileWriter, prefix: String) throws {
        let shape: Shape = [rows.count]
        try file.write(prefix + "step", rows.map { Int64($0.step) }, shape: shape)
        try file.write(prefix + "loss", rows.map(\.loss), shape: shape)
        try file.write(prefix + "learning-rate", rows.map(\.learningRate), shape: shape)
        for (name, values) in [
            ("gradient-norm", rows.compactMap(\.gradientNorm)), ("validation-loss", rows.compactMap(\.validationLoss)),
            ("validation-psnr", rows.compactMap(\.validationPSNR)),
        ] where values.count == rows.count && !rows.isEmpty {
            try file.write(prefix + name, values, shape: shape)
        }
    }

    init() {}

    init(readingFrom file: TensorFileReader, prefix: String) throws {
        let steps = try file.read(prefix + "step", as: Int64.self)
        let losses = try file.read(prefix + "loss", as: Double.self)
        let rates = try file.read(prefix + "learning-rate", as: Double.self)
        let names = file.datasetNames
        func column(_ name: String) throws -> [Double?] {
            guard names.contains(prefix + name) else { return [Double?](repeating: nil, count: steps.count) }
            return try file.read(prefix + name, as: Double.self)
        }
        let (norms, held) = (try column("gradient-norm"), try column("validation-loss"))
        let psnr = try column("validation-psnr")
        guard [losses.count, rates.count, norms.count, held.count, psnr.count].allSatisfy({ $0 == steps.count }) else {
            throw ToolFailure("a training log has columns of different lengths")
        }
        rows = steps.indices.map { index in
            Row(
                step: Int(steps[index]), loss: losses[index], learningRate: rates[index], gradientNorm: norms[index],
                validationLoss: held[index], validationPSNR: psnr[index])
        }
    }
}

/// Images held out to follow a training by, ready for the protocol `y-double`, or for `pillow-rgb` where the network is
/// one of RGB.
struct ValidationSet {
    private let evaluation: EvaluationProtocol
    private let samples: [(image: String, sample: EvaluationSample)]
    private let pool: WorkerPool
    private let level: SIMDLevel

    init(_ path: FilePath, scale: Int, channels: Int, pool: WorkerPool, level: SIMDLevel) throws {
        let images = try ImageSetReader(path)
        guard images.count > 0 else {
            throw ToolFailure(
                "there are no validation images", at: .input("validation"),
                hint: "a split with a larger 'validation' share gives some")
        }
        let evaluation = channels == 1 ? EvaluationProtocol.yDouble : .pillowRGB
        samples = try (0..<images.count).map { index in
            let image = try images.image(index)
            guard min(image.height, image.width) >= evaluation.leastExtent(for: .psnr, scale: scale) else {
                throw ToolFailure(
                    "validation image '\(images.entries[index].name)' of \(image.width)x\(image.height) pixels is too "
                        + "small for x\(scale)", at: .input("validation"))
            }
            let sample = evaluation.prepared(image, scale: scale)
            // A flat image, found before hours of training rather than after.
            _ = try Self.psnr(of: sample.bicubic, for: sample, ofImage: images.entries[index].name, under: evaluation)
            return (images.entries[index].name, sample)
        }
        self.evaluation = evaluation
        self.pool = pool
        self.level = level
    }

    /// The mean of the images' PSNR in dB.
    func meanPSNR(of model: Model) throws -> Double {
        var sum = 0.0
        for (image, sample) in samples {
            let prediction = try model.prediction(
                for: sample, ofImage: image, under: evaluation, pool: pool, level: level)
            sum += try Self.psnr(of: prediction, for: sample, ofImage: image, under: evaluation)
        }
        return sum / Double(samples.count)
    }

    private static func psnr(
        of prediction: Prediction, for sample: EvaluationSample, ofImage image: String,
        under evaluation: EvaluationProtocol
    ) throws(ToolFailure) -> Double {
        let psnr = evaluation.value(of: .psnr, prediction, for: sample)
        guard let psnr, psnr.isFinite else {
            throw ToolFailure(
                "validation image '\(image)' is reproduced exactly, so that its PSNR is infinite",
                at: .input("validation"), hint: "leave flat images out of a validation set")
        }
        return psnr
    }
}

extension TrainingError {
    /// Whether numbers grew beyond all bounds.
    fileprivate var isDivergence: Bool {
        switch self {
        case .notFinite, .lossNotFinite: true
        case .shapes, .otherShapes, .noSamples, .state: false
        }
    }
}
