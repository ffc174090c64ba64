// SPDX-License-Identifier: Apache-2.0

extension Raster {
    /// An uncompressed BMP of 8 (palette), 24 or 32 bits a pixel, stored bottom-up or top-down.
    ///
    /// A palette of greys alone makes a grey raster. The fourth byte of a 32-bit pixel is an alpha only where the
    /// header declares a mask for it. A mask covers a whole byte of a pixel; the bytes may be in any order.
    package init(bmp bytes: [UInt8]) throws(ImageDecodingError) {
        let file = BitmapFile(bytes: bytes)
        let header = try BitmapHeader(file)
        self = header.bitsPerPixel == 8 ? try decodedPalette(file, header) : decodedColours(file, header)
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

/// Which byte of a stored pixel is which channel.
private struct BitmapChannels {
    /// Of red, green and blue, and of alpha where there is one: 0...3.
    let places: [Int]
    /// A byte of 32 bits that means nothing.
    let unused: Int?

    /// Blue, green, red and, of 32 bits, one more.
    init(bytesPerPixel: Int) {
        places = [2, 1, 0]
        unused = bytesPerPixel == 4 ? 3 : nil
    }

    /// Masks of red, green, blue and, perhaps, alpha in 32 bits; an alpha of 0 is none.
    init(masks: [Int]) throws(ImageDecodingError) {
        let bytes = [0xff, 0xff00, 0xff_0000, 0xff00_0000]
        let declared = masks.count == 4 && masks[3] == 0 ? masks[..<3] : masks[...]
        places = declared.compactMap { bytes.firstIndex(of: $0) }
        guard places.count == declared.count, Set(places).count == places.count else {
            throw .unsupportedBMP("channels that are not a byte each")
        }
        unused = (0..<4).first { [places] in places.count == 3 && !places.contains($0) }
    }
}

/// A header whose every promise the file keeps: all palette entries and pixel rows lie within the bytes.
private struct BitmapHeader {
    let height: Int
    let width: Int
    let isTopDown: Bool
    let bitsPerPixel: Int
    let channels: BitmapChannels
    let paletteOffset: Int
    /// 0 where there is none.
    let paletteCount: Int
    /// 4, or 3 in the oldest header.
    let paletteEntryBytes: Int
    let pixelOffset: Int
    /// Rows are padded to four bytes.
    let stride: Int
    let notes: [String]

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
        guard ImageLimits.allow(height: height, width: width, channels: bitsPerPixel == 32 ? 4 : 3) else {
            throw .tooLarge(height: height, width: width)
        }
        guard [8, 24, 32].contains(bitsPerPixel) else { throw .unsupportedBMP("\(bitsPerPixel) bits a pixel") }
        let masks = try Self.masks(file, headerSize: size, bitsPerPixel: bitsPerPixel)
        channels =
            masks.isEmpty ? BitmapChannels(bytesPerPixel: bitsPerPixel / 8) : try BitmapChannels(masks: masks)

        paletteEntryBytes = isOldest ? 3 : 4
        // Masks stand behind a header that is too short to hold them.
        paletteOffset = max(14 + size, masks.isEmpty ? 0 : Self.masksOffset + 4 * masks.count)
        let declaredCount = isOldest ? 0 : try file.u32(46)
        paletteCount = bitsPerPixel != 8 ? 0 : (declaredCount == 0 ? 256 : declaredCount)
        guard paletteCount <= 256 else { throw .damaged("the BMP palette says it has \(paletteCount) colours") }
        pixelOffset = try file.u32(10)
        guard pixelOffset >= paletteOffset + paletteCount * paletteEntryBytes else {
            throw .damaged("the BMP pixels begin within the header, at byte \(pixelOffset)")
        }
        stride = (width * bitsPerPixel + 31) / 32 * 4
        guard pixelOffset + stride * height <= file.bytes.count else { throw .truncated }
        notes = try Self.notes(file, headerSize: size)
    }

    private static let masksOffset = 54

    /// The masks of red, green, blue and, where one may be declared, alpha; none for the usual order.
    ///
    /// Compression, and masks for other depths, are refused.
    private static func masks(
        _ file: BitmapFile, headerSize: Int, bitsPerPixel: Int
    ) throws(ImageDecodingError) -> [Int] {
        let compression = headerSize == 12 ? 0 : try file.u32(30)
        if compression == 0 { return [] }
        guard (compression == 3 || compression == 6) && bitsPerPixel == 32 && headerSize != 64 else {
            throw .unsupportedBMP("compression \(compression)")
        }
        var masks: [Int] = []
        for index in 0..<(headerSize >= 56 || compression == 6 ? 4 : 3) {
            masks.append(try file.u32(masksOffset + 4 * index))
        }
        return masks
    }

    /// What the later headers say of the colour space (BITMAPV4HEADER and BITMAPV5HEADER, bV4CSType).
    private static func notes(_ file: BitmapFile, headerSize: Int) throws(ImageDecodingError) -> [String] {
        guard headerSize >= 108 else { return [] }
        switch try file.u32(70) {
        case 0x7352_4742: return ["colours are sRGB"]
        case 0x4d42_4544: return ["ICC profile"]
        case 0x4c49_4e4b: return ["ICC profile in another file"]
        case 0: return file.bytes[74..<122].allSatisfy { $0 == 0 } ? [] : ["primaries and gamma"]
        default: return []
        }
    }

    /// Where the stored row of image row `row` begins.
    func offset(ofRow row: Int) -> Int {
        pixelOffset + (isTopDown ? row : height - 1 - row) * stride
    }
}

private func decodedPalette(_ file: BitmapFile, _ header: BitmapHeader) throws(ImageDecodingError) -> Raster {
    let palette = (0..<header.paletteCount).map { index -> [UInt8] in
        let offset = header.paletteOffset + index * header.paletteEntryBytes
        return [file.bytes[offset + 2], file.bytes[offset + 1], file.bytes[offset]]
    }
    let isGrey = palette.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] }
    var samples: [UInt8] = []
    samples.reserveCapacity(header.height * header.width * (isGrey ? 1 : 3))
    for row in 0..<header.height {
        let offset = header.offset(ofRow: row)
        for index in file.bytes[offset..<offset + header.width] {
            guard Int(index) < palette.count else {
                throw .damaged("colour \(index) is not in the BMP palette of \(palette.count)")
            }
            samples += isGrey ? palette[Int(index)][..<1] : palette[Int(index)][...]
        }
    }
    return Raster(
        height: header.height, width: header.width, colour: isGrey ? .grey : .rgb, hasAlpha: false,
        samples: .eight(samples), notes: header.notes)
}

private func decodedColours(_ file: BitmapFile, _ header: BitmapHeader) -> Raster {
    let bytesPerPixel = header.bitsPerPixel / 8
    let places = header.channels.places
    var samples = [UInt8](repeating: 0, count: header.height * header.width * places.count)
    for row in 0..<header.height {
        let source = header.offset(ofRow: row)
        let target = row * header.width * places.count
        for column in 0..<header.width {
            for (channel, place) in places.enumerated() {
                samples[target + column * places.count + channel] = file.bytes[source + column * bytesPerPixel + place]
            }
        }
    }
    return Raster(
        height: header.height, width: header.width, colour: .rgb, hasAlpha: places.count == 4,
        samples: .eight(samples), notes: header.notes + unusedByteNotes(file, header))
}

/// Some programs keep an alpha where the header declares none.
private func unusedByteNotes(_ file: BitmapFile, _ header: BitmapHeader) -> [String] {
    guard let unused = header.channels.unused else { return [] }
    let first = file.bytes[header.offset(ofRow: 0) + unused]
    for row in 0..<header.height {
        let start = header.offset(ofRow: row) + unused
        for place in Swift.stride(from: start, to: start + header.width * 4, by: 4) where file.bytes[place] != first {
            return ["a fourth byte of each pixel, which the header does not call alpha"]
        }
    }
    return []
}
