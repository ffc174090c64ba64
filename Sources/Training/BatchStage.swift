// SPDX-License-Identifier: Apache-2.0

import Tensors

/// A linear layer of a pass over 16 samples: its sums and products, and where its grids lie in a worker's memory.
struct BatchStage: Sendable {
    let layer: LinearLayer
    let input, output, gradient: Grid
    let places: Places
    /// What to set the output's margins to after the sums, where the sums or the next layer's border need it.
    let outputBorder: Border?
    let forward: [WeightedSums]
    /// Empty for the first layer.
    let inputGradient: [WeightedSums]
    let weightGradients: [PixelProducts]
    /// What of the input gradient's margins is added to its edge.
    let fold: Margins
    /// Whether the input gradient leaves something in its margins.
    let spoilsMargins: Bool

    /// Floats from the start of a worker's memory.
    struct Places: Sendable {
        let input, sums, output, gradient: Int
    }

    /// `previousGradient` is the grid of the layer before, nil for the first.
    init(
        _ layer: LinearLayer, grids: (input: Grid, output: Grid, gradient: Grid), places: Places,
        previousGradient: Grid?, next: LinearLayer?
    ) {
        self.layer = layer
        (input, output, gradient) = grids
        self.places = places
        switch layer.sums {
        case .convolution(let convolution):
            forward = convolution.forward(from: input, to: output)
            inputGradient =
                previousGradient.map { convolution.inputGradient(from: grids.gradient, to: $0, border: layer.border) }
                ?? []
            weightGradients = convolution.weightGradient(input: input, gradient: gradient)
        case .transposed(let transposed):
            forward = transposed.forward(from: input, to: output)
            inputGradient =
                previousGradient.map {
                    [transposed.inputGradient(from: grids.gradient, to: $0, border: layer.border)]
                } ?? []
            weightGradients = [
                transposed.weightGradient(input: input, gradient: gradient, border: layer.border)
            ]
        }
        fold = layer.foldedMargins(height: input.height, width: input.width)
        spoilsMargins = layer.inputGradientMargins(height: input.height, width: input.width) != Margins()
        outputBorder = Self.outputBorder(layer, next, output)
    }

    private static func outputBorder(_ layer: LinearLayer, _ next: LinearLayer?, _ output: Grid) -> Border? {
        guard let next else { return nil }
        if next.border == .replicate, next.inputMargins(height: output.height, width: output.width) != Margins() {
            return .replicate
        }
        return layer.outputMargins != Margins() ? .zero : nil
    }

    var forwardPackedCount: Int { forward.reduce(0) { $0 + $1.packedCount } }
    var packedCount: Int { inputGradient.reduce(forwardPackedCount) { $0 + $1.packedCount } }

    func pack(_ parameters: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
        var packed = packed
        layer.slopes(parameters).withUnsafeBufferPointer { slopes in
            for sums in forward {
                sums.pack(
                    weights: parameters + layer.weights, biases: parameters + layer.biases,
                    slopes: slopes.baseAddress, into: packed)
                packed += sums.packedCount
            }
        }
        for sums in inputGradient {
            sums.pack(weights: parameters + layer.weights, biases: nil, slopes: nil, into: packed)
            packed += sums.packedCount
        }
    }
}
