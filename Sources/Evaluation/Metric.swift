// SPDX-License-Identifier: Apache-2.0

package import Imaging
import Tensors

/// How the likeness of a prediction to its reference is measured; both are 8-bit luma of one size.
package enum Metric: String, Hashable, Sendable, CaseIterable {
    /// Peak signal-to-noise ratio in dB, with the peak 255; infinity for equal images.
    case psnr
    /// Structural similarity (Wang, Bovik, Sheikh and Simoncelli, 2004), at most 1.
    case ssim

    /// Whether a larger value is the better one.
    package var higherIsBetter: Bool {
        switch self {
        case .psnr, .ssim: true
        }
    }

    /// As a person reads it, for example `PSNR`.
    package var title: String { rawValue.uppercased() }

    /// `dB`, or nothing.
    package var unit: String {
        switch self {
        case .psnr: "dB"
        case .ssim: ""
        }
    }

    /// The least height and width of what it can compare.
    package var leastExtent: Int {
        switch self {
        case .psnr: 1
        case .ssim: ssimWindow.count
        }
    }

    /// The metric over all pixels of two grey images of one size, both at least `leastExtent` high and wide.
    package func value(_ prediction: Image, _ reference: Image) -> Double {
        precondition(
            prediction.mode == .grey8 && reference.mode == .grey8
                && prediction.height == reference.height && prediction.width == reference.width,
            "a metric compares two grey images of one size")
        precondition(
            min(reference.height, reference.width) >= leastExtent,
            "\(rawValue) needs at least \(leastExtent) pixels, not \(reference.width)x\(reference.height)")
        switch self {
        case .psnr: return peakSignalToNoiseRatio(prediction, reference)
        case .ssim: return structuralSimilarity(prediction, reference)
        }
    }
}

/// 10 log10(255^2 / mean of squared differences); the sum of the squares is exact.
private func peakSignalToNoiseRatio(_ prediction: Image, _ reference: Image) -> Double {
    var sum = 0
    for (a, b) in zip(prediction.pixels, reference.pixels) {
        let difference = Int(a) - Int(b)
        sum += difference * difference
    }
    guard sum > 0 else { return .infinity }
    return 10 * Elementary.log10(255 * 255 / (Double(sum) / Double(reference.pixels.count)))
}

/// exp(-x^2 / (2 * 1.5^2)) for x = -5...5, divided by its sum; the window of SSIM is the product of two of these.
private let ssimWindow: [Double] = {
    let half = [
        0.0038659201394728076, 0.028565500784550377, 0.1353352832366127, 0.41111229050718745, 0.8007374029168081, 1,
    ]
    let window = half + half.dropLast().reversed()
    let sum = window.reduce(0, +)
    return window.map { $0 / sum }
}()

/// The mean of the SSIM map over the positions where the whole window lies within the image; K = (0.01, 0.03), L = 255.
private func structuralSimilarity(_ prediction: Image, _ reference: Image) -> Double {
    let a = Plane(height: reference.height, width: reference.width, values: prediction.pixels.map(Double.init))
    let b = Plane(height: reference.height, width: reference.width, values: reference.pixels.map(Double.init))
    let meanA = windowed(a)
    let meanB = windowed(b)
    let squareA = windowed(product(a, a))
    let squareB = windowed(product(b, b))
    let mixed = windowed(product(a, b))
    let c1 = (0.01 * 255) * (0.01 * 255)
    let c2 = (0.03 * 255) * (0.03 * 255)
    var sum = 0.0
    for index in meanA.indices {
        let (ma, mb) = (meanA[index], meanB[index])
        let varianceA = squareA[index] - ma * ma
        let varianceB = squareB[index] - mb * mb
        let covariance = mixed[index] - ma * mb
        sum +=
            (2 * ma * mb + c1) * (2 * covariance + c2)
            / ((ma * ma + mb * mb + c1) * (varianceA + varianceB + c2))
    }
    return sum / Double(meanA.count)
}

private func product(_ a: Plane, _ b: Plane) -> Plane {
    Plane(height: a.height, width: a.width, values: zip(a.values, b.values).map { $0 * $1 })
}

/// The plane weighted by the window around each position where it fits: (height - 10, width - 10) values, columns
/// first.
///
/// Every sum is taken from 0 in the order of the taps.
private func windowed(_ plane: Plane) -> [Double] {
    let window = ssimWindow
    let length = plane.width
    let (height, width) = (plane.height - window.count + 1, length - window.count + 1)
    var result = [Double](repeating: 0, count: height * width)
    var line = [Double](repeating: 0, count: length)
    for row in 0..<height {
        line.withUnsafeMutableBufferPointer { line in
            plane.values.withUnsafeBufferPointer { values in
                for column in 0..<length { line[column] = 0 }
                for tap in 0..<window.count {
                    for column in 0..<length { line[column] += window[tap] * values[(row + tap) * length + column] }
                }
            }
            result.withUnsafeMutableBufferPointer { result in
                for tap in 0..<window.count {
                    for column in 0..<width { result[row * width + column] += window[tap] * line[column + tap] }
                }
            }
        }
    }
    return result
}
