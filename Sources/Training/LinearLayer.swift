// SPDX-License-Identifier: Apache-2.0

import Tensors

/// A convolution or transposed convolution, together with the PReLU that may follow it and the places of their
/// parameters: the unit in which networks are computed.
struct LinearLayer: Sendable {
    let name: String
    let kind: BatchStage.Kind
    let weights, biases: Int
    var activation: BatchStage.Activation?

    static func list(_ description: NetworkDescription) -> [LinearLayer] {
        var result: [LinearLayer] = []
        var place = 0
        for layer in description.layers {
            let counts = layer.parameters.map(\.shape.count)
            switch layer {
            case .prelu(_, _, let sharing):
                result[result.count - 1].activation = BatchStage.Activation(slopes: place, sharing: sharing)
            case .convolution(let name, let inputs, let outputs, let kernel, let padding):
                let convolution = Convolution(
                    inputs: inputs, outputs: outputs, kernel: kernel, padding: padding == .valid ? 0 : (kernel - 1) / 2)
                result.append(
                    LinearLayer(
                        name: name, kind: .convolution(convolution, padding == .replicate ? .replicate : .zero),
                        weights: place, biases: place + counts[0], activation: nil))
            case .transposedConvolution(
                let name, let inputs, let outputs, let kernel, let stride, let padding, let outputPadding):
                let transposed = TransposedConvolution(
                    inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
                    outputPadding: outputPadding)
                result.append(
                    LinearLayer(
                        name: name, kind: .transposed(transposed), weights: place, biases: place + counts[0],
                        activation: nil))
            }
            place += counts.reduce(0, +)
        }
        return result
    }

    var inputs: Int {
        switch kind {
        case .convolution(let convolution, _): convolution.inputs
        case .transposed(let transposed): transposed.inputs
        }
    }

    var outputs: Int {
        switch kind {
        case .convolution(let convolution, _): convolution.outputs
        case .transposed(let transposed): transposed.outputs
        }
    }

    func outputExtent(_ extent: Int) -> Int {
        switch kind {
        case .convolution(let convolution, _): convolution.outputExtent(extent)
        case .transposed(let transposed): transposed.outputExtent(extent)
        }
    }

    func inputMargins(height: Int, width: Int) -> Margins {
        switch kind {
        case .convolution(let convolution, _): convolution.inputMargins
        case .transposed(let transposed): transposed.inputMargins(height: height, width: width)
        }
    }

    var outputMargins: Margins {
        switch kind {
        case .convolution: Margins()
        case .transposed(let transposed): transposed.outputMargins
        }
    }

    func gradientMargins(height: Int, width: Int) -> Margins {
        switch kind {
        case .convolution(let convolution, let border): convolution.gradientMargins(border)
        case .transposed(let transposed): transposed.gradientMargins(height: height, width: width)
        }
    }

    /// Where the gradient of a replicated border is written before it is folded.
    var foldedMargins: Margins {
        if case .convolution(let convolution, .replicate) = kind { Margins(convolution.padding) } else { Margins() }
    }

    /// `previousGradient` is the grid of the layer before, nil for the first.
    func stage(
        grids: (input: Grid, output: Grid, gradient: Grid),
        places: (input: Int, sums: Int, output: Int, gradient: Int), previousGradient: Grid?, next: LinearLayer?
    ) -> BatchStage {
        let forward: [WeightedSums]
        let inputGradient: WeightedSums?
        let weightGradient: PixelProducts
        switch kind {
        case .convolution(let convolution, let border):
            forward = [convolution.forward(from: grids.input, to: grids.output)]
            inputGradient = previousGradient.map {
                convolution.inputGradient(from: grids.gradient, to: $0, border: border)
            }
            weightGradient = convolution.weightGradient(input: grids.input, gradient: grids.gradient)
        case .transposed(let transposed):
            forward = transposed.forward(from: grids.input, to: grids.output)
            inputGradient = previousGradient.map { transposed.inputGradient(from: grids.gradient, to: $0) }
            weightGradient = transposed.weightGradient(input: grids.input, gradient: grids.gradient)
        }
        return BatchStage(
            name: name, kind: kind, weights: weights, biases: biases, activation: activation, input: grids.input,
            output: grids.output, gradient: grids.gradient, inputPlace: places.input, sumsPlace: places.sums,
            outputPlace: places.output, gradientPlace: places.gradient, outputBorder: outputBorder(before: next),
            forward: forward, inputGradient: inputGradient, weightGradient: weightGradient)
    }

    private func outputBorder(before next: LinearLayer?) -> Border? {
        guard let next else { return nil }
        if case .convolution(_, .replicate) = next.kind { return .replicate }
        if case .transposed = kind { return .zero }
        return nil
    }
}
