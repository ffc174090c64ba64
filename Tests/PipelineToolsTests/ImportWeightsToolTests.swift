// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import PipelineExecution
import PipelineManifest
import PipelineTools
import SystemPackage
import TensorStore
import Tensors
import Testing
import Training

@Suite struct ImportWeightsToolTests {
    /// A file as Keras writes it: layer by layer the name, and its weights by their paths.
    private struct KerasFile {
        var layers: [(name: String, weights: [(path: String, tensor: Tensor)])]
        var configuration: String?
        var top = "model_weights"
        var suffix = ":0"

        func write(_ workshop: Workshop) throws -> ToolInput {
            let path = try workshop.newPath("keras.h5")
            let file = try TensorFileWriter(path: path.string)
            let prefix = top.isEmpty ? "" : "\(top)/"
            for layer in layers where !layer.weights.isEmpty {
                for weight in layer.weights {
                    try file.write("\(prefix)\(layer.name)/\(weight.path)\(suffix)", weight.tensor)
                }
                try file.setAttribute(
                    "weight_names", .texts(layer.weights.map { $0.path + suffix }), on: "\(prefix)\(layer.name)")
            }
            try file.setAttribute("layer_names", .texts(layers.map(\.name)), on: top.isEmpty ? nil : top)
            if let configuration { try file.setAttribute("model_config", .text(configuration)) }
            try file.close()
            return workshop.input(path, .folder)
        }

        mutating func replace(_ text: String, with other: String) {
            configuration = configuration?.replacing(text, with: other)
        }
    }

    private func tensor(_ extents: Int...) -> Tensor {
        let count = extents.reduce(1, *)
        return Tensor(shape: Shape(extents), values: (0..<count).map { Float($0 * 29 % 64 - 24) / 64 })
    }

    /// A 3x3 convolution from 1 to 2 channels, PReLU, and a 5x5 deconvolution x3 to 1 channel.
    private var small: KerasFile {
        KerasFile(
            layers: [
                ("conv2d", [("conv2d/kernel", tensor(3, 3, 1, 2)), ("conv2d/bias", tensor(2))]),
                ("p_re_lu", [("p_re_lu/alpha", tensor(1, 1, 2))]),
                ("up", [("up/kernel", tensor(5, 5, 1, 2)), ("up/bias", tensor(1))]),
            ],
            configuration: """
                {"class_name": "Sequential", "config": {"name": "sequential", "layers": [\
                {"class_name": "InputLayer", "config": {"name": "input_1"}}, \
                {"class_name": "Conv2D", "config": {"name": "conv2d", "strides": [1, 1], "padding": "same", \
                "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1, "activation": "linear"}}, \
                {"class_name": "PReLU", "config": {"name": "p_re_lu", "shared_axes": [1, 2]}}, \
                {"class_name": "Conv2DTranspose", "config": {"name": "up", "strides": [3, 3], "padding": "same", \
                "data_format": "channels_last", "dilation_rate": [1, 1], "activation": "linear", \
                "output_padding": null}}]}}
                """)
    }

    private func imported(
        _ workshop: Workshop, _ input: ToolInput, _ settings: [String: JSONValue] = ["name": "net"]
    ) throws -> Model {
        try Model(readingFrom: workshop.run("import-weights", ["weights": [input]], settings).path("model"))
    }

    // MARK: Keras

    @Test func `weights that are others than the stage's key says are refused`() throws {
        let workshop = try Workshop()
        let file = try #require(try small.write(workshop).files.first)
        let bytes = try FileDigest(ofFileAt: file.path)
        let right = ToolInput(format: .folder, files: [.init(name: file.name, path: file.path, bytes: bytes)])
        try workshop.run("import-weights", ["weights": [right]], ["name": "net", "scale": 3])
        let other = FileDigest(digest: Digest(ofText: "other"), byteCount: bytes.byteCount)
        let wrong = ToolInput(format: .folder, files: [.init(name: file.name, path: file.path, bytes: other)])
        let failure = #expect(throws: ToolFailure.self) {
            try workshop.run("import-weights", ["weights": [wrong]], ["name": "net", "scale": 3])
        }
        #expect(failure?.message.contains("'\(file.path)' changed while the stage read it") == true)
    }

    @Test func `weights of Keras are turned to our order of axes`() throws {
        let workshop = try Workshop()
        let model = try imported(workshop, small.write(workshop))
        #expect(
            model.network.description.layers == [
                .convolution(name: "conv2d", inputs: 1, outputs: 2, kernel: 3, padding: .zero),
                .prelu(name: "p_re_lu", channels: 2, sharing: .perChannel),
                .transposedConvolution(
                    name: "up", inputs: 2, outputs: 1, kernel: 5, stride: 3, padding: 1, outputPadding: 0),
            ])
        let (first, last) = (tensor(3, 3, 1, 2).values, tensor(5, 5, 1, 2).values)
        let parameters = model.network.parameters
        for (row, column, channel) in (0..<18).map({ ($0 / 6, $0 / 2 % 3, $0 % 2) }) {
            #expect(
                parameters[0].tensor.values[(channel * 3 + row) * 3 + column] == first[(row * 3 + column) * 2 + channel]
            )
        }
        for (row, column, channel) in (0..<50).map({ ($0 / 10, $0 / 2 % 5, $0 % 2) }) {
            #expect(
                parameters[3].tensor.values[(channel * 5 + row) * 5 + column] == last[(row * 5 + column) * 2 + channel])
        }
        #expect(
            parameters[1].tensor == tensor(2) && parameters[2].tensor == tensor(2) && parameters[4].tensor == tensor(1))
        #expect(model.name == "net" && model.scale == 3 && model.outputShift == 0 && !model.isShortened)
        #expect(model.labelConvention == .scaled && model.padding == .zero)
    }

    @Test(arguments: [("", ":0"), ("model_weights", ":0"), ("model_weights", "")])
    func `weights alone, and those of Keras 3, give the same model as the whole file`(top: String, suffix: String)
        throws
    {
        let workshop = try Workshop()
        let wanted = try imported(workshop, small.write(workshop))
        var file = small
        (file.configuration, file.top, file.suffix) = (nil, top, suffix)
        file.layers.insert(("input_1", []), at: 0)
        #expect(try imported(workshop, file.write(workshop), ["name": "net", "scale": 3]) == wanted)
    }

    @Test func `activations of Keras become layers, and what computes nothing none`() throws {
        let workshop = try Workshop()
        var file = small
        file.layers[1].weights = []
        file.replace(
            #"{"class_name": "PReLU", "config": {"name": "p_re_lu", "shared_axes": [1, 2]}}"#,
            with: #"{"class_name": "Activation", "config": {"name": "act", "activation": "relu"}}"#)
        let layers = try imported(workshop, file.write(workshop)).network.description.layers
        #expect(layers[1] == .relu(name: "act", channels: 2) && layers.count == 3)
        file.replace(
            #"{"class_name": "Activation", "config": {"name": "act", "activation": "relu"}}, "#, with: "")
        file.replace(
            #""activation": "linear"}}, {"class_name": "Conv2DT"#,
            with: #""activation": "relu"}}, {"class_name": "Conv2DT"#)
        #expect(
            try imported(workshop, file.write(workshop)).network.description.layers[1]
                == .relu(name: "conv2d-relu", channels: 2))
    }

    @Test func `a PReLU of Keras may share its slope over channels too`() throws {
        let workshop = try Workshop()
        var file = small
        file.layers[1].weights[0].tensor = tensor(1, 1, 1)
        #expect(
            try imported(workshop, file.write(workshop)).network.description.layers[1]
                == .prelu(name: "p_re_lu", channels: 2, sharing: .perLayer))
    }

    @Test func `strides and groups of Keras are taken where they pad nothing`() throws {
        let workshop = try Workshop()
        var file = small
        file.layers[0].weights[0].tensor = tensor(3, 3, 1, 2)
        file.replace(#""strides": [1, 1], "padding": "same""#, with: #""strides": [3, 3], "padding": "valid""#)
        file.replace(#""groups": 1"#, with: #""groups": 2"#)
        let model = try imported(
            workshop, file.write(workshop), ["name": "net", "inference-padding": "replicate"])
        #expect(model.scale == 1 && model.network.description.inputs == 2 && model.padding == .replicate)
        #expect(try imported(workshop, file.write(workshop)).padding == .valid)
        #expect(
            model.network.description.layers[0]
                == .convolution(
                    name: "conv2d", inputs: 2, outputs: 2, kernel: 3, stride: 3, groups: 2, padding: .valid))
    }

    @Test func `a layer without biases has biases of zero`() throws {
        let workshop = try Workshop()
        var file = small
        file.layers[0].weights.removeLast()
        let model = try imported(workshop, file.write(workshop))
        #expect(model.network.parameters[1] == Parameter(name: "conv2d.bias", tensor: Tensor(shape: [2])))
    }

    @Test func `what a file says can be said over where it is a choice`() throws {
        let workshop = try Workshop()
        let settings: [String: JSONValue] = [
            "name": "other", "scale": 3, "label-convention": "scaled", "output-shift": -2,
            "inference-padding": "replicate",
        ]
        let model = try imported(workshop, small.write(workshop), settings)
        #expect(model.name == "other" && model.outputShift == -2 && model.padding == .replicate)
        #expect(model.network == (try imported(workshop, small.write(workshop))).network)
    }

    @Test(arguments: [
        (
            #""activation": "linear""#, #""activation": "tanh""#,
            #"its layer 'conv2d' has 'activation' "tanh", and only "linear" or "relu" can be imported"#
        ),
        (
            #""strides": [1, 1]"#, #""strides": [2, 2]"#,
            "its layer 'conv2d' pads 'same' for a kernel of 3 and a stride of 2, which is not the same on both sides"
        ),
        (
            #""strides": [1, 1]"#, #""strides": [1, 2]"#,
            "its layer 'conv2d' has strides that are not one number of 1 to 64, twice"
        ),
        (
            #""dilation_rate": [1, 1]"#, #""dilation_rate": [2, 2]"#,
            "its layer 'conv2d' has 'dilation_rate' [2,2], and only [1,1] can be imported"
        ),
        (#""groups": 1"#, #""groups": 3"#, "layer 'conv2d' has groups that do not divide its channels"),
        (
            #""groups": 1"#, #""groups": 9223372036854775807"#,
            "its layer 'conv2d' has groups that are not a number of 1 to 65536"
        ),
        (
            "channels_last", "channels_first",
            #"its layer 'conv2d' has 'data_format' "channels_first", and only "channels_last" can be imported"#
        ),
        (
            #""padding": "same""#, #""padding": "causal""#,
            #"its layer 'conv2d' has 'padding' "causal", and only "same" or "valid" can be imported"#
        ),
        ("[3, 3]", "[3, 2]", "its layer 'up' has strides that are not one number of 1 to 64, twice"),
        ("[3, 3]", "[99, 99]", "its layer 'up' has strides that are not one number of 1 to 64, twice"),
        (
            #""output_padding": null"#, #""output_padding": [1, 1]"#,
            "its layer 'up' has 'output_padding' [1,1], and only null can be imported"
        ),
        (
            #""class_name": "PReLU""#, #""class_name": "Lambda""#,
            "its layer 'p_re_lu' is of the class 'Lambda': only Conv2D, Conv2DTranspose, PReLU and ReLU can be imported"
        ),
        (
            #""class_name": "PReLU", "config": {"#, #""class_name": "ReLU", "config": {"max_value": 6, "#,
            "its layer 'p_re_lu' has 'max_value' 6, and only null can be imported"
        ),
        (
            "Sequential", "Functional",
            "its network is of the class 'Functional': only a 'Sequential' one can be imported"
        ),
        (#""name": "conv2d","#, #""name": "other","#, "its layer 'other' has no weights"),
        (#""name": "p_re_lu", "#, "", "its 'model_config' has a layer without a class or a name"),
        (#""layers""#, #""strata""#, "its 'model_config' lists no layers"),
        ("{", "", "its 'model_config' is not valid JSON at byte 12: text after the value"),
    ])
    func `what Keras can do and we cannot is refused by name`(text: String, other: String, reason: String) throws {
        let workshop = try Workshop()
        var file = small
        file.replace(text, with: other)
        let input = try file.write(workshop)
        let refusal = try failure { _ = try imported(workshop, input) }
        #expect(refusal.message == "cannot import '\(input.path)': \(reason)")
        #expect(refusal.place == .input("weights"))
    }

    @Test func `weights of Keras that do not fit their layers are named`() throws {
        func message(_ change: (inout KerasFile) -> Void, _ settings: [String: JSONValue] = ["name": "net"]) throws
            -> String
        {
            let workshop = try Workshop()
            var file = small
            change(&file)
            let input = try file.write(workshop)
            let refusal = try failure { _ = try imported(workshop, input, settings) }
            return refusal.message.replacing("cannot import '\(input.path)': ", with: "")
        }
        #expect(
            try message { $0.layers[1].weights[0].tensor = tensor(7, 9, 2) }
                == "the slopes of its layer 'p_re_lu' have the shape 7x9x2: only slopes that are shared over rows and "
                + "columns can be imported")
        #expect(
            try message { $0.layers[0].weights[0].tensor = tensor(3, 3, 2) }
                == "the kernel of its layer 'conv2d' has the shape 3x3x2, which is not that of a two-dimensional "
                + "convolution")
        #expect(
            try message { $0.layers[0].weights[0].tensor = tensor(3, 5, 1, 2) }
                == "the parameter 'conv2d.weight' has the shape 2x1x3x5 where 2x1x3x3 is needed")
        #expect(
            try message { $0.layers[0].weights[0].tensor = tensor(4, 4, 1, 2) }
                == "its layer 'conv2d' pads 'same' for a kernel of 4 and a stride of 1, which is not the same on both "
                + "sides")
        #expect(
            try message { $0.layers[0].weights[1].tensor = tensor(3) }
                == "the parameter 'conv2d.bias' has the shape 3 where 2 is needed")
        #expect(
            try message { $0.layers[0].weights[1].path = "conv2d/gamma" }
                == "its layer 'conv2d' has weights 'conv2d/gamma:0', which are not understood")
        #expect(
            try message { $0.layers[1].weights[0].tensor = tensor(1, 1, 3) }
                == "layer 'p_re_lu' takes 3 channels where 2 arrive")
        #expect(
            try message { $0.layers[2].weights[1].tensor = Tensor(shape: [1], values: [.nan]) }
                == "element 0 of its parameter 'up.bias' is nan")
        #expect(
            try message(
                {
                    $0.configuration = nil
                    $0.layers.append(("re_lu", []))
                }, ["name": "net", "scale": 3])
                == "its layer 're_lu' has no weights, and the file does not say what it computes")
        #expect(try message { $0.configuration = nil } == "it does not say how much its network enlarges")
        #expect(try message({ _ in }, [:]) == "it holds no name of the model")
        #expect(
            try message({
                $0.replace(
                    #""padding": "same", "data_format": "channels_last", "dilation_rate": [1, 1], "groups""#,
                    with: #""padding": "valid", "data_format": "channels_last", "dilation_rate": [1, 1], "groups""#)
            })
                == "its network makes 714 pixels of 240, which are neither n * 3 nor (n - 1) * 3 + 1")
    }

    @Test(
        arguments: [
            ("scale", 4, "the file's network enlarges by 3, not by 4"),
            ("input", "enlarged", "the file's network enlarges by 3 itself"),
            ("label-convention", "authors", "the file's network has the label convention 'scaled'"),
            ("deconvolution-padding", 2, "the file says itself what 'deconvolution-padding' is for"),
            ("layers", ["conv2d"], "the file says itself what 'layers' is for"),
        ] as [(String, JSONValue, String)])
    func `the author cannot say what the file says otherwise`(setting: String, value: JSONValue, reason: String) throws
    {
        let workshop = try Workshop()
        let input = try small.write(workshop)
        let refusal = try failure { _ = try imported(workshop, input, ["name": "net", setting: value]) }
        #expect(refusal.message == reason && refusal.place == .setting(setting))
    }

    // MARK: safetensors of others

    /// FSRCNN as scripts for PyTorch name its parts.
    private func torch(_ workshop: Workshop, _ change: (inout [Parameter]) -> Void = { _ in }) throws -> ToolInput {
        var parameters = [
            Parameter(name: "first.0.weight", tensor: tensor(4, 1, 5, 5)),
            Parameter(name: "first.0.bias", tensor: tensor(4)),
            Parameter(name: "first.1.weight", tensor: tensor(4)),
            Parameter(name: "mid.weight", tensor: tensor(2, 4, 3, 3)),
            Parameter(name: "mid.bias", tensor: tensor(2)), Parameter(name: "act.weight", tensor: tensor(1)),
            Parameter(name: "last.weight", tensor: tensor(2, 1, 9, 9)), Parameter(name: "last.bias", tensor: tensor(1)),
        ]
        change(&parameters)
        let path = try workshop.newPath("torch.safetensors")
        try Files.write(Safetensors.bytes(of: parameters, metadata: ["format": "pt"]), toNew: path)
        return workshop.input(path, .file)
    }

    private let torchSettings: [String: JSONValue] = [
        "name": "net", "scale": 3, "layers": ["first.0", "first.1", "mid", "act", "last"], "deconvolution-padding": 4,
    ]

    @Test(arguments: [("scaled", 2, 0), ("authors", 0, 1)])
    func `the layers of PyTorch come in the order that is named`(convention: String, outputPadding: Int, shift: Int)
        throws
    {
        let workshop = try Workshop()
        var settings = torchSettings
        settings["label-convention"] = .text(convention)
        let model = try imported(workshop, torch(workshop), settings)
        #expect(
            model.network.description.layers == [
                .convolution(name: "first.0", inputs: 1, outputs: 4, kernel: 5, padding: .zero),
                .prelu(name: "first.1", channels: 4, sharing: .perChannel),
                .convolution(name: "mid", inputs: 4, outputs: 2, kernel: 3, padding: .zero),
                .prelu(name: "act", channels: 2, sharing: .perLayer),
                .transposedConvolution(
                    name: "last", inputs: 2, outputs: 1, kernel: 9, stride: 3, padding: 4, outputPadding: outputPadding),
            ])
        #expect(
            model.network.parameters.map(\.tensor) == [
                tensor(4, 1, 5, 5), tensor(4), tensor(4), tensor(2, 4, 3, 3), tensor(2), tensor(1), tensor(2, 1, 9, 9),
                tensor(1),
            ])
        #expect(model.outputShift == shift && model.padding == .zero)
    }

    @Test func `a ReLU is named where it comes, since it leaves no trace in the file`() throws {
        let workshop = try Workshop()
        let input = try torch(workshop) { $0.removeAll { $0.name == "act.weight" || $0.name == "first.1.weight" } }
        var settings = torchSettings
        settings["layers"] = ["first.0", "relu", "mid", "relu", "last"]
        #expect(
            try imported(workshop, input, settings).network.description.layers.filter(\.isActivation) == [
                .relu(name: "first.0-relu", channels: 4), .relu(name: "mid-relu", channels: 2),
            ])
        settings["layers"] = ["relu", "first.0", "mid", "last"]
        #expect(try failure { _ = try imported(workshop, input, settings) }.message == "the file has no layer 'relu'")
    }

    @Test func `a network that takes what is enlarged has the scale that is said`() throws {
        let workshop = try Workshop()
        let input = try torch(workshop) { $0.removeAll { $0.name.hasPrefix("last") || $0.name.hasPrefix("act") } }
        var settings: [String: JSONValue] = [
            "name": "net", "scale": 3, "input": "enlarged", "layers": ["first.0", "first.1", "mid"],
        ]
        let model = try imported(workshop, input, settings)
        #expect(model.scale == 3 && model.takesEnlarged && model.network.description.scale == 1)
        #expect(model.labelConvention == .scaled && model.outputShift == 0)
        let path = try workshop.newPath("model.safetensors")
        try Files.write(model.safetensors, toNew: path)
        #expect(try imported(workshop, workshop.input(path, .safetensors), [:]) == model)
        settings["scale"] = nil
        #expect(
            try failure { _ = try imported(workshop, input, settings) }.message
                == "cannot import '\(input.path)': it does not say how much its network enlarges")
    }

    @Test func `what is missing or too much in a foreign file is named`() throws {
        func failure(
            _ settings: [String: JSONValue?], _ change: (inout [Parameter]) -> Void = { _ in }
        ) throws -> ToolFailure {
            let workshop = try Workshop()
            let input = try torch(workshop, change)
            let all = torchSettings.merging(settings.compactMapValues { $0 }) { $1 }
                .filter { settings[$0.key] != .some(nil) }
            let refusal = try PipelineToolsTests.failure { _ = try imported(workshop, input, all) }
            return ToolFailure(
                refusal.message.replacing("cannot import '\(input.path)': ", with: ""), at: refusal.place,
                details: refusal.details, hint: refusal.hint)
        }
        let layers = "it has the layers 'act', 'first.0', 'first.1', 'last', 'mid'"
        #expect(
            try failure(["layers": nil])
                == ToolFailure(
                    "it does not say in which order its layers come", at: .input("weights"), details: [layers],
                    hint: "'layers: [act, …]' names them, first to last"))
        #expect(
            try failure(["layers": ["first.0", "firs.1"]])
                == ToolFailure("its layer 'act' is not named", at: .setting("layers")))
        #expect(
            try failure(["layers": ["first.0", "first.1", "mid", "act", "last", "end"]])
                == ToolFailure("the file has no layer 'end'", at: .setting("layers"), details: [layers]))
        #expect(
            try failure(["scale": nil])
                == ToolFailure(
                    "it does not say how much its network enlarges", at: .input("weights"), hint: "'scale: 3' says so"))
        #expect(
            try failure(["deconvolution-padding": nil])
                == ToolFailure(
                    "it does not say what its deconvolution cuts off at its start", at: .input("weights"),
                    hint: "'deconvolution-padding: 4' says so: PyTorch's 'padding'"))
        #expect(
            try failure(["layers": ["first.1", "first.0", "mid", "act", "last"]]).message
                == "layer 'first.1' does not follow a convolution")
        #expect(
            try failure(["layers": ["first.0", "first.1", "act", "mid", "last"]]).message
                == "layer 'act' does not follow a convolution")
        #expect(
            try failure(["layers": ["mid", "first.1", "first.0", "act", "last"]]).message
                == "layer 'first.0' takes 1 channels where 2 arrive")
        #expect(
            try failure([:]) { $0.append(Parameter(name: "norm.running_mean", tensor: tensor(2))) }.message
                == "its tensor 'norm.running_mean' is neither weights nor biases nor slopes of a layer")
        #expect(
            try failure([:]) { $0.append(Parameter(name: "act.bias", tensor: tensor(2))) }.message
                == "its layer 'act' (bias 2, slope 1) is neither a convolution with square kernels nor a PReLU")
        #expect(
            try failure([:]) { $0.append(Parameter(name: "act.slope", tensor: tensor(1))) }.message
                == "its layer 'act' has its slopes twice")
        #expect(
            try failure(["layers": ["first.0", "first.1", "mid", "act", "last", "a/b"]]) {
                $0.append(Parameter(name: "a/b.weight", tensor: tensor(1)))
            }.message == "its layer 'a/b' has a name of other than letters, digits, '-', '_' and '.'")
    }

    // MARK: All files

    @Test func `metadata that describe no model are refused with what is wrong`() throws {
        let workshop = try Workshop()
        let model = HandMade.model(try HandMade.nearest())
        let file = try Safetensors(parsing: model.safetensors)
        func message(_ metadata: [String: String]) throws -> String {
            let path = try workshop.newPath("a")
            let merged = file.metadata.merging(metadata) { $1 }.filter { !$0.value.isEmpty }
            try Files.write(Safetensors.bytes(of: model.network.parameters, metadata: merged), toNew: path)
            let refusal = try failure { _ = try imported(workshop, workshop.input(path, .file), [:]) }
            return refusal.message.replacing("cannot import '\(path)': ", with: "")
        }
        let start = "its metadata do not describe a model: "
        #expect(try message(["reprise.name": ""]) == start + "they lack 'reprise.name'")
        #expect(try message(["reprise.layers": "dense"]) == start + "they have a layer 'dense'")
        #expect(try message(["reprise.layers": "\n"]) == "a network needs at least one layer")
        #expect(try message(["reprise.scale": "2"]) == start + "they say x2, and the layers make x3")
        #expect(try message(["reprise.output-shift": "one"]) == start + "they have the output-shift 'one'")
        #expect(
            try message(["reprise.output-shift": "65"])
                == "its scale of 3 is not in 1...64, or its output shift of 65 in -64...64")
        #expect(try message(["reprise.label-convention": "none"]) == start + "they have the label-convention 'none'")
        #expect(try message(["reprise.padding": "same"]) == start + "they have the padding 'same'")
        #expect(try message(["reprise.shortened": "1"]) == start + "they have the shortened '1'")
        #expect(
            try message(["reprise.layers": "relu name=a channels=1"]) == "layer 'a' does not follow a convolution")
        #expect(
            try message([
                "reprise.layers":
                    "transposed-convolution name=a/b inputs=1 outputs=1 kernel=9 stride=3 padding=4 output-padding=0"
            ]) == "the parameter 'a/b.weight' is missing")
    }

    @Test func `a model of Reprise is taken as it is, under another name where one is given`() throws {
        let workshop = try Workshop()
        let model = HandMade.model(try HandMade.nearest(), isShortened: true)
        let path = try workshop.newPath("model.h5")
        try model.write(to: path)
        #expect(try imported(workshop, workshop.input(path, .model), [:]) == model)
        var renamed = model
        (renamed.name, renamed.outputShift) = ("other", 0)
        #expect(
            try imported(workshop, workshop.input(path, .folder), ["name": "other", "output-shift": 0]) == renamed)
    }

    @Test(
        arguments: [
            ([], "it is neither an HDF5 file nor a safetensors file"),
            (Array("1234567{".utf8), "it is neither an HDF5 file nor a safetensors file"),
            (Array("12345678{".utf8), "its header has 4050765991979987505 bytes, and the file ends after 1 of them"),
            (
                [0x50, 0x4b, 3, 4, 0, 0],
                "it is a ZIP archive or a pickle, and such files can hold code that runs when they are read"
            ),
            (
                [0x80, 2, 0x63],
                "it is a ZIP archive or a pickle, and such files can hold code that runs when they are read"
            ),
            (Array("not weights".utf8), "it is neither an HDF5 file nor a safetensors file"),
        ] as [([UInt8], String)])
    func `a file of another kind is refused with what it is`(bytes: [UInt8], reason: String) throws {
        let workshop = try Workshop()
        let input = try workshop.files(["a": bytes])
        let refusal = try failure { _ = try imported(workshop, input) }
        #expect(refusal.message == "cannot import '\(input.path)': \(reason)")
    }

    @Test func `any damage to our own safetensors is an error or another model, and never a crash`() throws {
        let workshop = try Workshop()
        let bytes = HandMade.model(try HandMade.nearest()).safetensors
        let header = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
        for place in stride(from: 0, to: header, by: 3) {
            var damaged = bytes
            damaged[place] ^= UInt8(1 << (place % 7))
            let input = try workshop.files(["a": damaged])
            do {
                let model = try imported(workshop, input, [:])
                #expect(model.network.parameterCount == 82, "byte \(place)")
            } catch let failure as ToolFailure {
                #expect(failure.message.hasPrefix("cannot import '\(input.path)': "), "byte \(place)")
            }
        }
    }

    @Test func `a header may be as long as a pickle's first bytes say`() throws {
        let workshop = try Workshop()
        let model = HandMade.model(try HandMade.nearest())
        for count in 1...2000 {
            var long = model
            long.name = String(repeating: "n", count: count)
            guard long.safetensors.starts(with: [0x80, 2]) else { continue }
            let path = try workshop.newPath("a")
            try Files.write(long.safetensors, toNew: path)
            #expect(try imported(workshop, workshop.input(path, .file), [:]) == long)
            return
        }
        Issue.record("no name makes the header 640 bytes long")
    }

    @Test func `several files are refused, and so is an HDF5 file of something else`() throws {
        let workshop = try Workshop()
        let two = try workshop.files(["a": [], "b": []])
        #expect(
            try failure { _ = try imported(workshop, two) }
                == ToolFailure(
                    "weights are one file, and there are 2", at: .input("weights"),
                    hint: "a source's 'path' can be a file, and 'files' chooses among those of a folder"))
        let path = try workshop.newPath("other.h5")
        let file = try TensorFileWriter(path: path.string)
        try file.write("a", tensor(1))
        try file.close()
        #expect(
            try failure { _ = try imported(workshop, workshop.input(path, .tensors)) }.message
                == "cannot import '\(path)': it is an HDF5 file, but neither a model of Reprise nor weights of Keras")
    }
}
