// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import PipelineExecution
import Tensors
import Training

extension Model {
    /// What a protocol compares of a prepared image: a network of one channel is given luma, one of three RGB.
    ///
    /// Bytes cannot say that a value was no number, so an output that holds one is refused here, and so is a model
    /// whose output does not lie on the image.
    func prediction(
        for sample: EvaluationSample, ofImage image: String, under evaluation: EvaluationProtocol, pool: WorkerPool,
        level: SIMDLevel
    ) throws -> Prediction {
        let channels = try imageChannels()
        let input =
            takesEnlarged
            ? evaluation.enlargedInput(channels: channels, for: sample)
            : evaluation.input(channels: channels, for: sample)
        let output = try upscaled(input, pool: pool, level: level)
        if let place = noNumber(in: output) {
            throw ToolFailure(
                "the model '\(name)' gives no number for image '\(image)' at row \(place.row), column "
                    + "\(place.column)")
        }
        guard EvaluationProtocol.covers(output[0], sample, shift: outputShift) else {
            throw ToolFailure(
                "the model '\(name)' gives \(output[0].width)x\(output[0].height) pixels, shifted by \(outputShift), "
                    + "for image '\(image)', which do not cover its \(sample.source.width)x\(sample.source.height)")
        }
        return evaluation.prediction(of: output, shift: outputShift, for: sample)
    }

    /// 1 for a network of luma, 3 for one of RGB; all others are refused.
    func imageChannels() throws(ToolFailure) -> Int {
        let description = network.description
        guard [1, 3].contains(description.inputs), description.outputs == description.inputs else {
            throw ToolFailure(
                "the model '\(name)' turns \(description.inputs) channels into \(description.outputs): luma is one, "
                    + "and RGB three")
        }
        return description.inputs
    }

    /// The first pixel of an output that is NaN or infinite, 0-based.
    func noNumber(in output: [Plane]) -> (row: Int, column: Int)? {
        for plane in output {
            guard let index = plane.values.firstIndex(where: { !$0.isFinite }) else { continue }
            return (index / plane.width, index % plane.width)
        }
        return nil
    }

    /// The network's output channels for those of LR, enlarged or not, in 0...1.
    func upscaled(_ planes: [Plane], pool: WorkerPool, level: SIMDLevel) throws(NetworkError) -> [Plane] {
        let input = Tensor(
            shape: [planes.count, planes[0].height, planes[0].width],
            values: planes.flatMap { $0.values.map { Float($0) } })
        let output = try network.upscaled(input, padding: padding, pool: pool, level: level)
        let (height, width) = (output.shape[1], output.shape[2])
        return (0..<output.shape[0]).map { channel in
            let start = channel * height * width
            return Plane(height: height, width: width, values: Array(output.values[start..<start + height * width]))
        }
    }
}
