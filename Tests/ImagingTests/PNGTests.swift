// SPDX-License-Identifier: Apache-2.0

import Imaging
import Testing

@Suite struct PNGTests {
    private func expectError(_ expected: ImageDecodingError, _ bytes: [UInt8], _ note: String = "") {
        #expect(throws: expected, Comment(rawValue: note)) { try Image(decoding: bytes) }
    }

    /// Whether `bytes` are refused, whatever the reason.
    private func isRefused(_ bytes: [UInt8]) -> Bool {
        (try? Image(decoding: bytes)) == nil
    }

    /// 3x2 RGB.
    static let small = PNGFile(width: 3, height: 2, colour: .rgb, samples: (0..<18).map { $0 * 14 })

    // MARK: What is read

    @Test func `images of both modes and many sizes come back from their file`() throws {
        var random = TestBytes(seed: 21)
        for mode in Image.Mode.allCases {
            for (height, width) in [(1, 1), (1, 300), (300, 1), (7, 5), (64, 65)] {
                let image = Image(
                    height: height, width: width, mode: mode, pixels: random.bytes(height * width * mode.channelCount))
                #expect(try Image(decoding: image.png()) == image)
                #expect(try image.png() == image.png())
            }
        }
    }

    @Test func `a file written row by row has the bytes of one written at once`() throws {
        var random = TestBytes(seed: 22)
        let (height, width) = (67, 300)
        for colour in Raster.Colour.allCases {
            for (hasAlpha, depth) in [(false, 8), (true, 8), (false, 16), (true, 16)] {
                let channels = colour.channelCount + (hasAlpha ? 1 : 0)
                let bytes = random.bytes(height * width * channels)
                func raster(_ rows: Range<Int>) -> Raster {
                    let part = bytes[rows.lowerBound * width * channels..<rows.upperBound * width * channels]
                    return Raster(
                        height: rows.count, width: width, colour: colour, hasAlpha: hasAlpha,
                        samples: depth == 8 ? .eight(Array(part)) : .sixteen(part.map { UInt16($0) * 257 ^ 3 }))
                }
                for step in [1, 10, 66, 67] {
                    let writer = try PNGWriter(
                        height: height, width: width, colour: colour, hasAlpha: hasAlpha, bitDepth: depth)
                    var file: [UInt8] = []
                    for first in stride(from: 0, to: height, by: step) {
                        file += try writer.append(raster(first..<min(first + step, height)))
                    }
                    file += try writer.end()
                    #expect(try file == raster(0..<height).png())
                }
            }
        }
    }

    @Test func `a picture larger than PNG knows is an error, and a file that is not ended is let go`() throws {
        let tall = #expect(throws: ImageEncodingError.self) {
            try PNGWriter(height: 1 << 32, width: 1, colour: .grey, hasAlpha: false)
        }
        #expect(tall?.reason == "1x4294967296 pixels are too many")
        let wide = #expect(throws: ImageEncodingError.self) {
            try PNGWriter(height: 1, width: 1 << 31, colour: .grey, hasAlpha: false)
        }
        #expect(wide?.reason == "Invalid IHDR data")
        let writer = try PNGWriter(height: 2, width: 1, colour: .grey, hasAlpha: false)
        let row = Raster(height: 1, width: 1, colour: .grey, hasAlpha: false, samples: .eight([1]))
        #expect(try !writer.append(row).isEmpty)
    }

    @Test func `a written file holds the chunks it needs and no others`() throws {
        let bytes = try Image(height: 2, width: 2, mode: .rgb8, repeating: 9).png()
        var (names, offset) = ([String](), 8)
        while offset < bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            names.append(String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self))
            offset += 12 + length
        }
        #expect(names == ["IHDR", "IDAT", "IEND"])
    }

    @Test(arguments: [1, 2, 4, 8], [false, true])
    func `grey of few bits is spread over the whole range, interlaced or not`(depth: Int, isInterlaced: Bool) throws {
        for (height, width) in [(1, 1), (3, 5), (8, 8), (9, 17), (2, 33)] {
            let levels = 1 << depth
            let samples = (0..<height * width).map { ($0 * 7 + $0 / width) % levels }
            let file = PNGFile(width: width, height: height, depth: depth, isInterlaced: isInterlaced, samples: samples)
            let expected = samples.map { UInt8($0 * 255 / (levels - 1)) }
            #expect(
                try Image(decoding: file.bytes) == Image(height: height, width: width, mode: .grey8, pixels: expected))
        }
    }

    @Test(arguments: [1, 2, 4, 8], [false, true])
    func `a palette becomes colours, interlaced or not`(depth: Int, isInterlaced: Bool) throws {
        let palette: [[UInt8]] = [[1, 2, 3], [250, 0, 9]]
        let samples = (0..<9 * 6).map { $0 * $0 % 2 }
        let file = PNGFile(
            width: 9, height: 6, depth: depth, colour: .palette, isInterlaced: isInterlaced,
            chunks: [("PLTE", palette.flatMap { $0 })], samples: samples)
        let expected = Image(height: 6, width: 9, mode: .rgb8, pixels: samples.flatMap { palette[$0] })
        #expect(try Image(decoding: file.bytes) == expected)
    }

    @Test(arguments: [false, true]) func `opaque alpha is dropped and any other is refused`(isInterlaced: Bool) throws {
        for (colour, channels) in [(PNGFile.ColourType.greyAlpha, 1), (.rgba, 3)] {
            let colours = (0..<6).map { pixel in (0..<channels).map { 9 * pixel + $0 } }
            var file = PNGFile(width: 3, height: 2, colour: colour, isInterlaced: isInterlaced, samples: [])
            file.samples = colours.flatMap { $0 + [255] }
            let image = try Image(decoding: file.bytes)
            #expect(image.channelCount == channels)
            #expect(image.pixels.map(Int.init) == colours.flatMap { $0 })
            file.samples[5 * (channels + 1) - 1] = 254
            expectError(.transparent(row: 1, column: 1), file.bytes)
        }
    }

    @Test func `a transparent colour counts only where a pixel has it`() throws {
        var file = PNGTests.small
        file.chunks = [("tRNS", [0, 1, 0, 1, 0, 1])]
        #expect(try Image(decoding: file.bytes) == Image(decoding: PNGTests.small.bytes))
        file.chunks = [("tRNS", [0, 42, 0, 56, 0, 70])]
        expectError(.transparent(row: 0, column: 1), file.bytes)
        var palette = PNGFile(width: 2, height: 1, colour: .palette, samples: [0, 1])
        palette.chunks = [("PLTE", [1, 2, 3, 4, 5, 6]), ("tRNS", [255])]
        #expect(try Image(decoding: palette.bytes).pixels == [1, 2, 3, 4, 5, 6])
        palette.chunks[1].body = [255, 0]
        expectError(.transparent(row: 0, column: 1), palette.bytes)
    }

    @Test func `gamma, profiles, texts and unknown chunks leave the values alone`() throws {
        let plain = try Image(decoding: PNGTests.small.bytes)
        var file = PNGTests.small
        file.chunks = [
            ("gAMA", bigEndian(10_000)), ("sRGB", [0]), ("cHRM", [UInt8](repeating: 7, count: 32)),
            ("iCCP", Array("broken".utf8) + [0, 0, 1, 2, 3]), ("zTXt", Array("Comment".utf8) + [0, 0] + [1, 2, 3]),
            ("sBIT", [5, 5, 5]), ("bKGD", [0, 1, 0, 2, 0, 3]), ("prVt", [1, 2, 3]), ("tEXt", Array("a".utf8) + [0]),
        ]
        #expect(try Image(decoding: file.bytes) == plain)
    }

    @Test func `bytes after the end of the file's image do not matter`() throws {
        #expect(try Image(decoding: PNGTests.small.bytes + [1, 2, 3]) == Image(decoding: PNGTests.small.bytes))
    }

    // MARK: What is refused

    @Test func `every truncation of a file is refused`() throws {
        for isInterlaced in [false, true] {
            var file = PNGTests.small
            file.isInterlaced = isInterlaced
            let bytes = file.bytes
            #expect(!isRefused(bytes))
            expectError(.empty, [])
            for count in 1..<bytes.count { expectError(.truncated, Array(bytes.prefix(count)), "\(count) bytes") }
        }
    }

    @Test func `a changed byte anywhere is refused`() {
        let bytes = PNGTests.small.bytes
        for index in bytes.indices {
            for change in [UInt8(0x01), 0x20, 0x80, 0xff] {
                var damaged = bytes
                damaged[index] ^= change
                #expect(isRefused(damaged), "byte \(index) changed by \(change)")
            }
        }
    }

    @Test func `a wrong checksum is named, in chunks that are not used too`() {
        var file = PNGTests.small
        file.chunks = [("tEXt", Array("note".utf8) + [0] + Array("hello".utf8))]
        var bytes = file.bytes
        bytes[8 + 25 + 8 + 2] ^= 1
        expectError(.damaged("tEXt: CRC error"), bytes)
        bytes = PNGTests.small.bytes
        bytes[8 + 8 + 3] ^= 1
        expectError(.damaged("IHDR: CRC error"), bytes)
    }

    @Test func `wrong contents under right checksums are refused`() {
        func file(_ header: [UInt8], _ data: [UInt8]?) -> [UInt8] {
            PNGFile.signature + chunk("IHDR", header) + (data.map { chunk("IDAT", $0) } ?? []) + chunk("IEND", [])
        }
        let header = PNGTests.small.header
        let rows: [UInt8] = [0] + [UInt8](repeating: 1, count: 9)
        #expect(!isRefused(file(header, deflated(rows + rows))))
        #expect(isRefused(file(header, deflated(rows))), "too few rows")
        #expect(isRefused(file(header, nil)), "no rows")
        #expect(isRefused(file(header, [1, 2, 3, 4])), "no zlib stream")
        #expect(isRefused(file(header, deflated([9] + rows.dropFirst() + rows))), "an unknown filter")
        for (place, value) in [(3, 0), (7, 0), (0, 0x80), (8, 3), (9, 1), (9, 5), (10, 1), (11, 1), (12, 2)] {
            var wrong = header
            wrong[place] = UInt8(value)
            #expect(isRefused(file(wrong, deflated(rows + rows))), "header byte \(place) is \(value)")
        }
        #expect(isRefused(file(Array(header.dropLast()), deflated(rows + rows))), "a short header")
        var palette = PNGFile(width: 1, height: 1, colour: .palette, samples: [0])
        #expect(isRefused(palette.bytes), "no palette")
        palette.chunks = [("PLTE", [1, 2])]
        #expect(isRefused(palette.bytes), "a palette of two thirds of a colour")
    }

    @Test func `an index beyond the palette is refused, whatever the depth`() {
        for (depth, index) in [(1, 1), (2, 3), (4, 15), (8, 255)] {
            for count in [1, index] {
                let palette = [UInt8](repeating: 7, count: 3 * count)
                var file = PNGFile(
                    width: 3, height: 1, depth: depth, colour: .palette, chunks: [("PLTE", palette)],
                    samples: [0, 0, 0])
                #expect(!isRefused(file.bytes))
                file.samples[1] = index
                expectError(.damaged("colour \(index) is not in the PNG palette of \(count)"), file.bytes)
            }
        }
    }

    @Test func `pixels that a file is too short to hold are refused before memory is taken`() {
        func file(side: Int, dataBytes: Int) -> [UInt8] {
            let header = bigEndian(side) + bigEndian(side) + [8, 0, 0, 0, 0]
            return PNGFile.signature + chunk("IHDR", header)
                + chunk("IDAT", [UInt8](repeating: 0, count: dataBytes)) + chunk("IEND", [])
        }
        // 16 Mi pixels need 16256 bytes at least; 57 of a file are no pixels.
        expectError(.truncated, file(side: 4096, dataBytes: 16_256 - 57 - 1))
        let error = #expect(throws: ImageDecodingError.self) {
            try Image(decoding: file(side: 4096, dataBytes: 16_256 - 57 + 1))
        }
        #expect(error != .truncated)
    }

    @Test func `more pixel data than the pixels need is left alone`() throws {
        let rows: [UInt8] = [0] + [UInt8](repeating: 1, count: 9)
        let bytes =
            PNGFile.signature + chunk("IHDR", PNGTests.small.header) + chunk("IDAT", deflated(rows + rows + rows))
            + chunk("IDAT", [1, 2, 3]) + chunk("IEND", [])
        #expect(try Image(decoding: bytes) == Image(height: 2, width: 3, mode: .rgb8, repeating: 1))
    }

    @Test func `a header that asks for too much memory is refused before any is taken`() {
        for (width, height) in [(60_000, 60_000), (0x7fff_ffff, 0x7fff_ffff), (1 << 28, 1), (1, 1 << 28)] {
            var file = PNGTests.small
            file.samples = []
            file.width = width
            file.height = height
            let bytes = PNGFile.signature + chunk("IHDR", file.header) + chunk("IDAT", [0x78, 1]) + chunk("IEND", [])
            #expect(throws: ImageDecodingError.self) { try Image(decoding: bytes) }
            if width == 60_000 { expectError(.tooLarge(height: height, width: width), bytes) }
        }
        #expect(
            ImageDecodingError.tooLarge(height: 60_000, width: 60_000).description
                == "an image of 60000x60000 pixels is larger than the limit of 268435456 samples")
    }

    @Test(
        arguments: [
            ("JPEG", [0xff, 0xd8, 0xff, 0xe0]), ("GIF", Array("GIF89a".utf8)), ("TIFF", [0x49, 0x49, 0x2a, 0]),
            ("TIFF", [0x4d, 0x4d, 0, 0x2a]), ("WebP", Array("RIFF1234WEBPVP8 ".utf8)),
            ("HEIF", [0, 0, 0, 24] + Array("ftypheic".utf8)),
            ("AVIF", [0, 0, 0, 32] + Array("ftypavif".utf8)),
            ("JPEG 2000", [0, 0, 0, 12] + Array("jP  ".utf8) + [13, 10, 0x87, 10]), ("JPEG XL", [0xff, 0x0a]),
        ] as [(String, [UInt8])])
    func `other formats are refused with the reason and the way to convert`(name: String, beginning: [UInt8]) {
        expectError(.refusedFormat(name), beginning + [0, 1, 2, 3])
        let text = ImageDecodingError.refusedFormat(name).description
        #expect(text.hasPrefix("\(name) files are not read, since ") && text.contains("magick IN OUT.png"))
    }

    @Test func `anything else is shown as it begins`() {
        expectError(.unknownFormat(beginning: Array("hello wo".utf8)), Array("hello world".utf8))
        #expect(
            ImageDecodingError.unknownFormat(beginning: Array("hello wo".utf8)).description
                == "not a PNG or BMP file: it begins with 'hello wo'")
        #expect(
            ImageDecodingError.unknownFormat(beginning: [0x89, 0x48, 0x0a]).description
                == "not a PNG or BMP file: it begins with the bytes 89 48 0a")
    }
}
