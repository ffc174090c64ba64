// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import PipelineManifest
import SystemPackage
import TensorStore
import Tensors
import Training

/// Cuts pairs of LR and HR luma patches by the FSRCNN authors' rules (`generate_train` of their code).
///
/// Each HR image becomes luma, is cut to a multiple of the scale, taken to 0...1 and made small by MATLAB's imresize in
/// double precision; inputs then start at every `stride`-th LR pixel, and each label where `LabelGeometry` says.
struct PatchesTool: Tool {
    let interface = ToolInterface(
        name: "patches", version: 1,
        summary: "cuts pairs of LR and HR luma patches by the FSRCNN authors' rules",
        inputs: [.init("images", [.images], summary: "HR images; each must be large enough for one patch")],
        outputs: [.init("patches", .patches, summary: "inputs, labels, and where each was cut")],
        settings: [
            .init("scale", .integerChoice([2, 3, 4]), .required, summary: "how much smaller LR is"),
            .init(
                "convention", .choice(LabelConvention.allCases.map(\.rawValue)), .defaulted(.text("authors")),
                summary: "'authors' cuts labels of (n-1)*scale+1 pixels, 'scaled' of n*scale"),
            .init(
                "padding", .choice(TrainingPadding.allCases.map(\.rawValue)), .defaulted(.text("valid-first")),
                summary: "of convolutions in training: 'valid-first' leaves the first one unpadded, as the authors do"),
            .init(
                "input", .integer(5...256), .optional,
                summary: "LR pixels of an input; 14, 11, 10 at scales 2, 3, 4 where it is left out, less 4 if padded"),
            .init("stride", .integer(1...1024), .defaulted(.integer(4)), summary: "LR pixels from patch to patch"),
            .init(
                "border", .choice(ResamplingBorder.allCases.map(\.rawValue)), .defaulted(.text("mirror")),
                summary: "how resizing sees past the edge: 'mirror' as MATLAB since 2016, 'clamp' as before"),
        ])

    func run(_ context: ToolContext) throws {
        let images = try ImageSetReader(context.input("images").path)
        let geometry = try Self.geometry(context.settings)
        guard let border = ResamplingBorder(rawValue: context.settings.text("border")) else {
            preconditionFailure("the interface lets no other border through")
        }
        let stride = context.settings.integer("stride")
        let file = try PatchSetWriter(context.output("patches").string, geometry, stride: stride, border: border)
        for index in 0..<images.count {
            let pair = try Self.pair(of: try images.image(index), images.entries[index], geometry, border)
            try file.append(PatchCut(pair, geometry, stride: stride), image: index)
            context.report(
                StageProgress("images", done: index + 1, total: images.count, remark: "\(file.count) patches"))
        }
        try file.close(images: images.entries)
    }

    private static func geometry(_ settings: ToolSettings) throws -> LabelGeometry {
        guard let convention = LabelConvention(rawValue: settings.text("convention")),
            let padding = TrainingPadding(rawValue: settings.text("padding"))
        else { preconditionFailure("the interface lets no other convention or padding through") }
        return LabelGeometry(
            scale: settings.integer("scale"), convention: convention, trainingPadding: padding,
            inputSize: settings.optionalInteger("input"))
    }

    /// LR and HR luma in 0...1.
    private static func pair(
        of image: Image, _ entry: ImageSetEntry, _ geometry: LabelGeometry, _ border: ResamplingBorder
    ) throws -> (low: Plane, high: Plane) {
        let least = geometry.inputSize * geometry.scale
        guard min(image.height, image.width) >= least,
            let luma = image.luma.cropped(toMultipleOf: geometry.scale)
        else {
            throw ToolFailure(
                "image '\(entry.name)' is \(image.width)x\(image.height) pixels, and a patch of "
                    + "\(geometry.inputSize) LR pixels at x\(geometry.scale) needs \(least)x\(least)",
                at: .input("images"),
                hint: "leave it out, use a smaller 'input', or augment with larger scales")
        }
        let high = Plane(luma)
        return (high.resized(by: 1 / Double(geometry.scale), border: border), high)
    }
}

/// The patches of one image, in the order of their rows, then columns.
private struct PatchCut {
    private(set) var inputs: [Float] = []
    private(set) var labels: [Float] = []
    /// Row and column of each input's first LR pixel.
    private(set) var positions: [(row: Int, column: Int)] = []

    init(_ pair: (low: Plane, high: Plane), _ geometry: LabelGeometry, stride: Int) {
        let size = geometry.inputSize
        for row in Swift.stride(from: 0, through: pair.low.height - size, by: stride) {
            for column in Swift.stride(from: 0, through: pair.low.width - size, by: stride) {
                positions.append((row, column))
                Self.append(pair.low, row, column, size, to: &inputs)
                Self.append(
                    pair.high, row * geometry.scale + geometry.labelStart,
                    column * geometry.scale + geometry.labelStart, geometry.labelSize, to: &labels)
            }
        }
    }

    private static func append(_ plane: Plane, _ row: Int, _ column: Int, _ size: Int, to values: inout [Float]) {
        for line in row..<row + size {
            let start = line * plane.width + column
            values.append(contentsOf: plane.values[start..<start + size].lazy.map { Float($0) })
        }
    }
}

/// Streams patches to a file.
private final class PatchSetWriter {
    private(set) var count = 0
    private let file: TensorFileWriter
    private let inputs: TensorStream<Float>
    private let labels: TensorStream<Float>
    private let origins: TensorStream<Int32>

    init(_ path: String, _ geometry: LabelGeometry, stride: Int, border: ResamplingBorder) throws {
        file = try TensorFileWriter(path: path)
        try file.setAttribute("format", "patches")
        for (name, value) in geometry.attributes.sorted(by: { $0.key < $1.key }) { try file.setAttribute(name, value) }
        try file.setAttribute("stride", .integer(stride))
        try file.setAttribute("kernel", .text(ResamplingKernel.matlabBicubic.description))
        try file.setAttribute("border", .text(border.rawValue))
        try file.setAttribute("luma", "matlab-rgb2ycbcr")
        inputs = try file.stream("input", rowShape: [1, geometry.inputSize, geometry.inputSize])
        labels = try file.stream("label", rowShape: [1, geometry.labelSize, geometry.labelSize])
        origins = try file.stream("origin", rowShape: [3])
    }

    func append(_ cut: PatchCut, image: Int) throws {
        try inputs.append(cut.inputs)
        try labels.append(cut.labels)
        try origins.append(cut.positions.flatMap { [Int32(image), Int32($0.row), Int32($0.column)] })
        count += cut.positions.count
    }

    func close(images: [ImageSetEntry]) throws {
        try file.writeStrings("images", images.map(\.name))
        try file.writeStrings("sources", images.map(\.source))
        try file.writeStrings("transforms", images.map(\.transform))
        try file.close()
    }
}
