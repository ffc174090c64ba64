// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import PipelineManifest
import TensorStore
import Tensors
import Training

/// For which architecture patches are cut, and so what an input is and where its label lies.
enum PatchArchitecture: String, CaseIterable {
    /// Inputs are LR pixels.
    case fsrcnn
    /// Inputs are LR enlarged to HR size again.
    case srcnn
}

/// What of an image the patches show.
enum PatchColours: String, CaseIterable {
    /// One channel, MATLAB's luma.
    case luma
    /// Three channels.
    case rgb

    var channelCount: Int {
        switch self {
        case .luma: 1
        case .rgb: 3
        }
    }
}

/// How a patch set is made of images: the settings of tool `patches` as values.
struct PatchRule: Sendable {
    let architecture: PatchArchitecture
    let geometry: LabelGeometry
    let placement: PatchPlacement
    let colours: PatchColours
    let kernel: ResamplingKernel
    /// Of kernels that take one.
    let border: ResamplingBorder

    init(_ settings: ToolSettings) throws(ToolFailure) {
        guard let architecture = PatchArchitecture(rawValue: settings.text("rule")),
            let colours = PatchColours(rawValue: settings.text("colours")),
            let kernel = ResamplingKernel(named: settings.text("kernel")),
            let border = ResamplingBorder(rawValue: settings.optionalText("border") ?? "mirror")
        else { preconditionFailure("the interface lets no other rule, colours, kernel or border through") }
        if settings.optionalText("border") != nil, !kernel.takesBorder {
            throw ToolFailure("the kernel '\(kernel)' has its own rule for edges", at: .setting("border"))
        }
        self.architecture = architecture
        self.colours = colours
        self.kernel = kernel
        self.border = border
        geometry = try architecture == .srcnn ? Self.srcnn(settings) : Self.fsrcnn(settings)
        placement = try Self.placement(settings, architecture, geometry)
    }

    private static func fsrcnn(_ settings: ToolSettings) throws(ToolFailure) -> LabelGeometry {
        if settings.optionalInteger("label") != nil {
            throw ToolFailure(
                "the label of 'fsrcnn' follows from input, convention and padding", at: .setting("label"))
        }
        guard let convention = LabelConvention(rawValue: settings.optionalText("convention") ?? "authors"),
            let padding = TrainingPadding(rawValue: settings.optionalText("padding") ?? "valid-first")
        else { preconditionFailure("the interface lets no other convention or padding through") }
        return LabelGeometry(
            scale: settings.integer("scale"), convention: convention, trainingPadding: padding,
            inputSize: settings.optionalInteger("input"))
    }

    private static func srcnn(_ settings: ToolSettings) throws(ToolFailure) -> LabelGeometry {
        for name in ["convention", "padding"] where settings.optionalText(name) != nil {
            throw ToolFailure(
                "the label of 'srcnn' is the middle of its input, of which no convolution is padded", at: .setting(name)
            )
        }
        let input = settings.optionalInteger("input") ?? 33
        let label = settings.optionalInteger("label") ?? input - 12
        guard label >= 1, label <= input, (input - label).isMultiple(of: 2) else {
            throw ToolFailure(
                "a label of \(label) pixels does not lie in the middle of an input of \(input)",
                at: .setting(settings.optionalInteger("label") == nil ? "input" : "label"))
        }
        return LabelGeometry(srcnn: settings.integer("scale"), inputSize: input, labelSize: label)
    }

    private static func placement(
        _ settings: ToolSettings, _ architecture: PatchArchitecture, _ geometry: LabelGeometry
    ) throws(ToolFailure) -> PatchPlacement {
        let stride = settings.optionalInteger("stride")
        let overlaps = settings.boolean("overlap")
        if let count = settings.optionalInteger("random") {
            if stride != nil { throw ToolFailure("random patches have no stride", at: .setting("stride")) }
            if !overlaps { throw ToolFailure("random patches may overlap", at: .setting("overlap")) }
            return .random(count: count, seed: UInt64(settings.optionalInteger("seed") ?? 0))
        }
        if settings.optionalInteger("seed") != nil {
            throw ToolFailure("nothing is drawn without 'random'", at: .setting("seed"))
        }
        if !overlaps {
            if stride != nil {
                throw ToolFailure("without overlap the stride is the input's size", at: .setting("stride"))
            }
            return .grid(stride: geometry.inputSize)
        }
        return .grid(stride: stride ?? (architecture == .srcnn ? 14 : 4))
    }

    /// What a patch set says of how it was made, in the order of the names.
    var attributes: [(name: String, value: AttributeValue)] {
        var all: [String: AttributeValue] = [
            "rule": .text(architecture.rawValue), "scale": .integer(geometry.scale),
            "input-scale": .integer(geometry.inputScale), "label-convention": .text(geometry.convention.rawValue),
            "training-padding": .text(geometry.trainingPadding.rawValue), "input-size": .integer(geometry.inputSize),
            "label-size": .integer(geometry.labelSize), "label-start": .integer(geometry.labelStart),
            "output-shift": .integer(geometry.outputShift), "colours": .text(colours.rawValue),
            "kernel": .text(kernel.name), "lr-numbers": .text(kernel.resizesPlanes ? "double" : "bytes"),
        ]
        switch placement {
        case .grid(let stride): all["stride"] = .integer(stride)
        case .random(let count, let seed):
            all["random"] = .integer(count)
            all["seed"] = .integer(Int(seed))
        }
        if kernel.takesBorder { all["border"] = .text(border.rawValue) }
        if colours == .luma { all["luma"] = "matlab-rgb2ycbcr" }
        return all.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }
}
