// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import Testing

@Suite struct ProtocolTests {
    static let image = Image(
        height: 31, width: 35, mode: .rgb8,
        pixels: (0..<3255).map { (index: Int) -> UInt8 in UInt8((index * index + index / 7) % 256) })

    @Test(arguments: EvaluationProtocol.all, [2, 3, 4])
    func `a sample is cut to a multiple of the scale`(evaluation: EvaluationProtocol, scale: Int) {
        let sample = evaluation.prepared(ProtocolTests.image, scale: scale)
        #expect(sample.reference.height == 31 / scale * scale && sample.reference.width == 35 / scale * scale)
        #expect(sample.lowResolution.height == 31 / scale && sample.lowResolution.width == 35 / scale)
        #expect(sample.bicubic.height == sample.reference.height && sample.bicubic.mode == .grey8)
        let picture = evaluation.picture(of: sample.bicubic, for: sample)
        #expect(picture.mode == .rgb8 && picture.width == sample.reference.width)
    }

    @Test func `the low resolution is bytes under rgb8 and neither rounded nor clipped under y-double`() {
        let bytes = EvaluationProtocol.rgb8.prepared(ProtocolTests.image, scale: 3).lowResolution
        let exact = EvaluationProtocol.yDouble.prepared(ProtocolTests.image, scale: 3).lowResolution
        #expect(Plane(bytes.quantised) == bytes)
        #expect(Plane(exact.quantised) != exact)
    }

    @Test func `each protocol has its name and no other is known`() {
        for evaluation in EvaluationProtocol.all { #expect(EvaluationProtocol(named: evaluation.name) == evaluation) }
        #expect(EvaluationProtocol.all.map(\.name) == ["rgb8", "y-double", "y-double-clamp"])
        #expect(EvaluationProtocol(named: "y") == nil)
    }

    @Test func `the reference as prediction is perfect and a shifted output is laid back`() throws {
        let evaluation = EvaluationProtocol.yDouble
        let sample = evaluation.prepared(ProtocolTests.image, scale: 3)
        let whole = Plane(sample.reference)
        #expect(evaluation.quantised(whole, for: sample) == sample.reference)
        // An output whose pixel k is HR pixel k + 1, as the authors' x3 network has it.
        let inner = try #require(sample.reference.shaved(1))
        let shifted = evaluation.quantised(Plane(inner), shift: 1, for: sample)
        #expect(shifted.shaved(1) == inner)
        #expect(evaluation.value(of: .psnr, shifted, for: sample) == .infinity)
        #expect(evaluation.value(of: .ssim, shifted, for: sample) == 1)
        // Taken without the shift it is another image.
        let misplaced = Plane(sample.reference.cropped(top: 1, left: 1, height: 29, width: 32))
        let value = try #require(
            evaluation.value(of: .psnr, evaluation.quantised(misplaced, for: sample), for: sample))
        #expect(value < 20)
    }

    @Test func `pixels in the shave do not count and the next ones do`() throws {
        let evaluation = EvaluationProtocol.rgb8
        let sample = evaluation.prepared(ProtocolTests.image, scale: 2)
        var prediction = sample.reference
        for column in 0..<prediction.width { for row in [0, 1] { prediction[row, column, 0] ^= 0xff } }
        #expect(evaluation.value(of: .psnr, prediction, for: sample) == .infinity)
        prediction[2, 2, 0] ^= 1
        let value = try #require(evaluation.value(of: .psnr, prediction, for: sample))
        #expect(value.isFinite)
    }

    @Test func `an image too small for a metric has no value of it`() {
        let small = ProtocolTests.image.cropped(top: 0, left: 0, height: 16, width: 16)
        let sample = EvaluationProtocol.rgb8.prepared(small, scale: 4)
        #expect(EvaluationProtocol.rgb8.value(of: .psnr, sample.bicubic, for: sample) != nil)
        #expect(EvaluationProtocol.rgb8.value(of: .ssim, sample.bicubic, for: sample) == nil)
        #expect(EvaluationProtocol.rgb8.leastExtent(for: .ssim, scale: 4) == 20)
        #expect(EvaluationProtocol.rgb8.leastExtent(for: .psnr, scale: 3) == 9)
    }

    @Test func `a grey image is evaluated and pictured in grey`() {
        for evaluation in EvaluationProtocol.all {
            let sample = evaluation.prepared(ProtocolTests.image.luma, scale: 3)
            #expect(evaluation.picture(of: sample.reference, for: sample) == sample.reference)
        }
    }
}
