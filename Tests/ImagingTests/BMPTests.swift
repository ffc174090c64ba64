// SPDX-License-Identifier: Apache-2.0

import Imaging
import Testing

@Suite struct BMPTests {
    private func expectError(_ expected: ImageDecodingError, _ file: BMPFile, _ note: String = "") {
        #expect(throws: expected, Comment(rawValue: note)) { try Image(decoding: file.bytes) }
    }

    /// Colours of 3x2 pixels as (red, green, blue), and the image of them.
    static let colours: [[UInt8]] = [
        [1, 2, 3], [40, 50, 60], [7, 8, 9], [10, 11, 12], [255, 0, 128], [0, 255, 1],
    ]
    static let image = Image(height: 2, width: 3, mode: .rgb8, pixels: colours.flatMap { $0 })
    static let stored = colours.map { Array($0.reversed()) }

    @Test(arguments: [false, true], [12, 40, 56, 108, 124])
    func `24 bits are read from the top or from the bottom, under every header`(isTopDown: Bool, headerSize: Int) throws
    {
        guard !(isTopDown && headerSize == 12) else { return }
        let file = BMPFile(isTopDown: isTopDown, headerSize: headerSize, pixels: BMPTests.stored)
        #expect(try Image(decoding: file.bytes) == BMPTests.image)
    }

    @Test(arguments: [1, 2, 3, 4, 5]) func `rows are padded to four bytes`(width: Int) throws {
        let pixels = (0..<UInt8(width * 3)).map { (index: UInt8) -> [UInt8] in [index, index + 50, index + 100] }
        let file = BMPFile(width: width, height: 3, pixels: pixels)
        let expected = Image(height: 3, width: width, mode: .rgb8, pixels: pixels.flatMap { $0.reversed() })
        #expect(try Image(decoding: file.bytes) == expected)
    }

    @Test(arguments: [false, true]) func `the fourth of 32 bits counts only where alpha is declared`(isTopDown: Bool)
        throws
    {
        var file = BMPFile(isTopDown: isTopDown, bits: 32, pixels: BMPTests.stored.map { $0 + [0] })
        #expect(try Image(decoding: file.bytes) == BMPTests.image)
        file.compression = 3
        file.masks = [0xff0000, 0xff00, 0xff]
        #expect(try Image(decoding: file.bytes) == BMPTests.image)
        file.headerSize = 108
        file.masks = [0xff0000, 0xff00, 0xff, 0xff00_0000]
        expectError(.transparent(row: 0, column: 0), file)
        file.pixels = BMPTests.stored.map { $0 + [255] }
        #expect(try Image(decoding: file.bytes) == BMPTests.image)
        file.pixels[4][3] = 9
        expectError(.transparent(row: 1, column: 1), file)
        file.masks = [0xff, 0xff00, 0xfe0000, 0]
        expectError(.unsupportedBMP("channels that are not a byte each"), file)
        file.masks = [0xff, 0xff00, 0xff, 0]
        expectError(.unsupportedBMP("channels that are not a byte each"), file)
    }

    /// Twenty-four orders of four bytes, under headers with and behind which masks stand.
    @Test(arguments: [40, 52, 56, 108, 124]) func `masks may name the bytes of a pixel in any order`(headerSize: Int)
        throws
    {
        let hasAlpha = headerSize >= 56
        let places = (0..<256).map { code in (0..<4).map { code >> (2 * $0) & 3 } }.filter { Set($0).count == 4 }
        #expect(places.count == 24)
        for places in places {
            var file = BMPFile(bits: 32, headerSize: headerSize, compression: 3)
            file.masks = places.prefix(hasAlpha ? 4 : 3).map { 0xff << (8 * $0) }
            var samples: [UInt8] = []
            for (index, colour) in BMPTests.colours.enumerated() {
                let channels = colour + [UInt8(index * 40)]
                var stored: [UInt8] = [0, 0, 0, 0]
                for (channel, place) in places.enumerated() { stored[place] = channels[channel] }
                file.pixels.append(stored)
                samples += hasAlpha ? channels : colour
            }
            let raster = try Raster(decoding: file.bytes)
            #expect(raster.hasAlpha == hasAlpha)
            #expect(raster.samples == .eight(samples), "\(places)")
            #expect(
                raster.notes
                    == (hasAlpha ? [] : ["a fourth byte of each pixel, which the header does not call alpha"]))
        }
    }

    @Test func `a mask of nothing is refused but for alpha`() {
        for headerSize in [40, 52, 56] {
            for empty in 0..<3 {
                var file = BMPFile(bits: 32, headerSize: headerSize, compression: 3)
                file.masks = [0xff0000, 0xff00, 0xff, 0].dropLast(headerSize == 56 ? 0 : 1)
                file.masks[empty] = 0
                file.pixels = BMPTests.stored.map { $0 + [1] }
                expectError(.unsupportedBMP("channels that are not a byte each"), file)
            }
        }
    }

    @Test func `masks of four behind the oldest header that can have them count with compression 6`() throws {
        var file = BMPFile(bits: 32, compression: 6, pixels: BMPTests.stored.map { $0 + [77] })
        file.masks = [0xff0000, 0xff00, 0xff, 0xff00_0000]
        #expect(try Raster(decoding: file.bytes).samples == .eight(BMPTests.colours.flatMap { $0 + [77] }))
        let bytes = file.bytes
        let early = Array(bytes[..<10]) + little(66, 4) + Array(bytes[14...])
        #expect(throws: ImageDecodingError.damaged("the BMP pixels begin within the header, at byte 66")) {
            try Raster(decoding: early)
        }
    }

    @Test func `pixels may begin later than they must and the file may go on after them`() throws {
        let file = BMPFile(pixels: BMPTests.stored)
        let bytes = file.bytes
        let moved =
            Array(bytes[..<10]) + little(54 + 7, 4) + Array(bytes[14..<54]) + [1, 2, 3, 4, 5, 6, 7] + bytes[54...]
        #expect(try Image(decoding: moved + [9, 9]) == BMPTests.image)
    }

    @Test func `what later headers say of the colour space is noted and changes no value`() throws {
        let file = BMPFile(headerSize: 124, pixels: BMPTests.stored)
        func notes(_ changes: [(Int, Int)]) throws -> [String] {
            var bytes = file.bytes
            for (offset, value) in changes { bytes.replaceSubrange(offset..<offset + 4, with: little(value, 4)) }
            let raster = try Raster(decoding: bytes)
            #expect(raster.samples == .eight(BMPTests.image.pixels))
            return raster.notes
        }
        #expect(try notes([]) == [])
        #expect(try notes([(70, 0x7352_4742)]) == ["colours are sRGB"])
        #expect(try notes([(70, 0x5769_6e20)]) == [])
        #expect(try notes([(70, 0x4d42_4544)]) == ["ICC profile"])
        #expect(try notes([(70, 0x4c49_4e4b)]) == ["ICC profile in another file"])
        #expect(try notes([(110, 0x2_3333)]) == ["primaries and gamma"])
    }

    @Test func `a palette of greys makes a grey image and any other colours`() throws {
        let indices: [[UInt8]] = [[0], [1], [2], [2], [1], [0]]
        var file = BMPFile(bits: 8, palette: [[5, 5, 5, 0], [9, 9, 9, 0], [200, 200, 200, 0]], pixels: indices)
        #expect(
            try Image(decoding: file.bytes)
                == Image(height: 2, width: 3, mode: .grey8, pixels: [5, 9, 200, 200, 9, 5]))
        file.palette[1] = [1, 2, 3, 0]
        #expect(
            try Image(decoding: file.bytes).pixels == [
                5, 5, 5, 3, 2, 1, 200, 200, 200, 200, 200, 200, 3, 2, 1, 5, 5, 5,
            ])
        file.pixels[3] = [3]
        expectError(.damaged("colour 3 is not in the BMP palette of 3"), file)
    }

    @Test func `a palette of unstated length has 256 colours`() throws {
        var file = BMPFile(bits: 8, declaredPaletteCount: 0, pixels: [[0], [1], [2], [253], [254], [255]])
        file.palette = (0..<256).map { [UInt8($0), UInt8($0), UInt8($0), 0] }
        #expect(try Image(decoding: file.bytes).pixels == [0, 1, 2, 253, 254, 255])
        file.palette.removeLast()
        #expect(throws: ImageDecodingError.self) { try Image(decoding: file.bytes) }
    }

    @Test func `every truncation of a file is refused`() throws {
        let files = [
            BMPFile(pixels: BMPTests.stored),
            BMPFile(bits: 8, palette: [[1, 1, 1, 0], [2, 2, 2, 0]], pixels: [[0], [1], [0], [1], [0], [1]]),
            BMPFile(isTopDown: true, bits: 32, headerSize: 124, pixels: BMPTests.stored.map { $0 + [0] }),
        ]
        for file in files {
            #expect(throws: Never.self) { try Image(decoding: file.bytes) }
            for count in 1..<file.bytes.count {
                #expect(throws: ImageDecodingError.truncated, "\(count) bytes") {
                    try Image(decoding: Array(file.bytes.prefix(count)))
                }
            }
        }
    }

    @Test func `any value of any header byte ends in an image or in an error`() {
        for file in [
            BMPFile(pixels: BMPTests.stored),
            BMPFile(bits: 8, palette: [[1, 1, 1, 0], [2, 2, 2, 0]], pixels: [[0], [1], [0], [1], [0], [1]]),
            BMPFile(
                bits: 32, headerSize: 124, compression: 3, masks: [0xff0000, 0xff00, 0xff, 0],
                pixels: BMPTests.stored.map { $0 + [0] }),
        ] {
            let bytes = file.bytes
            var refused = 0
            for index in 2..<70 where index < bytes.count {
                for value in UInt8.min...UInt8.max {
                    var changed = bytes
                    changed[index] = value
                    if (try? Image(decoding: changed)) == nil { refused += 1 }
                }
            }
            #expect(refused > 1000)
        }
    }

    @Test func `sizes that cannot be are refused before memory is taken`() {
        var file = BMPFile(pixels: BMPTests.stored)
        let bytes = file.bytes
        func with(_ offset: Int, _ value: Int) -> [UInt8] {
            Array(bytes[..<offset]) + little(value, 4) + Array(bytes[(offset + 4)...])
        }
        #expect(throws: ImageDecodingError.damaged("the BMP header says 0x2 pixels")) {
            try Image(decoding: with(18, 0))
        }
        #expect(throws: ImageDecodingError.damaged("the BMP header says -3x2 pixels")) {
            try Image(decoding: with(18, -3))
        }
        #expect(throws: ImageDecodingError.damaged("the BMP header says 3x0 pixels")) {
            try Image(decoding: with(22, 0))
        }
        #expect(throws: ImageDecodingError.tooLarge(height: 2, width: 0x7fff_ffff)) {
            try Image(decoding: with(18, 0x7fff_ffff))
        }
        #expect(throws: ImageDecodingError.tooLarge(height: 0x8000_0000, width: 3)) {
            try Image(decoding: with(22, 0x8000_0000))
        }
        #expect(throws: ImageDecodingError.truncated) { try Image(decoding: with(10, 0xffff_fff0)) }
        #expect(throws: ImageDecodingError.damaged("the BMP pixels begin within the header, at byte 20")) {
            try Image(decoding: with(10, 20))
        }
        file.headerSize = 41
        expectError(.damaged("the BMP header says it is 41 bytes long"), file)
    }

    @Test func `compression and other depths are refused with the way out`() {
        var file = BMPFile(
            bits: 8, compression: 1, palette: [[1, 1, 1, 0]], pixels: [[UInt8]](repeating: [0], count: 6))
        expectError(.unsupportedBMP("compression 1"), file)
        file.bits = 4
        file.compression = 0
        expectError(.unsupportedBMP("4 bits a pixel"), file)
        #expect(
            ImageDecodingError.unsupportedBMP("compression 1").description
                == "a BMP file with compression 1 is not read; save it with 24 bits a pixel, uncompressed, or as PNG")
    }
}
