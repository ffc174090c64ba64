// SPDX-License-Identifier: Apache-2.0

package import Imaging

/// How a figure comes about: what the network is given and how its output is compared.
///
/// A figure without one is no figure.
///
/// All of them compare 8-bit luma without `scale` pixels on each side; `rgb8`, `y-double` and `y-double-clamp` are the
/// three in use. Papers call none of them by a name.
package struct EvaluationProtocol: Hashable, Sendable, CustomStringConvertible {
    /// What is made small, and in which numbers.
    package enum Route: Hashable, Sendable {
        /// The colour image, as bytes: LR and the bicubic enlargement are 8-bit images, rounded after every pass.
        case colourBytes
        /// The luma alone, in double precision: LR is neither quantised nor clipped.
        case lumaDouble
    }

    /// As manifests and figures write it, for example `y-double`.
    package let name: String
    package let route: Route
    package let border: ResamplingBorder
    package let kernel: ResamplingKernel

    /// The LR image as an 8-bit RGB file has it.
    package static let rgb8 = EvaluationProtocol(
        name: "rgb8", route: .colourBytes, border: .clamp, kernel: .matlabBicubic)
    /// The authors' demo code under today's MATLAB.
    package static let yDouble = EvaluationProtocol(
        name: "y-double", route: .lumaDouble, border: .mirror, kernel: .matlabBicubic)
    /// The authors' demo code under the MATLAB of their time.
    package static let yDoubleClamp = EvaluationProtocol(
        name: "y-double-clamp", route: .lumaDouble, border: .clamp, kernel: .matlabBicubic)

    package static let all: [EvaluationProtocol] = [rgb8, yDouble, yDoubleClamp]

    /// The protocol called `name`, or nil.
    package init?(named name: String) {
        guard let found = EvaluationProtocol.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    package init(name: String, route: Route, border: ResamplingBorder, kernel: ResamplingKernel) {
        self.name = name
        self.route = route
        self.border = border
        self.kernel = kernel
    }

    package var description: String { name }

    /// Pixels that are not compared on each side.
    package func shave(scale: Int) -> Int { scale }

    /// The least height and width of an HR image that `metric` can be taken of at `scale`.
    package func leastExtent(for metric: Metric, scale: Int) -> Int {
        let compared = metric.leastExtent + 2 * shave(scale: scale)
        return (compared + scale - 1) / scale * scale
    }

    /// What a network at `scale` is given and compared with.
    ///
    /// The image is first cut to a multiple of `scale`, which must leave something.
    package func prepared(_ image: Image, scale: Int) -> EvaluationSample {
        guard let colour = image.cropped(toMultipleOf: scale) else {
            preconditionFailure("an image of \(image.width)x\(image.height) is smaller than the scale \(scale)")
        }
        let picture = colour.resized(by: 1 / Double(scale), kernel: kernel, border: border)
        let (low, bicubic): (Plane, Image)
        switch route {
        case .colourBytes:
            low = Plane(picture.luma)
            bicubic = enlarged(picture, scale: scale).luma
        case .lumaDouble:
            low = Plane(colour.luma).resized(by: 1 / Double(scale), kernel: kernel, border: border)
            bicubic = low.resized(by: Double(scale), kernel: kernel, border: border).quantised
        }
        return EvaluationSample(
            scale: scale, lowResolution: low, reference: colour.luma, bicubic: bicubic, lowResolutionPicture: picture)
    }

    /// The sample's bicubic enlargement with a luma of the reference's extents in it: the picture of a result, in
    /// colour where the image has colour.
    package func picture(of luma: Image, for sample: EvaluationSample) -> Image {
        enlarged(sample.lowResolutionPicture, scale: sample.scale).withLuma(luma)
    }

    private func enlarged(_ picture: Image, scale: Int) -> Image {
        picture.resized(by: Double(scale), kernel: kernel, border: border)
    }

    /// A network's output as the 8-bit luma that is compared: times 255, half away from zero, saturated, in the extents
    /// of `sample.reference`.
    ///
    /// `shift` says where the output lies: its pixel k belongs to HR pixel k + shift, in both directions (1 for the
    /// FSRCNN authors' x3 network, 0 where labels begin with their LR pixel). What the output does not reach is filled
    /// with its nearest pixel and lies outside of what is compared; an output that misses a compared pixel is refused.
    package func quantised(_ prediction: Plane, shift: Int = 0, for sample: EvaluationSample) -> Image {
        let (height, width) = (sample.reference.height, sample.reference.width)
        let border = shave(scale: sample.scale)
        precondition(
            covers(prediction.height, of: height, shift: shift, border: border)
                && covers(prediction.width, of: width, shift: shift, border: border),
            "\(prediction.width)x\(prediction.height) outputs shifted by \(shift) do not cover"
                + " \(width)x\(height) pixels"
        )
        let output = prediction.quantised
        var image = Image(height: height, width: width, mode: .grey8, repeating: 0)
        for row in 0..<height {
            let sourceRow = min(max(row - shift, 0), output.height - 1)
            for column in 0..<width {
                let sourceColumn = min(max(column - shift, 0), output.width - 1)
                image.pixels[row * width + column] = output.pixels[sourceRow * output.width + sourceColumn]
            }
        }
        return image
    }

    /// Whether `count` outputs from `shift` on reach every position of `border..<total - border`.
    private func covers(_ count: Int, of total: Int, shift: Int, border: Int) -> Bool {
        shift <= border && shift + count >= total - border
    }

    /// The metric of an 8-bit luma prediction against the sample's reference, without the shave; nil where the image is
    /// too small for the metric.
    package func value(of metric: Metric, _ prediction: Image, for sample: EvaluationSample) -> Double? {
        let border = shave(scale: sample.scale)
        guard
            let compared = prediction.shaved(border), let reference = sample.reference.shaved(border),
            min(reference.height, reference.width) >= metric.leastExtent
        else { return nil }
        return metric.value(compared, reference)
    }
}

/// One image made ready for a network and for the comparison after it.
package struct EvaluationSample: Hashable, Sendable {
    package let scale: Int
    /// What the network gets: luma, 0...1 (a little beyond where LR is not clipped), HR extents / scale.
    package let lowResolution: Plane
    /// The luma compared with, grey8, cut to a multiple of the scale.
    package let reference: Image
    /// The bicubic enlargement as this protocol has it, grey8, in the reference's extents.
    package let bicubic: Image
    /// LR as bytes, in colour where the image has colour, to look at.
    package let lowResolutionPicture: Image
}
