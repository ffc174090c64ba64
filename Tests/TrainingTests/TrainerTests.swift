// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing
import Training

private let description = NetworkDescription.fsrcnn(d: 7, s: 4, m: 2, scale: 3)

private func configuration(
    optimizer: Optimizer = .adam, batchSize: Int = 40, seed: UInt64 = 9, learningRate: Double = 1e-3
) -> TrainingConfiguration {
    TrainingConfiguration(
        optimizer: optimizer, learningRate: learningRate, deconvolutionLearningRate: learningRate / 10,
        biasLearningRateFactor: 0.5, schedule: .cosine(totalSteps: 10), batchSize: batchSize, steps: 6, seed: seed,
        gradientNormLimit: 0.5)
}

/// The parameters and losses after six steps.
private func trained(
    _ configuration: TrainingConfiguration, threads: Int = 1, level: SIMDLevel = .best, patchSeed: UInt64 = 1
) throws -> (parameters: [UInt32], losses: [Double]) {
    let source = randomPatches(70, size: 9, for: description, padding: .validFirst, seed: patchSeed)
    let trainer = Trainer(
        network: Network(description: description, seed: 3), configuration: configuration,
        pool: WorkerPool(threads: threads), level: level)
    var losses: [Double] = []
    while !trainer.isFinished { losses.append(try trainer.step(source)) }
    return (bits(trainer.network.parameters), losses)
}

@Suite struct TrainerTests {
    @Test func `threads do not change a bit`() throws {
        let wanted = try trained(configuration())
        for threads in [2, 3, 7, 16] {
            let found = try trained(configuration(), threads: threads)
            #expect(found.parameters == wanted.parameters && found.losses == wanted.losses, "\(threads) threads")
        }
    }

    @Test(arguments: [Optimizer.adam, .sgd(momentum: 0.9)])
    func `SIMD levels do not change a bit`(optimizer: Optimizer) throws {
        let wanted = try trained(configuration(optimizer: optimizer), level: .baseline)
        for level in SIMDLevel.available {
            let found = try trained(configuration(optimizer: optimizer), threads: 2, level: level)
            #expect(found.parameters == wanted.parameters && found.losses == wanted.losses, "\(level)")
        }
    }

    @Test(arguments: smallNetworks.indices, [Loss.mse, .charbonnier(epsilon: 0.01)])
    func `layers of every kind train to the same bits on all threads and levels, and after a restore`(
        network: Int, loss: Loss
    ) throws {
        let description = smallNetworks[network].description
        let source = randomPatches(35, size: 7, for: description, padding: .replicate)
        let configuration = TrainingConfiguration(
            loss: loss, optimizer: .rmsprop, padding: .replicate, batchSize: 33, steps: 3)
        func trained(_ threads: Int, _ level: SIMDLevel, restored: Bool = false) throws -> [UInt32] {
            let pool = WorkerPool(threads: threads)
            var trainer = Trainer(
                network: stirred(description), configuration: configuration, pool: pool, level: level)
            try trainer.step(source)
            if restored {
                trainer = try Trainer(
                    restoring: trainer.state, description: description, configuration: configuration, pool: pool,
                    level: level)
            }
            while !trainer.isFinished { try trainer.step(source) }
            return bits(trainer.network.parameters)
        }
        let wanted = try trained(1, .baseline)
        for threads in [2, 3, 7, 16] { #expect(try trained(threads, .best) == wanted, "\(threads) threads") }
        for level in SIMDLevel.available { #expect(try trained(2, level) == wanted, "\(level)") }
        #expect(try trained(1, .best, restored: true) == wanted, "restored")
    }

    @Test func `a changed pixel, order, rate or batch changes the result`() throws {
        let wanted = try trained(configuration()).parameters
        #expect(try trained(configuration(), patchSeed: 2).parameters != wanted)
        #expect(try trained(configuration(seed: 10)).parameters != wanted)
        #expect(try trained(configuration(learningRate: 2e-3)).parameters != wanted)
        #expect(try trained(configuration(batchSize: 39)).parameters != wanted)
    }

    @Test(arguments: [Optimizer.adam, .sgd(momentum: 0.9)], [1, 3, 5])
    func `a run that is stopped and restored ends in the same bits`(optimizer: Optimizer, stop: Int) throws {
        let configuration = configuration(optimizer: optimizer)
        let wanted = try trained(configuration)
        let source = randomPatches(70, size: 9, for: description, padding: .validFirst)
        let first = Trainer(
            network: Network(description: description, seed: 3), configuration: configuration,
            pool: WorkerPool(threads: 1), level: .best)
        for _ in 0..<stop { try first.step(source) }
        let second = try Trainer(
            restoring: first.state, description: description, configuration: configuration,
            pool: WorkerPool(threads: 2), level: .best)
        #expect(second.step == stop)
        var losses: [Double] = []
        while !second.isFinished { losses.append(try second.step(source)) }
        #expect(bits(second.network.parameters) == wanted.parameters)
        #expect(losses == Array(wanted.losses.dropFirst(stop)))
    }

    @Test func `a state without its tensors is refused`() throws {
        let trainer = Trainer(
            network: Network(description: description, seed: 3), configuration: configuration(),
            pool: WorkerPool(threads: 1), level: .best)
        var state = trainer.state
        state.tensors.removeAll { $0.name == "optimizer.first-moment/expand.bias" }
        let found = #expect(throws: TrainingError.self) {
            try Trainer(
                restoring: state, description: description, configuration: configuration(),
                pool: WorkerPool(threads: 1), level: .best)
        }
        #expect(
            found?.description
                == "the training state cannot be restored: "
                + "the tensor 'optimizer.first-moment/expand.bias' is missing or has another shape"
        )
    }

    @Test func `training lowers the loss`() throws {
        let source = randomPatches(64, size: 9, for: description, padding: .validFirst)
        let trainer = Trainer(
            network: Network(description: description, seed: 3),
            configuration: TrainingConfiguration(learningRate: 1e-2, batchSize: 64, steps: 60),
            pool: WorkerPool(threads: 2), level: .best)
        let first = try trainer.step(source)
        var last = first
        while !trainer.isFinished { last = try trainer.step(source) }
        #expect(last < first * 0.5)
    }

    @Test func `a first Adam step moves each parameter by its rate`() throws {
        let source = randomPatches(16, size: 9, for: description, padding: .validFirst)
        let start = stirred(description)
        let trainer = Trainer(
            network: start,
            configuration: TrainingConfiguration(
                learningRate: 1e-3, deconvolutionLearningRate: 1e-4, biasLearningRateFactor: 0.1, batchSize: 16,
                steps: 1), pool: WorkerPool(threads: 1), level: .best)
        try trainer.step(source)
        for (before, after) in zip(start.parameters, trainer.network.parameters) {
            let layer: Double = before.name.hasPrefix("deconvolution") ? 1e-4 : 1e-3
            let rate = before.name.hasSuffix(".bias") ? layer * 0.1 : layer
            for (old, new) in zip(before.tensor.values, after.tensor.values) where old != new {
                #expect(abs(Double((new - old).magnitude) - rate) < rate * 0.02 + 1e-7, "\(before.name)")
            }
            #expect(before.tensor != after.tensor, "\(before.name)")
        }
    }

    @Test func `a value that is not finite ends training with its step and layer`() throws {
        var parameters = Network(description: description, seed: 3).parameters
        let place = try #require(parameters.firstIndex { $0.name == "map2.bias" })
        parameters[place].tensor.values[1] = .infinity
        let trainer = Trainer(
            network: try Network(description: description, parameters: parameters), configuration: configuration(),
            pool: WorkerPool(threads: 2), level: .best)
        let source = randomPatches(70, size: 9, for: description, padding: .validFirst)
        let error = #expect(
            throws: TrainingError.notFinite(.init(step: 1, epoch: 1), layer: "map2", what: .activation)
        ) { try trainer.step(source) }
        #expect(error?.description == "the output of layer 'map2' is not finite at step 1, epoch 1")
    }

    @Test func `a label that is not finite ends training with the step`() throws {
        let good = randomPatches(40, size: 9, for: description, padding: .validFirst)
        var labels = randomTensor([40, 1, 13, 13], seed: 2)
        labels.values[7 * 169 + 5] = .nan
        let source = MemoryPatchSource(inputs: randomTensor([40, 1, 9, 9], seed: 1), labels: labels)
        let trainer = Trainer(
            network: Network(description: description, seed: 3), configuration: configuration(),
            pool: WorkerPool(threads: 1), level: .best)
        #expect(good.labelShape == source.labelShape)
        let error = #expect(throws: TrainingError.lossNotFinite(.init(step: 1, epoch: 1))) { try trainer.step(source) }
        #expect(error?.description == "the loss is not finite at step 1, epoch 1, though every layer's output is")
    }

    @Test func `patches that do not suit the network are refused`() throws {
        let trainer = Trainer(
            network: Network(description: description, seed: 3), configuration: configuration(),
            pool: WorkerPool(threads: 1), level: .best)
        let source = MemoryPatchSource(
            inputs: randomTensor([4, 1, 9, 9], seed: 1), labels: randomTensor([4, 1, 12, 12], seed: 2))
        let error = #expect(throws: TrainingError.self) { try trainer.step(source) }
        #expect(error?.description == "the network turns patches of 1x9x9 into 1x13x13, and their labels are 1x12x12")
    }

    @Test func `each epoch shows every sample once`() throws {
        let recorder = RecordingSource(randomPatches(10, size: 9, for: description, padding: .validFirst))
        let trainer = Trainer(
            network: Network(description: description, seed: 3),
            configuration: TrainingConfiguration(batchSize: 4, steps: 5, seed: 1), pool: WorkerPool(threads: 1),
            level: .best)
        while !trainer.isFinished { try trainer.step(recorder) }
        #expect(recorder.seen.count == 20)
        #expect(recorder.seen[0..<10].sorted() == Array(0..<10))
        #expect(recorder.seen[10..<20].sorted() == Array(0..<10))
        #expect(recorder.seen[0..<10] != recorder.seen[10..<20])
    }
}

/// Remembers which samples were asked for.
private final class RecordingSource: PatchSource {
    let source: MemoryPatchSource
    var seen: [Int] = []

    init(_ source: MemoryPatchSource) { self.source = source }

    var count: Int { source.count }
    var inputShape: Shape { source.inputShape }
    var labelShape: Shape { source.labelShape }

    func read(
        indices: [Int], inputs: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Float>
    ) throws {
        seen += indices
        source.read(indices: indices, inputs: inputs, labels: labels)
    }
}
