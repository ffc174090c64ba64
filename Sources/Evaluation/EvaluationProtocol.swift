// SPDX-License-Identifier: Apache-2.0

package import Imaging

/// How a figure comes about: what a network is given and how its output is compared.
///
/// A figure without one is no figure. Papers call none of them by a name; those in use are in `all`, and one that was
/// changed has a name that says so.
package struct EvaluationProtocol: Hashable, Sendable, CustomStringConvertible {
    /// What is made small, and in which numbers.
    package enum Route: Hashable, Sendable {
        /// The colour image, as bytes: LR and the bicubic enlargement are 8-bit images.
        case colourBytes
        /// The luma alone, in double precision: LR is neither quantised nor clipped.
        ///
        /// A kernel that is defined on bytes alone gives bytes.
        case lumaDouble
    }

    /// What of prediction and reference is compared.
    package enum Comparison: Hashable, Sendable {
        /// MATLAB's luma of uint8, rounded: a luma output is rounded once, an RGB output before its luma is.
        case luma
        /// Luma that is not rounded: a luma output is clipped to 0...1, an RGB output is rounded before its luma is
        /// taken.
        case unroundedLuma(LumaWeights)
        /// 8-bit RGB: a luma output gets Cb and Cr of the bicubic enlargement.
        case colour
    }

    /// How an image comes to a multiple of the scale.
    package enum Fit: Hashable, Sendable {
        /// Rows and columns at the bottom and at the right are left out (the papers' `modcrop`).
        case cropped
        /// By the kernel of the enlargement, to the next lower multiple.
        case resized
    }

    /// The name before LR had another kernel and before crops took the place of images.
    private let base: String
    package let route: Route
    package let comparison: Comparison
    package let fit: Fit
    /// Whether `scale` pixels on each side are not compared.
    package let isShaved: Bool
    /// Whether a grey image counts as RGB with three equal channels from the start; else it is its own luma.
    package let takesGreyAsColour: Bool
    /// Makes LR.
    package private(set) var kernel: ResamplingKernel
    /// Enlarges for the baseline `bicubic`, and for Cb and Cr.
    package let enlargement: ResamplingKernel
    /// Beyond the edge, for the kernels that take it.
    package let border: ResamplingBorder
    /// HR pixels of a side of the random crops that are compared in place of whole images; nil for whole images.
    package private(set) var crop: Int?

    package init(
        name: String, route: Route, comparison: Comparison = .luma, fit: Fit = .cropped, isShaved: Bool = true,
        takesGreyAsColour: Bool = false, kernel: ResamplingKernel, border: ResamplingBorder
    ) {
        precondition(route == .colourBytes || kernel.resizesPlanes, "'\(kernel)' cannot enlarge in double precision")
        base = name
        self.route = route
        self.comparison = comparison
        self.fit = fit
        self.isShaved = isShaved
        self.takesGreyAsColour = takesGreyAsColour
        self.kernel = kernel
        enlargement = kernel
        self.border = border
    }

    /// The protocol with LR made by `kernel`, called for example `y-double+pillow-bicubic`; itself where it makes LR so
    /// already.
    ///
    /// The baseline and Cb and Cr are enlarged as before.
    package func with(kernel: ResamplingKernel) -> EvaluationProtocol {
        var changed = self
        changed.kernel = kernel
        return changed
    }

    /// The protocol on random crops of `extent` x `extent` HR pixels, called for example `pillow-rgb+crops-648`.
    package func onCrops(of extent: Int) -> EvaluationProtocol {
        precondition(extent > 0, "a crop of \(extent) pixels is empty")
        var changed = self
        changed.crop = extent
        return changed
    }

    /// As manifests and figures write it, for example `y-double`; all that was changed is in it.
    package var name: String {
        base + (kernel == enlargement ? "" : "+\(kernel)") + (crop.map { "+crops-\($0)" } ?? "")
    }

    package var description: String { name }

    /// Pixels that are not compared on each side.
    package func shave(scale: Int) -> Int { isShaved ? scale : 0 }

    /// The least height and width of an HR image that `metric` can be taken of at `scale`.
    package func leastExtent(for metric: Metric, scale: Int) -> Int {
        let compared = metric.leastExtent + 2 * shave(scale: scale)
        return (compared + scale - 1) / scale * scale
    }

    /// What it does, in the order in which it is done, for people who choose one.
    package var summary: String {
        let edge = kernel.takesBorder ? " (\(border))" : ""
        let numbers = route == .lumaDouble && kernel.resizesPlanes ? "double, not rounded, not clipped" : "bytes"
        let compared =
            switch comparison {
            case .luma: "8-bit luma"
            case .unroundedLuma(let weights): "luma not rounded, \(weights)"
            case .colour: "8-bit RGB"
            }
        return (fit == .cropped ? "" : "HR resized to a multiple of the scale; ")
            + "LR of \(route == .colourBytes ? "RGB" : "8-bit luma") by \(kernel)\(edge) as \(numbers); "
            + "compares \(compared), \(isShaved ? "shaved by the scale" : "not shaved")"
    }
}
