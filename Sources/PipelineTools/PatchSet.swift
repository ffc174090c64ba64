// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import SystemPackage
import TensorStore
import Tensors
import Training

// A patch set is an HDF5 file:
//
//     /          attributes `format` = patches, `rule`, `scale`, `input-scale`, `label-convention`, `training-padding`,
//                `input-size`, `label-size`, `label-start`, `output-shift`, `colours`, `kernel`, `lr-numbers`, `border`
//                where the kernel takes one, `luma` where that is what the patches show, and `stride`, or `random` and
//                `seed`
//     /input     float32 (count, channels, input-size, input-size) in 0...1, or uint8 as below where LR is made on
//                bytes
//     /label     uint8 (count, channels, label-size, label-size), attribute `divisor` = 255: a value is the byte
//                divided by it, in double precision, rounded to single
//     /origin    int32 (count, 3): index into `images`, row and column of the input's first pixel
//     /images    the names of the images; `sources` and `transforms` say what each was made from and how
//
// Before version 2 of the tool labels were float32, and there was no `rule`, `input-scale`, `colours` or `lr-numbers`.
// All arrays are in one piece, so that any patch is found without looking for it.

/// Writes patches in any order and from any thread.
final class PatchSetWriter: Sendable {
    private enum Values: Sendable {
        case numbers(TensorRows<Float>)
        case bytes(TensorRows<UInt8>)
    }

    private let inputs: Values
    private let labels: TensorRows<UInt8>
    private let origins: TensorRows<Int32>
    private let rule: PatchRule

    /// Sets the room for `count` patches aside.
    init(_ file: TensorFileWriter, _ rule: PatchRule, count: Int) throws {
        try file.setAttribute("format", "patches")
        for attribute in rule.attributes { try file.setAttribute(attribute.name, attribute.value) }
        let (geometry, channels) = (rule.geometry, rule.colours.channelCount)
        let inputShape: Shape = [channels, geometry.inputSize, geometry.inputSize]
        let labelShape: Shape = [channels, geometry.labelSize, geometry.labelSize]
        inputs =
            rule.kernel.resizesPlanes
            ? .numbers(try file.rows("input", count: count, rowShape: inputShape))
            : .bytes(try file.rows("input", count: count, rowShape: inputShape, attributes: ["divisor": 255]))
        labels = try file.rows("label", count: count, rowShape: labelShape, attributes: ["divisor": 255])
        origins = try file.rows("origin", count: count, rowShape: [3])
        self.rule = rule
    }

    /// Cuts and writes the patches of one image, the first of them as patch `first`.
    func write(
        _ planes: PatchPlanes, at positions: [(row: Int, column: Int)], image: Int, from first: Int
    ) throws {
        let geometry = rule.geometry
        switch (planes.inputs, inputs) {
        case (.numbers(let values), .numbers(let rows)):
            try values.cut(size: geometry.inputSize, at: positions, scale: 1, start: 0) {
                try rows.write($1, from: first + $0)
            }
        case (.bytes(let values), .bytes(let rows)):
            try values.cut(size: geometry.inputSize, at: positions, scale: 1, start: 0) {
                try rows.write($1, from: first + $0)
            }
        case (.numbers, .bytes), (.bytes, .numbers):
            preconditionFailure("the inputs of one patch set are all numbers or all bytes")
        }
        try planes.labels.cut(
            size: geometry.labelSize, at: positions, scale: geometry.inputScale, start: geometry.labelStart
        ) { try labels.write($1, from: first + $0) }
        let places = positions.flatMap { [Int32(image), Int32($0.row), Int32($0.column)] }
        try places.withUnsafeBufferPointer { try origins.write($0, from: first) }
    }
}

/// The pairs of a patch set, read a batch at a time.
struct PatchSetReader: PatchSource {
    let geometry: LabelGeometry
    let count: Int
    let inputShape: Shape
    let labelShape: Shape
    private let inputs: StoredPatches
    private let labels: StoredPatches

    init(_ path: FilePath) throws {
        let attributes = try RequiredAttributes(path, kind: "a patch set", format: "patches")
        geometry = try LabelGeometry(attributes)
        inputs = try StoredPatches("input", size: geometry.inputSize, attributes)
        labels = try StoredPatches("label", size: geometry.labelSize, attributes)
        guard inputs.count == labels.count, inputs.shape[0] == labels.shape[0] else {
            throw attributes.fault(
                "\(inputs.count) inputs of \(inputs.shape) and \(labels.count) labels of \(labels.shape) do not go "
                    + "together")
        }
        (count, inputShape, labelShape) = (inputs.count, inputs.shape, labels.shape)
    }

    func read(
        indices: [Int], inputs: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Float>
    ) throws {
        try self.inputs.read(indices, into: inputs)
        try self.labels.read(indices, into: labels)
    }
}

/// The inputs or the labels of a patch set.
private struct StoredPatches {
    let count: Int
    /// Channels, rows, columns.
    let shape: Shape
    private let name: String
    private let file: TensorFileReader
    /// What each byte stands for; nil where the values are float32.
    private let values: [Float]?

    init(_ name: String, size: Int, _ attributes: RequiredAttributes) throws {
        self.name = name
        file = attributes.file
        let whole = try file.shape(of: name)
        guard whole.rank == 4, whole.extents[2...] == [size, size] else {
            throw attributes.fault("'\(name)' has the shape \(whole) where patches are \(size)x\(size)")
        }
        count = whole[0]
        shape = Shape(Array(whole.extents.dropFirst()))
        guard try file.elementType(of: name) == .uint8 else {
            values = nil
            return
        }
        let divisor = try attributes.integer("divisor", of: name)
        guard divisor > 0 else { throw attributes.fault("'\(name)' has the divisor \(divisor)") }
        values = (0...255).map { Float(Double($0) / Double(divisor)) }
    }

    func read(_ indices: [Int], into target: UnsafeMutableBufferPointer<Float>) throws {
        guard let values else { return try file.readRows(name, indices: indices, into: target) }
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: target.count) { bytes in
            try file.readRows(name, indices: indices, into: bytes)
            values.withUnsafeBufferPointer { values in
                for place in bytes.indices { target[place] = values[Int(bytes[place])] }
            }
        }
    }
}

extension LabelGeometry {
    fileprivate init(_ attributes: RequiredAttributes) throws {
        guard let convention = LabelConvention(rawValue: try attributes.text("label-convention")),
            let padding = TrainingPadding(rawValue: try attributes.text("training-padding"))
        else { throw attributes.fault("its label convention or padding is not known") }
        let (scale, inputSize) = (try attributes.integer("scale"), try attributes.integer("input-size"))
        let labelSize = try attributes.integer("label-size")
        guard (1...16).contains(scale), (5...1024).contains(inputSize), (1...16384).contains(labelSize) else {
            throw attributes.fault("its extents are out of range")
        }
        if try attributes.file.attribute("rule") == .text(PatchArchitecture.srcnn.rawValue) {
            guard labelSize <= inputSize, (inputSize - labelSize).isMultiple(of: 2) else {
                throw attributes.fault("its labels were cut by another rule")
            }
            self.init(srcnn: scale, inputSize: inputSize, labelSize: labelSize)
        } else {
            guard padding != .valid else { throw attributes.fault("its labels were cut by another rule") }
            self.init(scale: scale, convention: convention, trainingPadding: padding, inputSize: inputSize)
        }
        guard labelSize == self.labelSize, try attributes.integer("label-start") == labelStart,
            try attributes.integer("output-shift") == outputShift, convention == self.convention,
            padding == trainingPadding
        else { throw attributes.fault("its labels were cut by another rule") }
    }
}
