// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
package import SystemPackage
import TensorStore
import Tensors
package import Training

// A model is an HDF5 file:
//
//     /                            attributes `format` = model, `name`, `layers` (one line of text a layer), `scale`,
//                                  `output-shift`, `label-convention`, `padding` (of whole images), `shortened`
//     /parameters/feature.weight   float32, (outputs, inputs, rows, columns); transposed: (inputs, outputs, …)
//     /parameters/feature.bias     ...

/// A network with what must be known to use it.
package struct Model: Hashable, Sendable {
    /// As tables show it, for example `FSRCNN`.
    package var name: String
    package var network: Network
    /// Output pixel k belongs to HR pixel k + `outputShift`.
    package var outputShift: Int
    package var labelConvention: LabelConvention
    /// How convolutions see past the edge of whole images.
    package var padding: ConvolutionPadding
    /// Trained for less than the paper says, on purpose.
    package var isShortened: Bool

    package var scale: Int { network.description.scale }

    package init(
        name: String, network: Network, outputShift: Int, labelConvention: LabelConvention,
        padding: ConvolutionPadding, isShortened: Bool
    ) {
        self.name = name
        self.network = network
        self.outputShift = outputShift
        self.labelConvention = labelConvention
        self.padding = padding
        self.isShortened = isShortened
    }
}

extension Model {
    package func write(to path: FilePath) throws {
        let file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "model")
        try file.setAttribute("name", .text(name))
        try file.setAttribute("layers", .texts(network.description.layers.map(\.line)))
        try file.setAttribute("scale", .integer(scale))
        try file.setAttribute("output-shift", .integer(outputShift))
        try file.setAttribute("label-convention", .text(labelConvention.rawValue))
        try file.setAttribute("padding", .text(padding.rawValue))
        try file.setAttribute("shortened", .integer(isShortened ? 1 : 0))
        for parameter in network.parameters { try file.write("parameters/\(parameter.name)", parameter.tensor) }
        try file.close()
    }

    package init(readingFrom path: FilePath) throws {
        let attributes = try RequiredAttributes(path, kind: "a model", format: "model")
        let file = attributes.file
        let layers = try attributes.texts("layers").map { line in
            guard let layer = LayerDescription(line: line) else { throw attributes.fault("it has a layer '\(line)'") }
            return layer
        }
        let description = try NetworkDescription(layers: layers)
        let prefix = "parameters/"
        let parameters = try file.datasetNames.filter { $0.hasPrefix(prefix) }.map { dataset in
            Parameter(name: String(dataset.dropFirst(prefix.count)), tensor: try file.readTensor(dataset))
        }
        guard let convention = LabelConvention(rawValue: try attributes.text("label-convention")),
            let padding = ConvolutionPadding(rawValue: try attributes.text("padding"))
        else { throw attributes.fault("its label convention or padding is not known") }
        self.init(
            name: try attributes.text("name"),
            network: try Network(description: description, parameters: parameters),
            outputShift: try attributes.integer("output-shift"), labelConvention: convention, padding: padding,
            isShortened: try attributes.integer("shortened") != 0)
    }
}

extension LayerDescription {
    /// For example `convolution name=feature inputs=1 outputs=56 kernel=5 padding=zero`.
    var line: String {
        switch self {
        case .convolution(let name, let inputs, let outputs, let kernel, let padding):
            "convolution name=\(name) inputs=\(inputs) outputs=\(outputs) kernel=\(kernel) padding=\(padding.rawValue)"
        case .prelu(let name, let channels, let sharing):
            "prelu name=\(name) channels=\(channels) sharing=\(sharing.rawValue)"
        case .transposedConvolution(
            let name, let inputs, let outputs, let kernel, let stride, let padding, let outputPadding):
            "transposed-convolution name=\(name) inputs=\(inputs) outputs=\(outputs) kernel=\(kernel) stride=\(stride) "
                + "padding=\(padding) output-padding=\(outputPadding)"
        }
    }

    /// `nil` for a line that describes no layer.
    init?(line: String) {
        let words = line.split(separator: " ")
        var fields: [Substring: String] = [:]
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, fields.updateValue(String(parts[1]), forKey: parts[0]) == nil else { return nil }
        }
        func signed(_ name: Substring) -> Int? { fields[name].flatMap { Int($0) } }
        func integer(_ name: Substring) -> Int? { signed(name).flatMap { $0 >= 0 ? $0 : nil } }
        guard let kind = words.first, let name = fields["name"] else { return nil }
        switch kind {
        case "convolution":
            guard let inputs = integer("inputs"), let outputs = integer("outputs"), let kernel = integer("kernel"),
                let padding = fields["padding"].flatMap(ConvolutionPadding.init(rawValue:))
            else { return nil }
            self = .convolution(name: name, inputs: inputs, outputs: outputs, kernel: kernel, padding: padding)
        case "prelu":
            guard let channels = integer("channels"),
                let sharing = fields["sharing"].flatMap(SlopeSharing.init(rawValue:))
            else { return nil }
            self = .prelu(name: name, channels: channels, sharing: sharing)
        case "transposed-convolution":
            guard let inputs = integer("inputs"), let outputs = integer("outputs"), let kernel = integer("kernel"),
                let stride = integer("stride"), let padding = integer("padding"),
                let outputPadding = signed("output-padding")
            else { return nil }
            self = .transposedConvolution(
                name: name, inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
                outputPadding: outputPadding)
        default: return nil
        }
    }
}
