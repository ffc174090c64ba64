// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import PipelineManifest
import Tensors
import Training

/// The layers of a network, and what is said of single ones, as a manifest writes them.
enum LayerItems {
    /// The elements of `layers`.
    static let layers = ItemType([
        .init(
            "convolution", channels,
            fields: [
                .init("kernel", kernel, .required, summary: "rows and columns of the kernel"),
                .init("stride", stride, .optional, summary: "pixels from one output to the next, 1 where left out"),
                .init("groups", channels, .optional, summary: "parts that see only their own channels"),
                .init(
                    "padding", .integer(0...255), .optional,
                    summary: "pixels on each side, in training and on whole images; as the patches and "
                        + "'inference-padding' have it where it is left out"),
                .init("border", border, .optional, summary: "what 'padding' adds, zero where it is left out"),
                .init(
                    "initialiser", .choice(WeightRule.allCases.map(\.rawValue)), .optional,
                    summary: "first weights, as the others where it is left out"),
                name,
            ],
            summary: "to so many channels"),
        .init(
            "transposed-convolution", channels,
            fields: [
                .init("kernel", kernel, .required, summary: "rows and columns of the kernel"),
                .init("stride", stride, .required, summary: "output pixels an input pixel"),
                .init("padding", .integer(0...255), .optional, summary: "cut off at the start, 0 where left out"),
                .init(
                    "output-padding", .integer(-510...510), .optional,
                    summary: "added at the end, or cut off, 0 where left out"),
                .init("border", border, .optional, summary: "what lies beyond the input, zero where left out"),
                name,
            ],
            summary: "to so many channels"),
        .init(
            "prelu", .choice(SlopeSharing.allCases.map(\.rawValue)), fields: [name],
            summary: "max(x, 0) + slope * min(x, 0), with one slope a layer or one a channel"),
        .init("relu", fields: [name], summary: "max(x, 0)"),
    ])

    /// The elements of `layer-rates`.
    static let rates = ItemType([
        .init(
            "layer", .text,
            fields: [
                .init("learning-rate", .number(0...1000), .optional, summary: "of its weights, biases and slopes"),
                .init("weight-decay", .number(0...1), .optional, summary: "of its weights"),
            ],
            summary: "the layer's name, as 'reprise show' prints it")
    ])

    private static let channels = SettingType.integer(1...65_536)
    private static let kernel = SettingType.integer(1...255)
    private static let stride = SettingType.integer(1...64)
    private static let border = SettingType.choice(["zero", "replicate"])
    private static let name = ItemType.Kind.Field(
        "name", .text, .optional, summary: "the layer's name; the kind and its place in the list where left out")

    /// The network of the setting `layers` for an input of some channels, with the initialisers of single layers.
    static func network(
        _ settings: ToolSettings, channels: Int
    ) throws(ToolFailure) -> (description: NetworkDescription, initialisers: [String: WeightRule]) {
        var list: [LayerDescription] = []
        var initialisers: [String: WeightRule] = [:]
        for (index, item) in settings.items("layers", of: layers).enumerated() {
            let name = try name(of: item, index)
            list.append(try layer(item, index, named: name, inputs: list.last?.outputs ?? channels))
            initialisers[name] = item.fields.optionalText("initialiser").flatMap(WeightRule.init(rawValue:))
        }
        let description: NetworkDescription
        do throws(NetworkError) {
            description = try NetworkDescription(layers: list)
        } catch {
            throw ToolFailure("\(error)", at: place(of: error, in: list))
        }
        guard description.outputs == channels else {
            throw ToolFailure(
                "the last layer makes \(description.outputs) channels, and the labels have \(channels)",
                at: .setting("layers", element: list.lastIndex { !$0.isActivation }))
        }
        return (description, initialisers)
    }

    /// A repeated name is the fault of its second layer.
    private static func place(of error: NetworkError, in list: [LayerDescription]) -> ToolFailure.Place {
        .setting("layers", element: error.layer.flatMap { name in list.lastIndex { $0.name == name } })
    }

    private static func name(of item: SettingItem, _ index: Int) throws(ToolFailure) -> String {
        let name = item.fields.optionalText("name") ?? "\(item.kind)-\(index + 1)"
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, !name.isEmpty else {
            throw ToolFailure(
                "'\(name)' cannot be the name of a layer", at: .setting("layers", element: index),
                hint: "names are of letters, digits, '-' and '_'")
        }
        return name
    }

    private static func layer(
        _ item: SettingItem, _ index: Int, named name: String, inputs: Int
    ) throws(ToolFailure) -> LayerDescription {
        let fields = item.fields
        let border = fields.optionalText("border").flatMap(Border.init(rawValue:))
        switch item.kind {
        case "convolution":
            let padding = fields.optionalInteger("padding")
            guard border == nil || padding != nil else {
                throw ToolFailure(
                    "'border' is what 'padding' adds, and there is no 'padding'", at: .setting("layers", element: index)
                )
            }
            return .convolution(
                name: name, inputs: inputs, outputs: fields.integer("convolution"), kernel: fields.integer("kernel"),
                stride: fields.optionalInteger("stride") ?? 1, groups: fields.optionalInteger("groups") ?? 1,
                padding: border == .replicate ? .replicate : .zero, ownPadding: padding)
        case "transposed-convolution":
            return .transposedConvolution(
                name: name, inputs: inputs, outputs: fields.integer("transposed-convolution"),
                kernel: fields.integer("kernel"), stride: fields.integer("stride"),
                padding: fields.optionalInteger("padding") ?? 0,
                outputPadding: fields.optionalInteger("output-padding") ?? 0, border: border ?? .zero)
        case "prelu":
            guard let sharing = SlopeSharing(rawValue: fields.text("prelu")) else {
                preconditionFailure("the interface lets no other sharing through")
            }
            return .prelu(name: name, channels: inputs, sharing: sharing)
        default: return .relu(name: name, channels: inputs)
        }
    }
}
