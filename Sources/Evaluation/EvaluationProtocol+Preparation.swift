// SPDX-License-Identifier: Apache-2.0

package import Imaging

extension EvaluationProtocol {
    /// What a network at `scale` is given and compared with.
    ///
    /// The image is first brought to a multiple of `scale`, which must leave something.
    package func prepared(_ image: Image, scale: Int) -> EvaluationSample {
        let source = fitted(takesGreyAsColour ? image.rgb : image, scale: scale)
        let low: Plane
        let bicubic: Prediction
        switch route {
        case .colourBytes:
            let picture = reduced(source, scale: scale)
            low = luma(of: picture)
            let enlarged = enlarged(picture, scale: scale)
            bicubic = Prediction(compared: compared(enlarged), output: comparison == .colour ? enlarged : enlarged.luma)
        case .lumaDouble:
            low = reducedChannel(source.luma, scale: scale)
            let plane = low.resized(
                height: source.height, width: source.width, kernel: enlargement, border: border)
            bicubic = prediction(ofLuma: plane) { enlarged(reduced(source, scale: scale), scale: scale) }
        }
        return EvaluationSample(
            scale: scale, source: source, lowResolution: low, reference: compared(source), bicubic: bicubic)
    }

    /// What a network of 1 or 3 channels is given: luma, or R, G and B, each 0...1 (a little beyond where LR is not
    /// clipped).
    ///
    /// A grey image has three equal channels.
    package func input(channels: Int, for sample: EvaluationSample) -> [Plane] {
        precondition(channels == 1 || channels == 3, "a network has 1 or 3 channels, not \(channels)")
        guard channels == 3 else { return [sample.lowResolution] }
        switch route {
        case .colourBytes: return reduced(sample.source, scale: sample.scale).rgb.channels.map { Plane($0) }
        case .lumaDouble: return sample.source.rgb.channels.map { reducedChannel($0, scale: sample.scale) }
        }
    }

    /// What a network that takes LR enlarged to HR extents is given, as SRCNN does: that of `input`, enlarged as the
    /// protocol's bicubic is.
    ///
    /// Where LR is bytes it is enlarged as bytes.
    package func enlargedInput(channels: Int, for sample: EvaluationSample) -> [Plane] {
        precondition(channels == 1 || channels == 3, "a network has 1 or 3 channels, not \(channels)")
        switch route {
        case .colourBytes:
            let picture = enlargedPicture(for: sample)
            return channels == 1 ? [luma(of: picture)] : picture.rgb.channels.map { Plane($0) }
        case .lumaDouble:
            return input(channels: channels, for: sample).map { plane in
                plane.resized(
                    height: sample.source.height, width: sample.source.width, kernel: enlargement, border: border)
            }
        }
    }

    /// The sample's bicubic enlargement, RGB or grey, 8-bit.
    func enlargedPicture(for sample: EvaluationSample) -> Image {
        enlarged(reduced(sample.source, scale: sample.scale), scale: sample.scale)
    }

    /// What is compared of an 8-bit image.
    func compared(_ image: Image) -> ComparedImage {
        switch comparison {
        case .luma: .bytes(image.luma)
        case .unroundedLuma(let weights): .unrounded(weights.luma(of: image))
        case .colour: .bytes(image.rgb)
        }
    }

    private func fitted(_ image: Image, scale: Int) -> Image {
        guard let cropped = image.cropped(toMultipleOf: scale) else {
            preconditionFailure("an image of \(image.width)x\(image.height) is smaller than the scale \(scale)")
        }
        switch fit {
        case .cropped: return cropped
        case .resized:
            guard (image.height, image.width) != (cropped.height, cropped.width) else { return image }
            return image.resized(height: cropped.height, width: cropped.width, kernel: enlargement, border: border)
        }
    }

    /// The luma of LR that was made of bytes, in 0...1, as rounded as what is compared.
    private func luma(of picture: Image) -> Plane {
        guard case .unroundedLuma(let weights) = comparison else { return Plane(picture.luma) }
        var luma = weights.luma(of: picture)
        for index in luma.values.indices { luma.values[index] /= 255 }
        return luma
    }

    /// LR as bytes.
    private func reduced(_ image: Image, scale: Int) -> Image {
        image.resized(height: image.height / scale, width: image.width / scale, kernel: kernel, border: border)
    }

    /// LR of one channel in 0...1, by way of bytes where the kernel knows no other.
    private func reducedChannel(_ channel: Image, scale: Int) -> Plane {
        guard kernel.resizesPlanes else { return Plane(reduced(channel, scale: scale)) }
        return Plane(channel).resized(
            height: channel.height / scale, width: channel.width / scale, kernel: kernel, border: border)
    }

    private func enlarged(_ picture: Image, scale: Int) -> Image {
        picture.resized(
            height: picture.height * scale, width: picture.width * scale, kernel: enlargement, border: border)
    }
}
