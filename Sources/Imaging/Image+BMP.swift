// SPDX-License-Identifier: Apache-2.0

extension Image {
    /// An uncompressed BMP of 8 (palette), 24 or 32 bits a pixel, stored bottom-up or top-down.
    ///
    /// A palette of greys alone makes a grey image. The fourth byte of a 32-bit pixel counts only where the header
    /// declares an alpha mask.
    package init(bmp bytes: [UInt8]) throws(ImageDecodingError) {
        let file = BitmapFile(bytes: bytes)
        let header = try BitmapHeader(file)
        switch header.bitsPerPixel {
        case 8: self = try decodedPalette(file, header)
        case 24: self = decodedColour(file, header)
        default: self = try decodedColourWithFourthByte(file, header)
        }
    }
}

/// Little-endian reads that know where the file ends.
private struct BitmapFile {
    let bytes: [UInt8]

    func u16(_ offset: Int) throws(ImageDecodingError) -> Int {
        guard offset + 2 <= bytes.count else { throw .truncated }
        return Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
    }

    func u32(_ offset: Int) throws(ImageDecodingError) -> Int {
        try u16(offset) | u16(offset + 2) << 16
    }

    func i32(_ offset: Int) throws(ImageDecodingError) -> Int {
        Int(Int32(truncatingIfNeeded: try u32(offset)))
    }
}

/// A header whose every promise the file keeps: all palette entries and pixel rows lie within the bytes.
private struct BitmapHeader {
    let height: Int
    let width: Int
    let isTopDown: Bool
    let bitsPerPixel: Int
    let declaresAlpha: Bool
    let paletteOffset: Int
    /// 0 where there is none.
    let paletteCount: Int
    /// 4, or 3 in the oldest header.
    let paletteEntryBytes: Int
    let pixelOffset: Int
    /// Rows are padded to four bytes.
    let stride: Int

    init(_ file: BitmapFile) throws(ImageDecodingError) {
        let size = try file.u32(14)
        guard [12, 40, 52, 56, 64, 108, 124].contains(size) else {
            throw .damaged("the BMP header says it is \(size) bytes long")
        }
        let isOldest = size == 12
        let storedHeight = isOldest ? try file.u16(20) : try file.i32(22)
        width = isOldest ? try file.u16(18) : try file.i32(18)
        height = abs(storedHeight)
        isTopDown = storedHeight < 0
        bitsPerPixel = try file.u16(isOldest ? 24 : 28)
        guard width > 0 && height > 0 else { throw .damaged("the BMP header says \(width)x\(storedHeight) pixels") }
        guard ImageLimits.allow(height: height, width: width, channels: 3) else {
            throw .tooLarge(height: height, width: width)
        }
        guard [8, 24, 32].contains(bitsPerPixel) else { throw .unsupportedBMP("\(bitsPerPixel) bits a pixel") }
        declaresAlpha = try BitmapHeader.declaresAlpha(file, headerSize: size, bitsPerPixel: bitsPerPixel)

        paletteEntryBytes = isOldest ? 3 : 4
        paletteOffset = 14 + size
        let declaredCount = isOldest ? 0 : try file.u32(46)
        paletteCount = bitsPerPixel != 8 ? 0 : (declaredCount == 0 ? 256 : declaredCount)
        guard paletteCount <= 256 else { throw .damaged("the BMP palette says it has \(paletteCount) colours") }
        pixelOffset = try file.u32(10)
        guard pixelOffset >= paletteOffset + paletteCount * paletteEntryBytes else {
            throw .damaged("the BMP pixels begin within the header, at byte \(pixelOffset)")
        }
        stride = (width * bitsPerPixel + 31) / 32 * 4
        guard pixelOffset + stride * height <= file.bytes.count else { throw .truncated }
    }

    /// Whether 32-bit pixels carry an alpha; refuses compression and unusual channel orders.
    private static func declaresAlpha(
        _ file: BitmapFile, headerSize: Int, bitsPerPixel: Int
    ) throws(ImageDecodingError) -> Bool {
        let compression = headerSize == 12 ? 0 : try file.u32(30)
        if compression == 0 { return false }
        guard (compression == 3 || compression == 6) && bitsPerPixel == 32 && headerSize != 64 else {
            throw .unsupportedBMP("compression \(compression)")
        }
        guard try file.u32(54) == 0x00ff_0000, try file.u32(58) == 0x0000_ff00, try file.u32(62) == 0x0000_00ff else {
            throw .unsupportedBMP("an unusual order of channels")
        }
        guard headerSize >= 56 || compression == 6 else { return false }
        switch try file.u32(66) {
        case 0: return false
        case 0xff00_0000: return true
        default: throw .unsupportedBMP("an unusual order of channels")
        }
    }

    /// Where the stored row of image row `row` begins.
    func offset(ofRow row: Int) -> Int {
        pixelOffset + (isTopDown ? row : height - 1 - row) * stride
    }
}

private func decodedPalette(_ file: BitmapFile, _ header: BitmapHeader) throws(ImageDecodingError) -> Image {
    let palette = (0..<header.paletteCount).map { index -> [UInt8] in
        let offset = header.paletteOffset + index * header.paletteEntryBytes
        return [file.bytes[offset + 2], file.bytes[offset + 1], file.bytes[offset]]
    }
    let isGrey = palette.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(header.height * header.width * (isGrey ? 1 : 3))
    for row in 0..<header.height {
        let offset = header.offset(ofRow: row)
        for index in file.bytes[offset..<offset + header.width] {
            guard Int(index) < palette.count else {
                throw .damaged("colour \(index) is not in the BMP palette of \(palette.count)")
            }
            pixels += isGrey ? palette[Int(index)][..<1] : palette[Int(index)][...]
        }
    }
    return Image(height: header.height, width: header.width, mode: isGrey ? .grey8 : .rgb8, pixels: pixels)
}

private func decodedColour(_ file: BitmapFile, _ header: BitmapHeader) -> Image {
    let bytesPerPixel = header.bitsPerPixel / 8
    var image = Image(height: header.height, width: header.width, mode: .rgb8, repeating: 0)
    for row in 0..<header.height {
        let source = header.offset(ofRow: row)
        let target = row * image.rowLength
        for column in 0..<header.width {
            for channel in 0..<3 {
                image.pixels[target + column * 3 + channel] = file.bytes[source + column * bytesPerPixel + 2 - channel]
            }
        }
    }
    return image
}

private func decodedColourWithFourthByte(_ file: BitmapFile, _ header: BitmapHeader) throws(ImageDecodingError) -> Image
{
    if header.declaresAlpha {
        for row in 0..<header.height {
            for column in 0..<header.width where file.bytes[header.offset(ofRow: row) + column * 4 + 3] != 255 {
                throw .transparent(row: row, column: column)
            }
        }
    }
    return decodedColour(file, header)
}
