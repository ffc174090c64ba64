// SPDX-License-Identifier: Apache-2.0

/// Where a training label is cut, and where an output lies: the one place that both patch making and evaluation ask.
///
/// All positions are 0-based. The input patch starts at low-resolution pixel (x, y); its label is `labelSize` pixels
/// square and starts at high-resolution pixel (scale * x + labelStart, scale * y + labelStart). On whole images, with
/// the extent kept by padding, output pixel k lies on high-resolution pixel k + outputShift.
///
/// The authors' FSRCNN (`generate_train` and `shave_x3` of their code) pairs inputs of 14, 11, 10 pixels with labels of
/// 19, 19, 21 at scales 2, 3, 4, and its output is shifted by one pixel at scale 3 only.
package struct LabelGeometry: Hashable, Sendable {
    package let scale: Int
    /// Low-resolution pixels of an input patch.
    package let inputSize: Int
    /// High-resolution pixels of a label.
    package let labelSize: Int
    /// High-resolution pixels from scale * input position to the label.
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
        let lost = trainingPadding == .validFirst ? border : 0
        let authorsInput = [2: 14, 3: 11, 4: 10][scale] ?? 10
        let inputSize = inputSize ?? authorsInput - (trainingPadding == .validFirst ? 0 : 2 * border)
        let kept = inputSize - 2 * lost
        precondition(kept >= 1, "an input of \(inputSize) pixels leaves nothing after the first convolution")
        self.scale = scale
        self.inputSize = inputSize
        self.convention = convention
        self.trainingPadding = trainingPadding
        outputShift = convention == .authors ? Self.authorsShift(scale) : 0
        labelSize = convention == .authors ? (kept - 1) * scale + 1 : kept * scale
        labelStart = lost * scale + outputShift
    }

    /// The middle of a low-resolution pixel is (scale - 1) / 2 high-resolution pixels after its first; the authors' cut
    /// has that at scale 3 (1) and nothing at 2 and 4, where it would be no whole number.
    private static func authorsShift(_ scale: Int) -> Int {
        scale % 2 == 1 ? (scale - 1) / 2 : 0
    }
}
