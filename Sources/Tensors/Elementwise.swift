// SPDX-License-Identifier: Apache-2.0

import CKernels

/// The steps of training between the convolutions, on grids in the batch layout.
package enum Elementwise {
    /// The way back through PReLU and bias, in place: `gradient` becomes that of the sums under the activation.
    ///
    /// `biasTotals` and `slopeTotals` get one total a channel. `scratch` has room for 2 * channels * 16 floats.
    package static func activationGradient(
        _ level: SIMDLevel, gradient: UnsafeMutablePointer<Float>, grid: Grid,
        values: (memory: UnsafePointer<Float>, grid: Grid, slopes: UnsafePointer<Float>)?,
        scratch: UnsafeMutablePointer<Float>, biasTotals: UnsafeMutablePointer<Float>,
        slopeTotals: UnsafeMutablePointer<Float>?
    ) {
        let count = grid.channels * Grid.lanes
        scratch.update(repeating: 0, count: 2 * count)
        let kernels = level.kernels
        var arguments = reprise_activation_gradient(
            gradient: gradient + grid.origin, gradient_channel: grid.channelStride, gradient_row: grid.rowStride,
            values: values.map { $0.memory + $0.grid.origin }, values_channel: values?.grid.channelStride ?? 0,
            values_row: values?.grid.rowStride ?? 0, channels: grid.channels, rows: grid.height, columns: grid.width,
            slopes: values?.slopes, slope_sums: scratch, bias_sums: scratch + count)
        kernels.activation_gradient(&arguments)
        kernels.lane_totals(scratch + count, grid.channels, biasTotals)
        if let slopeTotals { kernels.lane_totals(scratch, grid.channels, slopeTotals) }
    }

    /// A loss and its slope: `gradient` = scales * slope(output - labels), and adds weights * loss(output - labels) to
    /// `sums`; `scales`, `weights` and `sums` have one value a lane.
    ///
    /// `PixelLoss` has the slopes, `CKernels.h` the roundings. The grids have the same channels, height and width.
    package static func loss(
        _ level: SIMDLevel, _ loss: PixelLoss, output: UnsafePointer<Float>, outputGrid: Grid,
        labels: UnsafePointer<Float>, labelGrid: Grid, gradient: UnsafeMutablePointer<Float>, gradientGrid: Grid,
        scales: UnsafePointer<Float>, weights: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>
    ) {
        let (kind, epsilon) = loss.arguments
        var arguments = reprise_loss(
            kind: kind, epsilon: epsilon, output: output + outputGrid.origin, output_channel: outputGrid.channelStride,
            output_row: outputGrid.rowStride, labels: labels + labelGrid.origin, label_channel: labelGrid.channelStride,
            label_row: labelGrid.rowStride, gradient: gradient + gradientGrid.origin,
            gradient_channel: gradientGrid.channelStride, gradient_row: gradientGrid.rowStride,
            channels: outputGrid.channels, rows: outputGrid.height, columns: outputGrid.width, scales: scales,
            weights: weights, sums: sums)
        level.kernels.loss(&arguments)
    }

    /// Up to 16 samples of (channels, rows, columns) into the lanes of a grid; absent samples are zero.
    package static func interleave(
        _ samples: UnsafePointer<Float>, count: Int, into memory: UnsafeMutablePointer<Float>, grid: Grid
    ) {
        precondition(grid.layout == .batch && count <= Grid.lanes, "a batch grid takes at most 16 samples")
        reprise_interleave(
            samples, count, grid.channels, grid.height, grid.width, memory + grid.origin, grid.channelStride,
            grid.rowStride)
    }

    /// One step of Adam (Kingma and Ba, 2015, algorithm 1) on all parameters.
    ///
    /// The corrections are 1 - beta^t.
    package static func adam(
        _ level: SIMDLevel, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        firstMoments: UnsafeMutablePointer<Float>, secondMoments: UnsafeMutablePointer<Float>,
        rates: UnsafePointer<Float>, count: Int, beta1: Double, beta2: Double, corrections: (Double, Double),
        epsilon: Double
    ) {
        var arguments = reprise_adam(
            parameters: parameters, gradients: gradients, first_moments: firstMoments, second_moments: secondMoments,
            rates: rates, count: count, beta1: Float(beta1), beta2: Float(beta2), one_minus_beta1: Float(1 - beta1),
            one_minus_beta2: Float(1 - beta2), correction1: Float(corrections.0), correction2: Float(corrections.1),
            epsilon: Float(epsilon))
        level.kernels.adam(&arguments)
    }

    /// One step of gradient descent with momentum: v = momentum * v + rate * g, p -= v.
    ///
    /// With Nesterov's look ahead p -= momentum * v + rate * g instead, as Keras and Sutskever et al. (2013) have it.
    package static func momentum(
        _ level: SIMDLevel, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        velocities: UnsafeMutablePointer<Float>, rates: UnsafePointer<Float>, count: Int, momentum: Double,
        nesterov: Bool = false
    ) {
        var arguments = reprise_momentum(
            parameters: parameters, gradients: gradients, velocities: velocities, rates: rates, count: count,
            momentum: Float(momentum), nesterov: nesterov)
        level.kernels.momentum(&arguments)
    }

    /// One step of RMSprop as Keras defines it: v = rho * v + (1 - rho) * g^2, p -= rate * g / sqrt(v + epsilon).
    package static func rmsprop(
        _ level: SIMDLevel, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        squares: UnsafeMutablePointer<Float>, rates: UnsafePointer<Float>, count: Int, rho: Double, epsilon: Double
    ) {
        var arguments = reprise_rmsprop(
            parameters: parameters, gradients: gradients, squares: squares, rates: rates, count: count,
            rho: Float(rho), one_minus_rho: Float(1 - rho), epsilon: Float(epsilon))
        level.kernels.rmsprop(&arguments)
    }
}
