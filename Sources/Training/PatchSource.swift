// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// Pairs of an input and its label, read a batch at a time from wherever they are.
package protocol PatchSource {
    /// How many pairs there are; they are numbered from 0.
    var count: Int { get }
    /// Channels, rows, columns of one input.
    var inputShape: Shape { get }
    /// Channels, rows, columns of one label.
    var labelShape: Shape { get }

    /// Writes pair `indices[i]` as the i-th of `inputs` and `labels`, row-major. The buffers hold exactly
    /// `indices.count` inputs and labels.
    func read(
        indices: [Int], inputs: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Float>) throws
}

/// Pairs in memory.
package struct MemoryPatchSource: PatchSource, Sendable {
    private let inputs, labels: Tensor
    package let count: Int
    package let inputShape, labelShape: Shape

    /// `inputs` is (count, channels, rows, columns), `labels` likewise.
    package init(inputs: Tensor, labels: Tensor) {
        precondition(inputs.shape.rank == 4 && labels.shape.rank == 4, "patches have four axes")
        precondition(inputs.shape[0] == labels.shape[0], "there are not as many labels as inputs")
        (self.inputs, self.labels) = (inputs, labels)
        count = inputs.shape[0]
        inputShape = Shape(Array(inputs.shape.extents.dropFirst()))
        labelShape = Shape(Array(labels.shape.extents.dropFirst()))
    }

    package func read(
        indices: [Int], inputs: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Float>
    ) {
        Self.copy(indices, from: self.inputs, each: inputShape.count, to: inputs)
        Self.copy(indices, from: self.labels, each: labelShape.count, to: labels)
    }

    private static func copy(
        _ indices: [Int], from tensor: Tensor, each count: Int, to buffer: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(buffer.count == indices.count * count, "the buffer does not fit the batch")
        guard let target = buffer.baseAddress else { return }
        tensor.values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return }
            for (place, index) in indices.enumerated() {
                (target + place * count).update(from: start + index * count, count: count)
            }
        }
    }
}
