// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// Trains a network step by step, in memory.
///
/// The result depends on the network, the configuration and the samples, and on nothing else: not on the pool's
/// threads, the SIMD level, or whether the run was stopped and restored.
package final class Trainer {
    package let configuration: TrainingConfiguration
    /// Steps done so far.
    package private(set) var step = 0

    private let description: NetworkDescription
    private let pool: WorkerPool
    private let level: SIMDLevel
    private var pass: BatchPass?
    private var order: SampleOrder?

    private let parameters: FloatMemory
    let moments: [FloatMemory]  // of the optimizer: Adam two, SGD one
    private let rates: FloatMemory
    private let gradient: FloatMemory
    private let baseRates: [Double]
    /// beta1 and beta2 to the power of `step`, by repeated multiplication.
    private var betaPowers = (1.0, 1.0)

    private var packed = FloatMemory(count: 0)
    private var workerMemory: [FloatMemory] = []
    private var groupGradients = FloatMemory(count: 0)
    private var groupLosses = FloatMemory(count: 0)
    private var groupFailures = FloatMemory(count: 0)
    private var inputs = FloatMemory(count: 0)
    private var labels = FloatMemory(count: 0)

    package init(network: Network, configuration: TrainingConfiguration, pool: WorkerPool, level: SIMDLevel) {
        self.configuration = configuration
        self.pool = pool
        self.level = level
        description = network.description
        let count = network.values.count
        parameters = FloatMemory(count: count)
        for (place, value) in network.values.enumerated() { parameters.pointer[place] = value }
        switch configuration.optimizer {
        case .adam: moments = [FloatMemory(count: count), FloatMemory(count: count)]
        case .sgd: moments = [FloatMemory(count: count)]
        }
        rates = FloatMemory(count: count)
        gradient = FloatMemory(count: count)
        baseRates = Self.baseRates(description, configuration)
    }

    /// Goes on from a state as if the run had never stopped.
    package convenience init(
        restoring state: TrainerState, description: NetworkDescription, configuration: TrainingConfiguration,
        pool: WorkerPool, level: SIMDLevel
    ) throws {
        let names = Set(description.parameters.map(\.name))
        let network = try Network(
            description: description, parameters: state.tensors.filter { names.contains($0.name) })
        self.init(network: network, configuration: configuration, pool: pool, level: level)
        try restore(state)
    }

    /// The run stands where `step` steps have been done.
    func resume(at step: Int) {
        self.step = step
        guard case .adam(let beta1, let beta2, _) = configuration.optimizer else { return }
        betaPowers = (1, 1)
        for _ in 0..<step { betaPowers = (betaPowers.0 * beta1, betaPowers.1 * beta2) }
    }

    /// The network as trained so far.
    package var network: Network {
        Network(description: description, values: Array(parameters.buffer))
    }

    package var isFinished: Bool { step >= configuration.steps }

    /// The mean learning-rate factor of the next step times the learning rate: what a log shows.
    package var learningRate: Double { configuration.learningRate * configuration.schedule.factor(step: step) }

    /// One step on the next batch.
    ///
    /// Returns its loss, from before the step.
    @discardableResult
    package func step(_ source: some PatchSource) throws -> Double {
        let pass = try prepare(source)
        let samples = nextSamples(of: source.count)
        try source.read(indices: samples, inputs: inputs.buffer, labels: labels.buffer)
        let loss = try computeGradient(pass, source)
        clipGradient()
        update()
        step += 1
        try checkFinite(parameters.buffer, what: .parameter)
        return loss
    }

    /// The loss of the given samples, as many as a batch has, and its gradient, named as the parameters.
    ///
    /// Trains nothing.
    package func lossAndGradient(
        _ source: some PatchSource, samples: [Int]
    ) throws -> (loss: Double, gradient: [Parameter]) {
        precondition(samples.count == configuration.batchSize, "\(samples.count) samples do not make a batch")
        let pass = try prepare(source)
        try source.read(indices: samples, inputs: inputs.buffer, labels: labels.buffer)
        let loss = try computeGradient(pass, source)
        return (loss, Network.split(Array(gradient.buffer), by: description.parameters))
    }

    // MARK: The parts of a step

    private func nextSamples(of count: Int) -> [Int] {
        var order = self.order ?? SampleOrder(count: count, seed: configuration.seed)
        precondition(order.count == count, "the samples changed their number during training")
        defer { self.order = order }
        return order.samples(from: step * configuration.batchSize, length: configuration.batchSize)
    }

    /// Leaves the batch's gradient in `gradient` and returns its loss.
    private func computeGradient(_ pass: BatchPass, _ source: some PatchSource) throws -> Double {
        let size = configuration.batchSize
        let groups = groupCount
        let elements = size * source.labelShape.count
        pass.pack(parameters.pointer, into: packed.pointer)
        let work = GroupWork(
            pass: pass, level: level, batchSize: size, inputCount: source.inputShape.count,
            labelCount: source.labelShape.count, lossScale: Float(2 / Double(elements)), parameters: parameters,
            packed: packed, workerMemory: workerMemory, inputs: inputs, labels: labels, gradients: groupGradients,
            losses: groupLosses, failures: groupFailures)
        pool.parallelByWorker(groups) { group, worker in work.run(group, worker) }
        var loss = 0.0
        for group in 0..<groups {
            let failure = Int(groupFailures.pointer[group])
            if failure == pass.stages.count { throw TrainingError.lossNotFinite(step: step + 1) }
            if failure >= 0 {
                throw TrainingError.notFinite(step: step + 1, layer: pass.stages[failure].name, what: .activation)
            }
            for lane in 0..<Grid.lanes { loss += Double(groupLosses.pointer[group * Grid.lanes + lane]) }
        }
        reduceGradients(groups)
        try checkFinite(gradient.buffer, what: .gradient)
        return loss / Double(elements)
    }

    /// Adds the groups' gradients in the order of the groups.
    private func reduceGradients(_ groups: Int) {
        let count = gradient.count
        gradient.pointer.update(from: groupGradients.pointer, count: count)
        for group in 1..<max(groups, 1) {
            let from = groupGradients.pointer + group * count
            for place in 0..<count { gradient.pointer[place] += from[place] }
        }
    }

    private func clipGradient() {
        guard let limit = configuration.gradientNormLimit else { return }
        var square = 0.0
        for value in gradient.buffer { square += Double(value) * Double(value) }
        let norm = square.squareRoot()
        guard norm > limit else { return }
        let factor = Float(limit / norm)
        for place in 0..<gradient.count { gradient.pointer[place] *= factor }
    }

    private func update() {
        let factor = configuration.schedule.factor(step: step)
        for (place, rate) in baseRates.enumerated() { rates.pointer[place] = Float(rate * factor) }
        switch configuration.optimizer {
        case .adam(let beta1, let beta2, let epsilon):
            betaPowers = (betaPowers.0 * beta1, betaPowers.1 * beta2)
            Elementwise.adam(
                level, parameters: parameters.pointer, gradients: gradient.pointer, firstMoments: moments[0].pointer,
                secondMoments: moments[1].pointer, rates: rates.pointer, count: parameters.count, beta1: beta1,
                beta2: beta2, corrections: (1 - betaPowers.0, 1 - betaPowers.1), epsilon: epsilon)
        case .sgd(let momentum):
            Elementwise.momentum(
                level, parameters: parameters.pointer, gradients: gradient.pointer, velocities: moments[0].pointer,
                rates: rates.pointer, count: parameters.count, momentum: momentum)
        }
    }

    private func checkFinite(_ values: UnsafeMutableBufferPointer<Float>, what: TrainingError.Quantity) throws {
        var exponents: UInt32 = 0
        for value in values where value.bitPattern & 0x7F80_0000 == 0x7F80_0000 { exponents |= 1 }
        guard exponents != 0 else { return }
        var start = 0
        for parameter in description.parameters {
            let end = start + parameter.shape.count
            if values[start..<end].contains(where: { !$0.isFinite }) {
                throw TrainingError.notFinite(
                    step: what == .gradient ? step + 1 : step, layer: parameter.layer, what: what)
            }
            start = end
        }
    }

    // MARK: Preparation

    private var groupCount: Int { (configuration.batchSize + Grid.lanes - 1) / Grid.lanes }

    /// Memory and plan for the source's shapes, made at the first step.
    private func prepare(_ source: some PatchSource) throws -> BatchPass {
        if let pass { return pass }
        let padded = description.padded(training: configuration.padding)
        let input = source.inputShape
        guard input.rank == 3, input[0] == description.inputs,
            let height = padded.outputExtent(input[1]), let width = padded.outputExtent(input[2]),
            source.labelShape == [description.outputs, height, width]
        else {
            throw TrainingError.shapes(input: input.description, label: source.labelShape.description)
        }
        guard source.count > 0 else { throw TrainingError.noSamples }
        let pass = BatchPass(padded, height: input[1], width: input[2])
        packed = FloatMemory(count: pass.packedCount)
        workerMemory = (0..<min(pool.threads, groupCount)).map { _ in FloatMemory(count: pass.memoryCount) }
        groupGradients = FloatMemory(count: groupCount * pass.parameterCount)
        groupLosses = FloatMemory(count: groupCount * Grid.lanes)
        groupFailures = FloatMemory(count: groupCount)
        inputs = FloatMemory(count: configuration.batchSize * input.count)
        labels = FloatMemory(count: configuration.batchSize * source.labelShape.count)
        self.pass = pass
        return pass
    }

    private static func baseRates(_ description: NetworkDescription, _ configuration: TrainingConfiguration) -> [Double]
    {
        description.layers.flatMap { layer in
            layer.parameters.flatMap { parameter in
                var rate = configuration.learningRate
                if case .transposedConvolution = layer { rate = configuration.deconvolutionLearningRate }
                switch parameter.kind {
                case .weight: break
                case .bias: rate *= configuration.biasLearningRateFactor
                case .slope: rate *= configuration.slopeLearningRateFactor
                }
                return [Double](repeating: rate, count: parameter.shape.count)
            }
        }
    }
}

/// What the workers need for the groups of one batch.
///
/// Each group writes its own gradient, losses and failure, each worker its own memory; all else is only read.
private struct GroupWork: Sendable {
    let pass: BatchPass
    let level: SIMDLevel
    let batchSize, inputCount, labelCount: Int
    let lossScale: Float
    let parameters, packed: FloatMemory
    let workerMemory: [FloatMemory]
    let inputs, labels, gradients, losses, failures: FloatMemory

    func run(_ group: Int, _ worker: Int) {
        let first = group * Grid.lanes
        let failure = pass.run(
            level,
            BatchPass.Group(
                inputs: inputs.pointer + first * inputCount, labels: labels.pointer + first * labelCount,
                count: min(Grid.lanes, batchSize - first), parameters: parameters.pointer, packed: packed.pointer,
                memory: workerMemory[worker].pointer, lossScale: lossScale,
                gradient: gradients.pointer + group * pass.parameterCount,
                loss: losses.pointer + group * Grid.lanes))
        failures.pointer[group] = Float(failure ?? -1)
    }
}

/// What ends a training run.
package enum TrainingError: Error, Hashable, CustomStringConvertible {
    package enum Quantity: String, Hashable, Sendable {
        case activation = "output"
        case gradient
        case parameter = "updated parameter"
    }

    /// Steps count from 1 here.
    case notFinite(step: Int, layer: String, what: Quantity)
    /// All layers' outputs are finite; a label is not, or the square of a difference overflows.
    case lossNotFinite(step: Int)
    case shapes(input: String, label: String)
    case noSamples
    case state(String)

    package var description: String {
        switch self {
        case .notFinite(let step, let layer, let what):
            "the \(what.rawValue) of layer '\(layer)' is not finite at step \(step)"
        case .lossNotFinite(let step):
            "the loss is not finite at step \(step), though every layer's output is"
        case .shapes(let input, let label):
            "the network does not turn patches of \(input) into labels of \(label)"
        case .noSamples: "there are no training samples"
        case .state(let reason): "the training state cannot be restored: \(reason)"
        }
    }
}
