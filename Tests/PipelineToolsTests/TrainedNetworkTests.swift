// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import Imaging
import PipelineExecution
import PipelineManifest
import PipelineTools
import Synchronization
import TensorStore
import Tensors
import Testing
import Training

/// The networks that `train` makes of its settings.
@Suite struct TrainedNetworkTests {
    private let workshop: Workshop
    private let images: ToolInput
    private let stored = [StoredImage("a", pattern(45, 51)), StoredImage("b", pattern(48, 40, seed: 3))]

    init() throws {
        workshop = try Workshop()
        images = try workshop.imageSet(stored)
    }

    private func patches(_ settings: [String: JSONValue]) throws -> ToolInput {
        try workshop.run("patches", ["images": [images]], ["scale": 3, "stride": 5].merging(settings) { $1 })
            .input("patches")
    }

    private func train(_ patches: ToolInput, _ settings: [String: JSONValue]) throws -> Outputs {
        let quick: [String: JSONValue] = ["steps": 2, "batch": 3, "seed": 1]
        return try workshop.run("train", ["patches": [patches]], quick.merging(settings) { $1 })
    }

    private func model(_ outputs: Outputs) throws -> Model { try Model(readingFrom: outputs.path("model")) }

    private func text(_ outputs: Outputs) throws -> String {
        try ArtifactText.text(ofFileAt: outputs.path("model"), format: .model)
    }

    private static let layers: JSONValue = [
        ["convolution": 6, "kernel": 3, "name": "first", "initialiser": "glorot"],
        ["prelu": "per-channel"],
        ["convolution": 4, "kernel": 3, "groups": 2, "padding": 1, "border": "replicate"],
        ["relu": true],
        ["transposed-convolution": 1, "kernel": 5, "stride": 3, "padding": 1, "name": "up"],
    ]

    // MARK: Layers

    @Test func `a list of layers is trained, kept and shown as it is written`() throws {
        let outputs = try train(
            patches(["padding": "zero", "convention": "scaled", "input": 7]),
            ["architecture": "layers", "layers": Self.layers])
        #expect(
            try text(outputs) == """
                network x3, label convention 'scaled', output shifted by 0, whole images padded with 'replicate'

                  layer          kind                                              output for 1x24x24  parameters              count
                  first          convolution 3x3                                   6x24x24             weight 6x1x3x3, bias 6     60
                  prelu-2        PReLU, slopes per-channel                         6x24x24             slope 6                     6
                  convolution-3  convolution 3x3, 2 groups, padding 1 (replicate)  4x24x24             weight 4x3x3x3, bias 4    112
                  relu-4         ReLU                                              4x24x24
                  up             transposed convolution 5x5, stride 3, padding 1   1x72x72             weight 4x1x5x5, bias 1    101

                262 weights, 279 parameters in all

                """)
        #expect(try model(outputs).network.description.layers.count == 5)
    }

    @Test func `layers that make no network are named by their place`() throws {
        let patches = try patches(["padding": "zero", "input": 7])
        func refusal(_ layers: JSONValue) throws -> ToolFailure {
            try failure { _ = try train(patches, ["architecture": "layers", "layers": layers]) }
        }
        #expect(
            try refusal([["relu": true]])
                == ToolFailure("layer 'relu-1' does not follow a convolution", at: .setting("layers", element: 0)))
        #expect(
            try refusal([["convolution": 4, "kernel": 3, "name": "a"], ["convolution": 4, "kernel": 3, "name": "a"]])
                == ToolFailure("two layers are called 'a'", at: .setting("layers", element: 1)))
        #expect(
            try refusal([
                ["convolution": 4, "kernel": 3], ["convolution": 3, "kernel": 3, "groups": 2], ["relu": true],
            ])
                == ToolFailure(
                    "layer 'convolution-2' has groups that do not divide its channels",
                    at: .setting("layers", element: 1)))
        #expect(
            try refusal([["convolution": 4, "kernel": 3], ["relu": true]])
                == ToolFailure(
                    "the last layer makes 4 channels, and the labels have 1", at: .setting("layers", element: 0)))
        #expect(
            try refusal([["convolution": 1, "kernel": 3, "name": "a b"]])
                == ToolFailure(
                    "'a b' cannot be the name of a layer", at: .setting("layers", element: 0),
                    hint: "names are of letters, digits, '-' and '_'"))
        #expect(
            try refusal([["convolution": 1, "kernel": 3, "border": "zero"]])
                == ToolFailure(
                    "'border' is what 'padding' adds, and there is no 'padding'", at: .setting("layers", element: 0)))
        #expect(
            try refusal([["convolution": 1, "kernel": 3]])
                == ToolFailure(
                    "'architecture: layers' is a network of x1, and these patches are of LR at x3",
                    at: .input("patches"), hint: "with 'rule: srcnn' the tool 'patches' cuts for it"))
        #expect(
            try refusal([
                ["transposed-convolution": 1, "kernel": 3, "stride": 3], ["convolution": 1, "kernel": 3, "stride": 2],
            ]) == ToolFailure("the strides of these layers make no whole scale together", at: .setting("layers")))
        #expect(
            try refusal([["transposed-convolution": 1, "kernel": 3, "stride": 2]])
                == ToolFailure(
                    "'architecture: layers' is a network of x2, and these patches are of LR at x3",
                    at: .input("patches"), hint: "with 'scale: 2' the tool 'patches' cuts for it"))
    }

    @Test func `a network that makes no labels of the patches is refused with both sizes`() throws {
        let patches = try patches(["padding": "zero", "convention": "scaled", "input": 7])
        let layers: JSONValue = [["transposed-convolution": 1, "kernel": 9, "stride": 3]]
        #expect(
            try failure { _ = try train(patches, ["architecture": "layers", "layers": layers]) }.message
                == "the network turns patches of 1x7x7 into 1x27x27, and their labels are 1x21x21")
    }

    @Test func `settings of another architecture are refused`() throws {
        let patches = try patches([:])
        func refusal(_ settings: [String: JSONValue]) throws -> ToolFailure {
            try failure { _ = try train(patches, settings) }
        }
        #expect(
            try refusal(["architecture": "bicubic", "d": 4])
                == ToolFailure("'architecture: bicubic' takes no 'd'", at: .setting("d")))
        #expect(
            try refusal(["layers": Self.layers])
                == ToolFailure(
                    "'architecture: fsrcnn' has layers of its own", at: .setting("layers"),
                    hint: "write 'architecture: layers' for a network of these layers"))
        #expect(
            try refusal(["architecture": "layers"])
                == ToolFailure("'architecture: layers' needs 'layers'", at: .setting("architecture")))
        #expect(
            try refusal(["architecture": "srcnn-9-1-5"])
                == ToolFailure(
                    "'architecture: srcnn-9-1-5' is a network of x1, and these patches are of LR at x3",
                    at: .input("patches"), hint: "with 'rule: srcnn' the tool 'patches' cuts for it"))
        #expect(
            try failure { _ = try train(self.patches(["rule": "srcnn"]), [:]) }
                == ToolFailure(
                    "'architecture: fsrcnn' is a network of x3, and these patches are of LR enlarged to HR size",
                    at: .input("patches"), hint: "with 'rule: fsrcnn' the tool 'patches' cuts for it"))
    }

    // MARK: Rates and losses

    @Test func `a layer with rates of its own goes its own way`() throws {
        let patches = try patches([:])
        let tiny: [String: JSONValue] = ["d": 4, "s": 2, "m": 1, "weight-decay": 0.01]
        func parameters(_ rates: JSONValue?) throws -> [String: Tensor] {
            var settings = tiny
            settings["layer-rates"] = rates
            let network = try model(train(patches, settings)).network
            return Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.tensor) })
        }
        let usual = try parameters(nil)
        let first = try parameters([["layer": "shrink", "learning-rate": 0, "weight-decay": 0]])
        let begin = try model(train(patches, tiny.merging(["steps": 0]) { $1 })).network.parameters
        for parameter in begin where parameter.name.hasPrefix("shrink.") {
            #expect(first[parameter.name] == parameter.tensor && usual[parameter.name] != parameter.tensor)
        }
        #expect(first["expand.weight"] != begin.first { $0.name == "expand.weight" }?.tensor)
        #expect(try parameters([["layer": "shrink", "learning-rate": 0.001, "weight-decay": 0.01]]) == usual)
        func refusal(_ rates: JSONValue) throws -> ToolFailure { try failure { _ = try parameters(rates) } }
        #expect(
            try refusal([["layer": "shrink"], ["layer": "shrunk"]])
                == ToolFailure(
                    "the network has no layer 'shrunk' with parameters", at: .setting("layer-rates", element: 1),
                    hint: "its layers are feature, feature-prelu, shrink, shrink-prelu, map1, map1-prelu, expand, "
                        + "expand-prelu, deconvolution"))
        #expect(
            try refusal([["layer": "shrink"], ["layer": "shrink"]])
                == ToolFailure("layer 'shrink' has its rates already", at: .setting("layer-rates", element: 1)))
    }

    @Test func `each loss trains another network`() throws {
        let patches = try patches([:])
        func values(_ settings: [String: JSONValue]) throws -> [Float] {
            try model(train(patches, ["d": 4, "s": 2, "m": 1].merging(settings) { $1 })).network.values
        }
        let usual = try values([:])
        let others = try [
            ["loss": "l1"], ["loss": "charbonnier"], ["loss": "charbonnier", "charbonnier-epsilon": 0.1],
        ]
        .map { try values($0) }
        #expect(try values(["loss": "mse"]) == usual)
        #expect(Set(others + [usual]).count == 4)
        #expect(
            try failure { _ = try values(["charbonnier-epsilon": 0.1]) }
                == ToolFailure("'loss: mse' takes no 'charbonnier-epsilon'", at: .setting("charbonnier-epsilon")))
    }

    @Test func `no steps give the network as it begins`() throws {
        let outputs = try train(patches([:]), ["d": 4, "s": 2, "m": 1, "steps": 0])
        #expect(try model(outputs).network == Network(description: .fsrcnn(d: 4, s: 2, m: 1, scale: 3), seed: 1))
        #expect(try outputs.tensors("log").read("step", as: Int64.self).isEmpty)
    }

    @Test func `a network begins with the layers of another that it shares`() throws {
        let tiny: [String: JSONValue] = ["d": 4, "s": 2, "m": 1]
        let three = try train(patches([:]), tiny)
        let (two, remark) = try remarked(patches(["scale": 2]), tiny.merging(["steps": 0]) { $1 }, start: three)
        let (old, new) = (try model(three).network, try model(two).network)
        let fresh = try model(train(patches(["scale": 2]), tiny.merging(["steps": 0]) { $1 })).network
        for ((parameter, before), first) in zip(zip(new.parameters, old.parameters), fresh.parameters) {
            #expect(
                parameter == (parameter.name.hasPrefix("deconvolution.") ? first : before), "\(parameter.name)")
        }
        #expect(
            remark
                == "begins with 'FSRCNN(4,2,1)' in feature, feature-prelu, shrink, shrink-prelu, map1, map1-prelu, expand, "
                + "expand-prelu")
        #expect(
            try failure { _ = try remarked(patches(["rule": "srcnn"]), ["architecture": "srcnn-9-1-5"], start: three) }
                == ToolFailure(
                    "'FSRCNN(4,2,1)' has no layer of this network, by name, kind and shape", at: .input("start"),
                    hint: "'reprise show' lists the layers of a model"))
    }

    private func remarked(
        _ patches: ToolInput, _ settings: [String: JSONValue], start: Outputs
    ) throws -> (outputs: Outputs, remark: String?) {
        let remarks = Mutex<[String]>([])
        let quick: [String: JSONValue] = ["steps": 2, "batch": 3, "seed": 1]
        let outputs = try workshop.run(
            "train", ["patches": [patches], "start": [start.input("model")]], quick.merging(settings) { $1 },
            note: { remark in remarks.withLock { $0.append(remark) } })
        return (outputs, remarks.withLock { $0.first })
    }

    // MARK: SRCNN and bicubic

    @Test(arguments: [("srcnn-9-1-5", "SRCNN", 8_129, 21), ("srcnn-9-5-5", "SRCNN(9-5-5)", 57_281, 17)])
    func `SRCNN is trained on enlarged patches and scored on enlarged images`(
        architecture: String, name: String, parameters: Int, label: Int
    ) throws {
        let outputs = try train(
            patches(["rule": "srcnn", "label": .integer(label)]),
            ["architecture": .text(architecture), "initialiser": "gaussian"])
        let model = try model(outputs)
        #expect(model.name == name && model.scale == 3 && model.takesEnlarged)
        #expect(model.network.parameterCount == parameters)
        let scored = try workshop.run(
            "evaluate", ["images": [images], "model": [workshop.input(outputs.path("model"), .model)]],
            ["dataset": "Two", "scale": 3, "protocols": ["y-double", "rgb8"], "metrics": ["psnr"]])
        let json = try JSONValue(parsing: Files.bytes(of: scored.path("scores")))
        #expect(try #require(ScoreDocument(json: json)).scores.filter { $0.model == name }.count == 6)
    }

    @Test func `a network that keeps what it is given scores as bicubic does`() throws {
        let description = try NetworkDescription(layers: [
            .convolution(name: "same", inputs: 1, outputs: 1, kernel: 1, padding: .zero)
        ])
        let same = Model(
            name: "same",
            network: try Network(
                description: description,
                parameters: [
                    Parameter(name: "same.weight", tensor: Tensor(shape: [1, 1, 1, 1], repeating: 1)),
                    Parameter(name: "same.bias", tensor: Tensor(shape: [1])),
                ]),
            scale: 3, outputShift: 0, labelConvention: .scaled, padding: .replicate, isShortened: false)
        let path = try workshop.newPath("model.h5")
        try same.write(to: path)
        #expect(try Model(readingFrom: path) == same)
        let scored = try workshop.run(
            "evaluate", ["images": [images], "model": [workshop.input(path, .model)]],
            ["dataset": "Two", "scale": 3, "protocols": ["y-double", "y-double-clamp"], "metrics": ["psnr"]])
        let json = try JSONValue(parsing: Files.bytes(of: scored.path("scores")))
        let scores = try #require(ScoreDocument(json: json)).scores
        func values(_ name: String) -> [Double] { scores.filter { $0.model == name }.map(\.value) }
        #expect(values("same") == values("bicubic") && scores.count == 12)
    }

    @Test(arguments: [2, 3, 4])
    func `the bicubic network begins as MATLAB's bicubic with clamped edges`(scale: Int) throws {
        let outputs = try train(
            patches(["scale": .integer(scale), "padding": "replicate", "convention": "scaled", "input": 6]),
            ["architecture": "bicubic", "steps": 0])
        let model = try model(outputs)
        #expect(model.name == "learned interpolation" && !model.takesEnlarged && model.scale == scale)
        let plane = Plane(pattern(17, 22, .grey8))
        let wanted = plane.resized(
            height: 17 * scale, width: 22 * scale, kernel: .matlabBicubic, border: .clamp)
        let found = try model.network.upscaled(
            Tensor(shape: [1, 17, 22], values: plane.values.map { Float($0) }), pool: WorkerPool(threads: 2),
            level: .best)
        #expect(found.shape == [1, 17 * scale, 22 * scale])
        let worst = zip(found.values, wanted.values).map { (Double($0) - $1).magnitude }.max() ?? 1
        #expect(worst < 1e-6)
    }

    @Test func `the bicubic network learns from the authors' labels and lies where they do`() throws {
        let outputs = try train(patches(["padding": "zero", "input": 7]), ["architecture": "bicubic", "steps": 0])
        #expect(try model(outputs).outputShift == 1)
        let path = try outputs.path("model")
        let scored = try workshop.run(
            "evaluate", ["images": [images], "model": [workshop.input(path, .model)]],
            ["dataset": "Two", "scale": 3, "protocols": ["y-double-clamp"], "metrics": ["psnr"]])
        let json = try JSONValue(parsing: Files.bytes(of: scored.path("scores")))
        let scores = try #require(ScoreDocument(json: json)).scores.filter { $0.image == nil }
        #expect(scores.count == 2)
        #expect((scores[0].value - scores[1].value).magnitude < 0.01)
    }
}
