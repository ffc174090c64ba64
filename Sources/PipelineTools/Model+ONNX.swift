// SPDX-License-Identifier: Apache-2.0

import Training

extension Model {
    /// The network as an ONNX file: `image`, float32 (1, channels, height, width) of 0...1, becomes `upscaled`.
    ///
    /// Whole images are padded as by our own inference; what else must be known, such as the output shift, is in
    /// `metadata_props`. The same model gives the same bytes.
    package var onnx: [UInt8] {
        let graph = ONNXGraph(network.description.padded(padding), parameters: network.parameters)
        // Operators of version 17, and the form 8 of the file that came with them in 2022: all that is needed is older.
        let operators = ProtobufMessage([1: .text(""), 2: .integer(17)])
        var model = ProtobufMessage([
            1: .integer(8), 2: .text("reprise"), 7: .message(graph.message), 8: .message(operators),
        ])
        for (name, value) in facts.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            model.add(14, .message(ProtobufMessage([1: .text(name), 2: .text(value)])))
        }
        return model.bytes
    }
}
