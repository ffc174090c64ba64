// SPDX-License-Identifier: Apache-2.0

// OpenCV's resize with INTER_CUBIC on 8 bits, after modules/imgproc/src/resize.cpp: what opencv-python-headless
// 5.0.0.93 for x86-64 computes by its own code, that is with Intel's IPP switched off (OPENCV_IPP=disabled, or
// cv2.ipp.setUseIPP(False)). With IPP, which no source is published of, about 3 % of the bytes differ by one, since it
// does not round its weights to 11 bits.
//
// Weights are computed in single precision and rounded to 11 fractional bits. The horizontal pass keeps its sums of 11
// bits as they are. The vertical pass handles eight bytes of a row at once in single precision, product and sum rounded
// separately, the last tap first, and what is left of a row (its length in bytes modulo 8) in whole numbers; so the
// bits depend on where in its row a byte lies. Halves go to the even number in the former and up in the latter.

/// Horizontal sums of 11 fractional bits, which a pass keeps.
private enum OpenCVSums: ResamplingArithmetic {
    static var initial: Int32 { 0 }
    @inline(__always) static func widened(_ sample: UInt8) -> Int32 { Int32(sample) }
    @inline(__always) static func stored(_ sum: Int32) -> Int32 { sum }
}

/// The four weights at a fraction 0..<1 of a pixel, in units of 1/2048.
private func openCVWeights(at fraction: Float) -> [Int32] {
    let a: Float = -0.75
    let before = ((a * (fraction + 1) - 5 * a) * (fraction + 1) + 8 * a) * (fraction + 1) - 4 * a
    let rest = 1 - fraction
    let left = ((a + 2) * fraction - (a + 3)) * fraction * fraction + 1
    let right = ((a + 2) * rest - (a + 3)) * rest * rest + 1
    let after = 1 - before - left - right
    return [before, left, right, after].map { Int32(($0 * 2048).rounded(.toNearestOrEven)) }
}

/// Four taps for each output; outside of the image lies its edge pixel.
private func openCVTable(_ inputCount: Int, _ outputCount: Int) -> WeightTable<Int32> {
    let step = 1 / (Double(outputCount) / Double(inputCount))
    var table = WeightTable<Int32>()
    for output in 0..<outputCount {
        let position = Float((Double(output) + 0.5) * step - 0.5)
        let whole = position.rounded(.down)
        for (tap, weight) in openCVWeights(at: position - whole).enumerated() {
            table.append(source: min(max(Int(whole) - 1 + tap, 0), inputCount - 1), weight: weight)
        }
        table.closeOutput()
    }
    return table
}

/// in: (table's input, rowLength) of 11 fractional bits, out: (table.count, rowLength).
private func resampledVertically(_ sums: [Int32], rowLength: Int, _ table: WeightTable<Int32>) -> [UInt8] {
    let count = table.count * rowLength
    return [UInt8](unsafeUninitializedCapacity: count) { output, initializedCount in
        sums.withUnsafeBufferPointer { input in
            for row in 0..<table.count {
                let taps = table.starts[row]..<table.starts[row + 1]
                let weights = table.weights[taps].map { $0 }
                let starts = table.sources[taps].map { $0 * rowLength }
                // Powers of two: exact.
                let scaled = weights.map { Float($0) / 4_194_304 }
                let vectorEnd = rowLength - rowLength % 8
                for index in 0..<vectorEnd {
                    var sum = Float(input[starts[3] + index]) * scaled[3]
                    sum = Float(input[starts[2] + index]) * scaled[2] + sum
                    sum = Float(input[starts[1] + index]) * scaled[1] + sum
                    sum = Float(input[starts[0] + index]) * scaled[0] + sum
                    output[row * rowLength + index] = UInt8(min(max(sum.rounded(.toNearestOrEven), 0), 255))
                }
                for index in vectorEnd..<rowLength {
                    var sum: Int32 = 1 << 21
                    for tap in 0..<4 { sum &+= input[starts[tap] + index] &* weights[tap] }
                    output[row * rowLength + index] = UInt8(truncatingIfNeeded: min(max(sum &>> 22, 0), 255))
                }
            }
        }
        initializedCount = count
    }
}

extension Image {
    func resizedAsOpenCV(height: Int, width: Int) -> Image {
        if height == self.height && width == self.width { return self }
        let sums = resampledHorizontally(
            pixels, width: self.width, channels: channelCount, openCVTable(self.width, width), in: OpenCVSums.self)
        return Image(
            height: height, width: width, mode: mode,
            pixels: resampledVertically(sums, rowLength: width * channelCount, openCVTable(self.height, height)))
    }
}
