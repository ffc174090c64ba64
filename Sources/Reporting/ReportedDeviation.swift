// SPDX-License-Identifier: Apache-2.0

package import Evaluation

/// A claim beside the score here, with what only people read of it.
package struct ReportedDeviation: Hashable, Sendable {
    package let deviation: Deviation
    /// Where in the paper the figure stands, for example `Table 3`.
    package let place: String?
    /// Whether the figure was checked against the paper itself.
    package let isVerified: Bool

    package init(_ deviation: Deviation, place: String? = nil, isVerified: Bool = true) {
        self.deviation = deviation
        self.place = place
        self.isVerified = isVerified
    }
}

extension ReportedDeviation {
    var figure: PaperFigure { deviation.figure }

    /// Digits after the point of what is measured here: the metric's usual ones, or the paper's where it prints more.
    var decimals: Int { max(figure.metric.decimals, figure.decimals) }

    /// The score here in these digits; nil where there is none.
    var here: String? {
        deviation.here.map { $0.formatted(decimals: decimals) }
    }

    /// What is shown here less what the paper prints, with a sign; nil where there is none.
    ///
    /// It is taken from the digits as they are shown, so that the columns of a table add up.
    var difference: String? {
        guard let here, let difference = deviation.difference else { return nil }
        guard let exact = scaled(here, zeros: 0), let paper = scaled(figure.printed, zeros: decimals - figure.decimals)
        else { return signed(difference.formatted(decimals: decimals)) }
        return signed(pointed(exact - paper, decimals: decimals))
    }

    /// Why the verdict is not a good one, in words; nil where it is.
    var explanation: String? {
        switch deviation.verdict {
        case .match, .within, .exceeds: nil
        case .notComparable, .notMeasured: deviation.reason
        case .deviates: shortfall
        }
    }

    private var shortfall: String {
        guard let difference, deviation.here?.isNaN == false else { return "what was measured is no number" }
        let amount = [String(difference.drop { $0 == "-" || $0 == "+" }), figure.metric.unit].filter { !$0.isEmpty }
        let side = difference.hasPrefix("-") ? "below" : "above"
        let allowed = figure.tolerance.map { "tolerance \($0)" } ?? "no tolerance given"
        return "\(amount.joined(separator: " ")) \(side) the paper, \(allowed)"
    }
}

extension Metric {
    /// Digits after the point in which values are shown.
    var decimals: Int {
        switch self {
        case .psnr, .mse: 2
        case .mae: 3
        case .ssim: 4
        }
    }

    /// `PSNR dB`, `SSIM`.
    var label: String {
        unit.isEmpty ? title : "\(title) \(unit)"
    }
}

/// `33.06` and two zeros as 330600; nil for what is no number or too long for one.
private func scaled(_ decimal: String, zeros: Int) -> Int? {
    let digits = decimal.filter { $0 != "." } + String(repeating: "0", count: zeros)
    return digits.count <= 18 ? Int(digits) : nil
}

/// -14 with two decimals as `-0.14`.
private func pointed(_ number: Int, decimals: Int) -> String {
    let digits = String(number.magnitude)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let point = decimals > 0 ? "." : ""
    return (number < 0 ? "-" : "") + padded.dropLast(decimals) + point + padded.suffix(decimals)
}

private func signed(_ number: String) -> String {
    number.hasPrefix("-") || !number.contains { "123456789if".contains($0) } ? number : "+" + number
}
