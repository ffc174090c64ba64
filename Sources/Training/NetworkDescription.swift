// SPDX-License-Identifier: Apache-2.0

import Tensors

/// How labels are cut and where the output lies on the high-resolution image.
package enum LabelConvention: String, Hashable, Sendable, CaseIterable {
    /// The authors' FSRCNN: the output has (n - 1) * scale + 1 pixels.
    case authors
    /// The output has n * scale pixels, in place.
    case scaled
}

/// How convolutions treat edges during training.
package enum TrainingPadding: String, Hashable, Sendable, CaseIterable {
    /// The first convolution has no padding, the others pad with zeros (the authors' way).
    case validFirst = "valid-first"
    case zero, replicate
    /// No convolution has any (SRCNN).
    case valid
}

/// Layers in order.
package struct NetworkDescription: Hashable, Sendable {
    package let layers: [LayerDescription]

    /// Fails with what is wrong with the list: channels that do not meet, a name used twice, a PReLU out of place.
    package init(layers: [LayerDescription]) throws(NetworkError) {
        guard let first = layers.first else { throw .empty }
        var names: Set<String> = []
        var channels = first.inputs
        var mayActivate = false
        for layer in layers {
            guard names.insert(layer.name).inserted else { throw .repeatedLayer(layer.name) }
            guard layer.inputs == channels else {
                throw .channels(layer: layer.name, expected: channels, found: layer.inputs)
            }
            if case .prelu = layer {
                guard mayActivate else { throw .misplacedActivation(layer.name) }
                mayActivate = false
            } else {
                mayActivate = true
            }
            guard layer.inputs > 0, layer.outputs > 0, layer.hasSoundExtents else { throw .extents(layer: layer.name) }
            channels = layer.outputs
        }
        self.layers = layers
    }

    private init(checked layers: [LayerDescription]) {
        self.layers = layers
    }

    /// FSRCNN(d, s, m) of arXiv 1608.00367: feature extraction 5x5 to `d` channels, shrinking 1x1 to `s`, `m` mapping
    /// layers 3x3, expanding 1x1 to `d`, deconvolution 9x9.
    ///
    /// A PReLU follows each convolution (the paper leaves open whether each mapping layer has one), by default with one
    /// slope a layer as in the authors' weights. `deconvolutionPadding` is what the deconvolution cuts off at its
    /// start, 0...8 pixels: 4 in the authors' networks, (9 - scale) / 2 rounded down in those of Keras ('same').
    package static func fsrcnn(
        d: Int = 56, s: Int = 12, m: Int = 4, scale: Int, channels: Int = 1,
        labelConvention: LabelConvention = .authors,
        slopes: SlopeSharing = .perLayer, deconvolutionPadding: Int = 4
    ) -> NetworkDescription {
        precondition(d > 0 && s > 0 && m >= 0 && scale > 0 && channels > 0, "FSRCNN has an extent below 1")
        precondition((0...8).contains(deconvolutionPadding), "a kernel of 9 has no padding of \(deconvolutionPadding)")
        func convolution(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int) -> [LayerDescription] {
            [
                .convolution(name: name, inputs: inputs, outputs: outputs, kernel: kernel, padding: .zero),
                .prelu(name: "\(name)-prelu", channels: outputs, sharing: slopes),
            ]
        }
        var layers = convolution("feature", channels, d, 5) + convolution("shrink", d, s, 1)
        for number in 0..<m { layers += convolution("map\(number + 1)", s, s, 3) }
        layers += convolution("expand", s, d, 1)
        layers.append(
            .transposedConvolution(
                name: "deconvolution", inputs: d, outputs: channels, kernel: 9, stride: scale,
                padding: deconvolutionPadding,
                outputPadding: 2 * deconvolutionPadding - 8 + (labelConvention == .authors ? 0 : scale - 1)))
        return NetworkDescription(checked: layers)
    }

    /// FSRCNN-s, the paper's small network: FSRCNN(32, 5, 1).
    package static func fsrcnnSmall(
        scale: Int, channels: Int = 1, labelConvention: LabelConvention = .authors, slopes: SlopeSharing = .perLayer
    ) -> NetworkDescription {
        fsrcnn(d: 32, s: 5, m: 1, scale: scale, channels: channels, labelConvention: labelConvention, slopes: slopes)
    }

    /// The network with the padding of training.
    package func padded(training padding: TrainingPadding) -> NetworkDescription {
        var first = true
        return NetworkDescription(
            checked: layers.map { layer in
                guard case .convolution = layer else { return layer }
                defer { first = false }
                switch padding {
                case .validFirst: return layer.padded(first ? .valid : .zero)
                case .zero: return layer.padded(.zero)
                case .replicate: return layer.padded(.replicate)
                case .valid: return layer.padded(.valid)
                }
            })
    }

    /// The network with one border for all convolutions, as for whole images.
    package func padded(_ padding: ConvolutionPadding) -> NetworkDescription {
        NetworkDescription(checked: layers.map { $0.padded(padding) })
    }

    /// Output pixels an input pixel: the product of the strides.
    package var scale: Int {
        layers.reduce(1) { scale, layer in
            if case .transposedConvolution(_, _, _, _, let stride, _, _) = layer { scale * stride } else { scale }
        }
    }

    package var inputs: Int { layers.first?.inputs ?? 0 }
    package var outputs: Int { layers.last?.outputs ?? 0 }

    package var parameters: [ParameterDescription] { layers.flatMap(\.parameters) }

    /// Elements of all weights, without biases and slopes: the figure that papers print.
    package var weightCount: Int {
        parameters.filter { $0.kind == .weight }.reduce(0) { $0 + $1.shape.count }
    }

    /// Elements of all parameters.
    package var parameterCount: Int { parameters.reduce(0) { $0 + $1.shape.count } }

    /// The extent that an extent of the input becomes; nil where too little is left for a layer.
    package func outputExtent(_ extent: Int) -> Int? {
        var extent = extent
        for layer in layers {
            extent = layer.outputExtent(extent)
            guard extent > 0 else { return nil }
        }
        return extent
    }
}

extension LayerDescription {
    /// Kernels, strides and paddings that can be computed.
    fileprivate var hasSoundExtents: Bool {
        switch self {
        case .convolution(_, _, _, let kernel, _): kernel > 0
        case .prelu: true
        case .transposedConvolution(_, _, _, let kernel, let stride, let padding, let outputPadding):
            kernel > 0 && stride > 0 && padding >= 0 && padding < kernel && outputPadding > -kernel
        }
    }
}

/// A list of layers, or parameters for one, that make no network.
package enum NetworkError: Error, Hashable, CustomStringConvertible {
    case empty
    case repeatedLayer(String)
    case channels(layer: String, expected: Int, found: Int)
    case extents(layer: String)
    case misplacedActivation(String)
    case missingParameter(String)
    case unknownParameter(String)
    case shape(parameter: String, expected: String, found: String)
    case imageTooSmall(height: Int, width: Int)
    case imageChannels(expected: Int, found: Int)
    case upsamplingBeforeTheEnd(layer: String)

    package var description: String {
        switch self {
        case .empty: "a network needs at least one layer"
        case .repeatedLayer(let name): "two layers are called '\(name)'"
        case .channels(let layer, let expected, let found):
            "layer '\(layer)' takes \(found) channels where \(expected) arrive"
        case .extents(let layer): "layer '\(layer)' has a channel count, kernel, stride or padding that is out of range"
        case .misplacedActivation(let name): "layer '\(name)' does not follow a convolution"
        case .missingParameter(let name): "the parameter '\(name)' is missing"
        case .unknownParameter(let name): "no layer has a parameter '\(name)'"
        case .shape(let parameter, let expected, let found):
            "the parameter '\(parameter)' has the shape \(found) where \(expected) is needed"
        case .imageTooSmall(let height, let width): "an image of \(width)x\(height) pixels is too small for the network"
        case .imageChannels(let expected, let found):
            "the network takes images of \(expected) channels, and this one has \(found)"
        case .upsamplingBeforeTheEnd(let layer):
            "whole images need the transposed convolution '\(layer)' to be the last layer"
        }
    }
}
