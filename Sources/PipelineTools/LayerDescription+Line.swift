// SPDX-License-Identifier: Apache-2.0

import Tensors
import Training

// A layer as a model file writes it, one line of text: a kind and fields, those left out that say nothing.

extension LayerDescription {
    /// For example `convolution name=feature inputs=1 outputs=56 kernel=5 padding=zero`.
    var line: String {
        switch self {
        case .convolution(let layer):
            var line =
                "convolution name=\(layer.name) inputs=\(layer.inputs) outputs=\(layer.outputs) kernel=\(layer.kernel) "
                + "padding=\(layer.padding.rawValue)"
            if layer.stride != 1 { line += " stride=\(layer.stride)" }
            if layer.groups != 1 { line += " groups=\(layer.groups)" }
            if let extent = layer.ownPadding { line += " padding-extent=\(extent)" }
            return line
        case .prelu(let name, let channels, let sharing):
            return "prelu name=\(name) channels=\(channels) sharing=\(sharing.rawValue)"
        case .relu(let name, let channels): return "relu name=\(name) channels=\(channels)"
        case .transposedConvolution(let layer):
            let line =
                "transposed-convolution name=\(layer.name) inputs=\(layer.inputs) outputs=\(layer.outputs) "
                + "kernel=\(layer.kernel) stride=\(layer.stride) padding=\(layer.padding) "
                + "output-padding=\(layer.outputPadding)"
            return layer.border == .zero ? line : line + " border=\(layer.border.rawValue)"
        }
    }

    /// `nil` for a line that describes no layer.
    init?(line: String) {
        let words = line.split(separator: " ")
        var fields: [Substring: Substring] = [:]
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, fields.updateValue(parts[1], forKey: parts[0]) == nil else { return nil }
        }
        guard let kind = words.first, let name = fields["name"] else { return nil }
        self.init(kind, String(name), LineFields(fields))
    }

    private init?(_ kind: Substring, _ name: String, _ fields: LineFields) {
        switch kind {
        case "convolution":
            guard let inputs = fields.count("inputs"), let outputs = fields.count("outputs"),
                let kernel = fields.count("kernel"), let padding = fields.word("padding", ConvolutionPadding.self),
                let stride = fields.count("stride", default: 1), let groups = fields.count("groups", default: 1),
                let extent = fields.count("padding-extent", default: -1)
            else { return nil }
            self = .convolution(
                name: name, inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, groups: groups,
                padding: padding, ownPadding: extent < 0 ? nil : extent)
        case "prelu":
            guard let channels = fields.count("channels"), let sharing = fields.word("sharing", SlopeSharing.self)
            else { return nil }
            self = .prelu(name: name, channels: channels, sharing: sharing)
        case "relu":
            guard let channels = fields.count("channels") else { return nil }
            self = .relu(name: name, channels: channels)
        case "transposed-convolution":
            guard let inputs = fields.count("inputs"), let outputs = fields.count("outputs"),
                let kernel = fields.count("kernel"), let stride = fields.count("stride"),
                let padding = fields.count("padding"), let outputPadding = fields.integer("output-padding"),
                let border = fields.word("border", Border.self, default: .zero)
            else { return nil }
            self = .transposedConvolution(
                name: name, inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
                outputPadding: outputPadding, border: border)
        default: return nil
        }
    }
}

/// What stands after the `=` of a line; a default stands in for a field that is left out, and nothing for one that is
/// malformed.
private struct LineFields {
    private let fields: [Substring: Substring]

    init(_ fields: [Substring: Substring]) { self.fields = fields }

    func integer(_ name: Substring) -> Int? { fields[name].flatMap { Int($0) } }

    /// Not negative.
    func count(_ name: Substring) -> Int? { integer(name).flatMap { $0 >= 0 ? $0 : nil } }

    func count(_ name: Substring, default value: Int) -> Int? { fields[name] == nil ? value : count(name) }

    func word<Word: RawRepresentable<String>>(_ name: Substring, _ type: Word.Type) -> Word? {
        fields[name].flatMap { Word(rawValue: String($0)) }
    }

    func word<Word: RawRepresentable<String>>(_ name: Substring, _ type: Word.Type, default value: Word) -> Word? {
        fields[name] == nil ? value : word(name, type)
    }
}
