// SPDX-License-Identifier: Apache-2.0

import ContentStore
package import PipelineManifest
package import SystemPackage
import TensorStore
import Training

/// What is in an artifact, for people.
package enum ArtifactText {
    /// Lines, each with a line ending.
    package static func text(ofFileAt path: FilePath, format: ArtifactFormat) throws -> String {
        switch format {
        case .model: try modelText(Model(readingFrom: path))
        case .images, .patches, .tensors, .trainingLog: try tensorsText(TensorFileReader(path: path.string))
        case .scores, .deviations, .csv: String(decoding: try Files.bytes(of: path), as: UTF8.self)
        case .png, .file, .folder: ""
        }
    }

    private static func modelText(_ model: Model) -> String {
        let description = model.network.description
        var lines = [
            "\(model.name) x\(model.scale), label convention '\(model.labelConvention.rawValue)', "
                + "output shifted by \(model.outputShift), whole images padded with '\(model.padding.rawValue)'"
                + (model.isShortened ? ", training shortened" : "")
        ]
        for layer in description.layers {
            let shapes = layer.parameters.map { "\($0.kind.rawValue) \($0.shape)" }.joined(separator: ", ")
            lines.append("  \(layer.line)  [\(shapes)]")
        }
        lines.append("\(description.weightCount) weights, \(description.parameterCount) parameters in all")
        return lines.map { $0 + "\n" }.joined()
    }

    private static func tensorsText(_ file: TensorFileReader) throws -> String {
        let shown = 60
        var lines = try file.attributes().map { "\($0.name) = \(Self.text(of: $0.value))" }
        for name in file.datasetNames.prefix(shown) {
            let attributes = try file.attributes(of: name).map { "\($0.name)=\(Self.text(of: $0.value))" }
            lines.append(
                "/\(name)  \(try file.elementType(of: name)) \(try file.shape(of: name))"
                    + (attributes.isEmpty ? "" : "  " + attributes.joined(separator: " ")))
        }
        if file.datasetNames.count > shown { lines.append("and \(file.datasetNames.count - shown) more") }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func text(of value: AttributeValue) -> String {
        switch value {
        case .text(let text): text
        case .integer(let integer): String(integer)
        case .number(let number): String(number)
        case .texts(let texts): texts.joined(separator: "; ")
        case .integers(let integers): integers.map(String.init).joined(separator: ", ")
        case .numbers(let numbers): numbers.map { String($0) }.joined(separator: ", ")
        }
    }
}
