// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// What a convolution does at the edges of its input.
///
/// `zero` and `replicate` keep the extent (for odd kernels) by (kernel - 1) / 2 pixels on each side.
package enum ConvolutionPadding: String, Hashable, Sendable, CaseIterable {
    case valid, zero, replicate
}

/// How many slopes a PReLU has.
package enum SlopeSharing: String, Hashable, Sendable, CaseIterable {
    /// One slope for all channels, as in the authors' released FSRCNN weights.
    case perLayer = "per-layer"
    case perChannel = "per-channel"
}

/// One layer of a network, as a value.
///
/// Names are unique in a network; parameters are called `NAME.weight`, `NAME.bias` and `NAME.slope`.
package enum LayerDescription: Hashable, Sendable {
    /// Stride 1; weight (outputs, inputs, kernel, kernel), bias (outputs).
    case convolution(name: String, inputs: Int, outputs: Int, kernel: Int, padding: ConvolutionPadding)

    /// max(x, 0) + slope * min(x, 0); slope (1) or (channels). Follows a convolution or a transposed convolution.
    case prelu(name: String, channels: Int, sharing: SlopeSharing)

    /// Weight (inputs, outputs, kernel, kernel), bias (outputs); output extent (n - 1) * stride + kernel - 2 * padding
    /// + outputPadding, which may be negative. The input is zero beyond its edges.
    case transposedConvolution(
        name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int, padding: Int, outputPadding: Int)

    package var name: String {
        switch self {
        case .convolution(let name, _, _, _, _), .prelu(let name, _, _),
            .transposedConvolution(let name, _, _, _, _, _, _):
            name
        }
    }

    /// Channels that come in.
    package var inputs: Int {
        switch self {
        case .convolution(_, let inputs, _, _, _), .transposedConvolution(_, let inputs, _, _, _, _, _): inputs
        case .prelu(_, let channels, _): channels
        }
    }

    /// Channels that go out.
    package var outputs: Int {
        switch self {
        case .convolution(_, _, let outputs, _, _), .transposedConvolution(_, _, let outputs, _, _, _, _): outputs
        case .prelu(_, let channels, _): channels
        }
    }

    /// Names and shapes of the parameters, in their order in the network.
    package var parameters: [ParameterDescription] {
        switch self {
        case .convolution(let name, let inputs, let outputs, let kernel, _):
            [
                ParameterDescription(layer: name, kind: .weight, shape: [outputs, inputs, kernel, kernel]),
                ParameterDescription(layer: name, kind: .bias, shape: [outputs]),
            ]
        case .prelu(let name, let channels, let sharing):
            [ParameterDescription(layer: name, kind: .slope, shape: [sharing == .perLayer ? 1 : channels])]
        case .transposedConvolution(let name, let inputs, let outputs, let kernel, _, _, _):
            [
                ParameterDescription(layer: name, kind: .weight, shape: [inputs, outputs, kernel, kernel]),
                ParameterDescription(layer: name, kind: .bias, shape: [outputs]),
            ]
        }
    }

    /// The extent that an extent of the input becomes.
    package func outputExtent(_ extent: Int) -> Int {
        switch self {
        case .convolution(_, _, _, let kernel, .valid): extent - kernel + 1
        case .convolution(_, _, _, let kernel, .zero), .convolution(_, _, _, let kernel, .replicate):
            extent + 2 * ((kernel - 1) / 2) - kernel + 1
        case .prelu: extent
        case .transposedConvolution(_, _, _, let kernel, let stride, let padding, let outputPadding):
            (extent - 1) * stride + kernel - 2 * padding + outputPadding
        }
    }

    /// The same layer with another padding; other than convolutions stay as they are.
    package func padded(_ padding: ConvolutionPadding) -> LayerDescription {
        guard case .convolution(let name, let inputs, let outputs, let kernel, _) = self else { return self }
        return .convolution(name: name, inputs: inputs, outputs: outputs, kernel: kernel, padding: padding)
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
