// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage
import TensorStore
import Tensors
import Training

/// What a file of weights holds.
enum FoundModel {
    /// A model of ours, with all that must be known to use it.
    case model(Model)
    /// A network of another program.
    case network(Network)

    /// Reads a model of ours, weights of Keras, or a safetensors file: its first bytes tell which.
    init(readingFrom path: FilePath, _ settings: ImportSettings) throws {
        let bytes = try Files.bytes(of: path)
        if bytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]) {
            self = try Self.inHDF5(path, settings)
        } else if bytes.dropFirst(8).first == UInt8(ascii: "{") {
            self = try Self.inSafetensors(Safetensors(parsing: bytes), settings)
        } else if bytes.starts(with: [0x50, 0x4b, 3, 4]) || bytes.first == 0x80 {
            throw ToolFailure(
                "it is a ZIP archive or a pickle, and such files can hold code that runs when they are read",
                hint: "PyTorch's weights travel by 'safetensors.torch.save_file(model.state_dict(), "
                    + "\"x.safetensors\")', Keras' by 'model.save(\"x.h5\")'")
        } else {
            throw ToolFailure("it is neither an HDF5 file nor a safetensors file")
        }
    }

    var network: Network {
        switch self {
        case .model(let model): model.network
        case .network(let network): network
        }
    }

    /// Nil where the file is another program's.
    var model: Model? { if case .model(let model) = self { model } else { nil } }

    private static func inHDF5(_ path: FilePath, _ settings: ImportSettings) throws -> FoundModel {
        let file = try TensorFileReader(path: path.string)
        if try file.attribute("format") == .text("model") {
            try settings.checkUnused(.layers, .padding, .input)
            return .model(try Model(readingFrom: path))
        }
        guard let weights = try KerasWeights(file) else {
            throw ToolFailure("it is an HDF5 file, but neither a model of Reprise nor weights of Keras")
        }
        try settings.checkUnused(.layers)
        if weights.descriptions != nil { try settings.checkUnused(.padding) }
        let descriptions = try weights.descriptions ?? weights.layers.descriptions(by: settings.rule(else: .same))
        return .network(try weights.layers.network(descriptions))
    }

    private static func inSafetensors(_ file: Safetensors, _ settings: ImportSettings) throws -> FoundModel {
        if let model = try Model(describedBy: file) {
            try settings.checkUnused(.layers, .padding, .input)
            return .model(model)
        }
        let layers = try file.layers(settings.layers)
        return .network(try layers.network(layers.descriptions(by: settings.rule(else: nil))))
    }
}
