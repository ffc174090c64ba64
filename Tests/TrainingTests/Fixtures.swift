// SPDX-License-Identifier: Apache-2.0

import Tensors
import Training

/// Values in [0, 1) that are the same in every run.
func randomTensor(_ shape: Shape, seed: UInt64) -> Tensor {
    var random = CounterRandom(seed: seed, purpose: RandomPurpose(rawValue: 2000), sample: 0)
    return Tensor(shape: shape, values: (0..<shape.count).map { _ in Float(random.nextUniform()) })
}

/// Random patches that suit a network.
func randomPatches(
    _ count: Int, size: Int, for description: NetworkDescription, padding: TrainingPadding, seed: UInt64 = 1
) -> MemoryPatchSource {
    let label = description.padded(training: padding).outputExtent(size) ?? 0
    return MemoryPatchSource(
        inputs: randomTensor([count, description.inputs, size, size], seed: seed),
        labels: randomTensor([count, description.outputs, label, label], seed: seed + 1))
}

/// A network whose biases, slopes and deconvolution are no longer special, so that every gradient counts.
func stirred(_ description: NetworkDescription, seed: UInt64 = 1) -> Network {
    var random = CounterRandom(seed: seed, purpose: RandomPurpose(rawValue: 2001), sample: 0)
    let parameters = Network(description: description, seed: seed).parameters.map { parameter in
        var tensor = parameter.tensor
        for place in tensor.values.indices { tensor.values[place] += Float(random.nextUniform() - 0.5) * 0.3 }
        return Parameter(name: parameter.name, tensor: tensor)
    }
    do {
        return try Network(description: description, parameters: parameters)
    } catch {
        preconditionFailure("the parameters come from the same description")
    }
}

/// The bits of all values of all parameters.
func bits(_ parameters: [Parameter]) -> [UInt32] {
    parameters.flatMap { $0.tensor.values.map(\.bitPattern) }
}

/// Networks that between them have every kind of layer, sharing and padding that training knows.
let smallNetworks: [(name: String, description: NetworkDescription)] = [
    ("authors x3", .fsrcnn(d: 4, s: 3, m: 2, scale: 3)),
    ("authors x2, slopes per channel", .fsrcnn(d: 3, s: 2, m: 1, scale: 2, slopes: .perChannel)),
    ("scaled x4, two channels", .fsrcnn(d: 3, s: 2, m: 1, scale: 4, channels: 2, labelConvention: .scaled)),
    (
        "scaled x4 as Keras pads it, RGB",
        .fsrcnn(
            d: 3, s: 2, m: 1, scale: 4, channels: 3, labelConvention: .scaled, slopes: .perChannel,
            deconvolutionPadding: 2)
    ),
    ("a PReLU after the deconvolution and a convolution after it", deconvolutionInside),
    ("strides and groups, down and up again", strided),
    ("paddings of its own and a replicated deconvolution", ownPaddings),
    ("SRCNN with small kernels, RGB", .srcnn(kernels: (3, 1, 2), channels: 3)),
    ("bicubic x3", .bicubic(scale: 3)),
    ("bicubic x2, the authors' labels", .bicubic(scale: 2, channels: 2, labelConvention: .authors)),
]

private func network(_ layers: [LayerDescription]) -> NetworkDescription {
    do {
        return try NetworkDescription(layers: layers)
    } catch {
        preconditionFailure("the layers fit each other: \(error)")
    }
}

private let deconvolutionInside = network([
    .convolution(name: "first", inputs: 1, outputs: 3, kernel: 3, padding: .zero),
    .transposedConvolution(name: "up", inputs: 3, outputs: 2, kernel: 4, stride: 2, padding: 1, outputPadding: 0),
    .prelu(name: "up-prelu", channels: 2, sharing: .perChannel),
    .convolution(name: "last", inputs: 2, outputs: 1, kernel: 3, padding: .zero),
])

private let strided = network([
    .convolution(name: "first", inputs: 1, outputs: 4, kernel: 3, padding: .zero),
    .prelu(name: "first-prelu", channels: 4, sharing: .perChannel),
    .convolution(name: "down", inputs: 4, outputs: 6, kernel: 3, stride: 2, groups: 2, padding: .zero, ownPadding: 1),
    .relu(name: "down-relu", channels: 6),
    .transposedConvolution(name: "up", inputs: 6, outputs: 2, kernel: 5, stride: 4, padding: 1, outputPadding: -1),
    .relu(name: "up-relu", channels: 2),
    .convolution(name: "last", inputs: 2, outputs: 2, kernel: 1, groups: 2, padding: .zero),
])

private let ownPaddings = network([
    .convolution(name: "first", inputs: 2, outputs: 3, kernel: 3, stride: 2, padding: .replicate, ownPadding: 2),
    .relu(name: "first-relu", channels: 3),
    .transposedConvolution(
        name: "up", inputs: 3, outputs: 2, kernel: 4, stride: 3, padding: 2, outputPadding: 1, border: .replicate),
    .prelu(name: "up-prelu", channels: 2, sharing: .perLayer),
    .convolution(name: "last", inputs: 2, outputs: 1, kernel: 4, padding: .valid, ownPadding: 4),
])
