// SPDX-License-Identifier: Apache-2.0

// A pass resizes one dimension. Both kinds run over rows, one sum for many neighbours at once: the vertical pass takes
// a piece of a row that fits in the first cache, the horizontal pass takes eight rows side by side (as [column][8
// rows]) and walks along the columns. A sum over taps begins with the arithmetic's first value and is taken in the
// order of the table, product and sum rounded separately, so it has the same bits on every processor.

/// The numbers in which a pass sums, and how they become samples again.
protocol ResamplingArithmetic {
    associatedtype Input: Sendable
    associatedtype Sum: SIMDScalar & Hashable & Sendable
    associatedtype Output: Sendable

    /// What a sum begins with.
    static var initial: Sum { get }
    static func widened(_ sample: Input) -> Sum
    static func adding(_ value: Sum, times weight: Sum, to sum: Sum) -> Sum
    static func adding(_ values: SIMD8<Sum>, times weight: Sum, to sums: SIMD8<Sum>) -> SIMD8<Sum>
    static func stored(_ sum: Sum) -> Output
}

/// MATLAB's on uint8: sums in double precision, rounded half away from zero and saturated.
enum RoundedSums: ResamplingArithmetic {
    static var initial: Double { 0 }
    @inline(__always) static func widened(_ sample: UInt8) -> Double { Double(sample) }
    @inline(__always) static func adding(_ value: Double, times weight: Double, to sum: Double) -> Double {
        sum + weight * value
    }
    @inline(__always) static func adding(
        _ values: SIMD8<Double>, times weight: Double, to sums: SIMD8<Double>
    ) -> SIMD8<Double> {
        sums + weight * values
    }
    @inline(__always) static func stored(_ sum: Double) -> UInt8 { UInt8(nearest: sum) }
}

/// MATLAB's on double: sums as they are.
enum PlainSums: ResamplingArithmetic {
    static var initial: Double { 0 }
    @inline(__always) static func widened(_ sample: Double) -> Double { sample }
    @inline(__always) static func adding(_ value: Double, times weight: Double, to sum: Double) -> Double {
        sum + weight * value
    }
    @inline(__always) static func adding(
        _ values: SIMD8<Double>, times weight: Double, to sums: SIMD8<Double>
    ) -> SIMD8<Double> {
        sums + weight * values
    }
    @inline(__always) static func stored(_ sum: Double) -> Double { sum }
}

/// in: (table's input, rowLength), out: (table.count, rowLength).
func resampledVertically<Arithmetic: ResamplingArithmetic>(
    _ samples: [Arithmetic.Input], rowLength: Int, _ table: WeightTable<Arithmetic.Sum>, in arithmetic: Arithmetic.Type
) -> [Arithmetic.Output] {
    let pieceLength = 1024
    let count = table.count * rowLength
    return [Arithmetic.Output](unsafeUninitializedCapacity: count) { output, initializedCount in
        withUnsafeTemporaryAllocation(of: Arithmetic.Sum.self, capacity: pieceLength) { sums in
            samples.withUnsafeBufferPointer { input in
                for row in 0..<table.count {
                    for start in stride(from: 0, to: rowLength, by: pieceLength) {
                        let count = min(pieceLength, rowLength - start)
                        for index in 0..<count { sums[index] = Arithmetic.initial }
                        for tap in table.starts[row]..<table.starts[row + 1] {
                            let weight = table.weights[tap]
                            let source = table.sources[tap] * rowLength + start
                            for index in 0..<count {
                                sums[index] = Arithmetic.adding(
                                    Arithmetic.widened(input[source + index]), times: weight, to: sums[index])
                            }
                        }
                        for index in 0..<count {
                            output.initializeElement(
                                at: row * rowLength + start + index, to: Arithmetic.stored(sums[index]))
                        }
                    }
                }
            }
        }
        initializedCount = count
    }
}

/// in: (rows, width, channels), out: (rows, table.count, channels).
func resampledHorizontally<Arithmetic: ResamplingArithmetic>(
    _ samples: [Arithmetic.Input], width: Int, channels: Int, _ table: WeightTable<Arithmetic.Sum>,
    in arithmetic: Arithmetic.Type
) -> [Arithmetic.Output] {
    let rowLength = width * channels
    let rows = samples.count / rowLength
    let outputLength = table.count * channels
    return [Arithmetic.Output](unsafeUninitializedCapacity: rows * outputLength) { output, initializedCount in
        withUnsafeTemporaryAllocation(of: SIMD8<Arithmetic.Sum>.self, capacity: rowLength) { block in
            samples.withUnsafeBufferPointer { input in
                for firstRow in stride(from: 0, to: rows, by: 8) {
                    let rowCount = min(8, rows - firstRow)
                    for index in 0..<rowLength {
                        var values = SIMD8(repeating: Arithmetic.initial)
                        for row in 0..<rowCount {
                            values[row] = Arithmetic.widened(input[(firstRow + row) * rowLength + index])
                        }
                        block[index] = values
                    }
                    for column in 0..<table.count {
                        for channel in 0..<channels {
                            var sums = SIMD8(repeating: Arithmetic.initial)
                            for tap in table.starts[column]..<table.starts[column + 1] {
                                sums = Arithmetic.adding(
                                    block[table.sources[tap] * channels + channel], times: table.weights[tap],
                                    to: sums)
                            }
                            for row in 0..<rowCount {
                                output.initializeElement(
                                    at: (firstRow + row) * outputLength + column * channels + channel,
                                    to: Arithmetic.stored(sums[row]))
                            }
                        }
                    }
                }
            }
        }
        initializedCount = rows * outputLength
    }
}
