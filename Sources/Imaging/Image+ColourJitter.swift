// SPDX-License-Identifier: Apache-2.0

// The four adjustments of colour jitter as torchvision and albumentations mean them, on bytes: every result is computed
// in double precision, rounded half away from zero and saturated, so that adjustments in a row round after each. Grey
// is (299 R + 587 G + 114 B) / 1000, a whole number before the division, so that its mean does not depend on the order
// of a sum.

extension Image {
    /// Every sample times `factor`, which is at least 0; 1 changes nothing.
    package func adjustedBrightness(by factor: Double) -> Image {
        requireFactor(factor)
        return mappingBytes { factor * $0 }
    }

    /// Every sample as `factor` times itself plus (1 - `factor`) times the mean grey of the image.
    ///
    /// The factor is at least 0; 1 changes nothing, 0 leaves the mean.
    package func adjustedContrast(by factor: Double) -> Image {
        requireFactor(factor)
        let mean = meanGrey
        return mappingBytes { factor * $0 + (1 - factor) * mean }
    }

    /// Every sample as `factor` times itself plus (1 - `factor`) times the grey of its pixel; a grey image stays as it
    /// is.
    ///
    /// The factor is at least 0; 1 changes nothing, 0 leaves the greys.
    package func adjustedSaturation(by factor: Double) -> Image {
        requireFactor(factor)
        return mappingColours { red, green, blue in
            let grey = Double(greyThousandths(red, green, blue)) / 1000
            func blend(_ value: UInt8) -> UInt8 { UInt8(nearest: factor * Double(value) + (1 - factor) * grey) }
            return (blend(red), blend(green), blend(blue))
        }
    }

    /// Every colour with its hue turned by `turns` of the circle (red to green is 1/3) in HSV; a grey image stays as it
    /// is.
    ///
    /// With V the largest sample, C its distance from the smallest and h the hue in sixths of the circle, channel n
    /// (red 5, green 3, blue 1) becomes V - C max(0, min(k, 4 - k, 1)) where k = (n + h) mod 6. Greys have no hue and
    /// stay.
    package func adjustedHue(by turns: Double) -> Image {
        precondition(turns.isFinite, "a hue cannot be turned by \(turns)")
        let sixths = (turns - turns.rounded(.down)) * 6
        return mappingColours { red, green, blue in
            let largest = max(red, green, blue)
            let chroma = Double(largest - min(red, green, blue))
            guard chroma > 0 else { return (red, green, blue) }
            let turned = hueSixths(red, green, blue, largest, chroma) + sixths
            func channel(_ n: Double) -> UInt8 {
                let shifted = n + turned
                let k = shifted - 6 * (shifted / 6).rounded(.down)
                return UInt8(nearest: Double(largest) - chroma * max(0, min(k, 4 - k, 1)))
            }
            return (channel(5), channel(3), channel(1))
        }
    }

    /// The mean over all pixels of (299 R + 587 G + 114 B) / 1000; of the samples for a grey image.
    private var meanGrey: Double {
        if mode == .grey8 { return Double(pixels.reduce(0) { $0 + Int($1) }) / Double(pixels.count) }
        let sum = stride(from: 0, to: pixels.count, by: 3).reduce(0) {
            $0 + greyThousandths(pixels[$1], pixels[$1 + 1], pixels[$1 + 2])
        }
        return Double(sum) / Double(1000 * height * width)
    }

    private func requireFactor(_ factor: Double) {
        precondition(factor >= 0 && factor.isFinite, "colours are adjusted by a factor of at least 0, not \(factor)")
    }

    /// Each byte as a function of itself alone.
    private func mappingBytes(_ value: (Double) -> Double) -> Image {
        let table = (0..<256).map { UInt8(nearest: value(Double($0))) }
        return Image(height: height, width: width, mode: mode, pixels: pixels.map { table[Int($0)] })
    }

    private func mappingColours(_ colour: (UInt8, UInt8, UInt8) -> (UInt8, UInt8, UInt8)) -> Image {
        guard mode == .rgb8 else { return self }
        var image = self
        for index in stride(from: 0, to: pixels.count, by: 3) {
            (image.pixels[index], image.pixels[index + 1], image.pixels[index + 2]) =
                colour(pixels[index], pixels[index + 1], pixels[index + 2])
        }
        return image
    }
}

private func greyThousandths(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Int {
    299 * Int(red) + 587 * Int(green) + 114 * Int(blue)
}

/// The hue of a colour that is not grey, in sixths of the circle from red: -1..<5.
private func hueSixths(_ red: UInt8, _ green: UInt8, _ blue: UInt8, _ largest: UInt8, _ chroma: Double) -> Double {
    if largest == red { return (Double(green) - Double(blue)) / chroma }
    if largest == green { return (Double(blue) - Double(red)) / chroma + 2 }
    return (Double(red) - Double(green)) / chroma + 4
}
