// SPDX-License-Identifier: Apache-2.0

package import Imaging
import Tensors

/// How the likeness of a prediction to its reference is measured, on samples of 0...255.
package enum Metric: String, Hashable, Sendable, CaseIterable {
    /// Peak signal-to-noise ratio in dB, with the peak 255; infinity for equal images.
    case psnr
    /// Structural similarity (Wang, Bovik, Sheikh and Simoncelli, 2004), at most 1; of RGB the mean over the channels.
    case ssim
    /// Mean squared error of samples of 0...255.
    case mse
    /// Mean absolute error of samples of 0...255.
    case mae

    /// Whether a larger value is the better one.
    package var higherIsBetter: Bool {
        switch self {
        case .psnr, .ssim: true
        case .mse, .mae: false
        }
    }

    /// As a person reads it, for example `PSNR`.
    package var title: String { rawValue.uppercased() }

    /// `dB`, or nothing.
    package var unit: String {
        switch self {
        case .psnr: "dB"
        case .ssim, .mse, .mae: ""
        }
    }

    /// What it is, for people who choose one.
    package var summary: String {
        switch self {
        case .psnr: "10 log10(255^2 / MSE) in dB, over all pixels and channels; a set's figure is the mean of the dB"
        case .ssim: "structural similarity (Wang), 11x11 Gaussian of 1.5, where it fits; of RGB the channels' mean"
        case .mse: "mean squared error of samples of 0...255, over all pixels and channels; lower is better"
        case .mae: "mean absolute error of samples of 0...255, over all pixels and channels; lower is better"
        }
    }

    /// The least height and width of what it can compare.
    package var leastExtent: Int {
        switch self {
        case .psnr, .mse, .mae: 1
        case .ssim: StructuralSimilarity.leastExtent
        }
    }

    /// The metric over all pixels and channels of two 8-bit images of one size and mode, both at least `leastExtent`
    /// high and wide.
    package func value(_ prediction: Image, _ reference: Image) -> Double {
        value(.bytes(prediction), .bytes(reference))
    }

    /// The metric over all samples of two images of one size and kind, both at least `leastExtent` high and wide.
    package func value(_ prediction: ComparedImage, _ reference: ComparedImage) -> Double {
        precondition(
            prediction.isOfOneKind(with: reference), "a metric compares two images of one size, both grey or both RGB")
        precondition(
            min(reference.height, reference.width) >= leastExtent,
            "\(rawValue) needs at least \(leastExtent) pixels, not \(reference.width)x\(reference.height)")
        switch self {
        case .psnr:
            let error = prediction.squaredErrorSum(reference)
            guard error > 0 else { return .infinity }
            return 10 * Elementary.log10(255 * 255 / (error / Double(reference.sampleCount)))
        case .ssim: return structuralSimilarity(prediction, reference)
        case .mse: return prediction.squaredErrorSum(reference) / Double(reference.sampleCount)
        case .mae: return prediction.absoluteErrorSum(reference) / Double(reference.sampleCount)
        }
    }

    /// The mean over the channels, added in their order.
    private func structuralSimilarity(_ prediction: ComparedImage, _ reference: ComparedImage) -> Double {
        let (count, height, width) = (reference.channelCount, reference.height, reference.width)
        let values = (0..<count).map { channel in
            StructuralSimilarity.value(prediction.samples(of: channel), reference.samples(of: channel), height, width)
        }
        return values.reduce(0, +) / Double(count)
    }
}
