// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// One channel in double precision, rows from top to bottom; luma is in 0...1 unless resampling overshoots.
package struct Plane: Hashable, Sendable {
    package let height: Int
    package let width: Int

    /// `height * width` values, row-major.
    package var values: [Double]

    /// Both extents are at least 1 and `values` has exactly the elements they ask for.
    package init(height: Int, width: Int, values: [Double]) {
        precondition(height > 0 && width > 0, "a plane has at least one value, not \(width)x\(height)")
        precondition(values.count == height * width, "\(values.count) values cannot fill a \(width)x\(height) plane")
        self.height = height
        self.width = width
        self.values = values
    }

    /// The same values in double precision.
    package init(height: Int, width: Int, values: [Float]) {
        self.init(height: height, width: width, values: values.map(Double.init))
    }

    /// MATLAB's `im2double` of a grey image: every sample divided by 255.
    package init(_ image: Image) {
        precondition(image.mode == .grey8, "a plane is made of one channel, not of mode \(image.mode)")
        self.init(height: image.height, width: image.width, values: image.pixels.map { Double($0) / 255 })
    }

    /// A tensor whose last two extents are height and width and whose others are 1.
    package init(_ tensor: Tensor) {
        let extents = tensor.shape.extents
        precondition(
            extents.count >= 2 && extents.dropLast(2).allSatisfy { $0 == 1 },
            "a tensor of shape \(tensor.shape) is not one plane")
        self.init(height: extents[extents.count - 2], width: extents[extents.count - 1], values: tensor.values)
    }

    /// The values rounded to single precision, shape (height, width).
    package var tensor: Tensor {
        Tensor(shape: [height, width], values: values.map(Float.init))
    }

    package subscript(row: Int, column: Int) -> Double {
        get { values[row * width + column] }
        set { values[row * width + column] = newValue }
    }

    /// MATLAB's `im2uint8`: times 255, half away from zero, saturated.
    package var quantised: Image {
        Image(height: height, width: width, mode: .grey8, pixels: values.map { UInt8(nearest: $0 * 255) })
    }
}
