// SPDX-License-Identifier: Apache-2.0

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
