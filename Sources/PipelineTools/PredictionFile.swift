// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import SystemPackage
import TensorStore
import Tensors

// Predictions are an HDF5 file, so that every figure can be computed again from what was compared:
//
//     /                                        attribute `format` = predictions
//     /predictions/PROTOCOL/00000/reference    attributes `image`, `protocol`, `scale`, `shave`
//     /predictions/PROTOCOL/00000/0            attribute `model`; 1, 2, ... in the table's order
//
// 8-bit luma is uint8 (height, width), RGB uint8 (height, width, 3), luma that is not rounded float64 (height, width)
// on the scale 0...255. A reference that is a crop has the attributes `pass`, `top` and `left` as well.

/// Writes what was compared.
struct PredictionWriter {
    private let file: TensorFileWriter

    init(_ path: FilePath) throws {
        file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "predictions")
    }

    mutating func append(
        _ outcome: EvaluationOutcome, of part: EvaluatedPart, number: Int, under evaluation: EvaluationProtocol
    ) throws {
        let digits = String(number)
        let index = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let group = "predictions/\(evaluation.name)/\(index)"
        let sample = outcome.sample
        var attributes: [String: AttributeValue] = [
            "image": .text(part.name), "protocol": .text(evaluation.name),
            "shave": .integer(evaluation.shave(scale: sample.scale)), "scale": .integer(sample.scale),
        ]
        if let crop = part.crop {
            attributes["pass"] = .integer(crop.pass)
            attributes["top"] = .integer(crop.top)
            attributes["left"] = .integer(crop.left)
        }
        try write(sample.reference, "\(group)/reference", attributes)
        for (position, entry) in outcome.predictions.enumerated() {
            try write(entry.prediction.compared, "\(group)/\(position)", ["model": .text(entry.model)])
        }
    }

    func close() throws { try file.close() }

    private func write(_ compared: ComparedImage, _ dataset: String, _ attributes: [String: AttributeValue]) throws {
        switch compared {
        case .bytes(let image):
            let shape: Shape =
                image.mode == .grey8 ? [image.height, image.width] : [image.height, image.width, image.channelCount]
            try file.write(dataset, image.pixels, shape: shape, attributes: attributes)
        case .unrounded(let plane):
            try file.write(dataset, plane.values, shape: [plane.height, plane.width], attributes: attributes)
        }
    }
}
