// SPDX-License-Identifier: Apache-2.0

/// Where a training label is cut, and where an output lies: the one place that both patch making and evaluation ask.
///
/// All positions are 0-based. The input patch starts at input pixel (x, y); its label is `labelSize` pixels square and
/// starts at high-resolution pixel (inputScale * x + labelStart, inputScale * y + labelStart). On whole images, with
/// the extent kept by padding, output pixel k lies on high-resolution pixel k + outputShift.
///
/// The authors' FSRCNN (`generate_train` and `shave_x3` of their code) pairs inputs of 14, 11, 10 pixels with labels of
/// 19, 19, 21 at scales 2, 3, 4, and its output is shifted by one pixel at scale 3 only. SRCNN (`generate_train` of its
/// code) sees LR enlarged to HR size: inputs of 33 pixels, and as labels the 21 in their middle.
package struct LabelGeometry: Hashable, Sendable {
    /// How much smaller LR is than HR.
    package let scale: Int
    /// High-resolution pixels from one input pixel to the next: `scale`, or 1 where inputs were enlarged to HR size.
    package let inputScale: Int
    /// Pixels of an input patch: low-resolution ones, or enlarged ones where `inputScale` is 1.
    package let inputSize: Int
    /// High-resolution pixels of a label.
    package let labelSize: Int
    /// High-resolution pixels from inputScale * input position to the label.
    package let labelStart: Int
    /// High-resolution pixels from output pixel k to the pixel it stands for.
    package let outputShift: Int
    package let convention: LabelConvention
    package let trainingPadding: TrainingPadding

    /// - Parameters:
    ///   - inputSize: the input patch, or nil for the authors' size (14, 11, 10 at scales 2, 3, 4, for any other
    ///     scale 10).
    ///   - border: pixels that the unpadded first convolution takes from each side, (kernel - 1) / 2.
    package init(
        scale: Int, convention: LabelConvention = .authors, trainingPadding: TrainingPadding = .validFirst,
        inputSize: Int? = nil, border: Int = 2
    ) {
        precondition(scale >= 1, "a scale is at least 1, not \(scale)")
        precondition(trainingPadding != .valid, "labels of networks without any padding are those of 'srcnn'")
        let lost = trainingPadding == .validFirst ? border : 0
        let authorsInput = [2: 14, 3: 11, 4: 10][scale] ?? 10
        let inputSize = inputSize ?? authorsInput - (trainingPadding == .validFirst ? 0 : 2 * border)
        let kept = inputSize - 2 * lost
        precondition(kept >= 1, "an input of \(inputSize) pixels leaves nothing after the first convolution")
        self.scale = scale
        inputScale = scale
        self.inputSize = inputSize
        self.convention = convention
        self.trainingPadding = trainingPadding
        outputShift = convention == .authors ? Self.authorsShift(scale) : 0
        labelSize = convention == .authors ? (kept - 1) * scale + 1 : kept * scale
        labelStart = lost * scale + outputShift
    }

    /// SRCNN: inputs at HR size, of which unpadded convolutions leave the middle.
    ///
    /// - Parameters:
    ///   - labelSize: less than the input by twice what the convolutions take from a side, so of the same parity;
    ///     33 - 12 for kernels of 9, 1 and 5.
    package init(srcnn scale: Int, inputSize: Int = 33, labelSize: Int = 21) {
        precondition(scale >= 1, "a scale is at least 1, not \(scale)")
        precondition(
            (1...inputSize).contains(labelSize) && (inputSize - labelSize).isMultiple(of: 2),
            "a label of \(labelSize) pixels does not lie in the middle of an input of \(inputSize)")
        self.scale = scale
        inputScale = 1
        self.inputSize = inputSize
        self.labelSize = labelSize
        convention = .scaled
        trainingPadding = .valid
        outputShift = 0
        labelStart = (inputSize - labelSize) / 2
    }

    /// The least sides, in HR pixels, of an image that has room for a patch.
    package var leastExtent: Int { (inputSize * inputScale + scale - 1) / scale * scale }

    /// Input pixels along a side of `extent` HR pixels, which is cut to a multiple of the scale first.
    package func inputExtent(_ extent: Int) -> Int { extent / scale * scale / inputScale }

    /// The middle of a low-resolution pixel is (scale - 1) / 2 high-resolution pixels after its first; the authors' cut
    /// has that at scale 3 (1) and nothing at 2 and 4, where it would be no whole number.
    private static func authorsShift(_ scale: Int) -> Int {
        scale % 2 == 1 ? (scale - 1) / 2 : 0
    }
}
