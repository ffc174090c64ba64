// SPDX-License-Identifier: Apache-2.0

import Tensors

/// What is minimised.
package enum Loss: String, Hashable, Sendable, CaseIterable {
    /// The mean of the squared differences over samples, channels and pixels.
    case mse
}

/// How parameters follow their gradients.
package enum Optimizer: Hashable, Sendable {
    /// Kingma and Ba, 2015; usual values 0.9, 0.999, 1e-8.
    case adam(beta1: Double, beta2: Double, epsilon: Double)
    /// v = momentum * v + rate * gradient; parameter -= v.
    case sgd(momentum: Double)

    package static let adam = Optimizer.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
}

/// A factor on all learning rates, by step.
package enum LearningRateSchedule: Hashable, Sendable {
    case constant
    /// (1 + cos(pi * step / totalSteps)) / 2, and 0 from `totalSteps` on.
    case cosine(totalSteps: Int)
    /// `factor` to the power of how many times `every` steps are done.
    case step(every: Int, factor: Double)

    /// The factor for a step, counted from 0.
    package func factor(step: Int) -> Double {
        switch self {
        case .constant: return 1
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
        slopeLearningRateFactor: Double = 1, schedule: LearningRateSchedule = .constant,
        padding: TrainingPadding = .validFirst, batchSize: Int = 128, steps: Int, seed: UInt64 = 0,
        gradientNormLimit: Double? = nil
    ) {
        precondition(batchSize > 0, "a batch has at least one sample, not \(batchSize)")
        precondition(steps >= 0, "a run cannot have \(steps) steps")
        self.loss = loss
        self.optimizer = optimizer
        self.learningRate = learningRate
        self.deconvolutionLearningRate = deconvolutionLearningRate ?? learningRate
        self.biasLearningRateFactor = biasLearningRateFactor
        self.slopeLearningRateFactor = slopeLearningRateFactor
        self.schedule = schedule
        self.padding = padding
        self.batchSize = batchSize
        self.steps = steps
        self.seed = seed
        self.gradientNormLimit = gradientNormLimit
    }
}
