// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import Training

/// What the author says of a file of weights: what it does not say itself.
struct ImportSettings {
    let name: String?
    let scale: Int?
    /// Whether the network takes LR that is enlarged by `scale` already; nil where nobody says.
    let takesEnlarged: Bool?
    /// Names of layers, first to last.
    let layers: [String]?
    let labelConvention: LabelConvention?
    let deconvolutionPadding: Int?
    let outputShift: Int?
    let inferencePadding: ConvolutionPadding?

    init(_ settings: ToolSettings) {
        name = settings.optionalText("name")
        scale = settings.optionalInteger("scale")
        takesEnlarged = settings.optionalText("input").map { $0 == "enlarged" }
        layers = settings.optionalTexts("layers")
        labelConvention = settings.optionalText("label-convention").flatMap(LabelConvention.init(rawValue:))
        deconvolutionPadding = settings.optionalInteger("deconvolution-padding")
        outputShift = settings.optionalInteger("output-shift")
        inferencePadding = settings.optionalText("inference-padding").flatMap(ConvolutionPadding.init(rawValue:))
    }

    /// A setting that says what some files say themselves.
    enum Architecture: String {
        case layers, input
        case padding = "deconvolution-padding"
    }

    /// Fails where the author says what the file says.
    func checkUnused(_ settings: Architecture...) throws(ToolFailure) {
        for setting in settings {
            let isUsed =
                switch setting {
                case .layers: layers != nil
                case .input: takesEnlarged != nil
                case .padding: deconvolutionPadding != nil
                }
            if isUsed {
                throw ToolFailure(
                    "the file says itself what '\(setting.rawValue)' is for", at: .setting(setting.rawValue),
                    hint: "leave '\(setting.rawValue)' out")
            }
        }
    }

    /// What shapes do not show; `padding` is the file's where nobody says another.
    func rule(else padding: UpsamplingRule.StartPadding?) throws(ToolFailure) -> UpsamplingRule {
        guard let scale else {
            throw ToolFailure("it does not say how much its network enlarges", hint: "'scale: 3' says so")
        }
        if takesEnlarged == true { return UpsamplingRule(scale: 1, convention: .scaled, padding: .pixels(0)) }
        let said = deconvolutionPadding.map(UpsamplingRule.StartPadding.pixels) ?? padding
        guard let padding = said ?? (scale == 1 ? .pixels(0) : nil) else {
            throw ToolFailure(
                "it does not say what its deconvolution cuts off at its start",
                hint: "'deconvolution-padding: 4' says so: PyTorch's 'padding'")
        }
        return UpsamplingRule(scale: scale, convention: labelConvention ?? .scaled, padding: padding)
    }

    /// The model that a file and the author together describe; where both speak, of the same.
    func model(_ found: FoundModel) throws(ToolFailure) -> Model {
        let description = found.network.description
        guard let name = name ?? found.model?.name else {
            throw ToolFailure("it holds no name of the model", hint: "'name: FSRCNN' gives it one for tables")
        }
        let scale = try scale(of: found)
        guard let padding = inferencePadding ?? found.model?.padding ?? description.commonPadding else {
            throw ToolFailure(
                "its convolutions do not all pad in the same way",
                hint: "'inference-padding: zero' says how they pad on whole images")
        }
        let convention: LabelConvention
        switch found {
        case .model(let model): convention = model.labelConvention
        case .network: convention = try description.labelConvention(padding)
        }
        if let labelConvention, labelConvention != convention {
            throw ToolFailure(
                "the file's network has the label convention '\(convention.rawValue)'",
                at: .setting("label-convention"))
        }
        return Model(
            name: name, network: found.network, scale: scale,
            outputShift: outputShift ?? found.model?.outputShift
                ?? LabelGeometry(scale: max(scale, 1), convention: convention).outputShift,
            labelConvention: convention, padding: padding, isShortened: found.model?.isShortened ?? false)
    }

    /// HR pixels an LR pixel.
    private func scale(of found: FoundModel) throws(ToolFailure) -> Int {
        let own = found.network.description.scale
        guard takesEnlarged == true else {
            let known = found.model?.scale ?? own
            guard scale ?? known == known else {
                throw ToolFailure(
                    "the file's network enlarges by \(known), not by \(scale ?? known)", at: .setting("scale"),
                    hint: known == 1 ? "'input: enlarged' says that it takes what is enlarged already" : nil)
            }
            return known
        }
        guard own == 1 else {
            throw ToolFailure("the file's network enlarges by \(own) itself", at: .setting("input"))
        }
        guard let scale else {
            throw ToolFailure("it does not say how much its input is enlarged", hint: "'scale: 3' says so")
        }
        return scale
    }
}

extension NetworkDescription {
    /// The padding of all convolutions; nil where they differ.
    fileprivate var commonPadding: ConvolutionPadding? {
        [.zero, .replicate, .valid].first { padded($0) == self }
    }

    /// Which convention the extent of the output follows.
    fileprivate func labelConvention(_ padding: ConvolutionPadding) throws(ToolFailure) -> LabelConvention {
        // Strides of 2 to 6 and of 8 divide this.
        let (input, scale) = (240, scale)
        let output = padded(padding).outputExtent(input) ?? 0
        switch output {
        case input * scale: return .scaled
        case (input - 1) * scale + 1: return .authors
        default:
            throw ToolFailure(
                "its network makes \(output) pixels of \(input), which are neither n * \(scale) nor "
                    + "(n - 1) * \(scale) + 1",
                hint: padding == .valid ? "'inference-padding: replicate' keeps the extent of images" : nil)
        }
    }
}
