// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import Testing

@Suite struct MetricTests {
    /// A pattern with no symmetry, and the same with some pixels moved by a few steps.
    static let reference = Image(
        height: 13, width: 17, mode: .grey8,
        pixels: (0..<221).map { (index: Int) -> UInt8 in UInt8((index * index * 7 + index * 13) % 251) })
    static let prediction: Image = {
        var image = reference
        for index in stride(from: 0, to: 221, by: 3) {
            image.pixels[index] = UInt8(min(Int(image.pixels[index]) + 9, 255))
        }
        return image
    }()

    @Test func `PSNR of one step everywhere is 20 log10 of 255`() {
        let black = Image(height: 4, width: 5, mode: .grey8, repeating: 0)
        let grey = Image(height: 4, width: 5, mode: .grey8, repeating: 1)
        #expect(Metric.psnr.value(grey, black).formatted(decimals: 10) == "48.1308036087")
        #expect(Metric.psnr.value(Image(height: 4, width: 5, mode: .grey8, repeating: 255), black) == 0)
        #expect(Metric.psnr.value(black, black) == .infinity)
    }

    @Test func `SSIM of equal images is one and it is symmetric`() {
        let (a, b) = (MetricTests.prediction, MetricTests.reference)
        #expect(Metric.ssim.value(b, b) == 1)
        #expect(abs(Metric.ssim.value(a, b) - Metric.ssim.value(b, a)) < 1e-14)
    }

    @Test func `SSIM equals a naive twin with the window in two dimensions`() {
        let here = Metric.ssim.value(MetricTests.prediction, MetricTests.reference)
        #expect(abs(here - naiveSSIM(MetricTests.prediction, MetricTests.reference)) < 1e-12)
        #expect(here < 0.999 && here > 0.5)
    }

    /// exp(-x / 4.5) by its series, so that this twin shares no constant with the metric.
    private func exponential(_ x: Double) -> Double {
        var (term, sum) = (1.0, 1.0)
        for step in 1..<200 {
            term *= x / Double(step)
            sum += term
        }
        return sum
    }

    private func naiveSSIM(_ a: Image, _ b: Image) -> Double {
        var weights: [Double] = []
        for row in -5...5 {
            for column in -5...5 { weights.append(1 / exponential(Double(row * row + column * column) / 4.5)) }
        }
        let total = weights.reduce(0, +)
        var values: [Double] = []
        for top in 0...a.height - 11 {
            for left in 0...a.width - 11 {
                var (ma, mb, aa, bb, ab) = (0.0, 0.0, 0.0, 0.0, 0.0)
                for row in 0..<11 {
                    for column in 0..<11 {
                        let weight = weights[row * 11 + column] / total
                        let (x, y) = (Double(a[top + row, left + column, 0]), Double(b[top + row, left + column, 0]))
                        ma += weight * x
                        mb += weight * y
                        aa += weight * x * x
                        bb += weight * y * y
                        ab += weight * x * y
                    }
                }
                let luminance = (2 * ma * mb + 6.5025) / (ma * ma + mb * mb + 6.5025)
                let structure = (2 * (ab - ma * mb) + 58.5225) / (aa - ma * ma + bb - mb * mb + 58.5225)
                values.append(luminance * structure)
            }
        }
        return values.reduce(0, +) / Double(values.count)
    }
}
