// SPDX-License-Identifier: Apache-2.0

import Tensors
import Training

/// An ONNX graph: a chain of operators from `image` to `upscaled`, with their constants.
///
/// Numbers of fields and types are those of `onnx.proto`. Values are called after the layer that gives them, such as
/// `feature.output`, and `feature.padded` before it.
struct ONNXGraph {
    private var nodes: [ProtobufMessage] = []
    private var constants: [ProtobufMessage] = []
    /// The value that the next operator takes.
    private var current = Self.input
    private let description: NetworkDescription
    private let parameters: [String: Tensor]

    private static let input = "image"
    private static let output = "upscaled"

    /// The description has the padding that whole images get.
    init(_ description: NetworkDescription, parameters: [Parameter]) {
        self.description = description
        self.parameters = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.tensor) })
        for layer in description.layers { append(layer) }
    }

    /// `GraphProto`; heights and widths are free.
    var message: ProtobufMessage {
        var graph = ProtobufMessage([:])
        graph.add(1, nodes.map { .message($0) })
        graph.add(2, .text("network"))
        graph.add(5, constants.map { .message($0) })
        graph.add(11, .message(Self.image(Self.input, description.inputs, "height", "width")))
        graph.add(12, .message(Self.image(Self.output, description.outputs, "output_height", "output_width")))
        return graph
    }

    private mutating func append(_ layer: LayerDescription) {
        switch layer {
        case .convolution(let layer):
            // ONNX's own padding is with zeros.
            let isEdge = layer.border == .replicate
            if isEdge { pad(layer.name, layer.border, before: layer.paddingExtent, after: layer.paddingExtent) }
            append(
                "Conv", to: output(of: layer.name), [weights(of: layer.name), biases(of: layer.name)],
                [
                    Self.attribute("group", layer.groups), Self.attribute("kernel_shape", twice: layer.kernel),
                    Self.attribute("pads", twice: isEdge ? 0 : layer.paddingExtent, isEdge ? 0 : layer.paddingExtent),
                    Self.attribute("strides", twice: layer.stride),
                ])
        case .prelu(let name, _, _): append("PRelu", to: output(of: name), [slopes(of: name)], [])
        case .relu(let name, _): append("Relu", to: output(of: name), [], [])
        case .transposedConvolution(let layer):
            let (before, after) = layer.pixelsBeyond
            pad(layer.name, layer.border, before: before, after: after)
            append(
                "ConvTranspose", to: output(of: layer.name), [weights(of: layer.name), biases(of: layer.name)],
                [
                    Self.attribute("kernel_shape", twice: layer.kernel),
                    Self.attribute(
                        "pads", twice: layer.padding + before * layer.stride,
                        layer.padding - layer.outputPadding + after * layer.stride),
                    Self.attribute("strides", twice: layer.stride),
                ])
        }
    }

    /// Rows and columns around the current value, where there are any.
    private mutating func pad(_ layer: String, _ border: Border, before: Int, after: Int) {
        if before == 0, after == 0 { return }
        // The first and then the last of batch, channels, rows and columns.
        let counts = [0, 0, before, before, 0, 0, after, after]
        let bytes = counts.flatMap { count in withUnsafeBytes(of: Int64(count).littleEndian) { Array($0) } }
        let pads = constant("\(layer).pads", [counts.count], type: 7, bytes)
        append(
            "Pad", to: "\(layer).padded", [pads], [Self.attribute("mode", border == .replicate ? "edge" : "constant")])
    }

    /// What the value is called that a layer gives.
    private func output(of layer: String) -> String {
        layer == description.layers.last?.name ? Self.output : "\(layer).output"
    }

    /// `NodeProto`: an operator that takes the current value and gives the next one.
    private mutating func append(
        _ operation: String, to output: String, _ constants: [String], _ attributes: [ProtobufMessage]
    ) {
        var node = ProtobufMessage([:])
        node.add(1, ([current] + constants).map { .text($0) })
        node.add(2, .text(output))
        node.add(3, .text(output))
        node.add(4, .text(operation))
        node.add(5, attributes.map { .message($0) })
        nodes.append(node)
        current = output
    }

    /// `AttributeProto` of a text (type 3).
    private static func attribute(_ name: String, _ text: String) -> ProtobufMessage {
        ProtobufMessage([1: .text(name), 4: .text(text), 20: .integer(3)])
    }

    /// `AttributeProto` of an integer (type 2).
    private static func attribute(_ name: String, _ value: Int) -> ProtobufMessage {
        ProtobufMessage([1: .text(name), 3: .integer(value), 20: .integer(2)])
    }

    /// `AttributeProto` of a list of integers (type 7), each value for rows and for columns.
    private static func attribute(_ name: String, twice values: Int...) -> ProtobufMessage {
        var attribute = ProtobufMessage([1: .text(name)])
        for value in values { attribute.add(8, [.integer(value), .integer(value)]) }
        attribute.add(20, .integer(7))
        return attribute
    }

    private mutating func weights(of layer: String) -> String {
        let tensor = parameter("\(layer).weight")
        return constant("\(layer).weight", tensor.shape.extents, type: 1, tensor.values.littleEndianBytes)
    }

    private mutating func biases(of layer: String) -> String {
        let tensor = parameter("\(layer).bias")
        return constant("\(layer).bias", tensor.shape.extents, type: 1, tensor.values.littleEndianBytes)
    }

    /// Of (1, 1, 1) or (channels, 1, 1), to spread over rows and columns.
    private mutating func slopes(of layer: String) -> String {
        let tensor = parameter("\(layer).slope")
        return constant("\(layer).slope", [tensor.shape.count, 1, 1], type: 1, tensor.values.littleEndianBytes)
    }

    private func parameter(_ name: String) -> Tensor {
        guard let tensor = parameters[name] else { preconditionFailure("the network has no parameter '\(name)'") }
        return tensor
    }

    /// `TensorProto` of float32 (type 1) or int64 (type 7).
    private mutating func constant(_ name: String, _ extents: [Int], type: Int, _ bytes: [UInt8]) -> String {
        var tensor = ProtobufMessage([:])
        tensor.add(1, extents.map { .integer($0) })
        tensor.add(2, .integer(type))
        tensor.add(8, .text(name))
        tensor.add(9, .bytes(bytes))
        constants.append(tensor)
        return name
    }

    /// `ValueInfoProto` of float32 (1, channels, height, width).
    private static func image(_ name: String, _ channels: Int, _ height: String, _ width: String) -> ProtobufMessage {
        var shape = ProtobufMessage([:])
        for extent in [.integer(1), .integer(channels)] as [ProtobufMessage.Value] {
            shape.add(1, .message(ProtobufMessage([1: extent])))
        }
        for extent in [height, width] { shape.add(1, .message(ProtobufMessage([2: .text(extent)]))) }
        let tensor = ProtobufMessage([1: .integer(1), 2: .message(shape)])
        return ProtobufMessage([1: .text(name), 2: .message(ProtobufMessage([1: .message(tensor)]))])
    }
}

extension TransposedConvolutionLayer {
    /// Pixels that its input must have beyond its edges so that no sum misses one, and the output ends where it should.
    ///
    /// Output pixel k sums the input pixels i with k + padding - stride * i in 0..<kernel. Where the output goes on
    /// beyond the last of these, zeros stand in, too.
    fileprivate var pixelsBeyond: (before: Int, after: Int) {
        let longer = max(0, (outputPadding - padding + stride - 1) / stride)
        guard border == .replicate else { return (0, longer) }
        return (
            max(0, (kernel - 1 - padding) / stride), max(longer, (kernel - 1 - padding + outputPadding) / stride)
        )
    }
}
