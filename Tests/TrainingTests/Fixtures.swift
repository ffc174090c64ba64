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
]

private let deconvolutionInside: NetworkDescription = {
    do {
        return try NetworkDescription(layers: [
            .convolution(name: "first", inputs: 1, outputs: 3, kernel: 3, padding: .zero),
            .transposedConvolution(
                name: "up", inputs: 3, outputs: 2, kernel: 4, stride: 2, padding: 1, outputPadding: 0),
            .prelu(name: "up-prelu", channels: 2, sharing: .perChannel),
            .convolution(name: "last", inputs: 2, outputs: 1, kernel: 3, padding: .zero),
        ])
    } catch {
        preconditionFailure("the layers fit each other")
    }
}()
