// SPDX-License-Identifier: Apache-2.0

/// A metric's value for one image, or its mean over a data set, with all that must be said beside it.
package struct Score: Hashable, Sendable {
    package var model: String
    package var metric: Metric
    package var dataset: String
    package var scale: Int
    /// The name of the `EvaluationProtocol`.
    package var protocolName: String
    /// Nil for the mean over the data set.
    package var image: String?
    package var value: Double
    /// The model was trained for less than its paper says, on purpose: its scores are compared with nothing.
    package var isShortened: Bool

    package init(
        model: String, metric: Metric, dataset: String, scale: Int, protocolName: String, image: String? = nil,
        value: Double, isShortened: Bool = false
    ) {
        self.model = model
        self.metric = metric
        self.dataset = dataset
        self.scale = scale
        self.protocolName = protocolName
        self.image = image
        self.value = value
        self.isShortened = isShortened
    }

    /// The mean over images, as papers report it: the mean of the images' values (for PSNR, of their dB), summed in the
    /// order given.
    ///
    /// All scores are of one model, metric, data set, scale and protocol, and there is at least one.
    package static func mean(of scores: [Score]) -> Score {
        guard var mean = scores.first else { preconditionFailure("the mean of no scores does not exist") }
        precondition(
            scores.allSatisfy { $0.isOfOneKind(with: mean) }, "a mean is taken over scores of one kind")
        mean.image = nil
        mean.value = scores.reduce(0) { $0 + $1.value } / Double(scores.count)
        return mean
    }

    /// The same model, metric, data set, scale, protocol and shortening.
    private func isOfOneKind(with other: Score) -> Bool {
        var adjusted = self
        adjusted.image = other.image
        adjusted.value = other.value
        return adjusted == other
    }
}
