// SPDX-License-Identifier: Apache-2.0

import CKernels

/// Sums of weighted taps on a grid: convolution, transposed convolution and their input gradients are all of this form
/// and differ in the list of taps only.
///
/// Made once for a shape, then run on any memory of that shape.
package struct WeightedSums: Sendable {
    /// Where the sum for row 0, column 0 reads, relative to the input memory; one a tap.
    let tapOffsets: [Int]
    let inputRow, inputColumn: Int
    /// Where the sum for row 0, column 0 is written, relative to the output memory; one an output.
    let outputOffsets: [Int]
    let outputRow, outputColumn: Int
    /// The extent of the sums; `columns` counts vectors.
    let rows, columns: Int
    /// For each packed weight its place in the layer's tensor.
    let packing: [Int]
    /// For each output the channel whose bias and slope it has.
    let channels: [Int]

    /// `weightIndex(tap, output)` is the place of a weight in the layer's tensor.
    init(
        tapOffsets: [Int], inputRow: Int, inputColumn: Int, outputOffsets: [Int], outputRow: Int, outputColumn: Int,
        rows: Int, columns: Int, channels: [Int], weightIndex: (_ tap: Int, _ output: Int) -> Int
    ) {
        self.tapOffsets = tapOffsets
        (self.inputRow, self.inputColumn) = (inputRow, inputColumn)
        self.outputOffsets = outputOffsets
        (self.outputRow, self.outputColumn) = (outputRow, outputColumn)
        (self.rows, self.columns) = (rows, columns)
        self.channels = channels
        var packing: [Int] = []
        packing.reserveCapacity(tapOffsets.count * channels.count)
        var first = 0
        while first < channels.count {
            let width = reprise_block_width(channels.count - first)
            for tap in tapOffsets.indices {
                for output in first..<first + width { packing.append(weightIndex(tap, output)) }
            }
            first += width
        }
        self.packing = packing
    }

    /// Floats of a layer's weights, biases and slopes as the kernel reads them.
    package var packedCount: Int { packing.count + 2 * channels.count }

    /// Brings weights, and where the layer has them biases (one a channel) and slopes (one a channel), into the
    /// kernel's order.
    package func pack(
        weights: UnsafePointer<Float>, biases: UnsafePointer<Float>?, slopes: UnsafePointer<Float>?,
        into packed: UnsafeMutablePointer<Float>
    ) {
        for (place, index) in packing.enumerated() { packed[place] = weights[index] }
        let packedBiases = packed + packing.count
        let packedSlopes = packedBiases + channels.count
        for (output, channel) in channels.enumerated() {
            packedBiases[output] = biases?[channel] ?? 0
            packedSlopes[output] = slopes?[channel] ?? 0
        }
    }

    /// Writes the sums of `rows` (all when nil) to `output`, and their PReLU to `activated` unless it is nil.
    package func run(
        _ level: SIMDLevel, packed: UnsafePointer<Float>, input: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, activated: UnsafeMutablePointer<Float>? = nil, rows part: Range<Int>? = nil
    ) {
        let part = part ?? 0..<rows
        tapOffsets.withUnsafeBufferPointer { taps in
            outputOffsets.withUnsafeBufferPointer { outputs in
                var sums = reprise_sums(
                    input: input + part.lowerBound * inputRow, tap_offsets: taps.baseAddress, taps: taps.count,
                    input_row: inputRow, input_column: inputColumn, output: output + part.lowerBound * outputRow,
                    output_offsets: outputs.baseAddress, outputs: outputs.count, output_row: outputRow,
                    output_column: outputColumn, rows: part.count, columns: columns, weights: packed,
                    biases: packed + packing.count, slopes: packed + packing.count + channels.count,
                    activated: activated.map { $0 + part.lowerBound * outputRow })
                level.kernels.weighted_sums(&sums)
            }
        }
    }
}

/// Products of a dense grid with shifted views of another, summed over all pixels of 16 samples: weight gradients.
package struct PixelProducts: Sendable {
    let denseOrigin: Int
    let channels, denseChannel, denseRow: Int
    let tapOffsets: [Int]
    let inputRow, inputColumn: Int
    let rows, columns: Int

    /// Sums of all channels and taps.
    package var totals: Int { channels * tapOffsets.count }
    /// Floats of scratch memory for a run.
    package var scratchCount: Int { totals * Grid.lanes }

    /// Writes totals (channels, taps), each over pixels in order and then over the 16 lanes by halves.
    package func run(
        _ level: SIMDLevel, dense: UnsafePointer<Float>, input: UnsafePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, totals result: UnsafeMutablePointer<Float>
    ) {
        scratch.update(repeating: 0, count: scratchCount)
        let kernels = level.kernels
        tapOffsets.withUnsafeBufferPointer { taps in
            var products = reprise_products(
                dense: dense + denseOrigin, channels: channels, dense_channel: denseChannel, dense_row: denseRow,
                input: input, tap_offsets: taps.baseAddress, taps: taps.count,
                input_row: inputRow, input_column: inputColumn, rows: rows, columns: columns, sums: scratch)
            kernels.pixel_products(&products)
        }
        kernels.lane_totals(scratch, totals, result)
    }
}
