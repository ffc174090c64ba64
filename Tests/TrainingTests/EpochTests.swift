// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing
import Training

/// Losses of epochs, with small and large steps down, up and none at all.
private let losses = [
    0.5, 0.25, 0.1875, 0.1875, 0.25, 0.125, 0.1249, 0.15625, 0.125, 0.125, 0.0625, 0.0624, 0.0625, 0.07, 0.08, 0.0625,
    0.0625, 0.0625, 0.03125, 0.04, 0.04, 0.04, 0.04, 0.04,
]

private let onePixel: NetworkDescription = {
    do {
        return try NetworkDescription(layers: [
            .convolution(name: "c", inputs: 1, outputs: 1, kernel: 1, padding: .zero)
        ])
    } catch {
        preconditionFailure("one layer is a network")
    }
}()

/// A source whose every loss can be chosen: the network's output is 0, so the loss is the square of the label.
private final class ChosenLosses: PatchSource {
    var next: [Double]
    let count = 1
    let inputShape: Shape = [1, 1, 1]
    let labelShape: Shape = [1, 1, 1]

    init(_ losses: [Double]) { next = losses }

    func read(
        indices: [Int], inputs: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Float>
    ) throws {
        inputs[0] = 0
        labels[0] = Float(next.removeFirst().squareRoot())
    }
}

@Suite struct EpochTests {
    private func network() throws -> Network {
        try Network(
            description: onePixel,
            parameters: [
                Parameter(name: "c.weight", tensor: Tensor(shape: [1, 1, 1, 1], values: [1])),
                Parameter(name: "c.bias", tensor: Tensor(shape: [1], values: [0])),
            ])
    }

    /// The learning rate after each epoch of one step with the chosen loss; the bias stays at 0.
    private func rates(_ rule: PlateauRule, _ losses: [Double], stop: Int? = nil) throws -> [Double] {
        let configuration = TrainingConfiguration(
            optimizer: .sgd(momentum: 0), learningRate: 1, biasLearningRateFactor: 0, schedule: .plateau(rule),
            epochSteps: 1, padding: .zero, batchSize: 1, steps: losses.count)
        var trainer = Trainer(
            network: try network(), configuration: configuration, pool: WorkerPool(threads: 1), level: .best)
        let source = ChosenLosses(losses)
        var rates: [Double] = []
        while !trainer.isFinished {
            try trainer.step(source)
            rates.append(trainer.learningRate)
            if trainer.step == stop {
                trainer = try Trainer(
                    restoring: trainer.state, description: onePixel, configuration: configuration,
                    pool: WorkerPool(threads: 1), level: .best)
            }
        }
        return rates
    }

    // What ReduceLROnPlateau of Keras 3.15.1 makes of the same losses, with the learning rate held in double, monitor
    // "loss" and mode "min".
    private static let plateaus: [(rule: PlateauRule, rates: [Double])] = [
        (
            PlateauRule(factor: 0.5, patience: 2, leastRate: 1e-5),
            [
                1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625, 0.0625, 0.03125, 0.03125, 0.015625,
                0.015625, 0.015625, 0.015625, 0.0078125, 0.0078125, 0.00390625, 0.00390625,
            ]
        ),
        (
            PlateauRule(factor: 0.5, patience: 2, cooldown: 2, leastRate: 0.0625),
            [
                1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625, 0.0625, 0.0625,
                0.0625, 0.0625, 0.0625, 0.0625, 0.0625, 0.0625,
            ]
        ),
        (
            PlateauRule(factor: 0.25, patience: 1, leastImprovement: 0.05, cooldown: 1),
            [
                1, 1, 1, 0x1p-2, 0x1p-4, 0x1p-4, 0x1p-6, 0x1p-8, 0x1p-10, 0x1p-12, 0x1p-12, 0x1p-14, 0x1p-16, 0x1p-18,
                0x1p-20, 0x1p-22, 0x1p-24, 0x1p-26, 0x1p-28, 0x1p-30, 0x1p-32, 0x1p-34, 0x1p-36, 0x1p-38,
            ]
        ),
        (
            PlateauRule(factor: 0.5, patience: 0, leastRate: 0.1),
            [1, 1, 1, 0.5, 0.25, 0.25, 0.125] + [Double](repeating: 0.1, count: 17)
        ),
        (
            PlateauRule(factor: 0.5, patience: 3, leastImprovement: 0),
            [
                1, 1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.125,
                0.0625, 0.0625, 0.0625,
            ]
        ),
    ]

    @Test(arguments: plateaus.indices)
    func `the rate falls where Keras' does`(plateau: Int) throws {
        #expect(try rates(Self.plateaus[plateau].rule, losses) == Self.plateaus[plateau].rates)
    }

    @Test(arguments: plateaus.indices)
    func `a plateau that is stopped and restored anywhere goes on as it would have`(plateau: Int) throws {
        for stop in 1..<losses.count {
            #expect(
                try rates(Self.plateaus[plateau].rule, losses, stop: stop) == Self.plateaus[plateau].rates,
                "stopped after \(stop)")
        }
    }

    @Test func `an epoch's loss is the mean of its steps', and counts only when the epoch is over`() throws {
        let configuration = TrainingConfiguration(
            optimizer: .sgd(momentum: 0), learningRate: 1, biasLearningRateFactor: 0,
            schedule: .plateau(PlateauRule(factor: 0.5, patience: 1, leastImprovement: 0)), epochSteps: 3,
            padding: .zero, batchSize: 1, steps: 9)
        // Epochs of mean 4, 3 (improves though it ends high), 3 (does not).
        let source = ChosenLosses([9, 1, 2, 1, 1, 7, 4, 4, 1])
        var trainer = Trainer(
            network: try network(), configuration: configuration, pool: WorkerPool(threads: 1), level: .best)
        var rates: [Double] = []
        while !trainer.isFinished {
            // Restored in the midst of epochs too.
            trainer = try Trainer(
                restoring: trainer.state, description: onePixel, configuration: configuration,
                pool: WorkerPool(threads: 1), level: .best)
            try trainer.step(source)
            rates.append(trainer.learningRate)
        }
        #expect(rates == [1, 1, 1, 1, 1, 1, 1, 1, 0.5])
    }

    @Test func `a state without its epoch is refused`() throws {
        let configuration = TrainingConfiguration(
            schedule: .plateau(PlateauRule()), epochSteps: 1, padding: .zero, batchSize: 1, steps: 9)
        let trainer = Trainer(
            network: try network(), configuration: configuration, pool: WorkerPool(threads: 1), level: .best)
        func message(_ change: (inout TrainerState) -> Void) -> String? {
            var state = trainer.state
            change(&state)
            do {
                _ = try Trainer(
                    restoring: state, description: onePixel, configuration: configuration,
                    pool: WorkerPool(threads: 1), level: .best)
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(message { _ in } == nil)
        #expect(
            message { $0.numbers["epoch-loss"] = nil } == "the training state cannot be restored: it has no epoch")
        #expect(
            message { $0.integers["plateau-wait"] = nil }
                == "the training state cannot be restored: its plateau is not whole")
    }

    @Test func `training stops where Keras stops, and its best epoch is Keras'`() {
        // What EarlyStopping of Keras 3.15.1 makes of the same losses: epochs run, and the one restored.
        let cases: [(patience: Int, delta: Double, epochs: Int, best: Int)] = [
            (0, 0, 4, 3), (1, 0, 4, 3), (2, 0, 5, 3), (2, 0.05, 5, 3), (3, 0, 10, 7), (3, 0.001, 9, 6), (40, 0, 24, 19),
        ]
        for (patience, delta, epochs, wanted) in cases {
            var stopping = EarlyStopping(patience: patience, leastImprovement: delta)
            var best = 0
            for loss in losses where !stopping.endsTraining {
                // Taken apart and put together again after every epoch.
                stopping = EarlyStopping(
                    patience: patience, leastImprovement: delta, epochs: stopping.epochs, best: stopping.best,
                    wait: stopping.wait)
                if stopping.endEpoch(loss: loss) { best = stopping.epochs }
            }
            #expect(stopping.epochs == epochs && best == wanted, "patience \(patience), delta \(delta)")
        }
    }

    @Test func `the mean loss of a source is that of its samples, whatever the batch`() throws {
        let description = NetworkDescription.fsrcnn(d: 4, s: 3, m: 1, scale: 2, channels: 3)
        let source = randomPatches(37, size: 6, for: description, padding: .zero)
        let start = stirred(description)
        let wanted = DoubleTwin(description.padded(training: .zero), start.parameters)
            .loss(source, samples: Array(0..<37))
        for (batch, threads) in [(1, 1), (16, 2), (30, 1), (30, 3), (64, 2)] {
            let trainer = Trainer(
                network: start, configuration: TrainingConfiguration(padding: .zero, batchSize: batch, steps: 1),
                pool: WorkerPool(threads: threads), level: .best)
            let found = try trainer.meanLoss(of: source)
            #expect((found - wanted).magnitude < 1e-6 * wanted, "batch of \(batch)")
            #expect(trainer.network == start && trainer.step == 0)
        }
    }

    @Test func `measuring between steps changes no step`() throws {
        let description = NetworkDescription.fsrcnn(d: 4, s: 3, m: 1, scale: 2)
        let source = randomPatches(40, size: 6, for: description, padding: .zero)
        let held = randomPatches(7, size: 6, for: description, padding: .zero, seed: 9)
        func trained(measuring: Bool) throws -> [UInt32] {
            let trainer = Trainer(
                network: Network(description: description, seed: 3),
                configuration: TrainingConfiguration(padding: .zero, batchSize: 20, steps: 4),
                pool: WorkerPool(threads: 1), level: .best)
            while !trainer.isFinished {
                if measuring { _ = try trainer.meanLoss(of: held) }
                try trainer.step(source)
            }
            return bits(trainer.network.parameters)
        }
        #expect(try trained(measuring: true) == trained(measuring: false))
    }

    @Test func `patches of another size than those of training are not measured`() throws {
        let description = NetworkDescription.fsrcnn(d: 4, s: 3, m: 1, scale: 2)
        let trainer = Trainer(
            network: Network(description: description, seed: 3),
            configuration: TrainingConfiguration(padding: .zero, batchSize: 4, steps: 4),
            pool: WorkerPool(threads: 1), level: .best)
        try trainer.step(randomPatches(4, size: 6, for: description, padding: .zero))
        let found = #expect(throws: TrainingError.self) {
            try trainer.meanLoss(of: randomPatches(4, size: 7, for: description, padding: .zero))
        }
        #expect(
            found?.description
                == "patches of 1x7x7 with labels of 1x13x13 stand beside those of 1x6x6 with labels of 1x11x11")
    }

    @Test func `a gradient's norm is known where there are epochs`() throws {
        let source = randomPatches(16, size: 6, for: onePixel, padding: .zero)
        let trainer = Trainer(
            network: try network(),
            configuration: TrainingConfiguration(epochSteps: 1, padding: .zero, batchSize: 16, steps: 4),
            pool: WorkerPool(threads: 1), level: .best)
        let gradient = try trainer.lossAndGradient(source, samples: Array(0..<16)).gradient
        try trainer.step(source)
        let square = gradient.flatMap(\.tensor.values).reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect((trainer.gradientNorm - square.squareRoot()).magnitude < 1e-6 * square.squareRoot())
    }
}
