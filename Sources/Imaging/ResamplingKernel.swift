// SPDX-License-Identifier: Apache-2.0

/// A named way to resize: the kernel's shape, what it does when it shrinks, its numbers and its edges.
///
/// The name is part of a figure's protocol: `matlab-bicubic`, Pillow's and OpenCV's bicubic differ by up to a decibel.
package struct ResamplingKernel: Hashable, Sendable, CustomStringConvertible {
    /// For example `matlab-bicubic`.
    package let name: String

    let method: ResamplingMethod

    /// MATLAB's `imresize(…, 'bicubic')`: Keys' cubic with a = -0.5, antialiased.
    package static let matlabBicubic = ResamplingKernel(
        name: "matlab-bicubic", method: .matlab(KeysCubic(sharpness: -0.5, isAntialiased: true)))

    /// Pillow's `Image.resize(…, NEAREST)`: the pixel under each output's centre.
    package static let pillowNearest = ResamplingKernel(name: "pillow-nearest", method: .pillowNearest)

    /// Pillow's `Image.resize(…, BOX)` on 8 bits: the mean of what an output covers.
    package static let pillowBox = ResamplingKernel(name: "pillow-box", method: .pillow(.box))

    /// Pillow's `Image.resize(…, BILINEAR)` on 8 bits, antialiased.
    package static let pillowBilinear = ResamplingKernel(name: "pillow-bilinear", method: .pillow(.bilinear))

    /// Pillow's `Image.resize(…, HAMMING)` on 8 bits, antialiased.
    package static let pillowHamming = ResamplingKernel(name: "pillow-hamming", method: .pillow(.hamming))

    /// Pillow's `Image.resize(…, BICUBIC)` on 8 bits: Keys' cubic with a = -0.5, antialiased.
    package static let pillowBicubic = ResamplingKernel(name: "pillow-bicubic", method: .pillow(.bicubic))

    /// Pillow's `Image.resize(…, LANCZOS)` on 8 bits: a sinc windowed over three lobes, antialiased.
    package static let pillowLanczos = ResamplingKernel(name: "pillow-lanczos", method: .pillow(.lanczos))

    /// OpenCV's `cv2.resize(…, interpolation=INTER_CUBIC)` on 8 bits: a = -0.75, not antialiased.
    package static let openCVCubic = ResamplingKernel(name: "opencv-cubic", method: .openCVCubic)

    package static let all: [ResamplingKernel] = [
        matlabBicubic, pillowNearest, pillowBox, pillowBilinear, pillowHamming, pillowBicubic, pillowLanczos,
        openCVCubic,
    ]

    /// The kernel called `name`, or nil.
    package init?(named name: String) {
        guard let kernel = ResamplingKernel.all.first(where: { $0.name == name }) else { return nil }
        self = kernel
    }

    private init(name: String, method: ResamplingMethod) {
        self.name = name
        self.method = method
    }

    package var description: String { name }

    /// Whose function it is and what sets it apart, in a line.
    package var summary: String {
        switch method {
        case .matlab: "MATLAB's imresize: Keys' cubic of -0.5, antialiased, sums in double precision"
        case .pillow(.box): "Pillow's BOX on 8 bits: the mean of what a pixel covers"
        case .pillow(.bilinear): "Pillow's BILINEAR on 8 bits, antialiased"
        case .pillow(.hamming): "Pillow's HAMMING on 8 bits, antialiased"
        case .pillow(.bicubic): "Pillow's BICUBIC on 8 bits: Keys' cubic of -0.5, antialiased"
        case .pillow(.lanczos): "Pillow's LANCZOS on 8 bits: three lobes, antialiased"
        case .pillowNearest: "Pillow's NEAREST: the pixel under the centre"
        case .openCVCubic: "OpenCV's INTER_CUBIC on 8 bits by its own code: Keys' cubic of -0.75, not antialiased"
        }
    }

    /// Whether a `ResamplingBorder` is asked for; the others have an edge rule of their own.
    ///
    /// Pillow leaves out what lies outside and divides by the weights that remain; OpenCV repeats the edge pixel.
    package var takesBorder: Bool {
        guard case .matlab = method else { return false }
        return true
    }

    /// Whether planes in double precision can be resized too; the others are defined on 8 bits alone.
    package var resizesPlanes: Bool { takesBorder }
}

/// Whose arithmetic a kernel follows.
enum ResamplingMethod: Hashable, Sendable {
    /// Sums in double precision, bytes rounded after each pass; the smaller scale first.
    case matlab(KeysCubic)
    /// Weights and sums of 22 fractional bits, clipped after each pass.
    case pillow(PillowFilter)
    case pillowNearest
    /// Weights of 11 fractional bits, one rounding after both passes; horizontally first.
    case openCVCubic
}

/// Keys' family of cubics, which reach from -2 to 2.
struct KeysCubic: Hashable, Sendable {
    /// Keys' parameter a.
    let sharpness: Double

    /// Whether the kernel widens by 1/scale when it shrinks.
    let isAntialiased: Bool

    var radius: Double { 2 }

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

/// What a kernel that takes a border sees beyond the image's edge.
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
