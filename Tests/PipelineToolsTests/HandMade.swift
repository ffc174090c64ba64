// SPDX-License-Identifier: Apache-2.0

import PipelineTools
import Tensors
import Training

/// Networks made by hand.
enum HandMade {
    /// An x3 network by the authors' convention that repeats each LR pixel, so that its output k shows the LR pixel of
    /// HR pixel k + 1.
    ///
    /// With several channels each is treated so for itself.
    static func nearest(
        scale: Int = 3, factor: Float = 1, bias: Float = 0, channels: Int = 1
    ) throws -> Network {
        let description = try NetworkDescription(layers: [
            .transposedConvolution(
                name: "deconvolution", inputs: channels, outputs: channels, kernel: 9, stride: scale, padding: 4,
                outputPadding: 0)
        ])
        // The output at 3x - 1, 3x and 3x + 1 is the LR pixel x.
        var weights = [Float](repeating: 0, count: channels * channels * 81)
        for channel in 0..<channels {
            let start = channel * (channels + 1) * 81
            for row in 3...5 { for column in 3...5 { weights[start + row * 9 + column] = factor } }
        }
        return try Network(
            description: description,
            parameters: [
                Parameter(
                    name: "deconvolution.weight", tensor: Tensor(shape: [channels, channels, 9, 9], values: weights)),
                Parameter(name: "deconvolution.bias", tensor: Tensor(shape: [channels], repeating: bias)),
            ])
    }

    static func model(
        _ network: Network, name: String = "net", shift: Int = 1, isShortened: Bool = false,
        padding: ConvolutionPadding = .replicate
    ) -> Model {
        Model(
            name: name, network: network, outputShift: shift, labelConvention: .authors, padding: padding,
            isShortened: isShortened)
    }
}

extension HandMade {
    /// A network none of whose parameters is special, with outputs of about 1 for inputs of about 1.
    static func stirred(_ description: NetworkDescription, seed: UInt64 = 1) throws -> Network {
        try Network(
            description: description,
            parameters: description.parameters.map { parameter in
                var random = CounterRandom(seed: seed, purpose: RandomPurpose(rawValue: 3000), sample: 0)
                let taps = parameter.shape.extents.dropFirst().reduce(1, *)
                let deviation = parameter.kind == .weight ? 1 / Double(taps).squareRoot() : 0.2
                return Parameter(
                    name: parameter.name,
                    tensor: Tensor(
                        shape: parameter.shape,
                        values: (0..<parameter.shape.count).map { _ in Float(random.nextGaussian() * deviation) }))
            })
    }
}
