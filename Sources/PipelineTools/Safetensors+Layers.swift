// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import Tensors
import Training

extension Safetensors {
    /// The layers of another program's file in the order of `names`; a layer is all tensors that are called after it.
    ///
    /// Among the names, `relu` is a ReLU, which leaves no trace in the file.
    /// `NAME.weight` with four axes are a convolution's weights, with one axis, as PyTorch has it, a PReLU's slopes.
    func layers(_ names: [String]?) throws -> [FoundLayer] {
        var tensors: [String: [ParameterKind: Tensor]] = [:]
        for entry in entries {
            guard let (layer, kind) = Self.place(of: entry) else {
                throw ToolFailure("its tensor '\(entry.name)' is neither weights nor biases nor slopes of a layer")
            }
            guard tensors[layer, default: [:]].updateValue(try tensor(entry), forKey: kind) == nil else {
                throw ToolFailure("its layer '\(layer)' has its slopes twice")
            }
        }
        let found = tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        guard let names else {
            throw ToolFailure(
                "it does not say in which order its layers come",
                details: ["it has the layers " + found.map { "'\($0)'" }.joined(separator: ", ")],
                hint: "'layers: [\(found.first ?? "first"), …]' names them, first to last")
        }
        if let missing = found.first(where: { !names.contains($0) }) {
            throw ToolFailure("its layer '\(missing)' is not named", at: .setting("layers"))
        }
        var layers: [FoundLayer] = []
        for name in names {
            if let tensors = tensors[name] {
                layers.append(FoundLayer(name: name, tensors: tensors))
            } else if name == "relu", let last = layers.last {
                layers.append(FoundLayer(name: "\(last.name)-relu", tensors: [:]))
            } else {
                throw ToolFailure(
                    "the file has no layer '\(name)'", at: .setting("layers"),
                    details: ["it has the layers " + found.map { "'\($0)'" }.joined(separator: ", ")])
            }
        }
        return layers
    }

    /// `mid.0.weight` belongs to the layer `mid.0`.
    private static func place(of entry: Entry) -> (layer: String, kind: ParameterKind)? {
        guard let dot = entry.name.lastIndex(of: ".") else { return nil }
        let layer = String(entry.name[..<dot])
        switch (entry.name[dot...], entry.shape.rank) {
        case (".weight", 1), (".slope", 1), (".alpha", 1): return (layer, .slope)
        case (".weight", _): return (layer, .weight)
        case (".bias", 1): return (layer, .bias)
        default: return nil
        }
    }
}
