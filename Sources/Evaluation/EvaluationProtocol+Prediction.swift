// SPDX-License-Identifier: Apache-2.0

package import Imaging

extension EvaluationProtocol {
    /// What is compared of a network's output: one plane of luma, or R, G and B, in 0...1.
    ///
    /// `shift` says where the output lies: its pixel k belongs to HR pixel k + shift, in both directions (1 for the
    /// FSRCNN authors' x3 network, 0 where labels begin with their LR pixel). What the output does not reach is filled
    /// with its nearest pixel: at most `scale` pixels on each side, which count only where nothing is shaved; an output
    /// that misses more is refused.
    package func prediction(of planes: [Plane], shift: Int = 0, for sample: EvaluationSample) -> Prediction {
        precondition(planes.count == 1 || planes.count == 3, "an output has 1 or 3 channels, not \(planes.count)")
        precondition(
            planes.allSatisfy { Self.covers($0, sample, shift: shift) },
            "\(planes[0].width)x\(planes[0].height) outputs shifted by \(shift) do not cover"
                + " \(sample.source.width)x\(sample.source.height) pixels"
        )
        let laid = planes.map {
            $0.laid(height: sample.source.height, width: sample.source.width, rowShift: shift, columnShift: shift)
        }
        if laid.count == 1 { return prediction(ofLuma: laid[0]) { enlargedPicture(for: sample) } }
        return prediction(ofColour: Image(channels: laid.map(\.quantised)), isGrey: sample.source.mode == .grey8)
    }

    /// Whether an output of these extents lies on all of an image but `scale` pixels on each side.
    package static func covers(_ output: Plane, _ sample: EvaluationSample, shift: Int) -> Bool {
        covers(output.height, of: sample.source.height, scale: sample.scale, shift: shift)
            && covers(output.width, of: sample.source.width, scale: sample.scale, shift: shift)
    }

    /// Whether an output's side lies on all of an image's but `scale` pixels at each end.
    package static func covers(_ count: Int, of total: Int, scale: Int, shift: Int) -> Bool {
        shift <= scale && shift + count >= total - scale
    }

    /// Of luma in 0...1, in HR extents; `picture` has the colours.
    func prediction(ofLuma luma: Plane, picture: () -> Image) -> Prediction {
        let output = luma.quantised
        switch comparison {
        case .luma: return Prediction(compared: .bytes(output), output: output)
        case .unroundedLuma:
            var clipped = luma
            for index in clipped.values.indices { clipped.values[index] = min(max(luma.values[index], 0), 1) * 255 }
            return Prediction(compared: .unrounded(clipped), output: output)
        case .colour: return Prediction(compared: .bytes(picture().withLuma(output).rgb), output: output)
        }
    }

    /// Of 8-bit RGB in HR extents.
    ///
    /// The luma of a grey image is its value and not in 16...235, and so is that of its prediction.
    private func prediction(ofColour output: Image, isGrey: Bool) -> Prediction {
        guard isGrey else { return Prediction(compared: compared(output), output: output) }
        switch comparison {
        case .luma:
            let grey = LumaWeights.matlab.grey(of: output)
            return Prediction(compared: .bytes(grey.rounded), output: output)
        case .unroundedLuma(let weights):
            return Prediction(compared: .unrounded(weights.grey(of: output)), output: output)
        case .colour: return Prediction(compared: .bytes(output), output: output)
        }
    }

    /// A prediction to look at, in colour where the image has colour.
    package func picture(of prediction: Prediction, for sample: EvaluationSample) -> Image {
        guard prediction.output.mode == .grey8 else { return prediction.output }
        return enlargedPicture(for: sample).withLuma(prediction.output)
    }

    /// The metric of a prediction against the sample's reference, without the shave; nil where the image is too small
    /// for the metric.
    package func value(of metric: Metric, _ prediction: Prediction, for sample: EvaluationSample) -> Double? {
        let border = shave(scale: sample.scale)
        guard
            let compared = prediction.compared.shaved(border), let reference = sample.reference.shaved(border),
            min(reference.height, reference.width) >= metric.leastExtent
        else { return nil }
        return metric.value(compared, reference)
    }
}
