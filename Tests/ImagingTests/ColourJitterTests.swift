// SPDX-License-Identifier: Apache-2.0

import Imaging
import Testing

@Suite struct ColourJitterTests {
    private static let image: Image = {
        var random = TestBytes(seed: 77)
        return Image(height: 20, width: 30, mode: .rgb8, pixels: random.bytes(1800))
    }()

    private func pixel(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Image {
        Image(height: 1, width: 1, mode: .rgb8, pixels: [red, green, blue])
    }

    @Test func `brightness multiplies, rounds half away and saturates`() {
        #expect(pixel(10, 11, 250).adjustedBrightness(by: 1.5).pixels == [15, 17, 255])
        #expect(pixel(1, 3, 255).adjustedBrightness(by: 0.5).pixels == [1, 2, 128])
        #expect(pixel(1, 3, 255).adjustedBrightness(by: 0).pixels == [0, 0, 0])
        let grey = Image(height: 1, width: 2, mode: .grey8, pixels: [100, 201])
        #expect(grey.adjustedBrightness(by: 1.1).pixels == [110, 221])
    }

    @Test func `contrast blends with the mean grey of the image`() {
        // Greys 0.299 * 100 = 29.9 and 0.587 * 200 = 117.4, mean 73.65.
        let image = Image(height: 1, width: 2, mode: .rgb8, pixels: [100, 0, 0, 0, 200, 0])
        #expect(image.adjustedContrast(by: 0).pixels == [74, 74, 74, 74, 74, 74])
        // 0.5 * 100 + 36.825, 36.825, 0.5 * 200 + 36.825
        #expect(image.adjustedContrast(by: 0.5).pixels == [87, 37, 37, 37, 137, 37])
        // 2 * 100 - 73.65 and so on
        #expect(image.adjustedContrast(by: 2).pixels == [126, 0, 0, 0, 255, 0])
        let grey = Image(height: 1, width: 2, mode: .grey8, pixels: [100, 200])
        #expect(grey.adjustedContrast(by: 0.5).pixels == [125, 175])
    }

    @Test func `saturation blends with the pixel's own grey`() {
        // Grey 0.299 * 100 + 0.587 * 50 + 0.114 * 200 = 82.05
        #expect(pixel(100, 50, 200).adjustedSaturation(by: 0).pixels == [82, 82, 82])
        #expect(pixel(100, 50, 200).adjustedSaturation(by: 0.5).pixels == [91, 66, 141])
        #expect(pixel(100, 50, 200).adjustedSaturation(by: 2).pixels == [118, 18, 255])
        #expect(pixel(90, 90, 90).adjustedSaturation(by: 1.7).pixels == [90, 90, 90])
    }

    @Test func `hue turns red to green to blue, and back`() {
        #expect(pixel(255, 0, 0).adjustedHue(by: 1.0 / 3).pixels == [0, 255, 0])
        #expect(pixel(255, 0, 0).adjustedHue(by: 2.0 / 3).pixels == [0, 0, 255])
        #expect(pixel(255, 0, 0).adjustedHue(by: -1.0 / 3).pixels == [0, 0, 255])
        #expect(pixel(255, 0, 0).adjustedHue(by: 1.0 / 6).pixels == [255, 255, 0])
        #expect(pixel(255, 0, 0).adjustedHue(by: 1.0 / 12).pixels == [255, 128, 0])
        #expect(pixel(200, 100, 50).adjustedHue(by: 0.5).pixels == [50, 150, 200])
        #expect(pixel(70, 70, 70).adjustedHue(by: 0.3).pixels == [70, 70, 70])
    }

    @Test(arguments: [-0.5, -0.1, -0.003, 0.05, 0.1, 0.25, 0.49])
    func `hue equals the textbook's HSV to a step`(turns: Double) {
        let turned = Self.image.adjustedHue(by: turns)
        for index in stride(from: 0, to: turned.pixels.count, by: 3) {
            let expected = naivelyTurned(Self.image.pixels[index..<index + 3].map { Double($0) }, turns)
            for channel in 0..<3 {
                #expect(abs(Double(turned.pixels[index + channel]) - expected[channel]) <= 0.5 + 1e-9)
            }
        }
    }

    @Test func `factors of one and whole turns change nothing, and grey has no colour to adjust`() {
        let image = Self.image
        #expect(image.adjustedBrightness(by: 1) == image && image.adjustedContrast(by: 1) == image)
        #expect(image.adjustedSaturation(by: 1) == image)
        #expect(image.adjustedHue(by: 0) == image && image.adjustedHue(by: -2) == image)
        let grey = Image(height: 2, width: 2, mode: .grey8, pixels: [0, 9, 100, 255])
        #expect(grey.adjustedSaturation(by: 0.2) == grey && grey.adjustedHue(by: 0.2) == grey)
        #expect(grey.rgb.adjustedBrightness(by: 0.7) == grey.adjustedBrightness(by: 0.7).rgb)
        #expect(grey.rgb.adjustedContrast(by: 0.7) == grey.adjustedContrast(by: 0.7).rgb)
    }

    /// Hue, saturation and value in the textbook's six sectors.
    private func naivelyTurned(_ colour: [Double], _ turns: Double) -> [Double] {
        let (largest, smallest) = (max(colour[0], colour[1], colour[2]), min(colour[0], colour[1], colour[2]))
        guard largest > smallest else { return colour }
        let distances = colour.map { (largest - $0) / (largest - smallest) }
        var hue = 4 + distances[1] - distances[0]
        if colour[0] == largest {
            hue = distances[2] - distances[1]
        } else if colour[1] == largest {
            hue = 2 + distances[0] - distances[2]
        }
        hue = (hue / 6 + turns) * 6
        while hue < 0 { hue += 6 }
        while hue >= 6 { hue -= 6 }
        let saturation = (largest - smallest) / largest
        let fraction = hue - hue.rounded(.down)
        let p = largest * (1 - saturation)
        let q = largest * (1 - saturation * fraction)
        let t = largest * (1 - saturation * (1 - fraction))
        switch Int(hue) {
        case 0: return [largest, t, p]
        case 1: return [q, largest, p]
        case 2: return [p, largest, t]
        case 3: return [p, q, largest]
        case 4: return [t, p, largest]
        default: return [largest, p, q]
        }
    }
}
