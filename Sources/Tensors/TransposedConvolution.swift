// SPDX-License-Identifier: Apache-2.0

/// A transposed convolution, weights (inputs, outputs, kernel, kernel): input pixel (r, c) adds its value times the
/// kernel to the full output from row r * stride, column c * stride on; `padding` pixels are then cut off at the start,
/// and so many at the end that (extent - 1) * stride + kernel - 2 * padding + outputPadding remain.
///
/// A negative output padding cuts off more at the end, as Keras does for 'same' with kernel 9 and stride 4: padding 2,
/// output padding -1.
///
/// It is computed as gathered sums: output rows with the same remainder by the stride, a phase, share their taps, so
/// each phase is a convolution of the input. An output is the bias plus one fma per tap in the order input, kernel row,
/// kernel column.
package struct TransposedConvolution: Hashable, Sendable {
    package let inputs, outputs: Int
    package let kernel: Int
    package let stride: Int
    package let padding: Int
    package let outputPadding: Int

    package init(inputs: Int, outputs: Int, kernel: Int, stride: Int, padding: Int, outputPadding: Int = 0) {
        precondition(
            inputs > 0 && outputs > 0 && kernel > 0 && stride > 0, "a transposed convolution has an extent below 1")
        precondition(padding >= 0 && padding < kernel, "padding \(padding) does not suit a kernel of \(kernel)")
        precondition(outputPadding > -kernel, "an output padding of \(outputPadding) takes more than the kernel gave")
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

    /// Zeros that the input's grid must have around it.
    package func inputMargins(height: Int, width: Int) -> Margins {
        let (vertical, horizontal) = (steps(height), steps(width))
        return Margins(
            top: reach - vertical.lowerBound, bottom: vertical.upperBound - height,
            left: reach - horizontal.lowerBound, right: horizontal.upperBound - width)
    }

    /// What the output's grid must have around it: the sums of incomplete groups of phases are written there.
    package var outputMargins: Margins { Margins(stride - 1) }

    /// What the output gradient's grid must have around it, filled with zeros.
    package func gradientMargins(height: Int, width: Int) -> Margins {
        Margins(
            top: padding, bottom: (height - 1) * stride + kernel - padding - outputExtent(height),
            left: padding, right: (width - 1) * stride + kernel - padding - outputExtent(width))
    }

    /// The sums, one object for each group of phases with equally many taps, for grids in the batch layout.
    ///
    /// They spoil the margins of the output's grid.
    package func forward(from input: Grid, to output: Grid) -> [WeightedSums] {
        let (vertical, horizontal) = (steps(input.height), steps(input.width))
        let first = (row: stride * vertical.lowerBound - padding, column: stride * horizontal.lowerBound - padding)
        return phaseGroups(input) { groups in
            sums(
                groups, input: input, firstStep: (vertical.lowerBound, horizontal.lowerBound),
                outputOffset: { place in
                    output.origin
                        + output.offset(
                            channel: place.channel, row: first.row + place.row, column: first.column + place.column)
                },
                outputStrides: (output.rowStride * stride, Grid.lanes * stride),
                extents: (vertical.count, horizontal.count))
        }
    }

    /// The sums of some steps of an image, to a plane for each phase (`phaseGrid`).
    ///
    /// `firstStep` is the first row and column step, counted from the input grid's first pixel.
    package func forward(
        from input: Grid, toPhases output: Grid, firstStep: (row: Int, column: Int)
    ) -> [WeightedSums] {
        phaseGroups(input) { groups in
            sums(
                groups, input: input, firstStep: firstStep,
                outputOffset: { place in
                    output.origin
                        + output.offset(
                            channel: (place.channel * stride + place.row) * stride + place.column, row: 0, column: 0)
                },
                outputStrides: (output.rowStride, Grid.lanes), extents: (output.height, output.columns))
        }
    }

    /// In the image layout: one plane for each output channel, row phase and column phase, a pixel for each step.
    package func phaseGrid(rows: Int, columns: Int) -> Grid {
        Grid(.image, channels: outputs * stride * stride, height: rows, width: columns)
    }

    /// Brings the planes of phases of some steps to the pixels of `output`, row-major (outputs, rows, columns), where
    /// (rows, columns) is the output's extent.
    package func scatter(
        phases grid: Grid, in memory: UnsafePointer<Float>, steps: (rows: Range<Int>, columns: Range<Int>),
        to output: UnsafeMutablePointer<Float>, extent: (rows: Int, columns: Int)
    ) {
        let rows = kept(steps.rows, of: extent.rows), columns = kept(steps.columns, of: extent.columns)
        for channel in 0..<outputs {
            for row in rows {
                let (rowStep, rowPhase) = (row + padding).quotientAndRemainder(dividingBy: stride)
                let line = output + (channel * extent.rows + row) * extent.columns
                for phase in 0..<stride {
                    let from =
                        memory + grid.origin
                        + grid.offset(
                            channel: (channel * stride + rowPhase) * stride + phase,
                            row: rowStep - steps.rows.lowerBound, column: 0)
                    for step in steps.columns {
                        let column = step * stride + phase - padding
                        if columns.contains(column) { line[column] = from[step - steps.columns.lowerBound] }
                    }
                }
            }
        }
    }

    /// Output row r of the full output is step r / stride, phase r % stride; these steps hold all rows that are kept.
    package func steps(_ extent: Int) -> Range<Int> {
        padding / stride..<(outputExtent(extent) - 1 + padding) / stride + 1
    }

    /// How many pixels before its own place a step reads.
    package var reach: Int { (kernel + stride - 1) / stride - 1 }

    private typealias PhasePlace = (channel: Int, row: Int, column: Int)
    private typealias PhaseGroup = (rows: Range<Int>, columns: Range<Int>)

    private func sums(
        _ group: PhaseGroup, input: Grid, firstStep: (row: Int, column: Int), outputOffset: (PhasePlace) -> Int,
        outputStrides: (row: Int, column: Int), extents: (rows: Int, columns: Int)
    ) -> WeightedSums {
        let rowTaps = tapCount(group.rows.lowerBound), columnTaps = tapCount(group.columns.lowerBound)
        let square = rowTaps * columnTaps
        let taps = (0..<inputs * square).map { tap in
            input.origin
                + input.offset(
                    channel: tap / square, row: firstStep.row - tap % square / columnTaps,
                    column: firstStep.column - tap % columnTaps)
        }
        let places: [PhasePlace] = (0..<outputs).flatMap { channel in
            group.rows.flatMap { row in group.columns.map { column in (channel, row, column) } }
        }
        return WeightedSums(
            tapOffsets: taps, inputRow: input.rowStride, inputColumn: Grid.lanes,
            outputOffsets: places.map(outputOffset), outputRow: outputStrides.row, outputColumn: outputStrides.column,
            rows: extents.rows, columns: extents.columns, channels: places.map(\.channel),
            weightIndex: { tap, index in
                let place = places[index]
                let row = place.row + stride * (tap % square / columnTaps)
                let column = place.column + stride * (tap % columnTaps)
                return ((tap / square * outputs + place.channel) * kernel + row) * kernel + column
            })
    }

    /// The gradient of the input from that of the output.
    package func inputGradient(from gradient: Grid, to input: Grid) -> WeightedSums {
        let square = kernel * kernel
        return WeightedSums(
            tapOffsets: gradientTaps(gradient), inputRow: gradient.rowStride * stride, inputColumn: Grid.lanes * stride,
            outputOffsets: (0..<inputs).map { input.origin + input.offset(channel: $0, row: 0, column: 0) },
            outputRow: input.rowStride, outputColumn: Grid.lanes, rows: input.height, columns: input.columns,
            channels: Array(0..<inputs),
            weightIndex: { tap, input in (input * outputs + tap / square) * square + tap % square })
    }

    /// The gradient of the weights from the input and the gradient of the output.
    package func weightGradient(input: Grid, gradient: Grid) -> PixelProducts {
        PixelProducts(
            denseOrigin: input.origin, channels: inputs, denseChannel: input.channelStride, denseRow: input.rowStride,
            tapOffsets: gradientTaps(gradient), inputRow: gradient.rowStride * stride,
            inputColumn: Grid.lanes * stride, rows: input.height, columns: input.columns)
    }

    /// Where input pixel (0, 0) meets the output's gradient: one place an output, kernel row and kernel column.
    private func gradientTaps(_ gradient: Grid) -> [Int] {
        (0..<outputs * kernel * kernel).map { tap in
            gradient.origin
                + gradient.offset(
                    channel: tap / (kernel * kernel), row: tap / kernel % kernel - padding,
                    column: tap % kernel - padding)
        }
    }

    /// How many kernel rows reach a phase.
    private func tapCount(_ phase: Int) -> Int {
        phase < kernel ? (kernel - phase + stride - 1) / stride : 0
    }

    /// The phases fall in at most two runs of equally many taps in each direction: up to four groups.
    private func phaseGroups(_ input: Grid, _ make: (PhaseGroup) -> WeightedSums) -> [WeightedSums] {
        precondition(input.channels == inputs, "the grid does not fit the transposed convolution")
        let split = kernel % stride
        let runs = split == 0 ? [0..<stride] : [0..<split, split..<stride]
        return runs.flatMap { rows in runs.map { columns in make((rows, columns)) } }
    }

    /// The rows of the output that some steps hold.
    private func kept(_ steps: Range<Int>, of extent: Int) -> Range<Int> {
        max(steps.lowerBound * stride - padding, 0)..<min(steps.upperBound * stride - padding, extent)
    }
}
