// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import Training

extension Model {
    /// The network as a safetensors file, whose metadata say all else that the model says of itself.
    package var safetensors: [UInt8] { Safetensors.bytes(of: network.parameters, metadata: facts) }

    /// What files of other formats say of a model beside its parameters, as texts.
    var facts: [String: String] {
        [
            "reprise.name": name, "reprise.layers": network.description.layers.map(\.line).joined(separator: "\n"),
            "reprise.scale": String(scale), "reprise.output-shift": String(outputShift),
            "reprise.label-convention": labelConvention.rawValue, "reprise.padding": padding.rawValue,
            "reprise.shortened": isShortened ? "true" : "false",
        ]
    }

    /// The model in a safetensors file that says of itself that it holds one; nil for files of others.
    init?(describedBy file: Safetensors) throws {
        guard let lines = file.metadata["reprise.layers"] else { return nil }
        func fault(_ what: String) -> ToolFailure { ToolFailure("its metadata do not describe a model: \(what)") }
        func text(_ name: String) throws(ToolFailure) -> String {
            guard let text = file.metadata["reprise.\(name)"] else { throw fault("they lack 'reprise.\(name)'") }
            return text
        }
        func value<Value>(_ name: String, _ parsed: (String) -> Value?) throws(ToolFailure) -> Value {
            let text = try text(name)
            guard let value = parsed(text) else { throw fault("they have the \(name) '\(text)'") }
            return value
        }
        let layers = try lines.split(separator: "\n").map { line throws(ToolFailure) in
            guard let layer = LayerDescription(line: String(line)) else { throw fault("they have a layer '\(line)'") }
            return layer
        }
        let description = try NetworkDescription(layers: layers)
        let parameters = try file.entries.map { Parameter(name: $0.name, tensor: try file.tensor($0)) }
        let scale = try value("scale") { Int($0) }
        guard scale == description.scale || description.scale == 1 && scale > 0 else {
            throw fault("they say x\(scale), and the layers make x\(description.scale)")
        }
        self.init(
            name: try text("name"), network: try Network(description: description, parameters: parameters),
            scale: scale, outputShift: try value("output-shift") { Int($0) },
            labelConvention: try value("label-convention", LabelConvention.init(rawValue:)),
            padding: try value("padding", ConvolutionPadding.init(rawValue:)),
            isShortened: try value("shortened") { ["true": true, "false": false][$0] })
    }
}
