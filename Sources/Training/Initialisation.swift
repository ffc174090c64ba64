// SPDX-License-Identifier: Apache-2.0

import Tensors

/// How the weights of a convolution begin; n is its input channels, o its output channels, k its kernel.
package enum WeightRule: String, Hashable, Sendable, CaseIterable {
    /// Normal with standard deviation sqrt(2 / (o k^2)): He et al., 2015, with the fan-out of the FSRCNN authors' code.
    case heFanOut = "he-fan-out"
    /// Normal with standard deviation sqrt(2 / (n k^2)), as PyTorch has it; Keras cuts it off at twice that and
    /// stretches the rest.
    case heFanIn = "he-fan-in"
    /// Uniform in [-a, a) with a = sqrt(6 / ((n + o) k^2)): Glorot and Bengio, 2010; what Keras takes where nothing is
    /// said.
    case glorot
    /// Normal with standard deviation 0.001, as SRCNN's.
    case gaussian

    func values(_ shape: Shape, _ random: inout CounterRandom) -> [Float] {
        let (outputs, inputs) = (shape[0], shape[1])
        let taps = Double(shape[2] * shape[3])
        switch self {
        case .heFanOut: return Self.normal(shape.count, (2 / (Double(outputs) * taps)).squareRoot(), &random)
        case .heFanIn: return Self.normal(shape.count, (2 / (Double(inputs) * taps)).squareRoot(), &random)
        case .gaussian: return Self.normal(shape.count, 0.001, &random)
        case .glorot:
            let limit = (6 / (Double(inputs + outputs) * taps)).squareRoot()
            return (0..<shape.count).map { _ in Float(limit * (2 * random.nextUniform() - 1)) }
        }
    }

    private static func normal(_ count: Int, _ deviation: Double, _ random: inout CounterRandom) -> [Float] {
        (0..<count).map { _ in Float(deviation * random.nextGaussian()) }
    }
}

/// How the parameters of a network begin; biases begin at 0.
package struct Initialisation: Hashable, Sendable {
    /// How the weights of transposed convolutions begin.
    package enum Transposed: Hashable, Sendable {
        /// As `WeightRule.gaussian` (the FSRCNN paper).
        case gaussian
        /// As interpolation channel by channel: the weight at a distance of x input pixels is that of Keys' cubic
        /// convolution (1981) with a = -1/2; 0 from one channel to another.
        case bicubic
    }

    /// Of convolutions that are not in `layers`.
    package var weights: WeightRule
    /// Of single convolutions, by their layer's name.
    package var layers: [String: WeightRule]
    package var transposed = Transposed.gaussian
    /// Of PReLU: 0.25 in He's PReLU paper and in Caffe, 0 in Keras.
    package var slope: Double

    package init(weights: WeightRule = .heFanOut, layers: [String: WeightRule] = [:], slope: Double = 0.25) {
        self.weights = weights
        self.layers = layers
        self.slope = slope
    }

    /// The first values of a parameter, from a stream of random numbers of its own: `place` is the parameter's place in
    /// the network.
    func values(
        of parameter: ParameterDescription, in layer: LayerDescription, seed: UInt64, place: UInt64
    ) -> [Float] {
        var random = CounterRandom(seed: seed, purpose: .weightInitialisation, sample: place)
        switch (parameter.kind, layer) {
        case (.bias, _): return [Float](repeating: 0, count: parameter.shape.count)
        case (.slope, _), (.weight, .prelu), (.weight, .relu):
            return [Float](repeating: Float(slope), count: parameter.shape.count)
        case (.weight, .convolution(let layer)):
            return (layers[layer.name] ?? weights).values(parameter.shape, &random)
        case (.weight, .transposedConvolution(let layer)):
            switch transposed {
            case .gaussian: return WeightRule.gaussian.values(parameter.shape, &random)
            case .bicubic: return Self.interpolation(layer)
            }
        }
    }

    /// Centred on the kernel: half an input pixel lies `stride` / 2 places from its middle.
    private static func interpolation(_ layer: TransposedConvolutionLayer) -> [Float] {
        let profile = (0..<layer.kernel).map { place in
            cubic(Double(2 * place + 1 - layer.kernel) / Double(2 * layer.stride))
        }
        let square = profile.flatMap { row in profile.map { Float(row * $0) } }
        let none = [Float](repeating: 0, count: square.count)
        return (0..<layer.inputs).flatMap { input in
            (0..<layer.outputs).flatMap { $0 == input ? square : none }
        }
    }

    private static func cubic(_ x: Double) -> Double {
        let x = x.magnitude
        if x <= 1 { return 1.5 * x * x * x - 2.5 * x * x + 1 }
        return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0
    }
}
