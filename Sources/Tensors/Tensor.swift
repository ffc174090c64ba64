// SPDX-License-Identifier: Apache-2.0

/// Float32 values in row-major order with their shape.
package struct Tensor: Hashable, Sendable {
    package let shape: Shape

    /// Row-major, `shape.count` of them.
    package var values: [Float]

    package init(shape: Shape, values: [Float]) {
        precondition(values.count == shape.count, "\(values.count) values cannot fill the shape \(shape)")
        self.shape = shape
        self.values = values
    }

    /// All elements equal to `value`.
    package init(shape: Shape, repeating value: Float = 0) {
        self.shape = shape
        self.values = [Float](repeating: value, count: shape.count)
    }
}
