// SPDX-License-Identifier: Apache-2.0

/// Sums that gather what every input pixel spreads over a larger output: transposed convolutions, and the input
/// gradients of convolutions.
///
/// Input pixel (r, c) adds its value times the kernel to the full output from row r * stride, column c * stride on. Of
/// the full output, `rows` x `columns` pixels from row and column `padding` on are kept. Output rows with the same
/// remainder by the stride, a phase, share their taps, so each phase is a convolution of the input. An output has one
/// fma per tap in the order input channel, kernel row, kernel column.
struct PhasedSums {
    /// Channels of the grids that take part; a group of a convolution has a part of them.
    let inputs, outputs: Range<Int>
    let kernel, stride, padding: Int
    /// The extent that is kept.
    let rows, columns: Int
    /// The place of a weight in the layer's tensor; channels count from the start of the ranges.
    let weightIndex: (_ input: Int, _ output: Int, _ row: Int, _ column: Int) -> Int

    /// Row r of the full output is step r / stride, phase r % stride; these steps hold all rows that are kept.
    var rowSteps: Range<Int> { Self.steps(padding..<padding + rows, stride) }
    var columnSteps: Range<Int> { Self.steps(padding..<padding + columns, stride) }

    /// The steps that hold a range of the full output.
    static func steps(_ full: Range<Int>, _ stride: Int) -> Range<Int> {
        full.lowerBound / stride..<(full.upperBound - 1) / stride + 1
    }

    /// How many pixels before its own place a step reads.
    var reach: Int { (kernel + stride - 1) / stride - 1 }

    /// What the sums read beyond an input of an extent.
    func inputMargins(height: Int, width: Int) -> Margins {
        Margins(
            top: reach - rowSteps.lowerBound, bottom: rowSteps.upperBound - height,
            left: reach - columnSteps.lowerBound, right: columnSteps.upperBound - width)
    }

    /// The sums, one object for each group of phases with equally many taps, for grids in the batch layout.
    ///
    /// The first kept pixel is written to (`start`, `start`) of the output's grid. Up to stride - 1 pixels around what
    /// is kept are spoilt.
    func sums(from input: Grid, to output: Grid, start: Int = 0) -> [WeightedSums] {
        let (vertical, horizontal) = (rowSteps, columnSteps)
        let first = (
            row: start + stride * vertical.lowerBound - padding,
            column: start + stride * horizontal.lowerBound - padding
        )
        return phaseGroups.map { group in
            sums(
                group, input: input, firstStep: (vertical.lowerBound, horizontal.lowerBound),
                outputOffset: { place in
                    output.origin
                        + output.offset(
                            channel: place.channel, row: first.row + place.row, column: first.column + place.column)
                },
                outputStrides: (output.rowStride * stride, Grid.lanes * stride),
                extents: (vertical.count, horizontal.count))
        }
    }

    /// The sums of some steps of an image, to a plane for each output channel, row phase and column phase.
    ///
    /// `firstStep` is the first row and column step, counted from the input grid's first pixel.
    func sums(from input: Grid, toPhases output: Grid, firstStep: (row: Int, column: Int)) -> [WeightedSums] {
        phaseGroups.map { group in
            sums(
                group, input: input, firstStep: firstStep,
                outputOffset: { place in
                    output.origin
                        + output.offset(
                            channel: (place.channel * stride + place.row) * stride + place.column, row: 0, column: 0)
                },
                outputStrides: (output.rowStride, Grid.lanes), extents: (output.height, output.columns))
        }
    }

    private typealias PhasePlace = (channel: Int, row: Int, column: Int)
    private typealias PhaseGroup = (rows: Range<Int>, columns: Range<Int>)

    private func sums(
        _ group: PhaseGroup, input: Grid, firstStep: (row: Int, column: Int), outputOffset: (PhasePlace) -> Int,
        outputStrides: (row: Int, column: Int), extents: (rows: Int, columns: Int)
    ) -> WeightedSums {
        let rowTaps = tapCount(group.rows.lowerBound), columnTaps = tapCount(group.columns.lowerBound)
        let square = rowTaps * columnTaps
        let taps = (0..<inputs.count * square).map { tap in
            input.origin
                + input.offset(
                    channel: inputs.lowerBound + tap / square, row: firstStep.row - tap % square / columnTaps,
                    column: firstStep.column - tap % columnTaps)
        }
        let places: [PhasePlace] = outputs.flatMap { channel in
            group.rows.flatMap { row in group.columns.map { column in (channel, row, column) } }
        }
        return WeightedSums(
            tapOffsets: taps, inputRow: input.rowStride, inputColumn: Grid.lanes,
            outputOffsets: places.map(outputOffset), outputRow: outputStrides.row, outputColumn: outputStrides.column,
            rows: extents.rows, columns: extents.columns, channels: places.map(\.channel),
            weightIndex: { tap, index in
                let place = places[index]
                return weightIndex(
                    tap / square, place.channel - outputs.lowerBound,
                    place.row + stride * (tap % square / columnTaps), place.column + stride * (tap % columnTaps))
            })
    }

    /// How many kernel rows reach a phase.
    private func tapCount(_ phase: Int) -> Int {
        phase < kernel ? (kernel - phase + stride - 1) / stride : 0
    }

    /// The phases fall in at most two runs of equally many taps in each direction: up to four groups.
    private var phaseGroups: [PhaseGroup] {
        let split = kernel % stride
        let runs = split == 0 ? [0..<stride] : [0..<split, split..<stride]
        return runs.flatMap { rows in runs.map { columns in (rows, columns) } }
    }
}
