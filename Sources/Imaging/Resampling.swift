// SPDX-License-Identifier: Apache-2.0

// MATLAB's imresize. The dimension with the smaller scale goes first; equal scales go vertically first. Bytes are
// rounded after each of the two passes, double values never. A sum over taps is taken from 0 in the order of the table,
// in double precision, product and sum rounded separately, so it has the same bits on every processor.
//
// Both passes run over rows, one sum for many neighbours at once: the vertical pass takes a piece of a row that fits in
// the first cache, the horizontal pass takes eight rows side by side (as [column][8 rows]) and walks along the columns.

extension Image {
    /// MATLAB's `imresize(image, scale)` on uint8: each side becomes `ceil(scale * side)`.
    package func resized(
        by scale: Double, kernel: ResamplingKernel = .matlabBicubic, border: ResamplingBorder
    ) -> Image {
        resized(Resampling(height: height, width: width, scale: scale), kernel, border)
    }

    /// MATLAB's `imresize(image, [height width])` on uint8.
    package func resized(
        height: Int, width: Int, kernel: ResamplingKernel = .matlabBicubic, border: ResamplingBorder
    ) -> Image {
        resized(Resampling(from: (self.height, self.width), to: (height, width)), kernel, border)
    }

    private func resized(_ resampling: Resampling, _ kernel: ResamplingKernel, _ border: ResamplingBorder) -> Image {
        Image(
            height: resampling.vertical.outputCount, width: resampling.horizontal.outputCount, mode: mode,
            pixels: resampling.resampled(pixels, channels: channelCount, kernel, border))
    }
}

extension Plane {
    /// MATLAB's `imresize(plane, scale)` on double, neither rounded nor clipped: each side becomes `ceil(scale *
    /// side)`.
    package func resized(
        by scale: Double, kernel: ResamplingKernel = .matlabBicubic, border: ResamplingBorder
    ) -> Plane {
        resized(Resampling(height: height, width: width, scale: scale), kernel, border)
    }

    /// MATLAB's `imresize(plane, [height width])` on double, neither rounded nor clipped.
    package func resized(
        height: Int, width: Int, kernel: ResamplingKernel = .matlabBicubic, border: ResamplingBorder
    ) -> Plane {
        resized(Resampling(from: (self.height, self.width), to: (height, width)), kernel, border)
    }

    private func resized(_ resampling: Resampling, _ kernel: ResamplingKernel, _ border: ResamplingBorder) -> Plane {
        Plane(
            height: resampling.vertical.outputCount, width: resampling.horizontal.outputCount,
            values: resampling.resampled(values, channels: 1, kernel, border))
    }
}

/// The extents and scales of both dimensions.
private struct Resampling {
    struct Dimension {
        let inputCount: Int
        let outputCount: Int
        let scale: Double

        func table(_ kernel: ResamplingKernel, _ border: ResamplingBorder) -> ResamplingTable {
            ResamplingTable(
                inputCount: inputCount, outputCount: outputCount, scale: scale, kernel: kernel, border: border)
        }
    }

    let vertical: Dimension
    let horizontal: Dimension

    init(height: Int, width: Int, scale: Double) {
        precondition(scale > 0 && scale.isFinite, "an image cannot be resized by \(scale)")
        vertical = Dimension(
            inputCount: height, outputCount: Int((scale * Double(height)).rounded(.up)), scale: scale)
        horizontal = Dimension(
            inputCount: width, outputCount: Int((scale * Double(width)).rounded(.up)), scale: scale)
    }

    init(from input: (height: Int, width: Int), to output: (height: Int, width: Int)) {
        precondition(
            output.height > 0 && output.width > 0, "an image cannot be resized to \(output.width)x\(output.height)")
        vertical = Dimension(
            inputCount: input.height, outputCount: output.height, scale: Double(output.height) / Double(input.height))
        horizontal = Dimension(
            inputCount: input.width, outputCount: output.width, scale: Double(output.width) / Double(input.width))
    }

    func resampled<Sample: ResampledSample>(
        _ samples: [Sample], channels: Int, _ kernel: ResamplingKernel, _ border: ResamplingBorder
    ) -> [Sample] {
        let rows = vertical.table(kernel, border)
        let columns = horizontal.table(kernel, border)
        if vertical.scale <= horizontal.scale {
            let shrunk = resampledVertically(samples, rowLength: horizontal.inputCount * channels, rows)
            return resampledHorizontally(shrunk, width: horizontal.inputCount, channels: channels, columns)
        }
        let shrunk = resampledHorizontally(samples, width: horizontal.inputCount, channels: channels, columns)
        return resampledVertically(shrunk, rowLength: horizontal.outputCount * channels, rows)
    }
}

/// A sample that can be summed in double precision and stored again after a pass.
private protocol ResampledSample {
    static var zero: Self { get }
    init(resampled value: Double)
    var widened: Double { get }
}

extension UInt8: ResampledSample {
    @inline(__always) fileprivate init(resampled value: Double) { self.init(nearest: value) }
    @inline(__always) fileprivate var widened: Double { Double(self) }
}

extension Double: ResampledSample {
    @inline(__always) fileprivate init(resampled value: Double) { self = value }
    @inline(__always) fileprivate var widened: Double { self }
}

/// in: (table's input, rowLength), out: (table.count, rowLength).
@_specialize(where Sample == UInt8)
@_specialize(where Sample == Double)
private func resampledVertically<Sample: ResampledSample>(
    _ samples: [Sample], rowLength: Int, _ table: ResamplingTable
) -> [Sample] {
    let pieceLength = 1024
    return [Sample](unsafeUninitializedCapacity: table.count * rowLength) { output, initializedCount in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: pieceLength) { sums in
            samples.withUnsafeBufferPointer { input in
                for row in 0..<table.count {
                    for start in stride(from: 0, to: rowLength, by: pieceLength) {
                        let count = min(pieceLength, rowLength - start)
                        for index in 0..<count { sums[index] = 0 }
                        for tap in table.starts[row]..<table.starts[row + 1] {
                            let weight = table.weights[tap]
                            let source = table.sources[tap] * rowLength + start
                            for index in 0..<count {
                                sums[index] = sums[index] + weight * input[source + index].widened
                            }
                        }
                        for index in 0..<count {
                            output[row * rowLength + start + index] = Sample(resampled: sums[index])
                        }
                    }
                }
            }
        }
        initializedCount = table.count * rowLength
    }
}

/// in: (rows, width, channels), out: (rows, table.count, channels).
@_specialize(where Sample == UInt8)
@_specialize(where Sample == Double)
private func resampledHorizontally<Sample: ResampledSample>(
    _ samples: [Sample], width: Int, channels: Int, _ table: ResamplingTable
) -> [Sample] {
    let rowLength = width * channels
    let rows = samples.count / rowLength
    let outputLength = table.count * channels
    return [Sample](unsafeUninitializedCapacity: rows * outputLength) { output, initializedCount in
        withUnsafeTemporaryAllocation(of: SIMD8<Double>.self, capacity: rowLength) { block in
            samples.withUnsafeBufferPointer { input in
                for firstRow in stride(from: 0, to: rows, by: 8) {
                    let rowCount = min(8, rows - firstRow)
                    for index in 0..<rowLength {
                        var values = SIMD8<Double>.zero
                        for row in 0..<rowCount {
                            values[row] = input[(firstRow + row) * rowLength + index].widened
                        }
                        block[index] = values
                    }
                    for column in 0..<table.count {
                        for channel in 0..<channels {
                            var sums = SIMD8<Double>.zero
                            for tap in table.starts[column]..<table.starts[column + 1] {
                                sums = sums + table.weights[tap] * block[table.sources[tap] * channels + channel]
                            }
                            for row in 0..<rowCount {
                                output[(firstRow + row) * outputLength + column * channels + channel] =
                                    Sample(resampled: sums[row])
                            }
                        }
                    }
                }
            }
        }
        initializedCount = rows * outputLength
    }
}
