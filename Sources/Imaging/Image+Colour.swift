// SPDX-License-Identifier: Apache-2.0

/// Luma and the two colour differences of ITU-R BT.601; three images of mode grey8 and of one size.
///
/// In studio range (16...235 and 16...240), as MATLAB's `rgb2ycbcr` has them on uint8, or in full range, as Pillow has:
/// what made one says which.
package struct YCbCrImage: Hashable, Sendable {
    package var luma: Image
    package var blueDifference: Image
    package var redDifference: Image

    package init(luma: Image, blueDifference: Image, redDifference: Image) {
        precondition(
            [luma, blueDifference, redDifference].allSatisfy {
                $0.mode == .grey8 && $0.height == luma.height && $0.width == luma.width
            }, "luma and colour differences are grey images of one size")
        self.luma = luma
        self.blueDifference = blueDifference
        self.redDifference = redDifference
    }
}

/// One row of the matrix in double precision.
struct ColourRow {
    private let red: Double
    private let green: Double
    private let blue: Double
    private let offset: Double

    private init(_ red: Double, _ green: Double, _ blue: Double, offset: Double) {
        self.red = red
        self.green = green
        self.blue = blue
        self.offset = offset
    }

    /// Studio range: the weights are each rounded once after their division by 255.
    private init(studio red: Double, _ green: Double, _ blue: Double, offset: Double) {
        self.init(red * (1 / 255), green * (1 / 255), blue * (1 / 255), offset: offset)
    }

    static let luma = ColourRow(studio: 65.481, 128.553, 24.966, offset: 16)
    static let blueDifference = ColourRow(studio: -37.797, -74.203, 112, offset: 128)
    static let redDifference = ColourRow(studio: 112, -93.786, -18.214, offset: 128)
    static let fullRangeLuma = ColourRow(0.299, 0.587, 0.114, offset: 0)

    /// The order of these operations decides where a tie falls.
    @inline(__always)
    private func value(_ r: UInt8, _ g: UInt8, _ b: UInt8) -> Double {
        ((red * Double(r) + green * Double(g)) + blue * Double(b)) + offset
    }

    func plane(of image: Image) -> Image {
        image.greyImage { UInt8(nearest: value($0, $1, $2)) }
    }

    func unroundedPlane(of image: Image) -> Plane {
        let values = image.valuesOfPixels { value($0, $1, $2) }
        return Plane(height: image.height, width: image.width, values: values)
    }
}

extension Image {
    /// One value for each pixel of an RGB image, row by row.
    @inline(__always)
    func valuesOfPixels<Value>(_ value: (_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Value) -> [Value] {
        let count = height * width
        return [Value](unsafeUninitializedCapacity: count) { output, initializedCount in
            pixels.withUnsafeBufferPointer { input in
                for index in 0..<count {
                    output.initializeElement(
                        at: index, to: value(input[3 * index], input[3 * index + 1], input[3 * index + 2]))
                }
            }
            initializedCount = count
        }
    }

    /// A grey image with one value for each pixel of an RGB image.
    @inline(__always)
    func greyImage(_ value: (_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8) -> Image {
        Image(height: height, width: width, mode: .grey8, pixels: valuesOfPixels(value))
    }
}

extension Image {
    /// The luma of MATLAB's `rgb2ycbcr` on uint8, 16...235; a grey image is its own luma.
    package var luma: Image {
        mode == .grey8 ? self : ColourRow.luma.plane(of: self)
    }

    /// MATLAB's `rgb2ycbcr`; a grey image is its own luma and has both colour differences 128.
    package var yCbCr: YCbCrImage {
        switch mode {
        case .grey8:
            let neutral = Image(height: height, width: width, mode: .grey8, repeating: 128)
            return YCbCrImage(luma: self, blueDifference: neutral, redDifference: neutral)
        case .rgb8:
            return YCbCrImage(
                luma: luma, blueDifference: ColourRow.blueDifference.plane(of: self),
                redDifference: ColourRow.redDifference.plane(of: self))
        }
    }

    /// RGB by the inverse of the matrix, rounded and saturated; for pictures, since two roundings lose a step now and
    /// then.
    package init(_ image: YCbCrImage) {
        self.init(height: image.luma.height, width: image.luma.width, mode: .rgb8, repeating: 0)
        for index in 0..<height * width {
            let y = (Double(image.luma.pixels[index]) - 16) * (255 / 219)
            let cb = Double(image.blueDifference.pixels[index]) - 128
            let cr = Double(image.redDifference.pixels[index]) - 128
            pixels[3 * index] = UInt8(nearest: y + 1.596_026_785_714_286 * cr)
            pixels[3 * index + 1] = UInt8(nearest: y - 0.391_762_290_094_914 * cb - 0.812_967_647_237_771 * cr)
            pixels[3 * index + 2] = UInt8(nearest: y + 2.017_232_142_857_143 * cb)
        }
    }

    /// The luma given, with this image's colour: the picture of a result.
    ///
    /// A grey image has none and gives the luma itself.
    package func withLuma(_ luma: Image) -> Image {
        guard mode == .rgb8 else { return luma }
        var image = yCbCr
        precondition(
            luma.mode == .grey8 && luma.height == height && luma.width == width,
            "a luma of \(luma.width)x\(luma.height) does not fit an image of \(width)x\(height)")
        image.luma = luma
        return Image(image)
    }

    /// Three equal channels, or the image itself where it has colour.
    package var rgb: Image {
        guard mode == .grey8 else { return self }
        return Image(height: height, width: width, mode: .rgb8, pixels: pixels.flatMap { [$0, $0, $0] })
    }
}
