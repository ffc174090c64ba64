// SPDX-License-Identifier: Apache-2.0

package import Imaging

/// One image made ready for a network and for the comparison after it.
package struct EvaluationSample: Hashable, Sendable {
    package let scale: Int
    /// HR in a multiple of the scale, in colour where the image has colour or counts as such.
    package let source: Image
    /// What a luma network gets: luma, 0...1 (a little beyond where LR is not clipped), HR extents / scale.
    package let lowResolution: Plane
    /// What is compared with.
    package let reference: ComparedImage
    /// The bicubic enlargement as this protocol has it.
    package let bicubic: Prediction
}

/// What a model made of a sample.
package struct Prediction: Hashable, Sendable {
    /// What the protocol compares, in the reference's extents.
    package let compared: ComparedImage
    /// The 8-bit output in the reference's extents: luma or RGB.
    package let output: Image
}
