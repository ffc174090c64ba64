// SPDX-License-Identifier: Apache-2.0

/// A transposed convolution, weights (inputs, outputs, kernel, kernel): input pixel (r, c) adds its value times the
/// kernel to the full output from row r * stride, column c * stride on; `padding` pixels are then cut off at the start,
/// and so many at the end that (extent - 1) * stride + kernel - 2 * padding + outputPadding remain.
///
/// A negative output padding cuts off more at the end, as Keras does for 'same' with kernel 9 and stride 4: padding 2,
/// output padding -1. An output is the bias plus one fma per tap in the order input, kernel row, kernel column.
package struct TransposedConvolution: Hashable, Sendable {
    package let inputs, outputs: Int
    package let kernel: Int
    package let stride: Int
    package let padding: Int
    package let outputPadding: Int

    package init(inputs: Int, outputs: Int, kernel: Int, stride: Int, padding: Int, outputPadding: Int = 0) {
        precondition(
            inputs > 0 && outputs > 0 && kernel > 0 && stride > 0, "a transposed convolution has an extent below 1")
        precondition(padding >= 0, "a padding of \(padding) pixels is none")
        (self.inputs, self.outputs, self.kernel) = (inputs, outputs, kernel)
        (self.stride, self.padding, self.outputPadding) = (stride, padding, outputPadding)
    }

    package var weightCount: Int { inputs * outputs * kernel * kernel }

    /// The extent that an extent of the input becomes.
    package func outputExtent(_ extent: Int) -> Int {
        let result = (extent - 1) * stride + kernel - 2 * padding + outputPadding
        precondition(result > 0, "an extent of \(extent) leaves nothing of the transposed convolution")
        return result
    }

    /// What the input's grid must have around it, filled as the layer's border says.
    package func inputMargins(height: Int, width: Int) -> Margins {
        phased(outputExtent(height), outputExtent(width)).inputMargins(height: height, width: width)
    }

    /// What the output's grid must have around it: the sums of incomplete groups of phases are written there.
    package var outputMargins: Margins { Margins(stride - 1) }

    /// What the output gradient's grid must have around it, filled with zeros, for an input of an extent.
    package func gradientMargins(_ border: Border, height: Int, width: Int) -> Margins {
        let beyond = borderMargins(border, height: height, width: width)
        return Margins(
            top: padding + beyond.top * stride,
            bottom: (height - 1 + beyond.bottom) * stride + kernel - padding - outputExtent(height),
            left: padding + beyond.left * stride,
            right: (width - 1 + beyond.right) * stride + kernel - padding - outputExtent(width))
    }

    /// The pixels beyond an input of an extent that have gradients of their own: those of a replicated border, which
    /// `Grid.foldMargins` brings home.
    package func borderMargins(_ border: Border, height: Int, width: Int) -> Margins {
        border == .replicate ? inputMargins(height: height, width: width) : Margins()
    }

    /// The sums, one object for each group of phases with equally many taps, for grids in the batch layout.
    ///
    /// They spoil the margins of the output's grid.
    package func forward(from input: Grid, to output: Grid) -> [WeightedSums] {
        check(input)
        return phased(outputExtent(input.height), outputExtent(input.width)).sums(from: input, to: output)
    }

    /// The sums of some steps of an image, to a plane for each phase (`phaseGrid`).
    ///
    /// `firstStep` is the first row and column step, counted from the input grid's first pixel.
    package func forward(
        from input: Grid, toPhases output: Grid, firstStep: (row: Int, column: Int)
    ) -> [WeightedSums] {
        check(input)
        return phased(output.height * stride, output.width * stride)
            .sums(from: input, toPhases: output, firstStep: firstStep)
    }

    /// In the image layout: one plane for each output channel, row phase and column phase, a pixel for each step.
    package func phaseGrid(rows: Int, columns: Int) -> Grid {
        Grid(.image, channels: outputs * stride * stride, height: rows, width: columns)
    }

    /// Brings the planes of phases to the pixels of an output.
    ///
    /// `rows` and `columns` are the output's pixels to write, counted as in the whole output; the planes begin with the
    /// steps that hold their first. Pixel (rows.lowerBound, columns.lowerBound) of channel 0 goes to `output`.
    package func scatter(
        phases grid: Grid, in memory: UnsafePointer<Float>, rows: Range<Int>, columns: Range<Int>,
        to output: UnsafeMutablePointer<Float>, channelStride: Int, rowStride: Int
    ) {
        let firstRow = (rows.lowerBound + padding) / stride
        let firstColumn = (columns.lowerBound + padding) / stride
        for channel in 0..<outputs {
            for row in rows {
                let (rowStep, rowPhase) = (row + padding).quotientAndRemainder(dividingBy: stride)
                let line = output + channel * channelStride + (row - rows.lowerBound) * rowStride
                for phase in 0..<stride {
                    let from =
                        memory + grid.origin
                        + grid.offset(
                            channel: (channel * stride + rowPhase) * stride + phase, row: rowStep - firstRow, column: 0)
                    var column = firstColumn * stride + phase - padding - columns.lowerBound
                    for step in 0..<grid.width {
                        if column >= 0, column < columns.count { line[column] = from[step] }
                        column += stride
                    }
                }
            }
        }
    }

    /// The steps that hold a range of the output's rows or columns.
    package func steps(_ output: Range<Int>) -> Range<Int> {
        PhasedSums.steps(output.lowerBound + padding..<output.upperBound + padding, stride)
    }

    /// The rows or columns of an output of `extent` that some steps hold.
    package func kept(_ steps: Range<Int>, of extent: Int) -> Range<Int> {
        let lower = max(steps.lowerBound * stride - padding, 0)
        return lower..<max(min(steps.upperBound * stride - padding, extent), lower)
    }

    /// How many pixels before its own place a step reads.
    package var reach: Int { (kernel + stride - 1) / stride - 1 }

    /// The gradient of the input from that of the output.
    ///
    /// With a replicated border the gradient of the input with its margins is made; `Grid.foldMargins` then brings it
    /// home.
    package func inputGradient(from gradient: Grid, to input: Grid, border: Border) -> WeightedSums {
        let square = kernel * kernel
        let beyond = borderMargins(border, height: input.height, width: input.width)
        return WeightedSums(
            tapOffsets: gradientTaps(gradient, row: -beyond.top * stride, column: -beyond.left * stride),
            inputRow: gradient.rowStride * stride, inputColumn: Grid.lanes * stride,
            outputOffsets: (0..<inputs).map {
                input.origin + input.offset(channel: $0, row: -beyond.top, column: -beyond.left)
            },
            outputRow: input.rowStride, outputColumn: Grid.lanes, rows: input.height + beyond.top + beyond.bottom,
            columns: input.columns + beyond.left + beyond.right, channels: Array(0..<inputs),
            weightIndex: { tap, input in (input * outputs + tap / square) * square + tap % square })
    }

    /// The gradient of the weights from the input and the gradient of the output.
    ///
    /// It sums over the input's pixels and, with a replicated border, over those of its margins.
    package func weightGradient(input: Grid, gradient: Grid, border: Border) -> PixelProducts {
        let beyond = borderMargins(border, height: input.height, width: input.width)
        return PixelProducts(
            denseOrigin: input.origin + input.offset(channel: 0, row: -beyond.top, column: -beyond.left),
            channels: inputs, denseChannel: input.channelStride, denseRow: input.rowStride,
            tapOffsets: gradientTaps(gradient, row: -beyond.top * stride, column: -beyond.left * stride),
            inputRow: gradient.rowStride * stride, inputColumn: Grid.lanes * stride,
            rows: input.height + beyond.top + beyond.bottom, columns: input.columns + beyond.left + beyond.right)
    }

    /// Where an input pixel meets the output's gradient, (`row`, `column`) being the full output's pixel that it begins
    /// at: one place an output, kernel row and kernel column.
    private func gradientTaps(_ gradient: Grid, row: Int, column: Int) -> [Int] {
        (0..<outputs * kernel * kernel).map { tap in
            gradient.origin
                + gradient.offset(
                    channel: tap / (kernel * kernel), row: row + tap / kernel % kernel - padding,
                    column: column + tap % kernel - padding)
        }
    }

    private func phased(_ rows: Int, _ columns: Int) -> PhasedSums {
        PhasedSums(
            inputs: 0..<inputs, outputs: 0..<outputs, kernel: kernel, stride: stride, padding: padding, rows: rows,
            columns: columns,
            weightIndex: { input, output, row, column in
                ((input * outputs + output) * kernel + row) * kernel + column
            })
    }

    private func check(_ input: Grid) {
        precondition(input.channels == inputs, "the grid does not fit the transposed convolution")
    }
}
