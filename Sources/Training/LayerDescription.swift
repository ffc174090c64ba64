// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// What a convolution does at the edges of its input.
///
/// `zero` and `replicate` keep the extent (for odd kernels and a stride of 1) by (kernel - 1) / 2 pixels on each side,
/// where the layer does not say how many.
package enum ConvolutionPadding: String, Hashable, Sendable, CaseIterable {
    case valid, zero, replicate
}

/// How many slopes a PReLU has.
package enum SlopeSharing: String, Hashable, Sendable, CaseIterable {
    /// One slope for all channels, as in the authors' released FSRCNN weights.
    case perLayer = "per-layer"
    /// One a channel, the same for all pixels: PyTorch's, and Keras' with `shared_axes=[1, 2]`.
    case perChannel = "per-channel"
}

/// Weight (outputs, inputs / groups, kernel, kernel), bias (outputs).
package struct ConvolutionLayer: Hashable, Sendable {
    package let name: String
    package let inputs, outputs: Int
    package let kernel, stride, groups: Int
    package var padding: ConvolutionPadding
    /// Pixels on each side where the layer says how many, and then keeps its padding whatever the network's is; nil
    /// where the padding's kind says it.
    package let ownPadding: Int?

    /// Pixels on each side.
    package var paddingExtent: Int { ownPadding ?? (padding == .valid ? 0 : (kernel - 1) / 2) }
    package var border: Border { padding == .replicate ? .replicate : .zero }
}

/// Weight (inputs, outputs, kernel, kernel), bias (outputs).
///
/// The output extent is (n - 1) * stride + kernel - 2 * padding + outputPadding, which may be negative.
package struct TransposedConvolutionLayer: Hashable, Sendable {
    package let name: String
    package let inputs, outputs: Int
    package let kernel, stride, padding, outputPadding: Int
    /// What the layer sees beyond the edges of its input.
    package let border: Border
}

/// One layer of a network, as a value.
///
/// Names are unique in a network; parameters are called `NAME.weight`, `NAME.bias` and `NAME.slope`.
package enum LayerDescription: Hashable, Sendable {
    case convolution(ConvolutionLayer)
    case transposedConvolution(TransposedConvolutionLayer)
    /// max(x, 0) + slope * min(x, 0); slope (1) or (channels). Follows a convolution or a transposed convolution.
    case prelu(name: String, channels: Int, sharing: SlopeSharing)
    /// max(x, 0); no parameters. Follows a convolution or a transposed convolution.
    case relu(name: String, channels: Int)

    /// A convolution with the padding of its network, or, with `ownPadding`, with so many pixels on each side.
    package static func convolution(
        name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1,
        padding: ConvolutionPadding, ownPadding: Int? = nil
    ) -> LayerDescription {
        .convolution(
            ConvolutionLayer(
                name: name, inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, groups: groups,
                padding: padding, ownPadding: ownPadding))
    }

    package static func transposedConvolution(
        name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int, padding: Int, outputPadding: Int,
        border: Border = .zero
    ) -> LayerDescription {
        .transposedConvolution(
            TransposedConvolutionLayer(
                name: name, inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
                outputPadding: outputPadding, border: border))
    }

    package var name: String {
        switch self {
        case .convolution(let layer): layer.name
        case .transposedConvolution(let layer): layer.name
        case .prelu(let name, _, _), .relu(let name, _): name
        }
    }

    /// Channels that come in.
    package var inputs: Int {
        switch self {
        case .convolution(let layer): layer.inputs
        case .transposedConvolution(let layer): layer.inputs
        case .prelu(_, let channels, _), .relu(_, let channels): channels
        }
    }

    /// Channels that go out.
    package var outputs: Int {
        switch self {
        case .convolution(let layer): layer.outputs
        case .transposedConvolution(let layer): layer.outputs
        case .prelu(_, let channels, _), .relu(_, let channels): channels
        }
    }

    /// Whether the layer changes single values and has to follow one that sums.
    package var isActivation: Bool {
        switch self {
        case .convolution, .transposedConvolution: false
        case .prelu, .relu: true
        }
    }

    var isTransposed: Bool {
        if case .transposedConvolution = self { true } else { false }
    }

    /// Names and shapes of the parameters, in their order in the network.
    package var parameters: [ParameterDescription] {
        switch self {
        case .convolution(let layer):
            let weights: Shape = [layer.outputs, layer.inputs / layer.groups, layer.kernel, layer.kernel]
            return [
                ParameterDescription(layer: layer.name, kind: .weight, shape: weights),
                ParameterDescription(layer: layer.name, kind: .bias, shape: [layer.outputs]),
            ]
        case .transposedConvolution(let layer):
            let weights: Shape = [layer.inputs, layer.outputs, layer.kernel, layer.kernel]
            return [
                ParameterDescription(layer: layer.name, kind: .weight, shape: weights),
                ParameterDescription(layer: layer.name, kind: .bias, shape: [layer.outputs]),
            ]
        case .prelu(let name, let channels, let sharing):
            return [ParameterDescription(layer: name, kind: .slope, shape: [sharing == .perLayer ? 1 : channels])]
        case .relu: return []
        }
    }

    /// The extent that an extent of the input becomes; nil where too little is left.
    package func outputExtent(_ extent: Int) -> Int? {
        switch self {
        case .convolution(let layer):
            let room = extent + 2 * layer.paddingExtent - layer.kernel
            return room < 0 ? nil : room / layer.stride + 1
        case .prelu, .relu: return extent
        case .transposedConvolution(let layer):
            let result = (extent - 1) * layer.stride + layer.kernel - 2 * layer.padding + layer.outputPadding
            return result > 0 ? result : nil
        }
    }

    /// The same layer with another padding; layers that have one of their own, and others than convolutions, stay as
    /// they are.
    package func padded(_ padding: ConvolutionPadding) -> LayerDescription {
        guard case .convolution(var layer) = self, layer.ownPadding == nil else { return self }
        layer.padding = padding
        return .convolution(layer)
    }
}

extension LayerDescription {
    /// The most that a layer may have of anything: far beyond every network, and small enough that no product of them
    /// overflows.
    private static let channelLimit = 65_536, kernelLimit = 255, strideLimit = 64

    /// What of the channels, kernel, stride or padding cannot be computed; nil for a sound layer.
    var fault: LayerFault? {
        guard (1...Self.channelLimit).contains(inputs), (1...Self.channelLimit).contains(outputs) else {
            return .channels
        }
        switch self {
        case .prelu, .relu: return nil
        case .convolution(let layer):
            guard (1...Self.kernelLimit).contains(layer.kernel) else { return .kernel }
            guard (1...Self.strideLimit).contains(layer.stride) else { return .stride }
            guard (0...Self.kernelLimit).contains(layer.paddingExtent) else { return .padding }
            guard layer.groups > 0, layer.inputs.isMultiple(of: layer.groups),
                layer.outputs.isMultiple(of: layer.groups)
            else { return .groups }
            return nil
        case .transposedConvolution(let layer):
            guard (1...Self.kernelLimit).contains(layer.kernel) else { return .kernel }
            guard (1...Self.strideLimit).contains(layer.stride) else { return .stride }
            guard (0...Self.kernelLimit).contains(layer.padding) else { return .padding }
            guard (-2 * Self.kernelLimit...2 * Self.kernelLimit).contains(layer.outputPadding) else {
                return .outputPadding
            }
            return nil
        }
    }
}

/// What of a layer cannot be computed.
package enum LayerFault: Hashable, Sendable, CustomStringConvertible {
    case channels, kernel, stride, padding, outputPadding, groups

    /// Continues "layer 'NAME'".
    package var description: String {
        switch self {
        case .channels: "has a number of channels outside of 1...65536"
        case .kernel: "has a kernel outside of 1...255"
        case .stride: "has a stride outside of 1...64"
        case .padding: "has a padding outside of 0...255"
        case .outputPadding: "has an output padding outside of -510...510"
        case .groups: "has groups that do not divide its channels"
        }
    }
}

/// What a parameter is to its layer.
package enum ParameterKind: String, Hashable, Sendable {
    case weight, bias, slope
}

/// A parameter's name and shape.
package struct ParameterDescription: Hashable, Sendable {
    package let layer: String
    package let kind: ParameterKind
    package let shape: Shape

    /// For example `feature.weight`.
    package var name: String { "\(layer).\(kind.rawValue)" }
}
