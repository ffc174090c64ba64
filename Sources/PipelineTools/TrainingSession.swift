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

/// A training under way: it steps, follows itself on the validation images, and leaves checkpoints from which it goes
/// on as if it had never stopped.
struct TrainingSession {
    private(set) var log: TrainingLog
    private let plan: TrainingPlan
    private let patches: PatchSetReader
    private let validation: ValidationSet?
    private let checkpoints: CheckpointFolder
    private let rhythm: TrainingRhythm
    private let trainer: Trainer
    /// The best network so far with its validation PSNR.
    private var best: (network: Network, psnr: Double)?
    /// Sum of the losses since the last row of the log.
    private var lossSum = 0.0

    init(
        plan: TrainingPlan, patches: PatchSetReader, validation: ValidationSet?, checkpoints: CheckpointFolder,
        rhythm: TrainingRhythm, pool: WorkerPool, level: SIMDLevel
    ) {
        self.plan = plan
        self.patches = patches
        self.validation = validation
        self.checkpoints = checkpoints
        self.rhythm = rhythm
        // A checkpoint that does not fit, as one of another version may, is passed over like a damaged one.
        if let checkpoint = checkpoints.latest(),
            let restored = try? Self.restored(checkpoint, plan: plan, pool: pool, level: level)
        {
            (trainer, best) = restored
            log = checkpoint.log
            lossSum = checkpoint.lossSum
        } else {
            trainer = Trainer(
                network: Network(description: plan.description, seed: plan.configuration.seed),
                configuration: plan.configuration, pool: pool, level: level)
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

    mutating func run(_ context: ToolContext) throws {
        if trainer.step > 0 { context.remark("goes on from a checkpoint at step \(trainer.step)") }
        let clock = ContinuousClock()
        var (reported, saved) = (clock.now, clock.now)
        while !trainer.isFinished {
            let rate = trainer.learningRate
            lossSum += try step()
            if trainer.step % plan.interval == 0 || trainer.isFinished { try closeRow(rate: rate) }
            // Only reports and checkpoints go by the clock; what is learned does not.
            if clock.now - reported > rhythm.reports || trainer.isFinished {
                reported = clock.now
                report(to: context)
            }
            if clock.now - saved > rhythm.checkpoints, !trainer.isFinished {
                saved = clock.now
                try checkpoints.save(checkpoint)
            }
        }
    }

    private func step() throws -> Double {
        do {
            return try trainer.step(patches)
        } catch let error as TrainingError {
            throw ToolFailure("\(error)", hint: error.isDivergence ? "a smaller 'learning-rate' may help" : nil)
        }
    }

    private mutating func closeRow(rate: Double) throws {
        let stepsInRow = trainer.step - (log.rows.last?.step ?? 0)
        let psnr = try validation?.meanPSNR(of: plan.model(trainer.network))
        log.rows.append(
            TrainingLog.Row(
                step: trainer.step, loss: lossSum / Double(stepsInRow), learningRate: rate, validationPSNR: psnr))
        lossSum = 0
        if plan.keepsBest, let psnr, psnr > best?.psnr ?? -.infinity { best = (trainer.network, psnr) }
    }

    private func report(to context: ToolContext) {
        let row = log.rows.last
        let remark = [
            row.map { "loss \(($0.loss * 1e6).formatted(decimals: 1))e-6" },
            row?.validationPSNR.map { "validation \($0.formatted(decimals: 2)) dB" },
        ].compactMap { $0 }.joined(separator: "  ")
        context.report(
            StageProgress(
                "steps", done: trainer.step, total: plan.configuration.steps, remark: remark.isEmpty ? nil : remark))
    }

    private var checkpoint: Checkpoint {
        Checkpoint(
            state: trainer.state, log: log, lossSum: lossSum, best: best?.network.parameters,
            bestPSNR: best?.psnr ?? 0)
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
        /// Mean over the validation images, in dB; `nil` without any.
        let validationPSNR: Double?
    }

    var rows: [Row] = []

    // A training log is an HDF5 file: /step int64, /loss, /learning-rate and, with validation images, /validation-psnr
    // float64, each (rows), and the root attribute `format` = training-log.
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
        let psnr = rows.compactMap(\.validationPSNR)
        if psnr.count == rows.count { try file.write(prefix + "validation-psnr", psnr, shape: shape) }
    }

    init() {}

    init(readingFrom file: TensorFileReader, prefix: String) throws {
        let steps = try file.read(prefix + "step", as: Int64.self)
        let losses = try file.read(prefix + "loss", as: Double.self)
        let rates = try file.read(prefix + "learning-rate", as: Double.self)
        let hasPSNR = file.datasetNames.contains(prefix + "validation-psnr")
        let psnr = hasPSNR ? try file.read(prefix + "validation-psnr", as: Double.self) : []
        guard losses.count == steps.count, rates.count == steps.count, !hasPSNR || psnr.count == steps.count else {
            throw ToolFailure("a training log has columns of different lengths")
        }
        rows = steps.indices.map { index in
            Row(
                step: Int(steps[index]), loss: losses[index], learningRate: rates[index],
                validationPSNR: hasPSNR ? psnr[index] : nil)
        }
    }
}

/// Images held out to follow a training by, ready for the protocol `y-double`.
struct ValidationSet {
    private let samples: [(image: String, sample: EvaluationSample)]
    private let pool: WorkerPool
    private let level: SIMDLevel

    init(_ path: FilePath, scale: Int, pool: WorkerPool, level: SIMDLevel) throws {
        let images = try ImageSetReader(path)
        guard images.count > 0 else {
            throw ToolFailure(
                "there are no validation images", at: .input("validation"),
                hint: "a split with a larger 'validation' share gives some")
        }
        let evaluation = EvaluationProtocol.yDouble
        samples = try (0..<images.count).map { index in
            let image = try images.image(index)
            guard min(image.height, image.width) >= evaluation.leastExtent(for: .psnr, scale: scale) else {
                throw ToolFailure(
                    "validation image '\(images.entries[index].name)' of \(image.width)x\(image.height) pixels is too "
                        + "small for x\(scale)", at: .input("validation"))
            }
            let sample = evaluation.prepared(image, scale: scale)
            // A flat image, found before hours of training rather than after.
            _ = try Self.psnr(of: sample.bicubic, for: sample, ofImage: images.entries[index].name)
            return (images.entries[index].name, sample)
        }
        self.pool = pool
        self.level = level
    }

    /// The mean of the images' PSNR in dB.
    func meanPSNR(of model: Model) throws -> Double {
        var sum = 0.0
        for (image, sample) in samples {
            let prediction = try model.prediction(
                for: sample, ofImage: image, under: .yDouble, pool: pool, level: level)
            sum += try Self.psnr(of: prediction, for: sample, ofImage: image)
        }
        return sum / Double(samples.count)
    }

    private static func psnr(
        of prediction: Prediction, for sample: EvaluationSample, ofImage image: String
    ) throws(ToolFailure) -> Double {
        let psnr = EvaluationProtocol.yDouble.value(of: .psnr, prediction, for: sample)
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
        case .shapes, .noSamples, .state: false
        }
    }
}
