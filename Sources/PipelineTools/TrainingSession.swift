// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import PipelineExecution
import SystemPackage
import Tensors
import TensorStore
import Training

/// A training under way: it steps, follows itself on the validation images, and leaves checkpoints from which it goes on
/// as if it had never stopped.
struct TrainingSession {
    private(set) var log: TrainingLog
    private let plan: TrainingPlan
    private let patches: PatchSetReader
    private let validation: ValidationSet?
    private let checkpoints: CheckpointFolder
    private let trainer: Trainer
    /// The best network so far with its validation PSNR.
    private var best: (network: Network, psnr: Double)?
    /// Sum of the losses since the last row of the log.
    private var lossSum = 0.0

    init(
        plan: TrainingPlan, patches: PatchSetReader, validation: ValidationSet?, checkpoints: CheckpointFolder,
        pool: WorkerPool, level: SIMDLevel
    ) throws {
        self.plan = plan
        self.patches = patches
        self.validation = validation
        self.checkpoints = checkpoints
        guard let checkpoint = checkpoints.latest() else {
            trainer = Trainer(
                network: Network(description: plan.description, seed: plan.configuration.seed),
                configuration: plan.configuration, pool: pool, level: level)
            log = TrainingLog()
            return
        }
        trainer = try Trainer(
            restoring: checkpoint.state, description: plan.description, configuration: plan.configuration,
            pool: pool, level: level)
        log = checkpoint.log
        lossSum = checkpoint.lossSum
        if let parameters = checkpoint.best {
            best = (try Network(description: plan.description, parameters: parameters), checkpoint.bestPSNR)
        }
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
            lossSum += try trainer.step(patches)
            if trainer.step % plan.interval == 0 || trainer.isFinished { try closeRow(rate: rate) }
            // Only reports and checkpoints go by the clock; what is learned does not.
            if clock.now - reported > .milliseconds(200) || trainer.isFinished {
                reported = clock.now
                report(to: context)
            }
            if clock.now - saved > .seconds(20), !trainer.isFinished {
                saved = clock.now
                try checkpoints.save(checkpoint)
            }
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
    private let samples: [EvaluationSample]
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
            return evaluation.prepared(image, scale: scale)
        }
        self.pool = pool
        self.level = level
    }

    /// The mean of the images' PSNR in dB.
    func meanPSNR(of model: Model) throws -> Double {
        let evaluation = EvaluationProtocol.yDouble
        var sum = 0.0
        for sample in samples {
            let output = try model.upscaled(sample.lowResolution, pool: pool, level: level)
            let prediction = evaluation.quantised(output, shift: model.outputShift, for: sample)
            sum += evaluation.value(of: .psnr, prediction, for: sample) ?? 0
        }
        return sum / Double(samples.count)
    }
}

extension Model {
    /// The network's output for LR luma in 0...1.
    func upscaled(_ plane: Plane, pool: WorkerPool, level: SIMDLevel) throws(NetworkError) -> Plane {
        let input = Tensor(shape: [1, plane.height, plane.width], values: plane.values.map { Float($0) })
        return Plane(try network.upscaled(input, padding: padding, pool: pool, level: level))
    }
}
