// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import Tensors
import Training

/// The settings of a training as the values of the field.
struct TrainingPlan {
    let name: String
    let description: NetworkDescription
    let configuration: TrainingConfiguration
    let geometry: LabelGeometry
    /// Steps of a row of the log.
    let interval: Int
    let keepsBest: Bool
    /// Nil where training goes to its last step.
    let stopPatience: Int?
    let stopDelta: Double
    let inferencePadding: ConvolutionPadding
    let isShortened: Bool
    /// The network before the first step.
    let firstNetwork: Network
    /// What it has of a model to begin with; nil without one.
    let startRemark: String?

    init(_ settings: ToolSettings, _ patches: PatchSetReader, start: Model? = nil) throws(ToolFailure) {
        guard let slopes = SlopeSharing(rawValue: settings.text("slopes")),
            let padding = ConvolutionPadding(rawValue: settings.text("inference-padding"))
        else { preconditionFailure("the interface lets no other slopes or padding through") }
        let channels = patches.inputShape[0]
        guard [1, 3].contains(channels), patches.labelShape[0] == channels else {
            throw ToolFailure(
                "patches of \(channels) channels with labels of \(patches.labelShape[0]) suit no network of luma or "
                    + "RGB",
                at: .input("patches"))
        }
        geometry = patches.geometry
        let network = try TrainedNetwork(settings, geometry: geometry, channels: channels, slopes: slopes)
        (name, description) = (network.name, network.description)
        configuration = try TrainingConfiguration(
            settings, padding: geometry.trainingPadding, layers: try Self.layerRates(settings, description))
        interval = configuration.epochSteps ?? settings.integer("validation-interval")
        keepsBest = settings.text("keep") == "best"
        stopPatience = settings.optionalInteger("stop-patience")
        stopDelta = settings.optionalNumber("stop-delta") ?? 0
        if stopPatience != nil, configuration.epochSteps == nil {
            throw ToolFailure("'stop-patience' counts epochs and needs 'epoch-steps'", at: .setting("stop-patience"))
        }
        inferencePadding = padding
        isShortened = settings.boolean("shortened")
        let fresh = Network(
            description: description, seed: configuration.seed, initialisation: network.initialisation)
        guard let start else {
            (firstNetwork, startRemark) = (fresh, nil)
            return
        }
        let (begun, taken) = fresh.beginning(with: start.network)
        guard !taken.isEmpty else {
            throw ToolFailure(
                "'\(start.name)' has no layer of this network, by name, kind and shape", at: .input("start"),
                hint: "'reprise show' lists the layers of a model")
        }
        firstNetwork = begun
        startRemark = "begins with '\(start.name)' in \(taken.joined(separator: ", "))"
    }

    private static func layerRates(
        _ settings: ToolSettings, _ description: NetworkDescription
    ) throws(ToolFailure) -> [String: LayerRates] {
        let names = description.layers.filter { !$0.parameters.isEmpty }.map(\.name)
        var rates: [String: LayerRates] = [:]
        for (index, item) in (settings.optionalItems("layer-rates", of: LayerItems.rates) ?? []).enumerated() {
            let name = item.fields.text("layer")
            let place = ToolFailure.Place.setting("layer-rates", element: index)
            guard names.contains(name) else {
                throw ToolFailure(
                    "the network has no layer '\(name)' with parameters", at: place,
                    hint: "its layers are \(names.joined(separator: ", "))")
            }
            let rate = LayerRates(
                learningRate: item.fields.optionalNumber("learning-rate"),
                weightDecay: item.fields.optionalNumber("weight-decay"))
            guard rates.updateValue(rate, forKey: name) == nil else {
                throw ToolFailure("layer '\(name)' has its rates already", at: place)
            }
        }
        return rates
    }

    func model(_ network: Network) -> Model {
        Model(
            name: name, network: network, scale: geometry.scale, outputShift: geometry.outputShift,
            labelConvention: geometry.convention,
            padding: inferencePadding, isShortened: isShortened)
    }
}

extension TrainingConfiguration {
    fileprivate init(
        _ settings: ToolSettings, padding: TrainingPadding, layers: [String: LayerRates]
    ) throws(ToolFailure) {
        let optimizer = try Optimizer(settings)
        var decay = settings.optionalNumber("weight-decay")
        if case .adamW = optimizer, decay == nil { decay = 0.01 }
        self.init(
            loss: try Loss(settings), optimizer: optimizer, learningRate: settings.number("learning-rate"),
            deconvolutionLearningRate: settings.optionalNumber("deconvolution-learning-rate"),
            schedule: try LearningRateSchedule(settings), warmUpSteps: settings.optionalInteger("warm-up") ?? 0,
            epochSteps: settings.optionalInteger("epoch-steps"), weightDecay: decay ?? 0,
            deconvolutionWeightDecay: settings.optionalNumber("deconvolution-weight-decay"), layers: layers,
            padding: padding, batchSize: settings.integer("batch"), steps: settings.integer("steps"),
            seed: UInt64(settings.integer("seed")), gradientNormLimit: settings.optionalNumber("gradient-limit"))
    }
}

extension Loss {
    fileprivate init(_ settings: ToolSettings) throws(ToolFailure) {
        let name = settings.optionalText("loss") ?? "mse"
        if name != "charbonnier" { try settings.refuse(["charbonnier-epsilon"], in: "loss: \(name)") }
        switch name {
        case "l1": self = .l1
        case "charbonnier": self = .charbonnier(epsilon: settings.optionalNumber("charbonnier-epsilon") ?? 1e-3)
        default: self = .mse
        }
    }
}

extension Optimizer {
    fileprivate init(_ settings: ToolSettings) throws(ToolFailure) {
        let (name, momentum) = (settings.text("optimizer"), settings.number("momentum"))
        let epsilon = settings.optionalNumber("epsilon")
        switch name {
        case "adamw": self = .adamW(beta1: 0.9, beta2: 0.999, epsilon: epsilon ?? 1e-8)
        case "sgd": self = .sgd(momentum: momentum)
        case "nesterov": self = .sgd(momentum: momentum, nesterov: true)
        case "rmsprop": self = .rmsprop(rho: settings.optionalNumber("rho") ?? 0.9, epsilon: epsilon ?? 1e-7)
        default: self = .adam(beta1: 0.9, beta2: 0.999, epsilon: epsilon ?? 1e-8)
        }
        if name != "rmsprop" { try settings.refuse(["rho"], in: "optimizer: \(name)") }
        if ["sgd", "nesterov"].contains(name) { try settings.refuse(["epsilon"], in: "optimizer: \(name)") }
    }
}

extension LearningRateSchedule {
    fileprivate init(_ settings: ToolSettings) throws(ToolFailure) {
        let name = settings.text("schedule")
        if name != "step" { try settings.refuse(["schedule-steps"], in: "schedule: \(name)") }
        if name != "plateau" { try settings.refuse(Self.plateauSettings, in: "schedule: \(name)") }
        if !["step", "plateau"].contains(name) { try settings.refuse(["schedule-factor"], in: "schedule: \(name)") }
        switch name {
        case "cosine": self = .cosine(totalSteps: settings.integer("steps"))
        case "step":
            guard let steps = settings.optionalInteger("schedule-steps") else {
                throw ToolFailure("'schedule: step' needs 'schedule-steps'", at: .setting("schedule"))
            }
            self = .step(every: steps, factor: settings.optionalNumber("schedule-factor") ?? 0.1)
        case "plateau":
            guard settings.optionalInteger("epoch-steps") != nil else {
                throw ToolFailure(
                    "'schedule: plateau' looks at epochs and needs 'epoch-steps'", at: .setting("schedule"))
            }
            self = .plateau(PlateauRule(settings))
        default: self = .constant
        }
    }

    private static let plateauSettings = ["plateau-patience", "plateau-delta", "plateau-cooldown", "least-rate"]
}

extension PlateauRule {
    /// What is left out is as in Keras.
    fileprivate init(_ settings: ToolSettings) {
        self.init()
        if let value = settings.optionalNumber("schedule-factor") { factor = value }
        if let value = settings.optionalInteger("plateau-patience") { patience = value }
        if let value = settings.optionalNumber("plateau-delta") { leastImprovement = value }
        if let value = settings.optionalInteger("plateau-cooldown") { cooldown = value }
        if let value = settings.optionalNumber("least-rate") { leastRate = value }
    }
}

extension ToolSettings {
    /// Refuses numbers that nobody would read.
    fileprivate func refuse(_ names: [String], in choice: String) throws(ToolFailure) {
        for name in names where optionalNumber(name) != nil {
            throw ToolFailure("'\(choice)' takes no '\(name)'", at: .setting(name))
        }
    }
}
