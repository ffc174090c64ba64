// SPDX-License-Identifier: Apache-2.0

/// A convolution (as networks define it: no kernel flip), weights (outputs, inputs, kernel, kernel), with `padding`
/// pixels on each side.
///
/// Each output is the bias plus one fma per tap in the order input, kernel row, kernel column.
package struct Convolution: Hashable, Sendable {
    package let inputs, outputs: Int
    package let kernel: Int
    package let stride: Int
    package let padding: Int

    package init(inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int) {
        precondition(inputs > 0 && outputs > 0 && kernel > 0 && stride > 0, "a convolution has an extent below 1")
        precondition(padding >= 0 && padding < kernel, "padding \(padding) does not suit a kernel of \(kernel)")
        (self.inputs, self.outputs, self.kernel) = (inputs, outputs, kernel)
        (self.stride, self.padding) = (stride, padding)
    }

    package var weightCount: Int { outputs * inputs * kernel * kernel }

    /// The extent that an extent of the input becomes.
    package func outputExtent(_ extent: Int) -> Int {
        precondition(extent + 2 * padding >= kernel, "an extent of \(extent) is too small for a kernel of \(kernel)")
        return (extent + 2 * padding - kernel) / stride + 1
    }

    /// What the input's grid must have around it, filled as the layer's border says.
    package var inputMargins: Margins { Margins(padding) }

    /// What the output gradient's grid must have around it, filled with zeros.
    package func gradientMargins(_ border: Border) -> Margins {
        Margins(border == .replicate ? kernel - 1 : kernel - 1 - padding)
    }

    package func forward(from input: Grid, to output: Grid) -> WeightedSums {
        check(input, output)
        return forward(from: input, to: output, shift: (0, 0))
    }

    /// The sums of a part of an image: `shift` is how many rows and columns of the input's image coordinates the
    /// output's first pixel (as a place of the input, before padding) lies after the input grid's first pixel.
    package func forward(from input: Grid, to output: Grid, shift: (rows: Int, columns: Int)) -> WeightedSums {
        precondition(input.layout == .batch || stride == 1, "images are convolved with a stride of 1 only")
        let taps = kernelPlaces(inputs).map { place in
            input.origin
                + input.offset(
                    channel: place.channel, row: shift.rows + place.row - padding,
                    column: shift.columns + place.column - padding)
        }
        return WeightedSums(
            tapOffsets: taps, inputRow: input.rowStride * stride, inputColumn: Grid.lanes * stride,
            outputOffsets: (0..<outputs).map { output.origin + output.offset(channel: $0, row: 0, column: 0) },
            outputRow: output.rowStride, outputColumn: Grid.lanes, rows: output.height, columns: output.columns,
            channels: Array(0..<outputs), weightIndex: { tap, output in output * taps.count + tap })
    }

    /// The gradient of the input from that of the output, for a stride of 1.
    ///
    /// With a replicated border the gradient of the padded input is made; `Grid.foldMargins(depth: padding)` then
    /// brings it home.
    package func inputGradient(from gradient: Grid, to input: Grid, border: Border) -> WeightedSums {
        check(input, gradient)
        precondition(stride == 1, "the input gradient is made for a stride of 1")
        let start = border == .replicate ? -padding : 0
        let taps = kernelPlaces(outputs).map { place in
            gradient.origin
                + gradient.offset(
                    channel: place.channel, row: start + padding - place.row, column: start + padding - place.column)
        }
        let square = kernel * kernel
        return WeightedSums(
            tapOffsets: taps, inputRow: gradient.rowStride, inputColumn: Grid.lanes,
            outputOffsets: (0..<inputs).map { input.origin + input.offset(channel: $0, row: start, column: start) },
            outputRow: input.rowStride, outputColumn: Grid.lanes, rows: input.height - 2 * start,
            columns: input.columns - 2 * start, channels: Array(0..<inputs),
            weightIndex: { tap, input in (tap / square * inputs + input) * square + tap % square })
    }

    /// The gradient of the weights from the padded input and the gradient of the output.
    package func weightGradient(input: Grid, gradient: Grid) -> PixelProducts {
        check(input, gradient)
        return PixelProducts(
            denseOrigin: gradient.origin, channels: outputs, denseChannel: gradient.channelStride,
            denseRow: gradient.rowStride,
            tapOffsets: kernelPlaces(inputs).map { place in
                input.origin
                    + input.offset(channel: place.channel, row: place.row - padding, column: place.column - padding)
            },
            inputRow: input.rowStride * stride, inputColumn: Grid.lanes * stride,
            rows: gradient.height, columns: gradient.columns)
    }

    private func kernelPlaces(_ channels: Int) -> [(channel: Int, row: Int, column: Int)] {
        (0..<channels * kernel * kernel).map { ($0 / (kernel * kernel), $0 / kernel % kernel, $0 % kernel) }
    }

    private func check(_ input: Grid, _ output: Grid) {
        precondition(
            input.channels == inputs && output.channels == outputs && output.height == outputExtent(input.height)
                && output.width == outputExtent(input.width), "the grids do not fit the convolution")
    }
}
