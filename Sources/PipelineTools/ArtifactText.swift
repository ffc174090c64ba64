// SPDX-License-Identifier: Apache-2.0

import ContentStore
package import PipelineManifest
package import SystemPackage
import TensorStore
import Tensors
import Training

/// What is in an artifact, for people.
package enum ArtifactText {
    /// Lines, each with a line ending.
    package static func text(ofFileAt path: FilePath, format: ArtifactFormat) throws -> String {
        switch format {
        case .model: try modelText(Model(readingFrom: path))
        case .images, .patches, .tensors, .trainingLog: try tensorsText(TensorFileReader(path: path.string))
        case .scores, .deviations, .csv: String(decoding: try Files.bytes(of: path), as: UTF8.self)
        case .safetensors: try safetensorsText(Safetensors(parsing: Files.bytes(of: path)))
        case .png, .onnx, .file, .folder: ""
        }
    }

    private static func modelText(_ model: Model) -> String {
        let description = model.network.description
        var lines = [
            "\(model.name) x\(model.scale), label convention '\(model.labelConvention.rawValue)', "
                + "output shifted by \(model.outputShift), whole images padded with '\(model.padding.rawValue)'"
                + (model.isShortened ? ", training shortened" : "")
        ]
        lines.append("")
        lines += aligned(layerRows(model))
        lines.append("")
        lines.append(
            "\(grouped(description.weightCount)) weights, \(grouped(description.parameterCount)) parameters in all")
        return lines.map { $0 + "\n" }.joined()
    }

    /// Pixels along the sides of the image by which the outputs of layers are told.
    private static let shownExtent = 24

    /// A heading, then a row a layer: name, kind, parameters' shapes, their number, the output for a small image.
    private static func layerRows(_ model: Model) -> [[String]] {
        let description = model.network.description.padded(model.padding)
        let input = "\(description.inputs)x\(shownExtent)x\(shownExtent)"
        var extent: Int? = shownExtent
        let rows = description.layers.map { layer in
            extent = extent.flatMap { layer.outputExtent($0) }
            let shapes = layer.parameters.map { "\($0.kind.rawValue) \($0.shape)" }.joined(separator: ", ")
            let count = layer.parameters.reduce(0) { $0 + $1.shape.count }
            return [
                layer.name, layer.words, extent.map { "\(layer.outputs)x\($0)x\($0)" } ?? "nothing",
                shapes, count == 0 ? "" : grouped(count),
            ]
        }
        return [["layer", "kind", "output for \(input)", "parameters", "count"]] + rows
    }

    /// Columns as wide as their widest text, two spaces between them, the last flush right.
    private static func aligned(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column == row.count - 1 ? space + row[column] : row[column] + space
            }
            let line = "  " + cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// With a comma every three digits.
    private static func grouped(_ count: Int) -> String {
        var digits = Array(String(count))
        for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
        return String(digits)
    }

    private static func safetensorsText(_ file: Safetensors) -> String {
        let metadata = file.metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "\($0.key) = \($0.value.split(separator: "\n").joined(separator: "; "))" }
        let entries = file.entries.map { "\($0.name)  \($0.elementType.rawValue) \($0.shape)" }
        return (metadata + entries).map { $0 + "\n" }.joined()
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

extension LayerDescription {
    /// For example `convolution 5x5, stride 2`.
    fileprivate var words: String {
        switch self {
        case .convolution(let layer):
            var words = "convolution \(layer.kernel)x\(layer.kernel)"
            if layer.stride != 1 { words += ", stride \(layer.stride)" }
            if layer.groups != 1 { words += ", \(layer.groups) groups" }
            if let padding = layer.ownPadding { words += ", padding \(padding) (\(layer.border.rawValue))" }
            return words
        case .transposedConvolution(let layer):
            var words = "transposed convolution \(layer.kernel)x\(layer.kernel), stride \(layer.stride)"
            if layer.padding != 0 { words += ", padding \(layer.padding)" }
            if layer.outputPadding != 0 { words += ", output padding \(layer.outputPadding)" }
            return layer.border == .zero ? words : words + ", border \(layer.border.rawValue)"
        case .prelu(_, _, let sharing): return "PReLU, slopes \(sharing.rawValue)"
        case .relu: return "ReLU"
        }
    }
}
