// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import Training

/// The network that the settings of `train` describe, by the name of an architecture or layer by layer.
struct TrainedNetwork {
    /// As tables show it.
    let name: String
    let description: NetworkDescription
    let initialisation: Initialisation

    init(
        _ settings: ToolSettings, geometry: LabelGeometry, channels: Int, slopes: SlopeSharing
    ) throws(ToolFailure) {
        let architecture = settings.text("architecture")
        try Self.refuseForeign(settings, architecture)
        var initialisation = Initialisation(settings)
        let usual: String
        switch architecture {
        case "srcnn-9-1-5":
            (usual, description) = ("SRCNN", .srcnn(channels: channels))
        case "srcnn-9-5-5":
            (usual, description) = ("SRCNN(9-5-5)", .srcnn(kernels: (9, 5, 5), channels: channels))
        case "bicubic":
            usual = "learned interpolation"
            description = .bicubic(
                scale: geometry.scale, channels: channels, labelConvention: geometry.convention,
                outputShift: geometry.outputShift)
            initialisation.transposed = .bicubic
        case "layers":
            let list = try LayerItems.network(settings, channels: channels)
            (usual, description) = ("network", list.description)
            initialisation.layers.merge(list.initialisers) { $1 }
        default:
            let size = try FSRCNNSize(settings)
            usual = size.name
            description = .fsrcnn(
                d: size.d, s: size.s, m: size.m, scale: geometry.scale, channels: channels,
                labelConvention: geometry.convention, slopes: slopes,
                deconvolutionPadding: settings.optionalInteger("deconvolution-padding") ?? 4)
        }
        name = settings.optionalText("name") ?? usual
        self.initialisation = initialisation
        try check(geometry, architecture)
    }

    /// Settings of one architecture that another would silently leave out.
    private static func refuseForeign(_ settings: ToolSettings, _ architecture: String) throws(ToolFailure) {
        let isFSRCNN = architecture.hasPrefix("fsrcnn")
        for name in ["d", "s", "m", "deconvolution-padding"] where !isFSRCNN && settings.optionalInteger(name) != nil {
            throw ToolFailure("'architecture: \(architecture)' takes no '\(name)'", at: .setting(name))
        }
        if !isFSRCNN, settings.optionalText("expand-initialiser") != nil {
            throw ToolFailure(
                "'architecture: \(architecture)' takes no 'expand-initialiser'", at: .setting("expand-initialiser"))
        }
        let hasLayers = settings.optionalItems("layers", of: LayerItems.layers) != nil
        if hasLayers, architecture != "layers" {
            throw ToolFailure(
                "'architecture: \(architecture)' has layers of its own", at: .setting("layers"),
                hint: "write 'architecture: layers' for a network of these layers")
        }
        if !hasLayers, architecture == "layers" {
            throw ToolFailure("'architecture: layers' needs 'layers'", at: .setting("architecture"))
        }
    }

    /// The patches must have been cut for such a network.
    private func check(_ geometry: LabelGeometry, _ architecture: String) throws(ToolFailure) {
        guard description.scale != geometry.inputScale else { return }
        guard description.scale > 0 else {
            throw ToolFailure("the strides of these layers make no whole scale together", at: .setting("layers"))
        }
        let patches = geometry.inputScale == 1 ? "of LR enlarged to HR size" : "of LR at x\(geometry.scale)"
        let change =
            switch (description.scale, geometry.inputScale) {
            case (1, _): "rule: srcnn"
            case (_, 1): "rule: fsrcnn"
            default: "scale: \(description.scale)"
            }
        throw ToolFailure(
            "'architecture: \(architecture)' is a network of x\(description.scale), and these patches are \(patches)",
            at: .input("patches"), hint: "with '\(change)' the tool 'patches' cuts for it")
    }
}

extension Initialisation {
    fileprivate init(_ settings: ToolSettings) {
        func rule(_ name: String) -> WeightRule? { settings.optionalText(name).flatMap(WeightRule.init(rawValue:)) }
        self.init()
        if let rule = rule("initialiser") { weights = rule }
        if let rule = rule("expand-initialiser") { layers["expand"] = rule }
        if let first = settings.optionalNumber("first-slope") { slope = first }
    }
}

/// Feature channels, shrunk channels and mapping layers of an FSRCNN.
private struct FSRCNNSize: Hashable {
    let d, s, m: Int

    static let paper = FSRCNNSize()
    static let small = FSRCNNSize(d: 32, s: 5, m: 1)

    init(d: Int = 56, s: Int = 12, m: Int = 4) {
        (self.d, self.s, self.m) = (d, s, m)
    }

    init(_ settings: ToolSettings) throws(ToolFailure) {
        guard settings.text("architecture") == "fsrcnn-s" else {
            self.init(
                d: settings.optionalInteger("d") ?? Self.paper.d, s: settings.optionalInteger("s") ?? Self.paper.s,
                m: settings.optionalInteger("m") ?? Self.paper.m)
            return
        }
        for setting in ["d", "s", "m"] where settings.optionalInteger(setting) != nil {
            throw ToolFailure(
                "'fsrcnn-s' is FSRCNN(32, 5, 1) and takes no '\(setting)'", at: .setting(setting),
                hint: "use 'architecture: fsrcnn'")
        }
        self = .small
    }

    /// As the paper calls it, so that no other network is taken for its FSRCNN; for example `FSRCNN(48,12,2)`.
    var name: String {
        switch self {
        case .paper: "FSRCNN"
        case .small: "FSRCNN-s"
        default: "FSRCNN(\(d),\(s),\(m))"
        }
    }
}
