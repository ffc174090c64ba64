// SPDX-License-Identifier: Apache-2.0

import CKernels

/// What the difference d of an output pixel and its label costs.
package enum PixelLoss: Hashable, Sendable {
    /// d^2, the loss of SRCNN and FSRCNN; the slope that goes back is that of half of it, d.
    case squared
    /// |d|, also called L1; its slope is the sign of d, and 0 at 0.
    case absolute
    /// sqrt(d^2 + epsilon^2), an L1 without the kink, also called Charbonnier's penalty; its slope is
    /// d / sqrt(d^2 + epsilon^2).
    ///
    /// Lai et al. (LapSRN, 2017, section 3.2) have an epsilon of 1e-3. It is in samples' units, 1e-18...1e18.
    case charbonnier(epsilon: Float)

    /// The same for the kernels; an epsilon whose square is no ordinary number is a programmer's error.
    var arguments: (kind: reprise_loss_kind, epsilon: Float) {
        switch self {
        case .squared: return (REPRISE_SQUARED, 0)
        case .absolute: return (REPRISE_ABSOLUTE, 0)
        case .charbonnier(let epsilon):
            precondition((1e-18...1e18).contains(epsilon), "a Charbonnier loss cannot have an epsilon of \(epsilon)")
            return (REPRISE_CHARBONNIER, epsilon)
        }
    }
}
