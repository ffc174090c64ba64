// SPDX-License-Identifier: Apache-2.0

import Tensors

/// A convolution or transposed convolution, together with the activation that may follow it and the places of their
/// parameters: the unit in which networks are computed.
struct LinearLayer: Sendable {
    enum Sums: Sendable {
        case convolution(Convolution)
        case transposed(TransposedConvolution)
    }

    /// What is done to every sum: slope * min(x, 0) + max(x, 0).
    enum Activation: Sendable {
        /// The slopes are parameters, from this place on.
        case prelu(slopes: Int, sharing: SlopeSharing)
        case relu
    }

    let name: String
    let sums: Sums
    /// What the layer sees beyond the edges of its input.
    let border: Border
    let weights, biases: Int  // places among the parameters
    var activation: Activation?

    static func list(_ description: NetworkDescription) -> [LinearLayer] {
        var result: [LinearLayer] = []
        var place = 0
        for layer in description.layers {
            let counts = layer.parameters.map(\.shape.count)
            switch layer {
            case .prelu(_, _, let sharing):
                result[result.count - 1].activation = .prelu(slopes: place, sharing: sharing)
            case .relu: result[result.count - 1].activation = .relu
            case .convolution(let layer):
                result.append(
                    LinearLayer(
                        name: layer.name, sums: .convolution(Convolution(layer)), border: layer.border,
                        weights: place, biases: place + counts[0], activation: nil))
            case .transposedConvolution(let layer):
                result.append(
                    LinearLayer(
                        name: layer.name, sums: .transposed(TransposedConvolution(layer)), border: layer.border,
                        weights: place, biases: place + counts[0], activation: nil))
            }
            place += counts.reduce(0, +)
        }
        return result
    }

    var inputs: Int {
        switch sums {
        case .convolution(let convolution): convolution.inputs
        case .transposed(let transposed): transposed.inputs
        }
    }

    var outputs: Int {
        switch sums {
        case .convolution(let convolution): convolution.outputs
        case .transposed(let transposed): transposed.outputs
        }
    }

    func outputExtent(_ extent: Int) -> Int {
        switch sums {
        case .convolution(let convolution): convolution.outputExtent(extent)
        case .transposed(let transposed): transposed.outputExtent(extent)
        }
    }

    /// The slope of each channel.
    func slopes(_ parameters: UnsafePointer<Float>) -> [Float] {
        switch activation {
        case nil, .relu: [Float](repeating: 0, count: outputs)
        case .prelu(let slopes, .perLayer): [Float](repeating: parameters[slopes], count: outputs)
        case .prelu(let slopes, .perChannel): (0..<outputs).map { parameters[slopes + $0] }
        }
    }

    func inputMargins(height: Int, width: Int) -> Margins {
        switch sums {
        case .convolution(let convolution): convolution.inputMargins
        case .transposed(let transposed): transposed.inputMargins(height: height, width: width)
        }
    }

    /// What the sums spoil around the output.
    var outputMargins: Margins {
        switch sums {
        case .convolution: Margins()
        case .transposed(let transposed): transposed.outputMargins
        }
    }

    /// What the gradient of the output must have around it, for an input of an extent.
    func gradientMargins(height: Int, width: Int) -> Margins {
        switch sums {
        case .convolution(let convolution): convolution.gradientMargins(border, height: height, width: width)
        case .transposed(let transposed): transposed.gradientMargins(border, height: height, width: width)
        }
    }

    /// Where the gradient of a replicated border is written before it is folded.
    func foldedMargins(height: Int, width: Int) -> Margins {
        switch sums {
        case .convolution(let convolution): convolution.borderMargins(border)
        case .transposed(let transposed): transposed.borderMargins(border, height: height, width: width)
        }
    }

    /// What the gradient of the input must have around it.
    func inputGradientMargins(height: Int, width: Int) -> Margins {
        switch sums {
        case .convolution(let convolution): convolution.inputGradientMargins(border)
        case .transposed(let transposed): transposed.borderMargins(border, height: height, width: width)
        }
    }
}

extension Convolution {
    fileprivate init(_ layer: ConvolutionLayer) {
        self.init(
            inputs: layer.inputs, outputs: layer.outputs, kernel: layer.kernel, stride: layer.stride,
            groups: layer.groups, padding: layer.paddingExtent)
    }
}

extension TransposedConvolution {
    fileprivate init(_ layer: TransposedConvolutionLayer) {
        self.init(
            inputs: layer.inputs, outputs: layer.outputs, kernel: layer.kernel, stride: layer.stride,
            padding: layer.padding, outputPadding: layer.outputPadding)
    }
}
