// SPDX-License-Identifier: Apache-2.0

/// A named way to resize: the kernel's shape and what it does when it shrinks.
///
/// The name is part of a figure's protocol.
package struct ResamplingKernel: Hashable, Sendable, CustomStringConvertible {
    /// For example `matlab-bicubic`.
    package let name: String

    /// The kernel reaches from `-radius` to `radius` at scale 1.
    let radius: Double

    /// The parameter a of Keys' cubic.
    let sharpness: Double

    /// Whether the kernel widens by 1/scale when it shrinks.
    let isAntialiased: Bool

    /// MATLAB's `imresize(…, 'bicubic')`: Keys' cubic with a = -0.5, antialiased.
    package static let matlabBicubic = ResamplingKernel(
        name: "matlab-bicubic", radius: 2, sharpness: -0.5, isAntialiased: true)

    package static let all: [ResamplingKernel] = [matlabBicubic]

    /// The kernel called `name`, or nil.
    package init?(named name: String) {
        guard let kernel = ResamplingKernel.all.first(where: { $0.name == name }) else { return nil }
        self = kernel
    }

    private init(name: String, radius: Double, sharpness: Double, isAntialiased: Bool) {
        self.name = name
        self.radius = radius
        self.sharpness = sharpness
        self.isAntialiased = isAntialiased
    }

    package var description: String { name }

    /// The kernel's value at a distance, evaluated in the order MATLAB writes it.
    func weight(at distance: Double) -> Double {
        let x = abs(distance)
        let x2 = x * x
        let x3 = x2 * x
        let a = sharpness
        if x <= 1 { return (a + 2) * x3 - (a + 3) * x2 + 1 }
        if x <= 2 { return a * x3 - 5 * a * x2 + 8 * a * x - 4 * a }
        return 0
    }
}

/// What a kernel sees beyond the image's edge.
package enum ResamplingBorder: String, Hashable, Sendable, CaseIterable {
    /// The edge pixel again and again: older MATLAB, and the LR files of Set5 and Set14.
    case clamp
    /// The image mirrored, the edge pixel twice: MATLAB since about 2016.
    case mirror

    /// The pixel in `0..<count` that stands for `index`, which may lie outside.
    func source(of index: Int, count: Int) -> Int {
        switch self {
        case .clamp:
            return min(max(index, 0), count - 1)
        case .mirror:
            let period = 2 * count
            let phase = ((index % period) + period) % period
            return phase < count ? phase : period - 1 - phase
        }
    }
}
