// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import SystemPackage
import TensorStore
import Tensors
import Training

// A patch set is an HDF5 file:
//
//     /          attributes `format` = patches, `scale`, `label-convention`, `training-padding`, `input-size`,
//                `label-size`, `label-start`, `output-shift`, `stride`, `kernel`, `border`, `luma`
//     /input     float32 (count, 1, input-size, input-size), LR luma in 0...1
//     /label     float32 (count, 1, label-size, label-size), HR luma in 0...1
//     /origin    int32 (count, 3): index into `images`, row and column of the input's first LR pixel
//     /images    the names of the images; `sources` and `transforms` say what each was made from and how

extension LabelGeometry {
    /// What a patch set says of how it was cut.
    var attributes: [String: AttributeValue] {
        [
            "scale": .integer(scale), "label-convention": .text(convention.rawValue),
            "training-padding": .text(trainingPadding.rawValue), "input-size": .integer(inputSize),
            "label-size": .integer(labelSize), "label-start": .integer(labelStart),
            "output-shift": .integer(outputShift),
        ]
    }
}

/// The pairs of a patch set, read a batch at a time.
struct PatchSetReader: PatchSource {
    let geometry: LabelGeometry
    let count: Int
    let inputShape: Shape
    let labelShape: Shape
    private let file: TensorFileReader

    init(_ path: FilePath) throws {
        let attributes = try RequiredAttributes(path, kind: "a patch set", format: "patches")
        file = attributes.file
        geometry = try LabelGeometry(attributes)
        let inputs = try file.shape(of: "input")
        let labels = try file.shape(of: "label")
        guard inputs.rank == 4, labels.rank == 4, inputs[0] == labels[0],
            inputs.extents[2...] == [geometry.inputSize, geometry.inputSize],
            labels.extents[2...] == [geometry.labelSize, geometry.labelSize]
        else { throw attributes.fault("inputs of \(inputs) and labels of \(labels) do not go together") }
        count = inputs[0]
        inputShape = Shape(Array(inputs.extents.dropFirst()))
        labelShape = Shape(Array(labels.extents.dropFirst()))
    }

    func read(
        indices: [Int], inputs: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Float>
    ) throws {
        try file.readRows("input", indices: indices, into: inputs)
        try file.readRows("label", indices: indices, into: labels)
    }
}

extension LabelGeometry {
    fileprivate init(_ attributes: RequiredAttributes) throws {
        guard let convention = LabelConvention(rawValue: try attributes.text("label-convention")),
            let padding = TrainingPadding(rawValue: try attributes.text("training-padding"))
        else { throw attributes.fault("its label convention or padding is not known") }
        let (scale, inputSize) = (try attributes.integer("scale"), try attributes.integer("input-size"))
        guard (1...16).contains(scale), (5...1024).contains(inputSize) else {
            throw attributes.fault("its extents are out of range")
        }
        self.init(scale: scale, convention: convention, trainingPadding: padding, inputSize: inputSize)
        guard try attributes.integer("label-start") == labelStart, try attributes.integer("output-shift") == outputShift
        else { throw attributes.fault("its labels were cut by another rule") }
    }
}
