// SPDX-License-Identifier: Apache-2.0

import Imaging

/// Every colour type, depth and way of interlacing, with and without tRNS, and every chunk that says something.
var pngSeeds: [(name: String, bytes: [UInt8])] {
    var seeds: [(name: String, bytes: [UInt8])] = []
    let depths: [(PNGFile.ColourType, [Int])] = [
        (.grey, [1, 2, 4, 8, 16]), (.rgb, [8, 16]), (.palette, [1, 2, 4, 8]), (.greyAlpha, [8, 16]), (.rgba, [8, 16]),
    ]
    for (colour, depth) in depths.flatMap({ kind in kind.1.map { (kind.0, $0) } }) {
        for isInterlaced in [false, true] {
            let samples = (0..<5 * 3 * colour.channels).map { $0 * 7919 % (1 << depth) }
            var file = PNGFile(
                width: 5, height: 3, depth: depth, colour: colour, isInterlaced: isInterlaced, samples: samples)
            if colour == .palette {
                file.chunks = [("PLTE", (0..<3 << depth).map { UInt8(truncatingIfNeeded: $0 * 11) })]
            }
            let name = "\(colour)-\(depth)\(isInterlaced ? "-interlaced" : "")"
            seeds.append((name, file.bytes))
            if colour == .greyAlpha || colour == .rgba { continue }
            let key = (0..<(colour == .palette ? 1 << depth : 2 * colour.channels)).map { UInt8($0 & 1) }
            file.chunks.append(("tRNS", key))
            seeds.append((name + "-transparent", file.bytes))
        }
    }
    return seeds + chunkSeeds + writtenSeeds
}

private var chunkSeeds: [(name: String, bytes: [UInt8])] {
    let profile = Array("sRGB".utf8) + [0, 0] + deflated([UInt8](repeating: 1, count: 20))
    let chunks: [(name: String, body: [UInt8])] = [
        ("gAMA", bigEndian(45_455)), ("cHRM", [UInt8](repeating: 7, count: 32)), ("sRGB", [0]), ("iCCP", profile),
        ("sBIT", [5, 6, 5]), ("bKGD", [0, 1, 0, 2, 1, 3]), ("cICP", [9, 16, 0, 1]), ("eXIf", [0x4d, 0x4d, 0, 0x2a]),
        ("acTL", bigEndian(2) + bigEndian(0)), ("tEXt", Array("a".utf8) + [0]),
        ("pHYs", bigEndian(9) + bigEndian(9) + [1]),
        ("zTXt", Array("a".utf8) + [0, 0] + deflated([1, 2, 3])), ("prVt", [1, 2, 3]),
        ("tIME", [7, 0xe8, 1, 2, 3, 4, 5]),
    ]
    let plain = PNGFile(width: 3, height: 2, colour: .rgb, samples: (0..<18).map { $0 * 14 })
    return chunks.map { chunk in
        var file = plain
        file.chunks = [chunk]
        return ("chunk-\(chunk.name)", file.bytes)
    }
}

/// As libpng writes: filtered and compressed.
private var writtenSeeds: [(name: String, bytes: [UInt8])] {
    [1, 2, 3, 4].flatMap { channels in
        [8, 16].compactMap { depth in
            let count = 9 * 7 * channels
            let samples: Raster.Samples =
                depth == 8
                ? .eight((0..<count).map { UInt8(truncatingIfNeeded: $0 * 3) })
                : .sixteen((0..<count).map { UInt16(truncatingIfNeeded: $0 * 517) })
            let raster = Raster(
                height: 7, width: 9, colour: channels < 3 ? .grey : .rgb, hasAlpha: channels % 2 == 0, samples: samples)
            return (try? raster.png()).map { ("written-\(channels)-\(depth)", $0) }
        }
    }
}

/// Every header with every depth that is read, top-down and bottom-up, with masks and palettes.
var bmpSeeds: [(name: String, bytes: [UInt8])] {
    var seeds: [(name: String, bytes: [UInt8])] = []
    for headerSize in [12, 40, 52, 56, 64, 108, 124] {
        for isTopDown in headerSize == 12 ? [false] : [false, true] {
            let name = "\(headerSize)\(isTopDown ? "-top-down" : "")"
            var file = BMPFile(isTopDown: isTopDown, headerSize: headerSize, pixels: pixels(bytes: 3))
            seeds.append(("\(name)-24", file.bytes))
            file.bits = 32
            file.pixels = pixels(bytes: 4)
            seeds.append(("\(name)-32", file.bytes))
            if headerSize >= 40 && headerSize != 64 {
                file.compression = headerSize == 40 ? 6 : 3
                file.masks = [0xff0000, 0xff00, 0xff, 0xff00_0000]
                if headerSize == 52 { file.masks.removeLast() }
                seeds.append(("\(name)-32-masks", file.bytes))
                (file.compression, file.masks) = (0, [])
            }
            if headerSize == 12 { continue }
            file.bits = 8
            file.pixels = pixels(bytes: 1)
            for isGrey in [false, true] {
                file.palette = (0..<6).map { [$0, isGrey ? $0 : 9, $0, 0] }
                seeds.append(("\(name)-8-\(isGrey ? "grey" : "colour")", file.bytes))
            }
        }
    }
    return seeds
}

private func pixels(bytes: Int) -> [[UInt8]] {
    (0..<6).map { pixel in (0..<bytes).map { UInt8(pixel + 40 * $0) } }
}
