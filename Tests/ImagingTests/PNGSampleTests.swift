// SPDX-License-Identifier: Apache-2.0

import Imaging
import Testing

/// Every kind of PNG file against samples that are computed here from what was put into the file.
@Suite struct PNGSampleTests {
    /// The colour types with their depths (PNG, third edition, table 12).
    static let kinds: [(colour: PNGFile.ColourType, depth: Int)] =
        [1, 2, 4, 8, 16].map { (.grey, $0) } + [8, 16].map { (.rgb, $0) } + [1, 2, 4, 8].map { (.palette, $0) }
        + [8, 16].map { (.greyAlpha, $0) } + [8, 16].map { (.rgba, $0) }

    static let sizes = [(1, 1), (1, 9), (9, 1), (2, 3), (5, 5), (8, 8), (9, 17)]

    @Test(arguments: kinds.indices, [false, true])
    func `every colour type and depth is read exactly, with and without tRNS, interlaced or not`(
        kind: Int, isInterlaced: Bool
    ) throws {
        let (colour, depth) = PNGSampleTests.kinds[kind]
        var random = TestBytes(seed: UInt64(100 + kind))
        for (height, width) in PNGSampleTests.sizes {
            for hasTransparency in [false, true] where !hasTransparency || ![.greyAlpha, .rgba].contains(colour) {
                let example = PNGExample(
                    colour, depth: depth, height: height, width: width, isInterlaced: isInterlaced,
                    hasTransparency: hasTransparency, &random)
                #expect(
                    try Raster(decoding: example.file.bytes) == example.raster,
                    "\(colour) \(depth) \(width)x\(height) tRNS \(hasTransparency)")
            }
        }
    }

    @Test func `every truncation of every kind of file is refused as one`() {
        var random = TestBytes(seed: 7)
        for (colour, depth) in PNGSampleTests.kinds {
            for isInterlaced in [false, true] {
                let bytes = PNGExample(
                    colour, depth: depth, height: 3, width: 5, isInterlaced: isInterlaced,
                    hasTransparency: ![.greyAlpha, .rgba].contains(colour), &random
                ).file.bytes
                for count in 1..<bytes.count {
                    #expect(throws: ImageDecodingError.truncated, "\(colour) \(depth), \(count) bytes") {
                        try Raster(decoding: Array(bytes.prefix(count)))
                    }
                }
            }
        }
    }

    @Test(arguments: Raster.Colour.allCases, [false, true])
    func `rasters of every kind come back from their file, which has the same bytes each time`(
        colour: Raster.Colour, hasAlpha: Bool
    ) throws {
        var random = TestBytes(seed: 3)
        for (height, width) in PNGSampleTests.sizes + [(64, 65)] {
            let count = height * width * (colour.channelCount + (hasAlpha ? 1 : 0))
            let eight = random.bytes(count)
            let sixteen = zip(random.bytes(count), random.bytes(count)).map { UInt16($0) << 8 | UInt16($1) }
            for samples in [Raster.Samples.eight(eight), .sixteen(sixteen)] {
                let raster = Raster(height: height, width: width, colour: colour, hasAlpha: hasAlpha, samples: samples)
                let bytes = try raster.png()
                #expect(try Raster(decoding: bytes) == raster)
                #expect(try raster.png() == bytes)
                let type: [UInt8] = [UInt8(samples.bitDepth), (colour == .rgb ? 2 : 0) + (hasAlpha ? 4 : 0), 0, 0, 0]
                #expect(Array(bytes[24..<29]) == type)
                let names = chunkNames(bytes)
                #expect(names.first == "IHDR" && names.last == "IEND")
                #expect(names.count >= 3 && Set(names.dropFirst().dropLast()) == ["IDAT"])
            }
        }
    }

    @Test func `what a file says of its colours is noted and changes no value`() throws {
        var file = PNGTests.small
        let plain = try Raster(decoding: file.bytes)
        #expect(plain.notes == [])
        file.chunks = [
            ("gAMA", bigEndian(45_455)), ("cHRM", [UInt8](repeating: 7, count: 32)), ("sRGB", [0]),
            ("iCCP", [0x41, 0x64, 0x6f, 0x62, 0x65, 0xe9, 0, 0] + deflated([UInt8](repeating: 1, count: 40))),
            ("sBIT", [5, 6, 5]), ("bKGD", [0, 1, 0, 2, 1, 3]), ("cICP", [9, 16, 0, 1]),
            ("eXIf", [0x4d, 0x4d, 0, 0x2a]),
            ("acTL", bigEndian(2) + bigEndian(0)), ("tEXt", Array("a".utf8) + [0]), ("pHYs", bigEndian(9)),
        ]
        let noted = try Raster(decoding: file.bytes)
        #expect(noted.samples == plain.samples)
        #expect(
            noted.notes == [
                "gamma 0.45455", "chromaticities of the primaries", "colours are sRGB", "ICC profile 'Adobeé'",
                "significant bits 5 6 5", "background 1 2 259", "coding-independent code points 9 16 0 1",
                "EXIF data, which may ask for a rotation", "an animation; this is its still image",
            ])
        for (gamma, text) in [(100_000, "1"), (220_000, "2.2"), (1, "0.00001"), (50_010, "0.5001")] {
            file.chunks = [("gAMA", bigEndian(gamma))]
            #expect(try Raster(decoding: file.bytes).notes == ["gamma \(text)"])
        }
    }

    @Test func `chunks that are not as specified, and chunks behind the end, are not noted`() throws {
        var file = PNGTests.small
        file.chunks = [
            ("gAMA", [1, 2, 3]), ("sRGB", []), ("cHRM", []), ("iCCP", Array("name".utf8)), ("iCCP", [0, 0]),
            ("iCCP", [UInt8](repeating: 65, count: 80) + [0, 0]), ("sBIT", []), ("bKGD", [1, 2, 3]), ("cICP", [1]),
        ]
        #expect(try Raster(decoding: file.bytes + chunk("gAMA", bigEndian(1))).notes == [])
    }

    /// 256 MiB from 1.7 MB in each of three chunks; libpng is told to skip them.
    @Test func `compressed chunks that swell are never decompressed`() throws {
        let bomb = swelling(megabytes: 256)
        #expect(bomb.count < 2 << 20)
        var file = PNGTests.small
        file.chunks = [
            ("iCCP", Array("p".utf8) + [0, 0] + bomb), ("zTXt", Array("t".utf8) + [0, 0] + bomb),
            ("iTXt", Array("i".utf8) + [0, 1, 0, 0, 0] + bomb),
        ]
        let raster = try Raster(decoding: file.bytes)
        #expect(try raster.samples == Raster(decoding: PNGTests.small.bytes).samples)
        #expect(raster.notes == ["ICC profile 'p'"])
    }
}

/// A file of random samples with the raster that it stands for.
private struct PNGExample {
    var file: PNGFile
    let raster: Raster

    init(
        _ colour: PNGFile.ColourType, depth: Int, height: Int, width: Int, isInterlaced: Bool, hasTransparency: Bool,
        _ random: inout TestBytes
    ) {
        let count = height * width * colour.channels
        let samples = zip(random.bytes(count), random.bytes(count)).map { (Int($0) << 8 | Int($1)) % (1 << depth) }
        file = PNGFile(
            width: width, height: height, depth: depth, colour: colour, isInterlaced: isInterlaced, samples: samples)
        let pixels = (0..<height * width).map { Array(samples[$0 * colour.channels..<($0 + 1) * colour.channels]) }
        var values: [[Int]]
        if colour == .palette {
            let palette = (0..<(1 << depth)).map { _ in random.bytes(3).map(Int.init) }
            let alphas = random.bytes(palette.count - (depth == 8 ? 3 : 0)).map(Int.init)
            file.chunks = [("PLTE", palette.joined().map { UInt8($0) })]
            if hasTransparency { file.chunks.append(("tRNS", alphas.map { UInt8($0) })) }
            values = pixels.map { pixel in
                palette[pixel[0]] + (hasTransparency ? [pixel[0] < alphas.count ? alphas[pixel[0]] : 255] : [])
            }
        } else {
            values = pixels.map { $0.map { depth == 16 ? $0 : $0 * 255 / (1 << depth - 1) } }
            if hasTransparency {
                let key = pixels[pixels.count / 2]
                file.chunks = [("tRNS", key.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })]
                values = zip(pixels, values).map { $1 + [$0 == key ? 0 : (depth == 16 ? 65_535 : 255)] }
            }
        }
        let flat = values.flatMap { $0 }
        raster = Raster(
            height: height, width: width, colour: [.grey, .greyAlpha].contains(colour) ? .grey : .rgb,
            hasAlpha: hasTransparency || [.greyAlpha, .rgba].contains(colour),
            samples: depth == 16 ? .sixteen(flat.map { UInt16($0) }) : .eight(flat.map { UInt8($0) }))
    }
}

private func chunkNames(_ bytes: [UInt8]) -> [String] {
    var (names, offset) = ([String](), 8)
    while offset < bytes.count {
        let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        names.append(String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self))
        offset += 12 + length
    }
    return names
}

/// A zlib stream that yields as many megabytes of zeros: a literal, then matches of 258 bytes at distance 1, in the
/// fixed code of RFC 1951; its checksum is not right, which nobody should come to see.
private func swelling(megabytes: Int) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x9c]
    var (bits, count) = (0, 0)
    func append(_ code: Int, _ length: Int) {
        for place in (0..<length).reversed() {
            bits |= (code >> place & 1) << count
            count += 1
            if count == 8 {
                stream.append(UInt8(bits))
                (bits, count) = (0, 0)
            }
        }
    }
    append(0b1_10, 3)
    append(0b0011_0000, 8)
    // Code 285 is 258 bytes; distance code 0 is 1.
    for _ in 0..<(megabytes << 20) / 258 {
        append(0b1100_0101, 8)
        append(0, 5)
    }
    append(0, 7)
    append(0, 8)
    return stream + [0, 0, 0, 1]
}
