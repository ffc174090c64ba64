// SPDX-License-Identifier: Apache-2.0

import Tensors

/// What is minimised: the mean over samples, channels and pixels of what a difference d of output and label costs.
package enum Loss: Hashable, Sendable {
    /// d^2.
    case mse
    /// |d|.
    case l1
    /// sqrt(d^2 + epsilon^2); Lai et al., 2017, have an epsilon of 1e-3.
    case charbonnier(epsilon: Double)

    /// What a kernel computes, and by what its slope is multiplied to be the loss's.
    var pixelLoss: (loss: PixelLoss, slope: Double) {
        switch self {
        case .mse: (.squared, 2)
        case .l1: (.absolute, 1)
        case .charbonnier(let epsilon): (.charbonnier(epsilon: Float(epsilon)), 1)
        }
    }
}

/// How parameters follow their gradients.
///
/// Weight decay is added to the gradient, as decay * weight, except by `adamW`.
package enum Optimizer: Hashable, Sendable {
    /// Kingma and Ba, 2015; usual values 0.9, 0.999, 1e-8.
    case adam(beta1: Double, beta2: Double, epsilon: Double)
    /// Loshchilov and Hutter, 2019: Adam after weight *= 1 - rate * decay, as PyTorch has it.
    case adamW(beta1: Double, beta2: Double, epsilon: Double)
    /// v = momentum * v + rate * gradient; parameter -= v, or with Nesterov's look ahead
    /// parameter -= momentum * v + rate * gradient.
    case sgd(momentum: Double, nesterov: Bool = false)
    /// v = rho * v + (1 - rho) * gradient^2; parameter -= rate * gradient / sqrt(v + epsilon), as Keras has it (epsilon
    /// under the root; PyTorch adds it to the root).
    case rmsprop(rho: Double, epsilon: Double)

    package static let adam = Optimizer.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
    package static let adamW = Optimizer.adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
    /// With Keras' values.
    package static let rmsprop = Optimizer.rmsprop(rho: 0.9, epsilon: 1e-7)

    /// Names of what it remembers of every parameter.
    var memoryNames: [String] {
        switch self {
        case .adam, .adamW: ["first-moment", "second-moment"]
        case .sgd: ["velocity"]
        case .rmsprop: ["square"]
        }
    }

    /// The factors of Adam's moments, nil for others.
    var betas: (Double, Double)? {
        switch self {
        case .adam(let beta1, let beta2, _), .adamW(let beta1, let beta2, _): (beta1, beta2)
        case .sgd, .rmsprop: nil
        }
    }
}

/// A factor on all learning rates, by step.
package enum LearningRateSchedule: Hashable, Sendable {
    case constant
    /// (1 + cos(pi * step / totalSteps)) / 2, and 0 from `totalSteps` on.
    case cosine(totalSteps: Int)
    /// `factor` to the power of how many times `every` steps are done.
    case step(every: Int, factor: Double)
    /// Falls when the mean training loss of an epoch stops falling.
    case plateau(PlateauRule)

    /// The factor for a step, counted from 0; that of a plateau depends on losses and is not in it.
    package func factor(step: Int) -> Double {
        switch self {
        case .constant, .plateau: return 1
        case .cosine(let total):
            guard step < total else { return 0 }
            return (1 + Elementary.cosine(turns: Double(step) / (2 * Double(total)))) / 2
        case .step(let every, let factor):
            var result = 1.0
            for _ in 0..<step / max(every, 1) { result *= factor }
            return result
        }
    }
}

/// How fast a layer's parameters follow their gradients, where it is not as the others do.
package struct LayerRates: Hashable, Sendable {
    package var learningRate, weightDecay: Double?

    package init(learningRate: Double? = nil, weightDecay: Double? = nil) {
        self.learningRate = learningRate
        self.weightDecay = weightDecay
    }
}

/// Everything that decides a training run besides the network and the samples.
package struct TrainingConfiguration: Hashable, Sendable {
    package var loss: Loss
    package var optimizer: Optimizer
    package var learningRate: Double
    /// For transposed convolutions, weights and biases.
    package var deconvolutionLearningRate: Double
    /// On top of the layer's rate, for biases.
    package var biasLearningRateFactor: Double
    /// On top of the layer's rate, for the slopes of PReLU.
    package var slopeLearningRateFactor: Double
    package var schedule: LearningRateSchedule
    /// Over this many first steps the rates rise in equal parts: step k, counted from 1, has k / warmUpSteps of them.
    package var warmUpSteps: Int
    /// Steps of an epoch, nil where nothing depends on epochs; what a plateau looks at.
    package var epochSteps: Int?
    /// For the weights of convolutions; biases and slopes do not decay.
    package var weightDecay: Double
    /// For the weights of transposed convolutions.
    package var deconvolutionWeightDecay: Double
    /// What single layers have instead, by their names.
    package var layers: [String: LayerRates]
    package var padding: TrainingPadding
    package var batchSize: Int
    /// Steps of the whole run.
    package var steps: Int
    package var seed: UInt64
    /// Gradients are scaled down to this Euclidean norm over all parameters where they exceed it.
    package var gradientNormLimit: Double?

    package init(
        loss: Loss = .mse, optimizer: Optimizer = .adam, learningRate: Double = 1e-3,
        deconvolutionLearningRate: Double? = nil, biasLearningRateFactor: Double = 1,
        slopeLearningRateFactor: Double = 1, schedule: LearningRateSchedule = .constant, warmUpSteps: Int = 0,
        epochSteps: Int? = nil, weightDecay: Double = 0, deconvolutionWeightDecay: Double? = nil,
        layers: [String: LayerRates] = [:], padding: TrainingPadding = .validFirst, batchSize: Int = 128, steps: Int,
        seed: UInt64 = 0,
        gradientNormLimit: Double? = nil
    ) {
        precondition(batchSize > 0, "a batch has at least one sample, not \(batchSize)")
        precondition(steps >= 0, "a run cannot have \(steps) steps")
        precondition(warmUpSteps >= 0, "a run cannot warm up for \(warmUpSteps) steps")
        precondition(epochSteps ?? 1 > 0, "an epoch has at least one step")
        if case .plateau = schedule { precondition(epochSteps != nil, "a plateau is seen after epochs only") }
        self.loss = loss
        self.optimizer = optimizer
        self.learningRate = learningRate
        self.deconvolutionLearningRate = deconvolutionLearningRate ?? learningRate
        self.biasLearningRateFactor = biasLearningRateFactor
        self.slopeLearningRateFactor = slopeLearningRateFactor
        self.schedule = schedule
        self.warmUpSteps = warmUpSteps
        self.epochSteps = epochSteps
        self.weightDecay = weightDecay
        self.deconvolutionWeightDecay = deconvolutionWeightDecay ?? weightDecay
        self.layers = layers
        self.padding = padding
        self.batchSize = batchSize
        self.steps = steps
        self.seed = seed
        self.gradientNormLimit = gradientNormLimit
    }

    /// Of a layer's weights.
    func learningRate(of layer: LayerDescription) -> Double {
        layers[layer.name]?.learningRate ?? (layer.isTransposed ? deconvolutionLearningRate : learningRate)
    }

    /// Of a layer's weights.
    func weightDecay(of layer: LayerDescription) -> Double {
        layers[layer.name]?.weightDecay ?? (layer.isTransposed ? deconvolutionWeightDecay : weightDecay)
    }

    /// Whether anything decays.
    var decays: Bool {
        weightDecay != 0 || deconvolutionWeightDecay != 0 || layers.values.contains { ($0.weightDecay ?? 0) != 0 }
    }

    /// What the rates are multiplied by at a step, counted from 0, besides what a plateau did.
    func factor(step: Int) -> Double {
        let factor = schedule.factor(step: step)
        return step < warmUpSteps ? factor * Double(step + 1) / Double(warmUpSteps) : factor
    }
}
