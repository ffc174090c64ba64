// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import TensorStore
import Tensors
import Training

// What Keras saves as HDF5, by `model.save("x.h5")` of any version and by `model.save_weights("x.h5")` of version 2:
//
//     /                           attribute `model_config`, JSON: what each layer computes; not with weights alone
//     /model_weights              attribute `layer_names`, in their order; the root itself in a file of weights alone
//     /model_weights/conv2d       attribute `weight_names`: paths of its weights below this group, such as
//     .../conv2d/kernel:0         (rows, columns, inputs, outputs); transposed: (rows, columns, outputs, inputs)
//     .../conv2d/bias:0           (outputs)
//     .../p_re_lu/alpha:0         (1, 1, channels) where slopes are shared over rows and columns
//
// Version 3 leaves out `:0`. Nothing of such a file is carried out: layers are known by their class's name.

/// A chain of layers that Keras trained.
struct KerasWeights {
    /// First to last.
    let layers: [FoundLayer]
    /// What the layers compute; nil where the file holds weights alone.
    let descriptions: [LayerDescription]?

    /// Nil where the file is none of Keras'.
    init?(_ file: TensorFileReader) throws {
        let top = file.groupNames.contains("model_weights") ? "model_weights" : nil
        guard let names = try file.attribute("layer_names", of: top)?.list else { return nil }
        func found(_ name: String) throws -> FoundLayer {
            FoundLayer(name: name, tensors: try file.kerasTensors(of: name, in: top.map { "\($0)/\(name)" } ?? name))
        }
        guard case .text(let text)? = try file.attribute("model_config") else {
            descriptions = nil
            layers = try names.map(found).filter { try $0.computes }
            return
        }
        var (layers, descriptions): ([FoundLayer], [LayerDescription]) = ([], [])
        for layer in try KerasLayer.chain(text) {
            layers.append(try found(layer.name))
            descriptions += try layer.descriptions(layers[layers.count - 1].tensors, after: descriptions.last)
        }
        (self.layers, self.descriptions) = (layers, descriptions)
    }
}

extension FoundLayer {
    /// Whether a layer, of a file that does not say what it computes, does so; of those without weights the network's
    /// input is the only one that is known not to.
    fileprivate var computes: Bool {
        get throws(ToolFailure) {
            guard tensors.isEmpty else { return true }
            guard name.hasPrefix("input") else {
                throw ToolFailure(
                    "its layer '\(name)' has no weights, and the file does not say what it computes",
                    hint: "'model.save(\"model.h5\")' writes that too")
            }
            return false
        }
    }
}

extension TensorFileReader {
    /// The weights of a layer, in our order of axes; none where the layer has no group.
    fileprivate func kerasTensors(of layer: String, in group: String) throws -> [ParameterKind: Tensor] {
        guard groupNames.contains(group) else { return [:] }
        var tensors: [ParameterKind: Tensor] = [:]
        for path in try attribute("weight_names", of: group)?.list ?? [] {
            let tensor = try readTensor("\(group)/\(path)")
            switch path.split(separator: "/").last?.prefix(while: { $0 != ":" }) {
            case "kernel":
                guard let weights = tensor.kernelsFirst else {
                    throw ToolFailure(
                        "the kernel of its layer '\(layer)' has the shape \(tensor.shape), which is not that of a "
                            + "two-dimensional convolution")
                }
                tensors[.weight] = weights
            case "bias": tensors[.bias] = tensor
            case "alpha":
                guard let slopes = tensor.sharedSlopes else {
                    throw ToolFailure(
                        "the slopes of its layer '\(layer)' have the shape \(tensor.shape): only slopes that are "
                            + "shared over rows and columns can be imported")
                }
                tensors[.slope] = slopes
            default: throw ToolFailure("its layer '\(layer)' has weights '\(path)', which are not understood")
            }
        }
        return tensors
    }
}

/// A layer of the JSON in `model_config`.
private struct KerasLayer {
    let className: String
    let name: String
    private let values: JSONValue

    /// The layers of a `Sequential` network, first to last.
    static func chain(_ text: String) throws(ToolFailure) -> [KerasLayer] {
        let configuration: JSONValue
        do throws(JSONError) {
            configuration = try JSONValue(parsing: Array(text.utf8))
        } catch {
            throw ToolFailure("its 'model_config' is \(error)")
        }
        let kind = configuration["class_name"]?.text ?? ""
        guard kind == "Sequential" else {
            throw ToolFailure("its network is of the class '\(kind)': only a 'Sequential' one can be imported")
        }
        let values = configuration["config"]
        guard let list = values?["layers"]?.array ?? values?.array else {
            throw ToolFailure("its 'model_config' lists no layers")
        }
        return try list.map { layer throws(ToolFailure) in
            guard let className = layer["class_name"]?.text, let values = layer["config"],
                let name = values["name"]?.text
            else { throw ToolFailure("its 'model_config' has a layer without a class or a name") }
            return KerasLayer(className: className, name: name, values: values)
        }
    }

    /// The layer in our terms, with its activation as a layer of its own; what it does beyond them is refused.
    func descriptions(
        _ tensors: [ParameterKind: Tensor], after previous: LayerDescription?
    ) throws(ToolFailure) -> [LayerDescription] {
        switch className {
        case "InputLayer": return []
        case "Conv2D": return try activated(try convolution(shape(of: .weight, tensors)))
        case "Conv2DTranspose": return try activated(try transposedConvolution(shape(of: .weight, tensors)))
        case "PReLU":
            let count = try shape(of: .slope, tensors).count
            return [
                count == 1
                    ? .prelu(name: name, channels: previous?.outputs ?? 1, sharing: .perLayer)
                    : .prelu(name: name, channels: count, sharing: .perChannel)
            ]
        case "ReLU":
            try check(["max_value": [.null], "negative_slope": [0, .number(0)], "threshold": [0, .number(0)]])
            return [.relu(name: name, channels: previous?.outputs ?? 0)]
        case "Activation":
            try check(["activation": ["relu"]])
            return [.relu(name: name, channels: previous?.outputs ?? 0)]
        default:
            throw ToolFailure(
                "its layer '\(name)' is of the class '\(className)': only Conv2D, Conv2DTranspose, PReLU and ReLU can "
                    + "be imported")
        }
    }

    private func shape(of kind: ParameterKind, _ tensors: [ParameterKind: Tensor]) throws(ToolFailure) -> Shape {
        guard let tensor = tensors[kind] else { throw ToolFailure("its layer '\(name)' has no \(kind.rawValue)s") }
        return tensor.shape
    }

    private func activated(_ layer: LayerDescription) throws(ToolFailure) -> [LayerDescription] {
        try check(["activation": ["linear", "relu"]])
        return values["activation"] == "relu"
            ? [layer, .relu(name: "\(name)-relu", channels: layer.outputs)] : [layer]
    }

    private func convolution(_ shape: Shape) throws(ToolFailure) -> LayerDescription {
        try check([
            "data_format": ["channels_last"], "dilation_rate": [[1, 1]], "padding": ["same", "valid"],
        ])
        let (stride, isSame) = (try stride, values["padding"] == "same")
        guard let groups = (values["groups"] ?? 1).integer, (1...65_536).contains(groups) else {
            throw ToolFailure("its layer '\(name)' has groups that are not a number of 1 to 65536")
        }
        guard !isSame || shape[2] % 2 == 1 && stride == 1 else {
            throw ToolFailure(
                "its layer '\(name)' pads 'same' for a kernel of \(shape[2]) and a stride of \(stride), which is not "
                    + "the same on both sides")
        }
        return .convolution(
            name: name, inputs: shape[1] * groups, outputs: shape[0], kernel: shape[2], stride: stride, groups: groups,
            padding: isSame ? .zero : .valid)
    }

    private func transposedConvolution(_ shape: Shape) throws(ToolFailure) -> LayerDescription {
        try check([
            "data_format": ["channels_last"], "dilation_rate": [[1, 1]], "groups": [1, .null], "padding": ["same"],
            "output_padding": [.null],
        ])
        let stride = try stride
        let padding = UpsamplingRule.StartPadding.same.extent(kernel: shape[2], stride: stride)
        return .transposedConvolution(
            name: name, inputs: shape[0], outputs: shape[1], kernel: shape[2], stride: stride, padding: padding,
            outputPadding: stride - shape[2] + 2 * padding)
    }

    private var stride: Int {
        get throws(ToolFailure) {
            let strides = values["strides"]?.array?.compactMap(\.integer) ?? []
            guard strides.count == 2, strides[0] == strides[1], (1...64).contains(strides[0]) else {
                throw ToolFailure("its layer '\(name)' has strides that are not one number of 1 to 64, twice")
            }
            return strides[0]
        }
    }

    /// Fails at the first key that has another value than these.
    private func check(_ accepted: KeyValuePairs<String, [JSONValue]>) throws(ToolFailure) {
        for (key, accepted) in accepted {
            let value = values[key] ?? .null
            guard accepted.contains(value) else {
                throw ToolFailure(
                    "its layer '\(name)' has '\(key)' \(value.canonicalText), and only "
                        + accepted.map(\.canonicalText).joined(separator: " or ") + " can be imported")
            }
        }
    }
}

extension AttributeValue {
    /// A list of texts; one of none at all may be stored as numbers, and one of one as a text.
    fileprivate var list: [String]? {
        switch self {
        case .texts(let texts): texts
        case .text(let text): [text]
        case .numbers(let numbers): numbers.isEmpty ? [] : nil
        case .integers(let integers): integers.isEmpty ? [] : nil
        case .integer, .number: nil
        }
    }
}

extension Tensor {
    /// (rows, columns, a, b) as (b, a, rows, columns); nil for another rank.
    fileprivate var kernelsFirst: Tensor? {
        guard shape.rank == 4 else { return nil }
        let (pixels, a, b) = (shape[0] * shape[1], shape[2], shape[3])
        var moved: [Float] = []
        moved.reserveCapacity(values.count)
        for last in 0..<b {
            for middle in 0..<a {
                for pixel in 0..<pixels { moved.append(values[(pixel * a + middle) * b + last]) }
            }
        }
        return Tensor(shape: [b, a, shape[0], shape[1]], values: moved)
    }

    /// (1, 1, channels) as (channels); nil for slopes that differ from pixel to pixel.
    fileprivate var sharedSlopes: Tensor? {
        guard shape.rank == 3, shape[0] == 1, shape[1] == 1 else { return nil }
        return Tensor(shape: [shape[2]], values: values)
    }
}
