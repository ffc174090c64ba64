// SPDX-License-Identifier: Apache-2.0

// BT.601 over the full range of a byte, as JPEG has it, in Pillow's two fixed points (src/libImaging/Convert.c and
// ConvertYCbCr.c, the same numbers in every version). They disagree by one in half of all colours: `convert("L")` sums
// weights of 16 fractional bits and rounds; `convert("YCbCr")` sums products of 6 fractional bits and cuts them off.

extension Image {
    /// Pillow's `convert("L")`, 0...255; a grey image is its own luma.
    var fullRangeLuma: Image {
        guard mode == .rgb8 else { return self }
        return greyImage { red, green, blue in
            UInt8(truncatingIfNeeded: (UInt32(red) * 19595 + UInt32(green) * 38470 + UInt32(blue) * 7471 + 32768) >> 16)
        }
    }

    /// The luma of Pillow's `convert("YCbCr")`, 0...255; a grey image is its own luma.
    var fullRangeYCbCrLuma: Image {
        mode == .grey8 ? self : ByteMatrixRow.luma.plane(of: self)
    }

    /// Pillow's `convert("YCbCr")`, all three 0...255; a grey image is its own luma and has both colour differences
    /// 128.
    package var fullRangeYCbCr: YCbCrImage {
        guard mode == .rgb8 else { return yCbCr }
        return YCbCrImage(
            luma: fullRangeYCbCrLuma, blueDifference: ByteMatrixRow.blueDifference.plane(of: self),
            redDifference: ByteMatrixRow.redDifference.plane(of: self))
    }

    /// Pillow's `convert("RGB")` of a full-range YCbCr image.
    package init(fullRange image: YCbCrImage) {
        let inverse = FullRangeInverse()
        self.init(height: image.luma.height, width: image.luma.width, mode: .rgb8, repeating: 0)
        for index in 0..<height * width {
            let y = Int(image.luma.pixels[index])
            let cb = Int(image.blueDifference.pixels[index])
            let cr = Int(image.redDifference.pixels[index])
            pixels[3 * index] = UInt8(clamping: y + inverse.redOfRed[cr] >> 6)
            pixels[3 * index + 1] = UInt8(clamping: y + (inverse.greenOfBlue[cb] + inverse.greenOfRed[cr]) >> 6)
            pixels[3 * index + 2] = UInt8(clamping: y + inverse.blueOfBlue[cb] >> 6)
        }
    }
}

/// The products of a weight with the 256 values of a byte less `offset`, in units of 1/64; a half is added, then the
/// fraction cut off towards zero.
private func products(_ weight: Double, offset: Int = 0) -> [Int] {
    (0..<256).map { Int(Double($0 - offset) * weight * 64 + 0.5) }
}

/// One row of the matrix: the products with each value of red, green and blue.
private struct ByteMatrixRow {
    let red: [Int]
    let green: [Int]
    let blue: [Int]
    let offset: Int

    init(_ red: Double, _ green: Double, _ blue: Double, offset: Int) {
        self.red = products(red)
        self.green = products(green)
        self.blue = products(blue)
        self.offset = offset
    }

    static let luma = ByteMatrixRow(0.299, 0.587, 0.114, offset: 0)
    static let blueDifference = ByteMatrixRow(-0.16874, -0.33126, 0.5, offset: 128)
    static let redDifference = ByteMatrixRow(0.5, -0.41869, -0.08131, offset: 128)

    /// The differences of one colour alone come out at 255 at most, so nothing is clipped.
    func plane(of image: Image) -> Image {
        image.greyImage { r, g, b in
            UInt8(truncatingIfNeeded: (red[Int(r)] + green[Int(g)] + blue[Int(b)]) >> 6 + offset)
        }
    }
}

/// What the colour differences add to the luma, in units of 1/64.
private struct FullRangeInverse {
    let redOfRed = products(1.402, offset: 128)
    let greenOfBlue = products(-0.34414, offset: 128)
    let greenOfRed = products(-0.71414, offset: 128)
    let blueOfBlue = products(1.772, offset: 128)
}
