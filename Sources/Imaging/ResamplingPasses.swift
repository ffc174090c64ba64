// SPDX-License-Identifier: Apache-2.0

// A pass resizes one dimension. Both kinds take eight sums at once: the vertical pass those of neighbouring columns, in
// a strip of the image so narrow that the rows an output is made of stay in the first cache, each widened once; the
// horizontal pass those of eight rows side by side (as [column][8 rows]), walking along the columns. A sum over taps
// begins with the arithmetic's first value and is taken in the order of the table, product and sum rounded separately,
// so it has the same bits on every processor.

/// The numbers in which a pass sums, and how they become samples again.
protocol ResamplingArithmetic {
    associatedtype Input: BitwiseCopyable & Sendable
    associatedtype Sum: SIMDScalar & BitwiseCopyable & Hashable & Sendable
    associatedtype Output: BitwiseCopyable & Sendable

    /// What a sum begins with.
    static var initial: Sum { get }
    static func widened(_ sample: Input) -> Sum
    static func adding(_ value: Sum, times weight: Sum, to sum: Sum) -> Sum
    static func adding(_ values: SIMD8<Sum>, times weight: Sum, to sums: SIMD8<Sum>) -> SIMD8<Sum>
    static func stored(_ sum: Sum) -> Output
}

extension ResamplingArithmetic where Sum: FloatingPoint {
    @inline(__always) static func adding(_ value: Sum, times weight: Sum, to sum: Sum) -> Sum { sum + weight * value }
    @inline(__always) static func adding(
        _ values: SIMD8<Sum>, times weight: Sum, to sums: SIMD8<Sum>
    ) -> SIMD8<Sum> {
        sums + weight * values
    }
}

extension ResamplingArithmetic where Sum: FixedWidthInteger {
    @inline(__always) static func adding(_ value: Sum, times weight: Sum, to sum: Sum) -> Sum { sum &+ weight &* value }
    @inline(__always) static func adding(
        _ values: SIMD8<Sum>, times weight: Sum, to sums: SIMD8<Sum>
    ) -> SIMD8<Sum> {
        sums &+ weight &* values
    }
}

/// MATLAB's on uint8: sums in double precision, rounded half away from zero and saturated.
enum RoundedSums: ResamplingArithmetic {
    static var initial: Double { 0 }
    @inline(__always) static func widened(_ sample: UInt8) -> Double { Double(sample) }
    @inline(__always) static func stored(_ sum: Double) -> UInt8 { UInt8(nearest: sum) }
}

/// MATLAB's on double: sums as they are.
enum PlainSums: ResamplingArithmetic {
    static var initial: Double { 0 }
    @inline(__always) static func widened(_ sample: Double) -> Double { sample }
    @inline(__always) static func stored(_ sum: Double) -> Double { sum }
}

/// in: (table's input, rowLength), out: (table.count, rowLength).
func resampledVertically<Arithmetic: ResamplingArithmetic>(
    _ samples: [Arithmetic.Input], rowLength: Int, _ table: WeightTable<Arithmetic.Sum>, in arithmetic: Arithmetic.Type
) -> [Arithmetic.Output] {
    let count = table.count * rowLength
    let strip = VerticalStrip<Arithmetic>(table)
    return [Arithmetic.Output](unsafeUninitializedCapacity: count) { output, initializedCount in
        withUnsafeTemporaryAllocation(of: SIMD8<Arithmetic.Sum>.self, capacity: strip.memoryCount) { memory in
            memory.initialize(repeating: SIMD8(repeating: Arithmetic.initial))
            samples.withUnsafeBufferPointer { input in
                guard let from = input.baseAddress, let to = output.baseAddress, let memory = memory.baseAddress
                else { return }
                for start in stride(from: 0, to: rowLength, by: VerticalStrip<Arithmetic>.length) {
                    strip.resample(
                        from + start, to: to + start, count: min(VerticalStrip<Arithmetic>.length, rowLength - start),
                        rowLength: rowLength, memory)
                }
            }
        }
        initializedCount = count
    }
}

/// The vertical pass over a strip of columns.
private struct VerticalStrip<Arithmetic: ResamplingArithmetic> {
    /// Columns of a strip, counting each channel.
    static var length: Int { 512 }

    private static var groups: Int { length / 8 }

    private let table: WeightTable<Arithmetic.Sum>
    /// Widened rows that are held; row r has its place in slot r modulo this, so that all taps of an output fit.
    private let slots: Int

    init(_ table: WeightTable<Arithmetic.Sum>) {
        self.table = table
        slots = (0..<table.count).reduce(1) { slots, output in
            let sources = table.sources[table.starts[output]..<table.starts[output + 1]]
            guard let first = sources.min(), let last = sources.max() else { return slots }
            return max(slots, last - first + 1)
        }
    }

    /// Groups of eight sums that `resample` works in: the slots, then an output.
    var memoryCount: Int { (slots + 1) * Self.groups }

    /// `from` and `to` are the strip's first columns in rows of `rowLength`.
    func resample(
        _ from: UnsafePointer<Arithmetic.Input>, to: UnsafeMutablePointer<Arithmetic.Output>, count: Int,
        rowLength: Int, _ memory: UnsafeMutablePointer<SIMD8<Arithmetic.Sum>>
    ) {
        let sums = memory + slots * Self.groups
        var held = [Int](repeating: -1, count: slots)
        for output in 0..<table.count {
            let taps = table.starts[output]..<table.starts[output + 1]
            for tap in taps {
                let source = table.sources[tap]
                if held[source % slots] == source { continue }
                held[source % slots] = source
                let row = from + source * rowLength
                let wide = lanes(memory + source % slots * Self.groups)
                for index in 0..<count { wide[index] = Arithmetic.widened(row[index]) }
            }
            sum(taps, count: count, memory, to: sums)
            let row = to + output * rowLength
            let results = lanes(sums)
            for index in 0..<count { row[index] = Arithmetic.stored(results[index]) }
        }
    }

    /// Two groups at a time, so that one multiplication need not wait for the other's sum.
    @inline(__always)
    private func sum(
        _ taps: Range<Int>, count: Int, _ memory: UnsafeMutablePointer<SIMD8<Arithmetic.Sum>>,
        to sums: UnsafeMutablePointer<SIMD8<Arithmetic.Sum>>
    ) {
        table.sources.withUnsafeBufferPointer { sources in
            table.weights.withUnsafeBufferPointer { weights in
                for group in stride(from: 0, to: (count + 7) / 8, by: 2) {
                    var first = SIMD8(repeating: Arithmetic.initial)
                    var second = first
                    for tap in taps {
                        let wide = memory + (sources[tap] % slots * Self.groups + group)
                        first = Arithmetic.adding(wide[0], times: weights[tap], to: first)
                        second = Arithmetic.adding(wide[1], times: weights[tap], to: second)
                    }
                    sums[group] = first
                    sums[group + 1] = second
                }
            }
        }
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
            withUnsafeTemporaryAllocation(of: SIMD8<Arithmetic.Sum>.self, capacity: outputLength) { sums in
                withUnsafeTemporaryAllocation(of: Arithmetic.Output.self, capacity: 8 * outputLength) { results in
                    samples.withUnsafeBufferPointer { input in
                        guard let from = input.baseAddress, let to = output.baseAddress, let block = block.baseAddress,
                            let sums = sums.baseAddress, let results = results.baseAddress
                        else { return }
                        for firstRow in stride(from: 0, to: rows, by: 8) {
                            let rowCount = min(8, rows - firstRow)
                            interleave(
                                from + firstRow * rowLength, rows: rowCount, rowLength, to: lanes(block),
                                in: arithmetic)
                            sumHorizontally(block, channels: channels, table, to: sums, in: arithmetic)
                            let flat = lanes(sums)
                            for index in 0..<8 * outputLength { results[index] = Arithmetic.stored(flat[index]) }
                            separate(results, to: to + firstRow * outputLength, rows: rowCount, outputLength)
                        }
                    }
                }
            }
        }
        initializedCount = rows * outputLength
    }
}

/// in: (rows, rowLength), out: (rowLength, 8), the last row again where there are fewer than eight.
@inline(__always)
private func interleave<Arithmetic: ResamplingArithmetic>(
    _ from: UnsafePointer<Arithmetic.Input>, rows: Int, _ rowLength: Int, to: UnsafeMutablePointer<Arithmetic.Sum>,
    in arithmetic: Arithmetic.Type
) {
    for row in 0..<8 {
        let line = from + min(row, rows - 1) * rowLength
        let lane = to + row
        for index in 0..<rowLength { lane[8 * index] = Arithmetic.widened(line[index]) }
    }
}

/// in: (width, channels, 8), out: (table.count, channels, 8).
@inline(__always)
private func sumHorizontally<Arithmetic: ResamplingArithmetic>(
    _ block: UnsafePointer<SIMD8<Arithmetic.Sum>>, channels: Int, _ table: WeightTable<Arithmetic.Sum>,
    to sums: UnsafeMutablePointer<SIMD8<Arithmetic.Sum>>, in arithmetic: Arithmetic.Type
) {
    table.starts.withUnsafeBufferPointer { starts in
        table.sources.withUnsafeBufferPointer { sources in
            table.weights.withUnsafeBufferPointer { weights in
                for column in 0..<table.count {
                    let taps = starts[column]..<starts[column + 1]
                    for channel in 0..<channels {
                        var sum = SIMD8(repeating: Arithmetic.initial)
                        for tap in taps {
                            sum = Arithmetic.adding(
                                block[sources[tap] * channels + channel], times: weights[tap], to: sum)
                        }
                        sums[column * channels + channel] = sum
                    }
                }
            }
        }
    }
}

/// in: (rowLength, 8), out: (rows, rowLength).
@inline(__always)
private func separate<Value: BitwiseCopyable>(
    _ from: UnsafePointer<Value>, to: UnsafeMutablePointer<Value>, rows: Int, _ rowLength: Int
) {
    for row in 0..<rows {
        let line = to + row * rowLength
        let lane = from + row
        for index in 0..<rowLength { line[index] = lane[8 * index] }
    }
}

/// Vectors as the numbers they are made of.
@inline(__always)
private func lanes<Value: SIMDScalar>(_ vectors: UnsafeMutablePointer<SIMD8<Value>>) -> UnsafeMutablePointer<Value> {
    UnsafeMutableRawPointer(vectors).assumingMemoryBound(to: Value.self)
}
