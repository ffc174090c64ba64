// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
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

    @Test func `MSE and MAE are those of samples of 0 to 255, exactly`() {
        let reference = Image(height: 1, width: 4, mode: .grey8, pixels: [0, 10, 200, 255])
        let prediction = Image(height: 1, width: 4, mode: .grey8, pixels: [255, 7, 201, 255])
        #expect(Metric.mse.value(prediction, reference) == Double(255 * 255 + 9 + 1) / 4)
        #expect(Metric.mae.value(prediction, reference) == Double(255 + 3 + 1) / 4)
        #expect(Metric.mse.value(reference, reference) == 0 && Metric.mae.value(reference, reference) == 0)
    }

    @Test func `errors of a large image are added without overflow`() {
        let black = Image(height: 300, width: 500, mode: .grey8, repeating: 0)
        let white = Image(height: 300, width: 500, mode: .grey8, repeating: 255)
        #expect(Metric.mse.value(white, black) == 65025 && Metric.mse.value(black, white) == 65025)
        #expect(Metric.mae.value(white, black) == 255 && Metric.mae.value(black, white) == 255)
        #expect(Metric.psnr.value(white, black) == 0)
    }

    @Test func `PSNR follows from MSE`() {
        let error = Metric.mse.value(Self.prediction, Self.reference)
        let psnr = Metric.psnr.value(Self.prediction, Self.reference)
        #expect(abs(psnr - 10 * log10(65025 / error)) < 1e-12)
    }

    @Test func `PSNR, MSE and MAE of RGB are over all channels, SSIM is the channels' mean`() {
        let channels = (0..<3).map { channel in
            (Self.channel(channel, of: Self.colour.0), Self.channel(channel, of: Self.colour.1))
        }
        func values(_ metric: Metric) -> [Double] { channels.map { metric.value($0, $1) } }
        let (a, b) = Self.colour
        #expect(abs(Metric.mse.value(a, b) - values(.mse).reduce(0, +) / 3) < 1e-12)
        #expect(abs(Metric.mae.value(a, b) - values(.mae).reduce(0, +) / 3) < 1e-12)
        #expect(Metric.ssim.value(a, b) == values(.ssim).reduce(0, +) / 3)
        #expect(abs(Metric.psnr.value(a, b) - 10 * log10(65025 / Metric.mse.value(a, b))) < 1e-12)
        #expect(Set(values(.mse)).count == 3 && Set(values(.ssim)).count == 3)
    }

    @Test func `samples that were not rounded are measured as they are`() {
        let reference = ComparedImage.unrounded(Plane(height: 1, width: 2, values: [10.0, 20.0] as [Double]))
        let prediction = ComparedImage.unrounded(Plane(height: 1, width: 2, values: [10.25, 19.0] as [Double]))
        #expect(Metric.mse.value(prediction, reference) == (0.0625 + 1) / 2)
        #expect(Metric.mae.value(prediction, reference) == 1.25 / 2)
        for metric in Metric.allCases {
            let whole = [Self.prediction, Self.reference].map { image in
                ComparedImage.unrounded(Plane(height: 13, width: 17, values: image.pixels.map(Double.init)))
            }
            #expect(metric.value(whole[0], whole[1]) == metric.value(Self.prediction, Self.reference), "\(metric)")
        }
    }

    @Test func `higher is better of PSNR and SSIM, lower of errors`() {
        #expect(Metric.allCases.filter(\.higherIsBetter) == [.psnr, .ssim])
        #expect(Metric.allCases.map(\.title) == ["PSNR", "SSIM", "MSE", "MAE"])
        #expect(Metric.allCases.map(\.unit) == ["dB", "", "", ""])
        #expect(Metric.allCases.map(\.leastExtent) == [1, 11, 1, 1])
    }

    @Test func `SSIM has the bits of a scalar twin at every width`() {
        for width in 11...28 {
            for height in [11, 12, 15] {
                let image = Image(
                    height: height, width: width, mode: .grey8,
                    pixels: (0..<height * width).map { UInt8(($0 * $0 * 3 + $0 / 5 * width) % 256) })
                var other = image
                for index in stride(from: width % 5, to: other.pixels.count, by: 4) { other.pixels[index] ^= 0x1f }
                #expect(Metric.ssim.value(other, image) == scalarSSIM(other, image), "\(width)x\(height)")
            }
        }
    }

    static let colour: (Image, Image) = {
        let pixels = (0..<3 * 221).map { (index: Int) -> UInt8 in UInt8((index * index * 7 + index * 13) % 251) }
        let moved = pixels.enumerated().map { index, value in index % 5 == 0 ? value ^ UInt8(7 << (index % 3)) : value }
        return (
            Image(height: 13, width: 17, mode: .rgb8, pixels: moved),
            Image(height: 13, width: 17, mode: .rgb8, pixels: pixels)
        )
    }()

    static func channel(_ channel: Int, of image: Image) -> Image {
        Image(
            height: image.height, width: image.width, mode: .grey8,
            pixels: stride(from: channel, to: image.pixels.count, by: 3).map { image.pixels[$0] })
    }

    /// The window in one dimension and then in the other, a position at a time, sums from 0 in the order of the taps.
    private func scalarSSIM(_ a: Image, _ b: Image) -> Double {
        let half = [
            0.0038659201394728076, 0.028565500784550377, 0.1353352832366127, 0.41111229050718745, 0.8007374029168081,
        ]
        let whole = half + [1] + half.reversed()
        let total = whole.reduce(0, +)
        let window = whole.map { $0 / total }
        func weighted(_ values: (Int, Int) -> Double) -> [Double] {
            var lines: [[Double]] = []
            for row in 0...a.height - 11 {
                lines.append(
                    (0..<a.width).map { column in
                        (0..<11).reduce(0.0) { $0 + window[$1] * values(row + $1, column) }
                    })
            }
            return lines.flatMap { line in
                (0...a.width - 11).map { column in (0..<11).reduce(0.0) { $0 + window[$1] * line[column + $1] } }
            }
        }
        func at(_ image: Image, _ row: Int, _ column: Int) -> Double { Double(image[row, column, 0]) }
        let (ma, mb) = (weighted { at(a, $0, $1) }, weighted { at(b, $0, $1) })
        let aa = weighted { at(a, $0, $1) * at(a, $0, $1) }
        let bb = weighted { at(b, $0, $1) * at(b, $0, $1) }
        let ab = weighted { at(a, $0, $1) * at(b, $0, $1) }
        let (c1, c2) = ((0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255))
        var sum = 0.0
        for place in ma.indices {
            let (x, y) = (ma[place], mb[place])
            let luminance = 2 * x * y + c1
            let structure = 2 * (ab[place] - x * y) + c2
            let variances = (aa[place] - x * x) + (bb[place] - y * y)
            sum += luminance * structure / ((x * x + y * y + c1) * (variances + c2))
        }
        return sum / Double(ma.count)
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
