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
    /// HR pixels an LR pixel: the network's own scale, or any where the network takes LR already enlarged and keeps its
    /// extent.
    package var scale: Int
    /// Output pixel k belongs to HR pixel k + `outputShift`.
    package var outputShift: Int
    package var labelConvention: LabelConvention
    /// How convolutions see past the edge of whole images.
    package var padding: ConvolutionPadding
    /// Trained for less than the paper says, on purpose.
    package var isShortened: Bool

    /// Whether the network takes LR that is enlarged to HR extents, as SRCNN does.
    package var takesEnlarged: Bool { network.description.scale != scale }

    /// A model of `scale`, by default the network's own.
    package init(
        name: String, network: Network, scale: Int? = nil, outputShift: Int, labelConvention: LabelConvention,
        padding: ConvolutionPadding, isShortened: Bool
    ) {
        let own = network.description.scale
        precondition(scale ?? own == own || own == 1, "a network of x\(own) cannot serve a model of x\(scale ?? 0)")
        self.name = name
        self.network = network
        self.scale = scale ?? own
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
        let scale = try attributes.integer("scale")
        guard scale == description.scale || description.scale == 1 && scale > 0 else {
            throw attributes.fault("it says x\(scale), and its layers make x\(description.scale)")
        }
        self.init(
            name: try attributes.text("name"),
            network: try Network(description: description, parameters: parameters), scale: scale,
            outputShift: try attributes.integer("output-shift"), labelConvention: convention, padding: padding,
            isShortened: try attributes.integer("shortened") != 0)
    }
}
