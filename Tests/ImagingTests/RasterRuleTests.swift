// SPDX-License-Identifier: Apache-2.0

import Imaging
import Testing

/// How a raster becomes an image of 8 bits without alpha.
@Suite struct RasterRuleTests {
    /// Every grey with every alpha: 256x256.
    static let greys = (0..<65_536).map { UInt8($0 & 255) }
    static let alphas = (0..<65_536).map { UInt8($0 >> 8) }

    private func raster(_ colour: Raster.Colour, alpha: Bool, _ samples: Raster.Samples, width: Int) -> Raster {
        let channels = colour.channelCount + (alpha ? 1 : 0)
        return Raster(
            height: samples.count / channels / width, width: width, colour: colour, hasAlpha: alpha, samples: samples)
    }

    @Test func `16 bits are refused or rounded to the nearest, for every value`() throws {
        let all = raster(.grey, alpha: false, .sixteen((0...65_535).map { UInt16($0) }), width: 256)
        #expect(throws: ImageDecodingError.sixteenBit) { try Image(all) }
        // The rounding of libpng's png_set_scale_16, which is exact by its authors' proof.
        let expected = (0...65_535).map { UInt8(($0 * 255 + 32_895) >> 16) }
        #expect(try Image(all, depth: .round).pixels == expected)
        #expect(expected == (0...65_535).map { UInt8((Double($0) / 257).rounded()) })
    }

    @Test func `8 bits without alpha are the same under every rule`() throws {
        let samples = (0..<48).map { UInt8($0 * 5) }
        for colour in Raster.Colour.allCases {
            let plain = raster(colour, alpha: false, .eight(samples), width: 8)
            for alpha in AlphaRule.allCases {
                for depth in DepthRule.allCases {
                    let image = try Image(plain, alpha: alpha, depth: depth)
                    #expect(image.pixels == samples)
                    #expect(image.mode == (colour == .grey ? .grey8 : .rgb8))
                    #expect(Raster(image) == plain)
                }
            }
        }
    }

    @Test func `every grey with every alpha is composited to the nearest value`() throws {
        let all = raster(
            .grey, alpha: true, .eight(zip(Self.greys, Self.alphas).flatMap { [$0, $1] }), width: 256)
        #expect(throws: ImageDecodingError.transparent(row: 0, column: 0)) { try Image(all) }
        #expect(try Image(all, alpha: .drop).pixels == Self.greys)
        for (rule, background) in [(AlphaRule.black, 0.0), (.white, 255.0)] {
            let expected = zip(Self.greys, Self.alphas).map { grey, alpha in
                let alpha = Double(alpha)
                return UInt8(((Double(grey) * alpha + background * (255 - alpha)) / 255).rounded())
            }
            #expect(try Image(all, alpha: rule).pixels == expected)
        }
    }

    @Test func `16 bits with alpha are rounded once`() throws {
        let values = (0..<256).map { UInt16($0 * 257 ^ $0 * 97) }
        let pairs = values.flatMap { grey in values.map { (grey, $0) } }
        let all = raster(.grey, alpha: true, .sixteen(pairs.flatMap { [$0.0, $0.1] }), width: 256)
        #expect(throws: ImageDecodingError.sixteenBit) { try Image(all, alpha: .white) }
        for (rule, background) in [(AlphaRule.black, 0), (.white, 65_535)] {
            let expected = pairs.map { grey, alpha in
                // Quotient and remainder, so that no rounding of this test's own comes in.
                let shown = Int(grey) * Int(alpha) + background * (65_535 - Int(alpha))
                let (quotient, remainder) = shown.quotientAndRemainder(dividingBy: 65_535 * 257)
                return UInt8(quotient + (2 * remainder > 65_535 * 257 ? 1 : 0))
            }
            #expect(try Image(all, alpha: rule, depth: .round).pixels == expected)
        }
        #expect(
            try Image(all, alpha: .drop, depth: .round).pixels
                == pairs.map { UInt8((Double($0.0) / 257).rounded()) })
    }

    @Test func `alpha is taken off and put on again, 16 bits as the nearest 8`() throws {
        for colour in Raster.Colour.allCases {
            let channels = colour.channelCount + 1
            let samples = (0..<24 * channels).map { UInt8($0 * 2) }
            let whole = raster(colour, alpha: true, .eight(samples), width: 6)
            let alpha = try #require(whole.alpha)
            #expect(alpha.height == 4 && alpha.width == 6)
            #expect(alpha.pixels == (0..<24).map { samples[$0 * channels + channels - 1] })
            #expect(try Raster(Image(whole, alpha: .drop), alpha: alpha) == whole)
            let deep = raster(colour, alpha: true, .sixteen(samples.map { UInt16($0) * 257 + 100 }), width: 6)
            #expect(deep.alpha == alpha)
            #expect(raster(colour, alpha: false, .eight(samples), width: 1).alpha == nil)
        }
    }

    @Test func `the first pixel that is not opaque is named, and opaque alpha is no alpha`() throws {
        var samples: [UInt8] = (0..<6).flatMap { [UInt8($0), 10, 20, 255] }
        let opaque = try Image(raster(.rgb, alpha: true, .eight(samples), width: 3))
        #expect(opaque.pixels == (0..<6).flatMap { [UInt8($0), 10, 20] })
        for rule in AlphaRule.allCases {
            #expect(try Image(raster(.rgb, alpha: true, .eight(samples), width: 3), alpha: rule) == opaque)
        }
        samples[4 * 4 + 3] = 254
        samples[5 * 4 + 3] = 0
        #expect(throws: ImageDecodingError.transparent(row: 1, column: 1)) {
            try Image(raster(.rgb, alpha: true, .eight(samples), width: 3))
        }
        let wide = samples.map { UInt16($0) * 257 }
        #expect(throws: ImageDecodingError.transparent(row: 1, column: 1)) {
            try Image(raster(.rgb, alpha: true, .sixteen(wide), width: 3), depth: .round)
        }
    }

    @Test func `the refusals say what to do`() {
        #expect(
            ImageDecodingError.sixteenBit.description
                == "it has 16 bits a sample and not 8; round them, for example with 'magick IN -depth 8 OUT.png'")
        #expect(
            ImageDecodingError.transparent(row: 2, column: 3).description
                == "pixel (row 2, column 3) is not opaque, and no colour is defined behind it; flatten it,"
                + " for example with 'magick IN -background white -alpha remove -alpha off OUT.png'")
    }
}
