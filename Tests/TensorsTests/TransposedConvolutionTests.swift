// SPDX-License-Identifier: Apache-2.0

import CKernels
import Tensors
import Testing

private struct TransposedCase: CustomStringConvertible {
    let transposed: TransposedConvolution
    let border: Border
    let height, width: Int
    let x, weights, biases, dy: [Float]

    init(_ transposed: TransposedConvolution, _ border: Border = .zero, height: Int, width: Int) {
        self.transposed = transposed
        self.border = border
        (self.height, self.width) = (height, width)
        let seed = UInt64(height * 37 + width)
        x = randomValues(16 * transposed.inputs * height * width, seed: seed)
        weights = randomValues(transposed.weightCount, seed: seed + 1)
        biases = randomValues(transposed.outputs, seed: seed + 2)
        let pixels = transposed.outputExtent(height) * transposed.outputExtent(width)
        dy = randomValues(16 * transposed.outputs * pixels, seed: seed + 3)
    }

    var description: String { "\(transposed) \(border) \(height)x\(width)" }
    var rows: Int { transposed.outputExtent(height) }
    var columns: Int { transposed.outputExtent(width) }
    var xCount: Int { transposed.inputs * height * width }
    var yCount: Int { transposed.outputs * rows * columns }

    var shape: reprise_transposed_shape {
        reprise_transposed_shape(
            inputs: transposed.inputs, outputs: transposed.outputs, height: height, width: width,
            kernel: transposed.kernel, stride: transposed.stride, padding: transposed.padding,
            output_padding: transposed.outputPadding, replicate: border == .replicate)
    }

    func referenceForward(_ sample: Int) -> [Float] {
        var shape = shape
        var y = [Float](repeating: 0, count: yCount)
        reprise_reference_transposed(&shape, Array(x[sample * xCount..<(sample + 1) * xCount]), weights, biases, &y)
        return y
    }

    func check(_ level: SIMDLevel) {
        let input = Grid(
            .batch, channels: transposed.inputs, height: height, width: width,
            margins: transposed.inputMargins(height: height, width: width))
        let output = Grid(
            .batch, channels: transposed.outputs, height: rows, width: columns, margins: transposed.outputMargins)
        let gradient = Grid(
            .batch, channels: transposed.outputs, height: rows, width: columns,
            margins: transposed.gradientMargins(border, height: height, width: width))
        let xMemory = laneMemory(x, input, border: border), dyMemory = laneMemory(dy, gradient)
        let y = FloatMemory(count: output.count)
        for sums in transposed.forward(from: input, to: output) {
            let packed = FloatMemory(count: sums.packedCount)
            sums.pack(weights: weights, biases: biases, slopes: nil, into: packed.pointer)
            sums.run(level, packed: packed.pointer, input: xMemory.pointer, output: y.pointer)
        }
        for lane in [0, 7, 15] {
            #expect(bits(sample(lane, of: y, output)) == bits(referenceForward(lane)), "forward at \(level), \(self)")
        }
        checkGradients(level, input, gradient, xMemory, dyMemory)
    }

    private func checkGradients(
        _ level: SIMDLevel, _ input: Grid, _ gradient: Grid, _ xMemory: FloatMemory, _ dyMemory: FloatMemory
    ) {
        var shape = shape
        let sums = transposed.inputGradient(from: gradient, to: input, border: border)
        let packed = FloatMemory(count: sums.packedCount), dx = FloatMemory(count: input.count)
        sums.pack(weights: weights, biases: nil, slopes: nil, into: packed.pointer)
        sums.run(level, packed: packed.pointer, input: dyMemory.pointer, output: dx.pointer)
        input.foldMargins(transposed.borderMargins(border, height: height, width: width), in: dx.pointer)
        for lane in [0, 9, 15] {
            var wanted = [Float](repeating: 0, count: xCount)
            reprise_reference_transposed_input_gradient(
                &shape, Array(dy[lane * yCount..<(lane + 1) * yCount]), weights, &wanted)
            #expect(bits(sample(lane, of: dx, input)) == bits(wanted), "input gradient at \(level), \(self)")
        }
        let products = transposed.weightGradient(input: input, gradient: gradient, border: border)
        let scratch = FloatMemory(count: products.scratchCount), dw = FloatMemory(count: products.totals)
        products.run(
            level, dense: xMemory.pointer, input: dyMemory.pointer, scratch: scratch.pointer, totals: dw.pointer)
        var wanted = [Float](repeating: 0, count: transposed.weightCount)
        reprise_reference_transposed_weight_gradient(&shape, x, dy, &wanted)
        #expect(bits(dw.buffer) == bits(wanted), "weight gradient at \(level), \(self)")
    }

    /// One image by planes of phases.
    func checkImage(_ level: SIMDLevel) {
        let input = Grid(
            .image, channels: transposed.inputs, height: height, width: width,
            margins: transposed.inputMargins(height: height, width: width))
        let (vertical, horizontal) = (transposed.steps(0..<rows), transposed.steps(0..<columns))
        let phases = transposed.phaseGrid(rows: vertical.count, columns: horizontal.count)
        let xMemory = FloatMemory(count: input.count), planes = FloatMemory(count: phases.count)
        for index in 0..<xCount {
            let (channel, row) = (index / (height * width), index / width % height)
            xMemory.pointer[input.origin + input.offset(channel: channel, row: row, column: index % width)] = x[index]
        }
        input.fillMargins(border, in: xMemory.pointer)
        let first = (row: vertical.lowerBound, column: horizontal.lowerBound)
        for sums in transposed.forward(from: input, toPhases: phases, firstStep: first) {
            let packed = FloatMemory(count: sums.packedCount)
            sums.pack(weights: weights, biases: biases, slopes: nil, into: packed.pointer)
            sums.run(level, packed: packed.pointer, input: xMemory.pointer, output: planes.pointer)
        }
        let y = FloatMemory(count: yCount)
        transposed.scatter(
            phases: phases, in: planes.pointer, rows: 0..<rows, columns: 0..<columns, to: y.pointer,
            channelStride: rows * columns, rowStride: columns)
        #expect(bits(y.buffer) == bits(referenceForward(0)), "image at \(level), \(self)")
    }
}

@Suite struct TransposedConvolutionTests {
    @Test(arguments: SIMDLevel.available)
    func `every small transposed convolution and its gradients have the bits of the scalar reference`(
        level: SIMDLevel
    ) {
        var cases = 0
        for stride in 1...4 {
            for kernel in 1...6 {
                for padding in 0..<min(kernel + 1, 5) {
                    for outputPadding in -2...stride + 1 where stride + kernel + outputPadding > 2 * padding {
                        let transposed = TransposedConvolution(
                            inputs: 2, outputs: 1 + cases % 2, kernel: kernel, stride: stride, padding: padding,
                            outputPadding: outputPadding)
                        let border: Border = cases % 3 == 0 ? .replicate : .zero
                        TransposedCase(transposed, border, height: 4, width: 2).check(level)
                        TransposedCase(transposed, border, height: 3, width: 18).checkImage(level)
                        cases += 1
                    }
                }
            }
        }
        #expect(cases == 519)
    }

    @Test(arguments: SIMDLevel.available, [2, 3, 4])
    func `the deconvolution of FSRCNN has the bits of the scalar reference`(level: SIMDLevel, scale: Int) {
        for outputPadding in [0, scale - 1] {
            let transposed = TransposedConvolution(
                inputs: 5, outputs: 1, kernel: 9, stride: scale, padding: 4, outputPadding: outputPadding)
            TransposedCase(transposed, height: 4, width: 5).check(level)
            TransposedCase(transposed, height: 5, width: 17).checkImage(level)
        }
    }
}
