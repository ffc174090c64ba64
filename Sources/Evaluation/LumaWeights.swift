// SPDX-License-Identifier: Apache-2.0

package import Imaging

/// How luma that is not rounded is made of 8-bit RGB: ((red * R + green * G) + blue * B) + offset, in double precision.
package struct LumaWeights: Hashable, Sendable, CustomStringConvertible {
    let red: Double
    let green: Double
    let blue: Double
    let offset: Double
    package let description: String

    /// MATLAB's `rgb2ycbcr`: ITU-R BT.601 in studio range, 16...235.
    package static let matlab = LumaWeights(
        red: 65.481 * (1 / 255), green: 128.553 * (1 / 255), blue: 24.966 * (1 / 255), offset: 16,
        description: "MATLAB's weights")

    /// `convert_rgb_to_y` of yjn870/FSRCNN-pytorch and of Lornatang/FSRCNN-PyTorch, where red weighs 64.738/256 in
    /// place of 65.738/256; they compute it in single precision.
    package static let yjn870 = LumaWeights(
        red: 64.738 / 256, green: 129.057 / 256, blue: 25.064 / 256, offset: 16,
        description: "red weighing 64.738/256")

    /// The luma of an image, 0...255 and not rounded; a grey image is its own luma.
    package func luma(of image: Image) -> Plane {
        guard image.mode == .rgb8 else {
            return Plane(height: image.height, width: image.width, values: image.pixels.map(Double.init))
        }
        return plane(of: image, scaledBy: 1, offset: offset)
    }

    /// What an RGB prediction of a grey image is worth as grey: three equal channels give their value.
    func grey(of image: Image) -> Plane {
        plane(of: image, scaledBy: 1 / (red + green + blue), offset: 0)
    }

    private func plane(of image: Image, scaledBy factor: Double, offset: Double) -> Plane {
        let count = image.height * image.width
        let (red, green, blue) = (red * factor, green * factor, blue * factor)
        let values = [Double](unsafeUninitializedCapacity: count) { values, initializedCount in
            image.pixels.withUnsafeBufferPointer { pixels in
                for index in 0..<count {
                    let colour = (
                        Double(pixels[3 * index]), Double(pixels[3 * index + 1]), Double(pixels[3 * index + 2])
                    )
                    values[index] = ((red * colour.0 + green * colour.1) + blue * colour.2) + offset
                }
            }
            initializedCount = count
        }
        return Plane(height: image.height, width: image.width, values: values)
    }
}
