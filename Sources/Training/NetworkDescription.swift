// SPDX-License-Identifier: Apache-2.0

package import Tensors

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
            guard !layer.isActivation || mayActivate else { throw .misplacedActivation(layer.name) }
            mayActivate = !layer.isActivation
            if let fault = layer.fault { throw .layer(layer.name, fault) }
            channels = layer.outputs
        }
        guard layers.reduce(0, { $0 + $1.parameters.reduce(0) { $0 + $1.shape.count } }) <= Self.parameterLimit else {
            throw .tooLarge
        }
        self.layers = layers
    }

    /// The most parameters of a network: 4 GiB of them.
    private static let parameterLimit = 1 << 30

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

    /// SRCNN of arXiv 1501.00092: patch extraction to 64 channels, mapping to 32 and reconstruction, each a convolution
    /// with a kernel of its own, with a ReLU between them.
    ///
    /// It takes LR that is already enlarged. `kernels` is (9, 1, 5) in the paper's basic network and (9, 5, 5) in its
    /// larger one.
    package static func srcnn(kernels: (Int, Int, Int) = (9, 1, 5), channels: Int = 1) -> NetworkDescription {
        func convolution(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int) -> LayerDescription {
            .convolution(name: name, inputs: inputs, outputs: outputs, kernel: kernel, padding: .valid)
        }
        return NetworkDescription(checked: [
            convolution("extraction", channels, 64, kernels.0), .relu(name: "extraction-relu", channels: 64),
            convolution("mapping", 64, 32, kernels.1), .relu(name: "mapping-relu", channels: 32),
            convolution("reconstruction", 32, channels, kernels.2),
        ])
    }

    /// Enlargement by one transposed convolution that has room for bicubic interpolation (Keys, 1981, a = -1/2), which
    /// `Initialisation.Transposed.bicubic` starts it with: the least network that a deeper one must beat.
    ///
    /// Beyond its edges the image is replicated. The first output pixel lies at HR pixel `outputShift`; with the
    /// authors' convention the output has (n - 1) * scale + 1 pixels, else n * scale.
    package static func bicubic(
        scale: Int, channels: Int = 1, labelConvention: LabelConvention = .scaled, outputShift: Int = 0
    ) -> NetworkDescription {
        precondition(scale > 0 && channels > 0 && outputShift >= 0, "an enlargement has an extent below 1")
        let before = 3 * scale / 2, padding = before + outputShift
        let kernel = scale + 2 * before
        let beyond = labelConvention == .authors ? 1 : scale
        return NetworkDescription(checked: [
            .transposedConvolution(
                name: "interpolation", inputs: channels, outputs: channels, kernel: kernel, stride: scale,
                padding: padding, outputPadding: beyond - kernel + 2 * padding, border: .replicate)
        ])
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

    /// Output pixels an input pixel: the strides of transposed convolutions by those of convolutions; 0 where that is
    /// no whole number.
    package var scale: Int {
        var (up, down) = (1, 1)
        for layer in layers {
            switch layer {
            case .transposedConvolution(let layer): (up, _) = up.multipliedReportingOverflow(by: layer.stride)
            case .convolution(let layer): (down, _) = down.multipliedReportingOverflow(by: layer.stride)
            case .prelu, .relu: break
            }
        }
        return down > 0 && up.isMultiple(of: down) ? up / down : 0
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

    /// Channels, rows and columns that come of those of an input; nil where the channels do not fit or too little is
    /// left for a layer.
    package func outputShape(_ input: Shape) -> Shape? {
        guard input.rank == 3, input[0] == inputs, let rows = outputExtent(input[1]),
            let columns = outputExtent(input[2])
        else { return nil }
        return [outputs, rows, columns]
    }

    /// The extent that an extent of the input becomes; nil where too little is left for a layer.
    package func outputExtent(_ extent: Int) -> Int? {
        var extent = extent
        for layer in layers {
            guard let next = layer.outputExtent(extent) else { return nil }
            extent = next
        }
        return extent
    }
}

/// A list of layers, or parameters for one, that make no network.
package enum NetworkError: Error, Hashable, CustomStringConvertible {
    case empty
    case repeatedLayer(String)
    case channels(layer: String, expected: Int, found: Int)
    case layer(String, LayerFault)
    case tooLarge
    case misplacedActivation(String)
    case missingParameter(String)
    case unknownParameter(String)
    case shape(parameter: String, expected: String, found: String)
    case imageTooSmall(height: Int, width: Int)
    case imageChannels(expected: Int, found: Int)

    /// The layer at fault, where it is one.
    package var layer: String? {
        switch self {
        case .repeatedLayer(let name), .channels(let name, _, _), .layer(let name, _), .misplacedActivation(let name):
            name
        case .empty, .tooLarge, .missingParameter, .unknownParameter, .shape, .imageTooSmall, .imageChannels: nil
        }
    }

    package var description: String {
        switch self {
        case .empty: "a network needs at least one layer"
        case .repeatedLayer(let name): "two layers are called '\(name)'"
        case .channels(let layer, let expected, let found):
            "layer '\(layer)' takes \(found) channels where \(expected) arrive"
        case .layer(let name, let fault): "layer '\(name)' \(fault.description)"
        case .tooLarge: "the network has more than 1,073,741,824 parameters"
        case .misplacedActivation(let name): "layer '\(name)' does not follow a convolution"
        case .missingParameter(let name): "the parameter '\(name)' is missing"
        case .unknownParameter(let name): "no layer has a parameter '\(name)'"
        case .shape(let parameter, let expected, let found):
            "the parameter '\(parameter)' has the shape \(found) where \(expected) is needed"
        case .imageTooSmall(let height, let width): "an image of \(width)x\(height) pixels is too small for the network"
        case .imageChannels(let expected, let found):
            "the network takes images of \(expected) channels, and this one has \(found)"
        }
    }
}
