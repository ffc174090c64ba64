// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Testing

@Suite struct ColourTests {
    /// One image that holds every fifth level of each channel and both ends: 52^3 colours.
    static let colours: Image = {
        let levels = stride(from: UInt8(0), through: 255, by: 5).map { $0 }
        let pixels = levels.flatMap { red in levels.flatMap { green in levels.flatMap { [red, green, $0] } } }
        return Image(height: levels.count, width: levels.count * levels.count, mode: .rgb8, pixels: pixels)
    }()

    @Test func `luma equals the formula read aloud for 140608 colours`() {
        let luma = ColourTests.colours.luma
        let weights = [65.481 * (1.0 / 255), 128.553 * (1.0 / 255), 24.966 * (1.0 / 255)]
        for index in 0..<luma.pixels.count {
            let colour = ColourTests.colours.pixels[3 * index..<3 * index + 3].map(Double.init)
            let products = zip(weights, colour).map { $0 * $1 }
            let value = ((products[0] + products[1]) + products[2]) + 16
            #expect(luma.pixels[index] == naivelyRounded(value))
        }
        #expect(luma.pixels.min() == 16 && luma.pixels.max() == 235)
    }

    @Test func `known colours have their known luma and differences`() {
        let image = Image(
            height: 1, width: 5, mode: .rgb8,
            pixels: [0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255])
        let parts = image.yCbCr
        #expect(parts.luma.pixels == [16, 235, 81, 145, 41])
        #expect(parts.blueDifference.pixels == [128, 128, 90, 54, 240])
        #expect(parts.redDifference.pixels == [128, 128, 240, 34, 110])
    }

    @Test func `grey is its own luma and comes back as itself`() {
        let grey = Image(height: 2, width: 2, mode: .grey8, pixels: [0, 7, 128, 255])
        #expect(grey.luma == grey)
        #expect(grey.withLuma(grey) == grey)
        #expect(grey.yCbCr.redDifference == Image(height: 2, width: 2, mode: .grey8, repeating: 128))
    }

    @Test func `there and back stays within two steps of every colour`() {
        let back = Image(ColourTests.colours.yCbCr)
        let furthest = zip(back.pixels, ColourTests.colours.pixels).map { abs(Int($0) - Int($1)) }.max()
        #expect(furthest == 2)
    }

    @Test func `full-range luma equals Pillow's stored arrays, and comes back from YCbCr as theirs`() throws {
        let oracle = try ImageOracle.stored("colours.txt")
        func image(_ pixels: [UInt8]) -> Image {
            Image(height: 1, width: pixels.count / 3, mode: .rgb8, pixels: pixels)
        }
        let grey = try #require(oracle.colours["L"])
        #expect(image(grey.source).luma(.fullRange).pixels == grey.expected)
        let parts = try #require(oracle.colours["YCbCr"])
        let here = image(parts.source).fullRangeYCbCr
        #expect(interleaved(here) == parts.expected)
        #expect(image(parts.source).luma(.fullRangeYCbCr) == here.luma)
        let back = try #require(oracle.colours["RGB"])
        #expect(Image(fullRange: separated(back.source)).pixels == back.expected)
        #expect(grey.source.count == 1920)
    }

    @Test(.enabled(if: Python.hasPillow, Comment(rawValue: Python.absenceOfPillow)))
    func `Pillow here converts all 16777216 colours to the same luma and YCbCr and back`() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try #require(Python.oracle("colours", file.path) != nil)
        let expected = [UInt8](try Data(contentsOf: file))
        let count = 1 << 24
        try #require(expected.count == 7 * count)
        for red in 0..<256 {
            let row = (0..<65536).flatMap { [UInt8(red), UInt8($0 >> 8), UInt8($0 & 255)] }
            let image = Image(height: 256, width: 256, mode: .rgb8, pixels: row)
            let (grey, parts) = (red * 65536, count + red * 3 * 65536)
            #expect(image.luma(.fullRange).pixels[...] == expected[grey..<grey + 65536])
            #expect(interleaved(image.fullRangeYCbCr)[...] == expected[parts..<parts + 3 * 65536])
            let back = parts + 3 * count
            #expect(Image(fullRange: separated(row)).pixels[...] == expected[back..<back + 3 * 65536])
        }
        print("checked all colours against Pillow \(Python.libraries["Pillow"] ?? "")")
    }

    @Test func `the two full-range lumas are a step apart in half of all colours`() {
        let (rounded, cut) = (ColourTests.colours.luma(.fullRange), ColourTests.colours.luma(.fullRangeYCbCr))
        let differences = zip(rounded.pixels, cut.pixels).map { Int($0) - Int($1) }
        #expect(Set(differences) == [0, 1])
        let share = Double(differences.reduce(0, +)) / Double(differences.count)
        #expect(share > 0.45 && share < 0.55)
    }

    @Test(arguments: LumaRule.allCases)
    func `luma before rounding is the formula, near the rounded one, and grey is itself`(rule: LumaRule) {
        let unrounded = ColourTests.colours.unroundedLuma(rule)
        let rounded = ColourTests.colours.luma(rule)
        for index in stride(from: 0, to: unrounded.values.count, by: 7) {
            let (r, g, b) = (
                Double(ColourTests.colours.pixels[3 * index]), Double(ColourTests.colours.pixels[3 * index + 1]),
                Double(ColourTests.colours.pixels[3 * index + 2])
            )
            let exact =
                rule == .matlab
                ? 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255 : 0.299 * r + 0.587 * g + 0.114 * b
            #expect(abs(unrounded.values[index] - exact) < 1e-12)
            let distance = Double(rounded.pixels[index]) - unrounded.values[index]
            #expect(abs(distance) < (rule == .fullRangeYCbCr ? 1.03 : 0.502))
            if rule == .matlab { #expect(rounded.pixels[index] == naivelyRounded(unrounded.values[index])) }
        }
        let grey = Image(height: 1, width: 3, mode: .grey8, pixels: [0, 7, 255])
        #expect(grey.luma(rule) == grey && grey.unroundedLuma(rule).values == [0, 7, 255])
    }

    @Test func `grey in full range has neutral colour and comes back as itself`() {
        let grey = Image(height: 2, width: 2, mode: .grey8, pixels: [0, 7, 128, 255])
        #expect(grey.fullRangeYCbCr == grey.yCbCr)
        #expect(Image(fullRange: grey.fullRangeYCbCr) == grey.rgb)
    }

    private func interleaved(_ image: YCbCrImage) -> [UInt8] {
        (0..<image.luma.pixels.count).flatMap {
            [image.luma.pixels[$0], image.blueDifference.pixels[$0], image.redDifference.pixels[$0]]
        }
    }

    private func separated(_ samples: [UInt8]) -> YCbCrImage {
        let parts = (0..<3).map { channel in
            Image(
                height: 1, width: samples.count / 3, mode: .grey8,
                pixels: stride(from: channel, to: samples.count, by: 3).map { samples[$0] })
        }
        return YCbCrImage(luma: parts[0], blueDifference: parts[1], redDifference: parts[2])
    }

    @Test func `bytes are rounded half away from zero and saturated`() {
        for step in -40...1060 {
            let value = Double(step) / 4
            #expect(UInt8(nearest: value) == naivelyRounded(value))
            for near in [value.nextUp, value.nextDown] { #expect(UInt8(nearest: near) == naivelyRounded(near)) }
        }
        #expect(UInt8(nearest: 0.5) == 1 && UInt8(nearest: 0.49999999999999994) == 0)
        #expect(UInt8(nearest: -.infinity) == 0 && UInt8(nearest: .infinity) == 255 && UInt8(nearest: .nan) == 0)
    }

    @Test func `a plane quantises back to the image it came from`() {
        let ramp = Image(height: 16, width: 16, mode: .grey8, pixels: (0...255).map { UInt8($0) })
        #expect(Plane(ramp).quantised == ramp)
        #expect(Plane(Plane(ramp).tensor).quantised == ramp)
    }
}
