// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing
import Training

private let description = NetworkDescription.fsrcnn(d: 4, s: 3, m: 1, scale: 2, channels: 3, slopes: .perChannel)

/// An optimizer once more, in double and one number at a time, from its definition.
private struct OptimizerTwin {
    let optimizer: Optimizer
    var memory: (Double, Double) = (0, 0)
    var steps = 0

    mutating func step(_ p: Double, gradient: Double, rate: Double, decay: Double) -> Double {
        steps += 1
        var (p, g) = (p, gradient)
        if case .adamW = optimizer { p -= rate * decay * p } else { g += decay * p }
        switch optimizer {
        case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
            memory.0 = beta1 * memory.0 + (1 - beta1) * g
            memory.1 = beta2 * memory.1 + (1 - beta2) * g * g
            let mean = memory.0 / (1 - (0..<steps).reduce(1) { power, _ in power * beta1 })
            let square = memory.1 / (1 - (0..<steps).reduce(1) { power, _ in power * beta2 })
            return p - rate * mean / (square.squareRoot() + epsilon)
        case .sgd(let momentum, let nesterov):
            memory.0 = momentum * memory.0 + rate * g
            return p - (nesterov ? momentum * memory.0 + rate * g : memory.0)
        case .rmsprop(let rho, let epsilon):
            memory.0 = rho * memory.0 + (1 - rho) * g * g
            return p - rate * g / (memory.0 + epsilon).squareRoot()
        }
    }
}

@Suite struct OptimizerTests {
    static let optimizers: [Optimizer] = [
        .adam, .adamW, .sgd(momentum: 0.9), .sgd(momentum: 0.9, nesterov: true), .sgd(momentum: 0), .rmsprop,
        .rmsprop(rho: 0.5, epsilon: 1e-3),
    ]

    private func configuration(_ optimizer: Optimizer, steps: Int = 6) -> TrainingConfiguration {
        TrainingConfiguration(
            optimizer: optimizer, learningRate: 1e-3, deconvolutionLearningRate: 3e-4, biasLearningRateFactor: 0.5,
            slopeLearningRateFactor: 2, schedule: .step(every: 4, factor: 0.5), warmUpSteps: 3, weightDecay: 0.1,
            deconvolutionWeightDecay: 0.3, padding: .zero, batchSize: 16, steps: steps, seed: 2)
    }

    @Test(arguments: optimizers)
    func `every step is that of the definition in double`(optimizer: Optimizer) throws {
        let source = randomPatches(16, size: 7, for: description, padding: .zero)
        let trainer = Trainer(
            network: stirred(description), configuration: configuration(optimizer), pool: WorkerPool(threads: 1),
            level: .best)
        let names = trainer.network.parameters.map(\.name)
        var values = trainer.network.parameters.map { $0.tensor.values.map(Double.init) }
        var twins = values.map { $0.map { _ in OptimizerTwin(optimizer: optimizer) } }
        // Warm-up of three steps, then half the rate from the fifth step on.
        for factor in [1.0 / 3, 2.0 / 3, 1, 1, 0.5, 0.5] {
            let gradient = try trainer.lossAndGradient(source, samples: Array(0..<16)).gradient
            try trainer.step(source)
            for (index, name) in names.enumerated() {
                let isLast = name.hasPrefix("deconvolution")
                var rate = (isLast ? 3e-4 : 1e-3) * factor
                if name.hasSuffix(".bias") { rate *= 0.5 }
                if name.hasSuffix(".slope") { rate *= 2 }
                let decay = name.hasSuffix(".weight") ? (isLast ? 0.3 : 0.1) : 0
                for place in values[index].indices {
                    values[index][place] = twins[index][place].step(
                        values[index][place], gradient: Double(gradient[index].tensor.values[place]), rate: rate,
                        decay: decay)
                }
            }
        }
        let start = stirred(description).parameters
        for (index, parameter) in trainer.network.parameters.enumerated() {
            let moved = zip(values[index], start[index].tensor.values).map { ($0 - Double($1)).magnitude }.max() ?? 0
            #expect(moved > 1e-6, "\(parameter.name)")
            for (wanted, found) in zip(values[index], parameter.tensor.values) {
                #expect((wanted - Double(found)).magnitude < 5e-3 * moved + 3e-7, "\(parameter.name)")
            }
        }
    }

    /// A network of one weight w and one bias b on one pixel x = 0.5 with label 0.25: y = w x + b, loss (y - t)^2.
    @Test func `steps computed by hand`() throws {
        let tiny = try NetworkDescription(layers: [
            .convolution(name: "c", inputs: 1, outputs: 1, kernel: 1, padding: .zero)
        ])
        let source = MemoryPatchSource(
            inputs: Tensor(shape: [1, 1, 1, 1], values: [0.5]), labels: Tensor(shape: [1, 1, 1, 1], values: [0.25]))
        func trained(_ optimizer: Optimizer, steps: Int, decay: Double = 0) throws -> [Float] {
            let network = try Network(
                description: tiny,
                parameters: [
                    Parameter(name: "c.weight", tensor: Tensor(shape: [1, 1, 1, 1], values: [1])),
                    Parameter(name: "c.bias", tensor: Tensor(shape: [1], values: [0.25])),
                ])
            let trainer = Trainer(
                network: network,
                configuration: TrainingConfiguration(
                    optimizer: optimizer, learningRate: 0.125, weightDecay: decay, padding: .zero, batchSize: 1,
                    steps: steps), pool: WorkerPool(threads: 1), level: .baseline)
            while !trainer.isFinished { try trainer.step(source) }
            return trainer.network.parameters.flatMap(\.tensor.values)
        }
        // y - t = 0.5, so the gradient is 2 * 0.5 * (0.5, 1) = (0.5, 1), and the step 0.125 of it.
        #expect(try trained(.sgd(momentum: 0), steps: 1) == [0.9375, 0.125])
        // Then y = 0.59375, y - t = 0.34375, the gradient (0.34375, 0.6875); velocity (0.03125 + 0.04296875, ...).
        #expect(try trained(.sgd(momentum: 0.5), steps: 2) == [0.86328125, -0.0234375])
        // With the look ahead the first step is 1.5 times as long.
        #expect(try trained(.sgd(momentum: 0.5, nesterov: true), steps: 1) == [0.90625, 0.0625])
        // Decay adds 0.5 * 1 to the weight's gradient and nothing to the bias's.
        #expect(try trained(.sgd(momentum: 0), steps: 1, decay: 0.5) == [0.875, 0.125])
        // v = 0.25 g^2, so the step is 0.125 * g / (0.5 * g) for both; epsilon 0.
        #expect(try trained(.rmsprop(rho: 0.75, epsilon: 0), steps: 1) == [0.75, 0])
        // Epsilon stands under the root: v + epsilon = 0.25 g^2 + 0.1875 is 0.25 for the weight.
        #expect(try trained(.rmsprop(rho: 0.75, epsilon: 0.1875), steps: 1)[0] == 0.875)
        // A first step of Adam is the rate; AdamW first takes 0.125 * 0.5 of the weight away.
        #expect(try trained(.adam(beta1: 0.5, beta2: 0.75, epsilon: 0), steps: 1) == [0.875, 0.125])
        #expect(try trained(.adamW(beta1: 0.5, beta2: 0.75, epsilon: 0), steps: 1, decay: 0.5) == [0.8125, 0.125])
    }

    @Test(arguments: optimizers, [1, 3, 5])
    func `a run that is stopped and restored ends in the same bits`(optimizer: Optimizer, stop: Int) throws {
        let source = randomPatches(40, size: 7, for: description, padding: .zero)
        func trainer() -> Trainer {
            Trainer(
                network: Network(description: description, seed: 3), configuration: configuration(optimizer),
                pool: WorkerPool(threads: 1), level: .best)
        }
        let (whole, first) = (trainer(), trainer())
        while !whole.isFinished { try whole.step(source) }
        for _ in 0..<stop { try first.step(source) }
        let second = try Trainer(
            restoring: first.state, description: description, configuration: configuration(optimizer),
            pool: WorkerPool(threads: 2), level: .best)
        while !second.isFinished { try second.step(source) }
        #expect(bits(second.network.parameters) == bits(whole.network.parameters))
        #expect(bits(second.network.parameters) != bits(first.network.parameters))
    }

    @Test(arguments: optimizers)
    func `SIMD levels do not change a bit`(optimizer: Optimizer) throws {
        let source = randomPatches(40, size: 7, for: description, padding: .zero)
        func trained(_ level: SIMDLevel) throws -> [UInt32] {
            let trainer = Trainer(
                network: Network(description: description, seed: 3), configuration: configuration(optimizer, steps: 3),
                pool: WorkerPool(threads: 2), level: level)
            while !trainer.isFinished { try trainer.step(source) }
            return bits(trainer.network.parameters)
        }
        let wanted = try trained(.baseline)
        for level in SIMDLevel.available { #expect(try trained(level) == wanted, "\(level)") }
    }
}
