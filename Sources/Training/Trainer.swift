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
    private var inputShape: Shape = []
    private var labelShape: Shape = []
    private var order: SampleOrder?

    private let parameters: FloatMemory
    let moments: [FloatMemory]  // of the optimizer, one for each of its names
    private let rates: FloatMemory
    private let gradient: FloatMemory
    private let baseRates: [Double]
    private let decays: [Double]  // of the weights; empty where nothing decays
    /// Sum of the losses since the last epoch ended, where there are epochs.
    private(set) var epochLoss = 0.0
    private(set) var plateau: PlateauWatch?
    /// The Euclidean norm over all parameters of the last step's gradient, before any limit.
    package private(set) var gradientNorm = 0.0
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
        moments = configuration.optimizer.memoryNames.map { _ in FloatMemory(count: count) }
        rates = FloatMemory(count: count)
        gradient = FloatMemory(count: count)
        baseRates = Self.baseRates(description, configuration)
        decays = Self.decays(description, configuration)
        if case .plateau(let rule) = configuration.schedule {
            plateau = PlateauWatch(rule, rate: configuration.learningRate)
        }
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
        guard let (beta1, beta2) = configuration.optimizer.betas else { return }
        betaPowers = (1, 1)
        for _ in 0..<step { betaPowers = (betaPowers.0 * beta1, betaPowers.1 * beta2) }
    }

    /// The epoch stands where its steps' losses have the given sum.
    func resume(epochLoss: Double, plateau: PlateauWatch?) {
        self.epochLoss = epochLoss
        self.plateau = plateau
    }

    /// The network as trained so far.
    package var network: Network {
        Network(description: description, values: Array(parameters.buffer))
    }

    package var isFinished: Bool { step >= configuration.steps }

    /// The mean learning-rate factor of the next step times the learning rate: what a log shows.
    package var learningRate: Double {
        (plateau?.rate ?? configuration.learningRate) * configuration.factor(step: step)
    }

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
        endEpoch(loss)
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

    /// The mean loss over all samples of a source whose patches are those of training in shape.
    ///
    /// Trains nothing.
    package func meanLoss(of source: some PatchSource) throws -> Double {
        let pass = try prepare(source)
        guard source.count > 0 else { throw TrainingError.noSamples }
        pass.pack(parameters.pointer, into: packed.pointer)
        var sum = 0.0
        for start in stride(from: 0, to: source.count, by: configuration.batchSize) {
            let size = min(configuration.batchSize, source.count - start)
            try source.read(
                indices: Array(start..<start + size),
                inputs: UnsafeMutableBufferPointer(rebasing: inputs.buffer[..<(size * source.inputShape.count)]),
                labels: UnsafeMutableBufferPointer(rebasing: labels.buffer[..<(size * source.labelShape.count)]))
            let work = groupWork(pass, size, source)
            let groups = (size + Grid.lanes - 1) / Grid.lanes
            pool.parallelByWorker(groups) { group, worker in work.measure(group, worker) }
            sum += try lossSum(groups, pass, step: step)
        }
        return sum / Double(source.count * source.labelShape.count)
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
        pass.pack(parameters.pointer, into: packed.pointer)
        let work = groupWork(pass, size, source)
        pool.parallelByWorker(groups) { group, worker in work.run(group, worker) }
        let loss = try lossSum(groups, pass, step: step + 1)
        reduceGradients(groups)
        try checkFinite(gradient.buffer, what: .gradient)
        return loss / Double(size * source.labelShape.count)
    }

    private func groupWork(_ pass: BatchPass, _ size: Int, _ source: some PatchSource) -> GroupWork {
        GroupWork(
            pass: pass, level: level, batchSize: size, inputCount: source.inputShape.count,
            labelCount: source.labelShape.count,
            lossScale: Float(configuration.loss.pixelLoss.slope / Double(size * source.labelShape.count)),
            parameters: parameters, packed: packed, workerMemory: workerMemory, inputs: inputs, labels: labels,
            gradients: groupGradients, losses: groupLosses, failures: groupFailures)
    }

    /// Adds the groups' losses in the order of the groups; `step` is the one to name where one is not finite.
    private func lossSum(_ groups: Int, _ pass: BatchPass, step: Int) throws -> Double {
        var loss = 0.0
        for group in 0..<groups {
            let failure = Int(groupFailures.pointer[group])
            if failure == pass.stages.count { throw TrainingError.lossNotFinite(moment(step)) }
            if failure >= 0 {
                throw TrainingError.notFinite(moment(step), layer: pass.stages[failure].layer.name, what: .activation)
            }
            for lane in 0..<Grid.lanes { loss += Double(groupLosses.pointer[group * Grid.lanes + lane]) }
        }
        return loss
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
        guard configuration.gradientNormLimit != nil || configuration.epochSteps != nil else { return }
        var square = 0.0
        for value in gradient.buffer { square += Double(value) * Double(value) }
        gradientNorm = square.squareRoot()
        guard let limit = configuration.gradientNormLimit, gradientNorm > limit else { return }
        let factor = Float(limit / gradientNorm)
        for place in 0..<gradient.count { gradient.pointer[place] *= factor }
    }

    private func update() {
        setRates()
        decay()
        switch configuration.optimizer {
        case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
            betaPowers = (betaPowers.0 * beta1, betaPowers.1 * beta2)
            Elementwise.adam(
                level, parameters: parameters.pointer, gradients: gradient.pointer, firstMoments: moments[0].pointer,
                secondMoments: moments[1].pointer, rates: rates.pointer, count: parameters.count, beta1: beta1,
                beta2: beta2, corrections: (1 - betaPowers.0, 1 - betaPowers.1), epsilon: epsilon)
        case .sgd(let momentum, let nesterov):
            Elementwise.momentum(
                level, parameters: parameters.pointer, gradients: gradient.pointer, velocities: moments[0].pointer,
                rates: rates.pointer, count: parameters.count, momentum: momentum, nesterov: nesterov)
        case .rmsprop(let rho, let epsilon):
            Elementwise.rmsprop(
                level, parameters: parameters.pointer, gradients: gradient.pointer, squares: moments[0].pointer,
                rates: rates.pointer, count: parameters.count, rho: rho, epsilon: epsilon)
        }
    }

    private func setRates() {
        var factor = configuration.factor(step: step)
        if let plateau, configuration.learningRate > 0 { factor *= plateau.rate / configuration.learningRate }
        for (place, rate) in baseRates.enumerated() { rates.pointer[place] = Float(rate * factor) }
    }

    private func decay() {
        guard !decays.isEmpty else { return }
        if case .adamW = configuration.optimizer {
            for (place, decay) in decays.enumerated() where decay != 0 {
                parameters.pointer[place] *= Float(1 - Double(rates.pointer[place]) * decay)
            }
        } else {
            for (place, decay) in decays.enumerated() where decay != 0 {
                gradient.pointer[place] += Float(decay) * parameters.pointer[place]
            }
        }
    }

    private func endEpoch(_ loss: Double) {
        guard let steps = configuration.epochSteps else { return }
        epochLoss += loss
        guard step % steps == 0 else { return }
        plateau?.endEpoch(loss: epochLoss / Double(steps))
        epochLoss = 0
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
                    moment(what == .gradient ? step + 1 : step), layer: parameter.layer, what: what)
            }
            start = end
        }
    }

    /// A step, counted from 1, and the epoch it falls in: one of `epochSteps`, or where there are none a pass over all
    /// samples.
    private func moment(_ step: Int) -> TrainingError.Moment {
        let before = max(step - 1, 0)
        let epoch =
            configuration.epochSteps.map { before / $0 }
            ?? before * configuration.batchSize / max(order?.count ?? 1, 1)
        return TrainingError.Moment(step: step, epoch: epoch + 1)
    }

    // MARK: Preparation

    private var groupCount: Int { (configuration.batchSize + Grid.lanes - 1) / Grid.lanes }

    /// Memory and plan for the source's shapes, made at the first step.
    private func prepare(_ source: some PatchSource) throws -> BatchPass {
        if let pass {
            guard source.inputShape == inputShape, source.labelShape == labelShape else {
                throw TrainingError.otherShapes(
                    input: source.inputShape, label: source.labelShape, usualInput: inputShape,
                    usualLabel: labelShape)
            }
            return pass
        }
        let padded = description.padded(training: configuration.padding)
        let input = source.inputShape
        let output = padded.outputShape(input)
        guard let output, source.labelShape == output else {
            throw TrainingError.shapes(input: input, output: output, label: source.labelShape)
        }
        guard source.count > 0 else { throw TrainingError.noSamples }
        let pass = BatchPass(
            padded, height: input[1], width: input[2], loss: configuration.loss.pixelLoss.loss)
        packed = FloatMemory(count: pass.packedCount)
        workerMemory = (0..<min(pool.threads, groupCount)).map { _ in FloatMemory(count: pass.memoryCount) }
        groupGradients = FloatMemory(count: groupCount * pass.parameterCount)
        groupLosses = FloatMemory(count: groupCount * Grid.lanes)
        groupFailures = FloatMemory(count: groupCount)
        inputs = FloatMemory(count: configuration.batchSize * input.count)
        labels = FloatMemory(count: configuration.batchSize * source.labelShape.count)
        (inputShape, labelShape) = (source.inputShape, source.labelShape)
        self.pass = pass
        return pass
    }

    private static func baseRates(_ description: NetworkDescription, _ configuration: TrainingConfiguration) -> [Double]
    {
        description.layers.flatMap { layer in
            layer.parameters.flatMap { parameter in
                var rate = configuration.learningRate(of: layer)
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

extension Trainer {
    /// How much of each parameter decays; empty where none does.
    private static func decays(_ description: NetworkDescription, _ configuration: TrainingConfiguration) -> [Double] {
        guard configuration.decays else { return [] }
        return description.layers.flatMap { layer in
            layer.parameters.flatMap { parameter in
                let decay = configuration.weightDecay(of: layer)
                return [Double](repeating: parameter.kind == .weight ? decay : 0, count: parameter.shape.count)
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

    /// Loss and gradient.
    func run(_ group: Int, _ worker: Int) {
        failures.pointer[group] = Float(pass.run(level, samples(group, worker)) ?? -1)
    }

    /// The loss alone.
    func measure(_ group: Int, _ worker: Int) {
        failures.pointer[group] = Float(pass.measure(level, samples(group, worker)) ?? -1)
    }

    private func samples(_ group: Int, _ worker: Int) -> BatchPass.Group {
        let first = group * Grid.lanes
        return BatchPass.Group(
            inputs: inputs.pointer + first * inputCount, labels: labels.pointer + first * labelCount,
            count: min(Grid.lanes, batchSize - first), parameters: parameters.pointer, packed: packed.pointer,
            memory: workerMemory[worker].pointer, lossScale: lossScale,
            gradient: gradients.pointer + group * pass.parameterCount,
            loss: losses.pointer + group * Grid.lanes)
    }
}

/// What ends a training run.
package enum TrainingError: Error, Hashable, CustomStringConvertible {
    package enum Quantity: String, Hashable, Sendable {
        case activation = "output"
        case gradient
        case parameter = "updated parameter"
    }

    /// Both count from 1.
    package struct Moment: Hashable, Sendable, CustomStringConvertible {
        package let step, epoch: Int

        package init(step: Int, epoch: Int) {
            (self.step, self.epoch) = (step, epoch)
        }

        package var description: String { "step \(step), epoch \(epoch)" }
    }

    case notFinite(Moment, layer: String, what: Quantity)
    /// All layers' outputs are finite; a label is not, or the square of a difference overflows.
    case lossNotFinite(Moment)
    /// `output` is nil where the network can do nothing with the input.
    case shapes(input: Shape, output: Shape?, label: Shape)
    /// The patches are not as large as those that the run began with.
    case otherShapes(input: Shape, label: Shape, usualInput: Shape, usualLabel: Shape)
    case noSamples
    case state(String)

    package var description: String {
        switch self {
        case .notFinite(let moment, let layer, let what):
            "the \(what.rawValue) of layer '\(layer)' is not finite at \(moment)"
        case .lossNotFinite(let moment):
            "the loss is not finite at \(moment), though every layer's output is"
        case .shapes(let input, nil, let label):
            "the network cannot take patches of \(input), whose labels are \(label)"
        case .shapes(let input, let output?, let label):
            "the network turns patches of \(input) into \(output), and their labels are \(label)"
        case .otherShapes(let input, let label, let usualInput, let usualLabel):
            "patches of \(input) with labels of \(label) stand beside those of \(usualInput) with labels of "
                + "\(usualLabel)"
        case .noSamples: "there are no training samples"
        case .state(let reason): "the training state cannot be restored: \(reason)"
        }
    }
}
