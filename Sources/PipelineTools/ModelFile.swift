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
