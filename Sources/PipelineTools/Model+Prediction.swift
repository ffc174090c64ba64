// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import PipelineExecution
import Tensors
import Training

extension Model {
    /// The 8-bit luma that a protocol compares of a prepared image.
    ///
    /// Bytes cannot say that a value was no number, so an output that holds one is refused here, and so is a model
    /// whose output does not lie on the image.
    func prediction(
        for sample: EvaluationSample, ofImage image: String, under evaluation: EvaluationProtocol, pool: WorkerPool,
        level: SIMDLevel
    ) throws -> Image {
        let description = network.description
        guard description.inputs == 1, description.outputs == 1 else {
            throw ToolFailure(
                "the model '\(name)' turns \(description.inputs) channels into \(description.outputs), and luma is one")
        }
        let output = try upscaled(sample.lowResolution, pool: pool, level: level)
        if let index = output.values.firstIndex(where: { !$0.isFinite }) {
            throw ToolFailure(
                "the model '\(name)' gives no number for image '\(image)' at row \(index / output.width), column "
                    + "\(index % output.width)")
        }
        let shave = evaluation.shave(scale: sample.scale)
        guard reaches(output.height, of: sample.reference.height, without: shave),
            reaches(output.width, of: sample.reference.width, without: shave)
        else {
            throw ToolFailure(
                "the model '\(name)' gives \(output.width)x\(output.height) pixels, shifted by \(outputShift), for "
                    + "image '\(image)', which do not cover its \(sample.reference.width)x\(sample.reference.height)")
        }
        return evaluation.quantised(output, shift: outputShift, for: sample)
    }

    /// Whether `count` outputs lie on all that is compared of `total` pixels.
    private func reaches(_ count: Int, of total: Int, without shave: Int) -> Bool {
        outputShift <= shave && outputShift + count >= total - shave
    }

    /// The network's output for LR luma in 0...1.
    private func upscaled(_ plane: Plane, pool: WorkerPool, level: SIMDLevel) throws(NetworkError) -> Plane {
        let input = Tensor(shape: [1, plane.height, plane.width], values: plane.values.map { Float($0) })
        return Plane(try network.upscaled(input, padding: padding, pool: pool, level: level))
    }
}
