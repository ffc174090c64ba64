// SPDX-License-Identifier: Apache-2.0

/// PNG files made by hand, right and wrong ones.
struct PNGFile {
    enum ColourType: UInt8 {
        case grey = 0
        case rgb = 2
        case palette = 3
        case greyAlpha = 4
        case rgba = 6

        var channels: Int {
            switch self {
            case .grey, .palette: 1
            case .greyAlpha: 2
            case .rgb: 3
            case .rgba: 4
            }
        }
    }

    var width: Int
    var height: Int
    var depth = 8
    var colour = ColourType.grey
    var isInterlaced = false
    /// Chunks between IHDR and IDAT.
    var chunks: [(name: String, body: [UInt8])] = []
    /// One sample a place, (row, column, channel); 0..<2^depth.
    var samples: [Int]

    static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    var header: [UInt8] {
        bigEndian(width) + bigEndian(height) + [UInt8(depth), colour.rawValue, 0, 0, isInterlaced ? 1 : 0]
    }

    var bytes: [UInt8] {
        PNGFile.signature + chunk("IHDR", header) + chunks.flatMap { chunk($0.name, $0.body) }
            + chunk("IDAT", deflated(scanlines)) + chunk("IEND", [])
    }

    /// Rows with filter 0 before each, in seven passes where interlaced.
    private var scanlines: [UInt8] {
        let passes =
            isInterlaced
            ? [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
            : [(0, 0, 1, 1)]
        var lines: [UInt8] = []
        for (top, left, down, across) in passes where left < width {
            for row in stride(from: top, to: height, by: down) {
                lines.append(0)
                lines += packed(
                    stride(from: left, to: width, by: across).flatMap { column in
                        let start = (row * width + column) * colour.channels
                        return samples[start..<start + colour.channels]
                    })
            }
        }
        return lines
    }

    private func packed(_ values: [Int]) -> [UInt8] {
        if depth == 16 { return values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
        let perByte = 8 / depth
        return stride(from: 0, to: values.count, by: perByte).map { start in
            (0..<perByte).reduce(UInt8(0)) { byte, place in
                let value = start + place < values.count ? values[start + place] : 0
                return byte | UInt8(value << (8 - depth * (place + 1)))
            }
        }
    }
}

func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}

func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    let content = Array(name.utf8) + body
    return bigEndian(body.count) + content + bigEndian(Int(crc32(content)))
}

/// A zlib stream of stored blocks.
func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
        let count = min(bytes.count - start, 65535)
        let low = UInt8(count & 255)
        let high = UInt8(count >> 8)
        stream += [start + count == bytes.count ? 1 : 0, low, high, ~low, ~high] + bytes[start..<start + count]
        start += count
    } while start < bytes.count
    var (a, b) = (1, 0)
    for byte in bytes {
        a = (a + Int(byte)) % 65521
        b = (b + a) % 65521
    }
    return stream + bigEndian(b << 16 | a)
}

func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
    }
}
