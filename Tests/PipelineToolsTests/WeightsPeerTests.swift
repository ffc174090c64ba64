// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import Imaging
import PipelineExecution
import PipelineManifest
import PipelineTools
import SystemPackage
import Tensors
import Testing
import Training

/// Models in other programs, live, where python3 (or $PYTHON) has them.
@Suite struct WeightsPeerTests {
    /// Networks of every layer and padding, with the padding of whole images.
    private static let networks: [(name: String, layers: [LayerDescription], padding: ConvolutionPadding)] = [
        ("authors x3", NetworkDescription.fsrcnn(d: 12, s: 5, m: 2, scale: 3).layers, .replicate),
        (
            "scaled x4 as Keras pads it, RGB",
            NetworkDescription.fsrcnn(
                d: 12, s: 5, m: 1, scale: 4, channels: 3, labelConvention: .scaled, slopes: .perChannel,
                deconvolutionPadding: 2
            ).layers, .zero
        ),
        ("no padding", NetworkDescription.fsrcnn(d: 6, s: 3, m: 1, scale: 2, labelConvention: .scaled).layers, .valid),
        (
            "an output that ends beyond the last sum",
            [
                .transposedConvolution(
                    name: "up", inputs: 1, outputs: 2, kernel: 3, stride: 2, padding: 1, outputPadding: 5),
                .prelu(name: "up-prelu", channels: 2, sharing: .perChannel),
            ], .replicate
        ),
        (
            "an output that ends early, and an even kernel",
            [
                .convolution(name: "one", inputs: 1, outputs: 3, kernel: 4, padding: .zero),
                .transposedConvolution(
                    name: "up", inputs: 3, outputs: 1, kernel: 5, stride: 3, padding: 0, outputPadding: -4),
            ], .replicate
        ),
        ("ReLU and no upsampling", NetworkDescription.srcnn(kernels: (5, 1, 3)).layers, .replicate),
        (
            "bicubic, which replicates its input",
            NetworkDescription.bicubic(scale: 3, labelConvention: .authors, outputShift: 1).layers, .zero
        ),
        (
            "replicated beyond the last sum",
            [
                .transposedConvolution(
                    name: "up", inputs: 1, outputs: 1, kernel: 2, stride: 3, padding: 0, outputPadding: 4,
                    border: .replicate)
            ], .zero
        ),
        (
            "strides, groups, paddings of their own, upsampling inside",
            [
                .convolution(name: "one", inputs: 1, outputs: 4, kernel: 3, stride: 2, padding: .zero),
                .relu(name: "one-relu", channels: 4),
                .convolution(
                    name: "two", inputs: 4, outputs: 6, kernel: 5, groups: 2, padding: .replicate, ownPadding: 3),
                .transposedConvolution(
                    name: "up", inputs: 6, outputs: 3, kernel: 4, stride: 2, padding: 1, outputPadding: 0),
                .prelu(name: "up-prelu", channels: 3, sharing: .perLayer),
                .convolution(name: "three", inputs: 3, outputs: 1, kernel: 3, padding: .zero, ownPadding: 2),
            ], .replicate
        ),
    ]

    /// Runs both exports of each model on each image, in a process of its own.
    private func worst(
        _ script: String, _ file: KeyPath<Model, [UInt8]>, _ models: [Model], on images: [Tensor]
    ) throws -> [Double] {
        let workshop = try Workshop()
        var arguments: [String] = []
        for model in models {
            let path = try workshop.newPath("model")
            try Files.write(model[keyPath: file], toNew: path)
            for image in images where image.shape[0] == model.network.description.inputs {
                let output = try model.network.upscaled(
                    image, padding: model.padding, pool: WorkerPool(threads: 2), level: .best)
                let (input, wanted) = (try workshop.newPath("input"), try workshop.newPath("output"))
                for (path, tensor) in [(input, image), (wanted, output)] {
                    try tensor.values.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: path.string)) }
                }
                let shapes = [image, output].flatMap { $0.shape.extents.map(String.init) }
                arguments.append(([path.string, input.string, wanted.string] + shapes).joined(separator: " "))
            }
        }
        return try Python.run(Self.harness + script, arguments).compactMap { Double($0) }
    }

    private static let harness = """
        import sys
        import numpy as np

        def compare(network):
            for line in sys.argv[1:]:
                path, source, target, *shape = line.split(" ")
                shape = [int(extent) for extent in shape]
                image = np.fromfile(source, np.float32).reshape(1, *shape[:3])
                wanted = np.fromfile(target, np.float32).reshape(1, *shape[3:])
                found = network(path, image)
                assert found.shape == wanted.shape, (found.shape, wanted.shape)
                print(np.abs(found.astype(np.float64) - wanted).max())


        """

    private static let onnx = """
        import onnx, onnxruntime

        def network(path, image):
            model = onnx.load(path)
            onnx.checker.check_model(model, full_check=True)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            assert [o.name for o in session.get_outputs()] == ["upscaled"]
            return session.run(None, {"image": image})[0]

        compare(network)
        """

    /// Builds the network from the file's own description, with PyTorch's operators.
    private static let torch = """
        import torch, torch.nn.functional as F
        from safetensors import safe_open

        def network(path, image):
            x = torch.from_numpy(image)
            with safe_open(path, "pt") as file:
                facts, get = file.metadata(), file.get_tensor
                for line in facts["reprise.layers"].split("\\n"):
                    kind, *words = line.split(" ")
                    layer = dict(word.split("=") for word in words)
                    name = layer["name"]
                    if kind in ["prelu", "relu"]:
                        x = F.prelu(x, get(name + ".slope")) if kind == "prelu" else F.relu(x)
                        continue
                    k, weight, bias = int(layer["kernel"]), get(name + ".weight"), get(name + ".bias")
                    if kind == "convolution":
                        own = layer.get("padding-extent")
                        padding = layer["padding"] if own else facts["reprise.padding"]
                        extent = int(own) if own else 0 if padding == "valid" else (k - 1) // 2
                        mode = "replicate" if padding == "replicate" else "constant"
                        x = F.pad(x, [extent] * 4, mode=mode)
                        x = F.conv2d(x, weight, bias, int(layer.get("stride", 1)), groups=int(layer.get("groups", 1)))
                    else:
                        s, p, more = (int(layer[key]) for key in ["stride", "padding", "output-padding"])
                        rows, columns = [(n - 1) * s + k - 2 * p + more for n in x.shape[2:]]
                        mode = "replicate" if layer.get("border") else "constant"
                        x = F.conv_transpose2d(F.pad(x, [8] * 4, mode=mode), weight, bias, stride=s)
                        p += 8 * s
                        x = x[:, :, p:p + rows, p:p + columns]
            return x.detach().numpy()

        compare(network)
        """

    private static func stirredModels() throws -> [Model] {
        try networks.map { name, layers, padding in
            HandMade.model(
                try HandMade.stirred(NetworkDescription(layers: layers)), name: name, padding: padding)
        }
    }

    private static func randomImages() -> [Tensor] {
        [(1, 13, 17), (3, 9, 8), (1, 12, 12)].map { channels, height, width in
            var random = CounterRandom(seed: 1, purpose: RandomPurpose(rawValue: 3002), sample: UInt64(height))
            return Tensor(
                shape: [channels, height, width],
                values: (0..<channels * height * width).map { _ in Float(random.nextUniform()) })
        }
    }

    private static let hasONNX = Python.has("numpy", "onnx", "onnxruntime")
    private static let hasTorch = Python.has("numpy", "torch", "safetensors")
    private static let hasKeras = Python.has("keras", "tensorflow", "h5py")

    @Test(.enabled(if: hasONNX, "python3, or what PYTHON names, has no onnx and onnxruntime"))
    func `onnxruntime computes what we compute, for every layer and padding`() throws {
        let differences = try worst(Self.onnx, \.onnx, Self.stirredModels(), on: Self.randomImages())
        #expect(differences.count == 17)
        #expect(differences.allSatisfy { $0 < 1e-5 }, "\(differences)")
    }

    @Test(.enabled(if: hasTorch, "python3, or what PYTHON names, has no torch and safetensors"))
    func `PyTorch computes what we compute, from the safetensors file alone`() throws {
        let differences = try worst(Self.torch, \.safetensors, Self.stirredModels(), on: Self.randomImages())
        #expect(differences.count == 17)
        #expect(differences.allSatisfy { $0 < 1e-5 }, "\(differences)")
    }

    /// The images of Set5, made smaller by 4, as RGB and as luma.
    private static func set5() throws -> [Tensor] {
        try (1...5).flatMap { number -> [Tensor] in
            let image = try SharedData.image("Set5/original/img_00\(number).png").resized(by: 0.25, border: .mirror)
            let count = image.height * image.width
            return [
                Tensor(
                    shape: [3, image.height, image.width],
                    values: (0..<3 * count).map { Float(image.rgb.pixels[$0 % count * 3 + $0 / count]) / 255 }),
                Tensor(shape: [1, image.height, image.width], values: image.luma.pixels.map { Float($0) / 255 }),
            ]
        }
    }

    /// The tutorial's trained network, and FSRCNN(56, 12, 4) x3 with weights of the usual size.
    private static func realModels(_ workshop: Workshop) throws -> [Model] {
        let path = FilePath("\(SharedData.folder)/oracle/keras_fsrcnn_x4_weights.h5")
        let keras = try workshop.run("import-weights", ["weights": [workshop.input(path, .folder)]], ["name": "FSRCNN"])
        return [
            try Model(readingFrom: keras.path("model")),
            HandMade.model(try HandMade.stirred(.fsrcnn(scale: 3))),
        ]
    }

    @Test(
        .enabled(if: SharedData.isThere, SharedData.absence),
        .enabled(if: hasONNX, "python3, or what PYTHON names, has no onnx and onnxruntime"))
    func `onnxruntime enlarges Set5 as we do`() throws {
        let differences = try worst(Self.onnx, \.onnx, Self.realModels(Workshop()), on: Self.set5())
        #expect(differences.count == 10)
        #expect(differences.allSatisfy { $0 < 1e-5 }, "\(differences)")
    }

    @Test(
        .enabled(if: SharedData.isThere, SharedData.absence),
        .enabled(if: hasTorch, "python3, or what PYTHON names, has no torch and safetensors"))
    func `PyTorch enlarges Set5 as we do`() throws {
        let differences = try worst(Self.torch, \.safetensors, Self.realModels(Workshop()), on: Self.set5())
        #expect(differences.count == 10)
        #expect(differences.allSatisfy { $0 < 1e-5 }, "\(differences)")
    }

    /// Prints the output of a network of PyTorch's own, whose weights it writes in every type that we read.
    private static let torchModel = """
        import sys, torch
        from torch import nn
        from safetensors.torch import save_file
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.PReLU(6), nn.Conv2d(6, 4, 3, padding=1), nn.PReLU(),
            nn.ConvTranspose2d(4, 1, 9, stride=3, padding=4, output_padding=2))
        kind = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}[sys.argv[2]]
        state = {name: value.to(kind).contiguous() for name, value in net.state_dict().items()}
        save_file(state, sys.argv[1])
        net.load_state_dict({name: value.float() for name, value in state.items()})
        image = (torch.arange(143).reshape(1, 1, 11, 13) * 37 % 64) / 64
        print(*net(image).flatten().tolist(), sep="\\n")
        """

    @Test(
        .enabled(if: hasTorch, "python3, or what PYTHON names, has no torch and safetensors"),
        arguments: ["F32", "F16", "BF16", "F64"])
    func `what PyTorch saved computes the same here`(type: String) throws {
        let workshop = try Workshop()
        let path = try workshop.newPath("net.safetensors")
        let wanted = try Python.run(Self.torchModel, [path.string, type]).compactMap { Double($0) }
        let outputs = try workshop.run(
            "import-weights", ["weights": [workshop.input(path, .file)]],
            ["name": "net", "scale": 3, "layers": ["0", "1", "2", "3", "4"], "deconvolution-padding": 4])
        try expect(outputs, of: [1, 11, 13], gives: wanted)
    }

    /// The same with Keras, saved as HDF5.
    private static let kerasModel = """
        import sys, os
        import numpy as np, keras
        from keras import layers
        keras.utils.set_random_seed(0)
        net = keras.Sequential([layers.Input((None, None, 1)), layers.Conv2D(6, 5, padding="same"),
            layers.PReLU(alpha_initializer="he_normal", shared_axes=[1, 2]),
            layers.Conv2D(4, 3, padding="same", bias_initializer="he_normal"),
            layers.PReLU(alpha_initializer="he_normal", shared_axes=[1, 2]),
            layers.Conv2DTranspose(1, 9, strides=int(sys.argv[2]), padding="same", use_bias=False)])
        net.save(sys.argv[1])
        image = (np.arange(143, dtype=np.float32).reshape(1, 11, 13, 1) * 37 % 64) / 64
        print(*np.asarray(net(image)).flatten().tolist(), sep="\\n")
        """

    @Test(
        .enabled(if: hasKeras, "python3, or what PYTHON names, has no keras with tensorflow"),
        arguments: [2, 3, 4])
    func `what Keras saved computes the same here`(scale: Int) throws {
        let workshop = try Workshop()
        let path = try workshop.newPath("net.h5")
        let wanted = try Python.run(Self.kerasModel, [path.string, "\(scale)"]).compactMap { Double($0) }
        let outputs = try workshop.run(
            "import-weights", ["weights": [workshop.input(path, .folder)]], ["name": "net", "scale": .integer(scale)])
        try expect(outputs, of: [1, 11, 13], gives: wanted)
    }

    private func expect(_ outputs: Outputs, of shape: Shape, gives wanted: [Double]) throws {
        let model = try Model(readingFrom: outputs.path("model"))
        let image = Tensor(shape: shape, values: (0..<shape.count).map { Float($0 * 37 % 64) / 64 })
        let found = try model.network.upscaled(
            image, padding: model.padding, pool: WorkerPool(threads: 1), level: .best)
        #expect(found.values.count == wanted.count)
        let worst = zip(found.values, wanted).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(worst < 1e-5)
        #expect(wanted.contains { abs($0) > 0.01 })
    }
}
