// SPDX-License-Identifier: Apache-2.0

/// BMP files made by hand, right and wrong ones.
struct BMPFile {
    var width = 3
    var height = 2
    var isTopDown = false
    var bits = 24
    var headerSize = 40
    var compression = 0
    /// blue, green, red, unused.
    var palette: [[UInt8]] = []
    var declaredPaletteCount: Int?
    var masks: [Int] = []
    /// Stored bytes of each pixel, from the top left.
    var pixels: [[UInt8]] = []

    var bytes: [UInt8] {
        var header: [UInt8]
        if headerSize == 12 {
            header = little(12, 4) + little(width, 2) + little(height, 2) + little(1, 2) + little(bits, 2)
        } else {
            header = little(headerSize, 4) + little(width, 4) + little(isTopDown ? -height : height, 4) + little(1, 2)
            header += little(bits, 2) + little(compression, 4) + little(0, 4) + little(2835, 4) + little(2835, 4)
            header += little(declaredPaletteCount ?? palette.count, 4) + little(0, 4)
            header += masks.flatMap { little($0, 4) }
            if header.count < headerSize { header += [UInt8](repeating: 0, count: headerSize - header.count) }
        }
        let offset = 14 + header.count + palette.joined().count
        var rows = (0..<height).map { row in Array(pixels[row * width..<(row + 1) * width].joined()) }
        if !isTopDown { rows.reverse() }
        let body = rows.flatMap { $0 + [UInt8](repeating: 0xee, count: (4 - $0.count % 4) % 4) }
        return Array("BM".utf8) + little(offset + body.count, 4) + little(0, 4) + little(offset, 4) + header
            + palette.flatMap { $0 } + body
    }
}

func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
