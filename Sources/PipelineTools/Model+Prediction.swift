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
        let description = network.description
        guard [1, 3].contains(description.inputs), description.outputs == description.inputs else {
            throw ToolFailure(
                "the model '\(name)' turns \(description.inputs) channels into \(description.outputs): luma is one, "
                    + "and RGB three")
        }
        let input =
            takesEnlarged
            ? evaluation.enlargedInput(channels: description.inputs, for: sample)
            : evaluation.input(channels: description.inputs, for: sample)
        let output = try upscaled(input, pool: pool, level: level)
        for plane in output {
            guard let index = plane.values.firstIndex(where: { !$0.isFinite }) else { continue }
            throw ToolFailure(
                "the model '\(name)' gives no number for image '\(image)' at row \(index / plane.width), column "
                    + "\(index % plane.width)")
        }
        guard EvaluationProtocol.covers(output[0], sample, shift: outputShift) else {
            throw ToolFailure(
                "the model '\(name)' gives \(output[0].width)x\(output[0].height) pixels, shifted by \(outputShift), "
                    + "for image '\(image)', which do not cover its \(sample.source.width)x\(sample.source.height)")
        }
        return evaluation.prediction(of: output, shift: outputShift, for: sample)
    }

    /// The network's output channels for those of LR, enlarged or not, in 0...1.
    private func upscaled(_ planes: [Plane], pool: WorkerPool, level: SIMDLevel) throws(NetworkError) -> [Plane] {
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
