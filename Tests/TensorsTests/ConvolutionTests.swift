// SPDX-License-Identifier: Apache-2.0

import CKernels
import Tensors
import Testing

/// A convolution with its data, and what the scalar reference makes of it.
private struct ConvolutionCase: CustomStringConvertible {
    let convolution: Convolution
    let border: Border
    let height, width: Int
    let x, weights, biases, dy: [Float]  // x and dy: 16 samples

    init(_ convolution: Convolution, _ border: Border, height: Int, width: Int) {
        self.convolution = convolution
        self.border = border
        (self.height, self.width) = (height, width)
        let seed = UInt64(height * 31 + width)
        x = randomValues(16 * convolution.inputs * height * width, seed: seed)
        weights = randomValues(convolution.weightCount, seed: seed + 1)
        biases = randomValues(convolution.outputs, seed: seed + 2)
        let pixels = convolution.outputExtent(height) * convolution.outputExtent(width)
        dy = randomValues(16 * convolution.outputs * pixels, seed: seed + 3)
    }

    var description: String { "\(convolution) \(border) \(height)x\(width)" }
    var rows: Int { convolution.outputExtent(height) }
    var columns: Int { convolution.outputExtent(width) }
    var xCount: Int { convolution.inputs * height * width }
    var yCount: Int { convolution.outputs * rows * columns }

    var shape: reprise_convolution_shape {
        reprise_convolution_shape(
            inputs: convolution.inputs / convolution.groups, outputs: convolution.outputs / convolution.groups,
            height: height, width: width,
            kernel_height: convolution.kernel, kernel_width: convolution.kernel, stride: convolution.stride,
            padding: convolution.padding, replicate: border == .replicate)
    }

    // The twin knows no groups: each group is a convolution of its own channels, which lie together everywhere.

    private func groupOf(_ values: [Float], _ group: Int) -> [Float] {
        let count = values.count / convolution.groups
        return Array(values[group * count..<(group + 1) * count])
    }

    private func groupOfSamples(_ values: [Float], _ group: Int) -> [Float] {
        let sample = values.count / 16
        return (0..<16).flatMap { groupOf(Array(values[$0 * sample..<($0 + 1) * sample]), group) }
    }

    func referenceForward(_ sample: Int) -> [Float] {
        (0..<convolution.groups).flatMap { group in
            var shape = shape
            var y = [Float](repeating: 0, count: yCount / convolution.groups)
            let x = groupOf(Array(x[sample * xCount..<(sample + 1) * xCount]), group)
            reprise_reference_convolution(&shape, x, groupOf(weights, group), groupOf(biases, group), &y)
            return y
        }
    }

    func referenceInputGradient(_ sample: Int) -> [Float] {
        (0..<convolution.groups).flatMap { group in
            var shape = shape
            var dx = [Float](repeating: 0, count: xCount / convolution.groups)
            let padding = 2 * convolution.padding
            var scratch = [Float](repeating: 0, count: convolution.inputs * (height + padding) * (width + padding))
            let dy = groupOf(Array(dy[sample * yCount..<(sample + 1) * yCount]), group)
            reprise_reference_convolution_input_gradient(&shape, dy, groupOf(weights, group), &dx, &scratch)
            return dx
        }
    }

    var referenceWeightGradient: [Float] {
        (0..<convolution.groups).flatMap { group in
            var shape = shape
            var dw = [Float](repeating: 0, count: convolution.weightCount / convolution.groups)
            reprise_reference_convolution_weight_gradient(
                &shape, groupOfSamples(x, group), groupOfSamples(dy, group), &dw)
            return dw
        }
    }

    func check(_ level: SIMDLevel) {
        let input = Grid(
            .batch, channels: convolution.inputs, height: height, width: width,
            margins: convolution.inputMargins.union(convolution.inputGradientMargins(border)))
        let output = Grid(.batch, channels: convolution.outputs, height: rows, width: columns, margins: Margins(1))
        let gradient = Grid(
            .batch, channels: convolution.outputs, height: rows, width: columns,
            margins: convolution.gradientMargins(border, height: height, width: width))
        let xMemory = laneMemory(x, input, border: border)
        let dyMemory = laneMemory(dy, gradient)
        checkForward(level, input, output, xMemory)
        checkInputGradient(level, input, gradient, dyMemory)
        var dw: [UInt32] = []
        for products in convolution.weightGradient(input: input, gradient: gradient) {
            let scratch = FloatMemory(count: products.scratchCount), totals = FloatMemory(count: products.totals)
            products.run(
                level, dense: dyMemory.pointer, input: xMemory.pointer, scratch: scratch.pointer,
                totals: totals.pointer)
            dw += bits(totals.buffer)
        }
        #expect(dw == bits(referenceWeightGradient), "weight gradient at \(level), \(self)")
    }

    private func checkForward(_ level: SIMDLevel, _ input: Grid, _ output: Grid, _ xMemory: FloatMemory) {
        let slopes = (0..<convolution.outputs).map { Float($0) * 0.125 - 0.25 }
        let y = FloatMemory(count: output.count), activated = FloatMemory(count: output.count)
        for sums in convolution.forward(from: input, to: output) {
            let packed = FloatMemory(count: sums.packedCount)
            sums.pack(weights: weights, biases: biases, slopes: slopes, into: packed.pointer)
            sums.run(
                level, packed: packed.pointer, input: xMemory.pointer, output: y.pointer, activated: activated.pointer)
        }
        for lane in 0..<16 {
            let wanted = referenceForward(lane)
            let wantedActivated = wanted.enumerated().map { $1 > 0 ? $1 : slopes[$0 / (rows * columns)] * $1 }
            #expect(bits(sample(lane, of: y, output)) == bits(wanted), "forward at \(level), \(self)")
            #expect(
                bits(sample(lane, of: activated, output)) == bits(wantedActivated), "PReLU at \(level), \(self)")
        }
    }

    private func checkInputGradient(_ level: SIMDLevel, _ input: Grid, _ gradient: Grid, _ dyMemory: FloatMemory) {
        let dx = FloatMemory(count: input.count)
        for sums in convolution.inputGradient(from: gradient, to: input, border: border) {
            let packed = FloatMemory(count: sums.packedCount)
            sums.pack(weights: weights, biases: nil, slopes: nil, into: packed.pointer)
            sums.run(level, packed: packed.pointer, input: dyMemory.pointer, output: dx.pointer)
        }
        input.foldMargins(convolution.borderMargins(border), in: dx.pointer)
        for lane in 0..<16 {
            #expect(
                bits(sample(lane, of: dx, input)) == bits(referenceInputGradient(lane)),
                "input gradient at \(level), \(self)")
        }
    }

    /// One image, vectorised over its columns.
    func checkImage(_ level: SIMDLevel) {
        let input = Grid(
            .image, channels: convolution.inputs, height: height, width: width, margins: convolution.inputMargins)
        let output = Grid(.image, channels: convolution.outputs, height: rows, width: columns)
        let xMemory = FloatMemory(count: input.count), y = FloatMemory(count: output.count)
        for index in 0..<xCount {
            let (channel, row) = (index / (height * width), index / width % height)
            xMemory.pointer[input.origin + input.offset(channel: channel, row: row, column: index % width)] = x[index]
        }
        input.fillMargins(border, in: xMemory.pointer)
        let phases = convolution.stride == 1 ? nil : ColumnPhases(of: input, stride: convolution.stride)
        let apart = FloatMemory(count: phases?.planes.count ?? 0)
        phases?.split(xMemory.pointer, to: apart.pointer)
        for sums in convolution.forward(from: input, to: output, shift: (0, 0), phases: phases) {
            let packed = FloatMemory(count: sums.packedCount)
            sums.pack(weights: weights, biases: biases, slopes: nil, into: packed.pointer)
            sums.run(
                level, packed: packed.pointer, input: phases == nil ? xMemory.pointer : apart.pointer,
                output: y.pointer)
        }
        #expect(bits(sample(0, of: y, output)) == bits(referenceForward(0)), "image at \(level), \(self)")
    }
}

@Suite struct ConvolutionTests {
    @Test(arguments: SIMDLevel.available)
    func `every small convolution and its gradients have the bits of the scalar reference`(level: SIMDLevel) {
        var cases = 0
        for kernel in 1...5 {
            for padding in 0..<kernel {
                for (border, size) in [(Border.zero, (6, 5)), (.replicate, (3, 7)), (.replicate, (1, 4))] {
                    guard min(size.0, size.1) + 2 * padding >= kernel else { continue }
                    for (inputs, outputs) in [(1, 1), (2, 3), (3, 8)] {
                        let convolution = Convolution(
                            inputs: inputs, outputs: outputs, kernel: kernel, padding: padding)
                        ConvolutionCase(convolution, border, height: size.0, width: size.1).check(level)
                        cases += 1
                    }
                }
            }
        }
        #expect(cases > 100)
    }

    @Test(arguments: SIMDLevel.available)
    func `every count of channels and columns is blocked without a change of bits`(level: SIMDLevel) {
        for outputs in 1...14 {
            ConvolutionCase(
                Convolution(inputs: 3, outputs: outputs, kernel: 3, padding: 1), .zero, height: 3, width: outputs
            ).check(level)
        }
        for inputs in 1...9 {
            ConvolutionCase(
                Convolution(inputs: inputs, outputs: 5, kernel: 1, padding: 0), .zero, height: 2, width: 9 + inputs
            ).check(level)
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `every stride, kernel, padding and border has the bits of the scalar reference`(level: SIMDLevel) {
        var cases = 0
        for stride in 2...4 {
            for kernel in 1...5 {
                for padding in 0...kernel {
                    for (border, size) in [(Border.zero, (7, 8)), (.zero, (5, 6)), (.replicate, (6, 7))] {
                        let convolution = Convolution(
                            inputs: 2, outputs: 3, kernel: kernel, stride: stride, padding: padding)
                        let one = ConvolutionCase(convolution, border, height: size.0, width: size.1)
                        one.check(level)
                        one.checkImage(level)
                        cases += 1
                    }
                }
            }
        }
        #expect(cases == 180)
    }

    @Test(arguments: SIMDLevel.available)
    func `groups see their own channels, with the bits of the scalar reference`(level: SIMDLevel) {
        for (inputs, outputs, groups) in [(2, 2, 2), (4, 6, 2), (3, 9, 3), (6, 6, 6), (4, 2, 2)] {
            for (stride, border) in [(1, Border.zero), (2, .zero), (1, .replicate), (3, .replicate)] {
                let convolution = Convolution(
                    inputs: inputs, outputs: outputs, kernel: 3, stride: stride, groups: groups, padding: 1)
                let one = ConvolutionCase(convolution, border, height: 5, width: 7)
                one.check(level)
                one.checkImage(level)
            }
        }
    }

    @Test(arguments: SIMDLevel.available)
    func `images of any width have the bits of the scalar reference`(level: SIMDLevel) {
        for width in [1, 2, 15, 16, 17, 31, 33, 70] {
            for (border, stride) in [(Border.zero, 1), (.replicate, 1), (.zero, 2), (.replicate, 3)] {
                ConvolutionCase(
                    Convolution(inputs: 2, outputs: 7, kernel: 5, stride: stride, padding: 2), border, height: 4,
                    width: width
                ).checkImage(level)
            }
        }
    }
}
