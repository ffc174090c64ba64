// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import Tensors
import Training

/// The parameters of a layer in another program's file, in our order of axes.
struct FoundLayer {
    let name: String
    /// By what they are to the layer; a ReLU has none.
    ///
    /// Weights are (outputs, inputs, rows, columns), those of a transposed convolution (inputs, outputs, rows,
    /// columns); slopes are (1) or (channels).
    let tensors: [ParameterKind: Tensor]
}

/// What the shapes of a network's parameters do not show.
struct UpsamplingRule {
    /// What a transposed convolution cuts off at its start.
    enum StartPadding {
        case pixels(Int)
        /// As Keras' `same`: the output has stride * n pixels, and of what is too much the smaller half lies before it.
        case same

        func extent(kernel: Int, stride: Int) -> Int {
            switch self {
            case .pixels(let count): count
            case .same: max(kernel - stride, 0) / 2
            }
        }
    }

    /// Output pixels an input pixel; where it is above 1, the last layer with weights is a transposed convolution.
    let scale: Int
    let convention: LabelConvention
    let padding: StartPadding
}

extension [FoundLayer] {
    /// What the layers compute, as far as shapes and the rule tell.
    func descriptions(by rule: UpsamplingRule) throws(ToolFailure) -> [LayerDescription] {
        var descriptions: [LayerDescription] = []
        let last = lastIndex { $0.tensors[.weight] != nil }
        for (index, layer) in enumerated() {
            let isTransposed = index == last && rule.scale > 1
            descriptions.append(
                try layer.description(inputs: descriptions.last?.outputs, transposed: isTransposed ? rule : nil))
        }
        return descriptions
    }

    /// The layers as our network; one without biases gets biases of zero.
    func network(_ descriptions: [LayerDescription]) throws(NetworkError) -> Network {
        let description = try NetworkDescription(layers: descriptions)
        let tensors = Dictionary(map { ($0.name, $0.tensors) }, uniquingKeysWith: { first, _ in first })
        let parameters = description.parameters.compactMap { parameter in
            let absent = parameter.kind == .bias ? Tensor(shape: parameter.shape) : nil
            return (tensors[parameter.layer]?[parameter.kind] ?? absent).map {
                Parameter(name: parameter.name, tensor: $0)
            }
        }
        return try Network(description: description, parameters: parameters)
    }
}

extension FoundLayer {
    /// Slopes are a PReLU's, and weights a convolution's that keeps the extent of images, or by the rule a transposed
    /// convolution's.
    fileprivate func description(
        inputs: Int?, transposed rule: UpsamplingRule?
    ) throws(ToolFailure) -> LayerDescription {
        if tensors.isEmpty { return .relu(name: name, channels: inputs ?? 0) }
        if let slopes = tensors[.slope], tensors.count == 1 {
            return .prelu(
                name: name, channels: inputs ?? slopes.shape.count,
                sharing: slopes.shape == [1] ? .perLayer : .perChannel)
        }
        guard let weights = tensors[.weight], tensors[.slope] == nil, weights.shape.rank == 4,
            weights.shape[2] == weights.shape[3]
        else {
            let shapes = tensors.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { "\($0.key.rawValue) \($0.value.shape)" }.joined(separator: ", ")
            throw ToolFailure(
                "its layer '\(name)' (\(shapes)) is neither a convolution with square kernels nor a PReLU")
        }
        let kernel = weights.shape[2]
        guard let rule else {
            return .convolution(
                name: name, inputs: weights.shape[1], outputs: weights.shape[0], kernel: kernel, padding: .zero)
        }
        let padding = rule.padding.extent(kernel: kernel, stride: rule.scale)
        // (n - 1) * scale + kernel - 2 * padding pixels would be all; wanted are (n - 1) * scale + 1, or n * scale.
        let beyond = rule.convention == .authors ? 1 : rule.scale
        return .transposedConvolution(
            name: name, inputs: weights.shape[0], outputs: weights.shape[1], kernel: kernel, stride: rule.scale,
            padding: padding, outputPadding: beyond - kernel + 2 * padding)
    }
}
