// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import Testing

@Suite struct ProtocolTests {
    static let image = Image(
        height: 31, width: 35, mode: .rgb8,
        pixels: (0..<3255).map { (index: Int) -> UInt8 in UInt8((index * index + index / 7) % 256) })

    @Test(arguments: EvaluationProtocol.all, [2, 3, 4])
    func `a sample is brought to a multiple of the scale`(evaluation: EvaluationProtocol, scale: Int) {
        let sample = evaluation.prepared(ProtocolTests.image, scale: scale)
        let (height, width) = (31 / scale * scale, 35 / scale * scale)
        #expect(sample.source.height == height && sample.source.width == width)
        #expect(sample.reference.height == height && sample.reference.width == width)
        #expect(sample.lowResolution.height == 31 / scale && sample.lowResolution.width == 35 / scale)
        #expect(sample.bicubic.compared.height == height && sample.bicubic.compared.width == width)
        #expect(sample.bicubic.compared.channelCount == sample.reference.channelCount)
        let picture = evaluation.picture(of: sample.bicubic, for: sample)
        #expect(picture.mode == .rgb8 && picture.width == width)
        let cut = ProtocolTests.image.cropped(top: 0, left: 0, height: height, width: width)
        #expect((sample.source == cut) == (evaluation.fit == .cropped || cut == ProtocolTests.image))
    }

    @Test func `the low resolution is bytes under rgb8 and neither rounded nor clipped under y-double`() {
        let bytes = EvaluationProtocol.rgb8.prepared(ProtocolTests.image, scale: 3).lowResolution
        let exact = EvaluationProtocol.yDouble.prepared(ProtocolTests.image, scale: 3).lowResolution
        #expect(Plane(bytes.quantised) == bytes)
        #expect(Plane(exact.quantised) != exact)
    }

    @Test func `each protocol has its name and no other is known`() {
        for evaluation in EvaluationProtocol.all { #expect(EvaluationProtocol(named: evaluation.name) == evaluation) }
        #expect(
            EvaluationProtocol.all.map(\.name) == [
                "rgb8", "y-double", "y-double-clamp", "y-double-whole", "rgb8-unrounded", "rgb8-rgb", "rgb8-rgb-whole",
                "pillow-y", "pillow-y-unrounded", "yjn870", "pillow-rgb", "opencv-y",
            ])
        #expect(Set(EvaluationProtocol.all.map(\.summary)).count == EvaluationProtocol.all.count)
        #expect(EvaluationProtocol(named: "y") == nil)
    }

    @Test func `what a protocol does is said in full`() {
        #expect(
            EvaluationProtocol.yDouble.summary
                == "LR of 8-bit luma by matlab-bicubic (mirror) as double, not rounded, not clipped; compares 8-bit "
                + "luma, shaved by the scale")
        #expect(
            EvaluationProtocol.yjn870.summary
                == "HR resized to a multiple of the scale; LR of RGB by pillow-bicubic as bytes; compares luma not "
                + "rounded, red weighing 64.738/256, not shaved")
    }

    // MARK: Changed protocols

    @Test func `a protocol that was changed has a name that says so`() {
        let evaluation = EvaluationProtocol.yDouble
        #expect(evaluation.with(kernel: .pillowBicubic).name == "y-double+pillow-bicubic")
        #expect(evaluation.with(kernel: .pillowBicubic).with(kernel: .openCVCubic).name == "y-double+opencv-cubic")
        #expect(evaluation.with(kernel: .matlabBicubic) == evaluation)
        #expect(evaluation.with(kernel: .pillowBicubic).with(kernel: .matlabBicubic) == evaluation)
        #expect(EvaluationProtocol.pillowRGB.onCrops(of: 648).name == "pillow-rgb+crops-648")
        #expect(
            evaluation.onCrops(of: 64).with(kernel: .pillowBox).name
                == evaluation.with(kernel: .pillowBox).onCrops(of: 64).name)
        #expect(evaluation.with(kernel: .pillowBox).onCrops(of: 64).name == "y-double+pillow-box+crops-64")
    }

    @Test(arguments: ResamplingKernel.all)
    func `another kernel makes LR and enlarges nothing`(kernel: ResamplingKernel) {
        let image = ProtocolTests.image.cropped(top: 0, left: 0, height: 30, width: 33)
        let bytes = EvaluationProtocol.rgb8.with(kernel: kernel).prepared(image, scale: 3)
        let low = image.resized(height: 10, width: 11, kernel: kernel, border: .clamp)
        #expect(bytes.lowResolution == Plane(low.luma))
        #expect(bytes.bicubic.compared == .bytes(low.resized(by: 3, border: .clamp).luma))
        let exact = EvaluationProtocol.yDouble.with(kernel: kernel).prepared(image, scale: 3)
        let plane =
            kernel == .matlabBicubic
            ? Plane(image.luma).resized(by: 1.0 / 3, border: .mirror)
            : Plane(image.luma.resized(height: 10, width: 11, kernel: kernel, border: .mirror))
        #expect(exact.lowResolution == plane)
        #expect(exact.bicubic.compared == .bytes(plane.resized(by: 3, border: .mirror).quantised))
    }

    // MARK: Outputs

    @Test func `the reference as prediction is perfect and a shifted output is laid back`() throws {
        let evaluation = EvaluationProtocol.yDouble
        let sample = evaluation.prepared(ProtocolTests.image, scale: 3)
        let luma = sample.source.luma
        #expect(evaluation.prediction(of: [Plane(luma)], for: sample).compared == sample.reference)
        // An output whose pixel k is HR pixel k + 1, as the authors' x3 network has it.
        let inner = try #require(luma.shaved(1))
        let shifted = evaluation.prediction(of: [Plane(inner)], shift: 1, for: sample)
        #expect(shifted.output.shaved(1) == inner)
        #expect(evaluation.value(of: .psnr, shifted, for: sample) == .infinity)
        #expect(evaluation.value(of: .ssim, shifted, for: sample) == 1)
        // Taken without the shift it is another image.
        let misplaced = Plane(luma.cropped(top: 1, left: 1, height: 29, width: 32))
        let value = try #require(
            evaluation.value(of: .psnr, evaluation.prediction(of: [misplaced], for: sample), for: sample))
        #expect(value < 20)
    }

    @Test func `where nothing is shaved, what an output does not reach counts as its nearest pixel`() throws {
        let evaluation = EvaluationProtocol.yDoubleWhole
        let sample = evaluation.prepared(ProtocolTests.image, scale: 3)
        var filled = sample.source.luma
        let inner = try #require(filled.shaved(1))
        for row in 0..<filled.height {
            for column in 0..<filled.width {
                filled[row, column, 0] = inner[min(max(row - 1, 0), 27), min(max(column - 1, 0), 30), 0]
            }
        }
        let prediction = evaluation.prediction(of: [Plane(inner)], shift: 1, for: sample)
        #expect(prediction.compared == .bytes(filled))
        let value = try #require(evaluation.value(of: .psnr, prediction, for: sample))
        #expect(value == Metric.psnr.value(filled, sample.source.luma) && value.isFinite)
        #expect(EvaluationProtocol.covers(Plane(inner), sample, shift: 3))
        #expect(!EvaluationProtocol.covers(Plane(inner), sample, shift: 4))
        #expect(!EvaluationProtocol.covers(Plane(inner), sample, shift: -2))
    }

    @Test(arguments: EvaluationProtocol.all, [Image.Mode.rgb8, .grey8])
    func `HR as an RGB output is perfect under every protocol, and grey as three equal channels`(
        evaluation: EvaluationProtocol, mode: Image.Mode
    ) throws {
        let image = mode == .rgb8 ? ProtocolTests.image : ProtocolTests.image.luma
        for scale in [2, 3, 4] {
            let sample = evaluation.prepared(image, scale: scale)
            let planes = Self.planes(of: sample.source.rgb)
            let prediction = evaluation.prediction(of: planes, for: sample)
            #expect(prediction.output == sample.source.rgb)
            let error = try #require(evaluation.value(of: .mae, prediction, for: sample))
            #expect(error < 1e-12)
            #expect(prediction.compared == sample.reference || error > 0)
            #expect(evaluation.picture(of: prediction, for: sample) == sample.source.rgb)
        }
    }

    @Test(arguments: EvaluationProtocol.all)
    func `HR luma as a luma output is perfect but for the bicubic colours`(evaluation: EvaluationProtocol) throws {
        let sample = evaluation.prepared(ProtocolTests.image, scale: 3)
        var weights = LumaWeights.matlab
        if case .unroundedLuma(let own) = evaluation.comparison { weights = own }
        var luma = evaluation.comparison == .luma ? Plane(sample.source.luma) : weights.luma(of: sample.source)
        if evaluation.comparison != .luma { for index in luma.values.indices { luma.values[index] /= 255 } }
        let prediction = evaluation.prediction(of: [luma], for: sample)
        if evaluation.comparison == .colour {
            let low = sample.source.resized(height: 10, width: 11, kernel: evaluation.kernel, border: .clamp)
            let enlarged = low.resized(height: 30, width: 33, kernel: evaluation.enlargement, border: .clamp)
            #expect(prediction.compared == .bytes(enlarged.withLuma(luma.quantised)))
        } else {
            let error = try #require(evaluation.value(of: .mae, prediction, for: sample))
            #expect(error < 1e-12)
        }
    }

    @Test func `luma that is not rounded is clipped, and an RGB output is rounded first`() throws {
        let evaluation = EvaluationProtocol.pillowYUnrounded
        let sample = evaluation.prepared(ProtocolTests.image, scale: 3)
        var plane = Plane(height: 30, width: 33, values: [Double](repeating: 0.5001, count: 990))
        (plane[0, 0], plane[0, 1]) = (-0.25, 1.25)
        let prediction = evaluation.prediction(of: [plane], for: sample)
        guard case .unrounded(let compared) = prediction.compared else {
            Issue.record("\(prediction.compared)")
            return
        }
        #expect(Array(compared.values.prefix(3)) == [0, 255, 0.5001 * 255])
        let colour = evaluation.prediction(of: [plane, plane, plane], for: sample)
        #expect(colour.compared == .unrounded(LumaWeights.matlab.luma(of: plane.quantised.rgb)))
    }

    // MARK: Inputs

    @Test func `an RGB network is given bytes or double as the route says`() {
        let image = ProtocolTests.image.cropped(top: 0, left: 0, height: 30, width: 33)
        let bytes = EvaluationProtocol.rgb8.prepared(image, scale: 3)
        let low = image.resized(by: 1.0 / 3, border: .clamp)
        #expect(EvaluationProtocol.rgb8.input(channels: 3, for: bytes) == Self.planes(of: low))
        #expect(EvaluationProtocol.rgb8.input(channels: 1, for: bytes) == [Plane(low.luma)])
        let exact = EvaluationProtocol.yDouble.prepared(image, scale: 3)
        let planes = Self.planes(of: image).map { $0.resized(by: 1.0 / 3, border: .mirror) }
        #expect(EvaluationProtocol.yDouble.input(channels: 3, for: exact) == planes)
        let grey = EvaluationProtocol.rgb8.prepared(image.luma, scale: 3)
        let plane = Plane(image.luma.resized(by: 1.0 / 3, border: .clamp))
        #expect(EvaluationProtocol.rgb8.input(channels: 3, for: grey) == [plane, plane, plane])
    }

    @Test func `luma that is not rounded is not rounded for the network either`() {
        let evaluation = EvaluationProtocol.yjn870
        let image = ProtocolTests.image.cropped(top: 0, left: 0, height: 30, width: 33)
        let low = image.resized(height: 10, width: 11, kernel: .pillowBicubic, border: .clamp)
        let expected = (0..<110).map { pixel -> Double in
            let (r, g, b) = (low.pixels[3 * pixel], low.pixels[3 * pixel + 1], low.pixels[3 * pixel + 2])
            return 16 + (64.738 * Double(r) + 129.057 * Double(g) + 25.064 * Double(b)) / 256
        }
        let luma = evaluation.prepared(image, scale: 3).lowResolution
        for (here, there) in zip(luma.values, expected) { #expect(abs(here * 255 - there) < 1e-12) }
    }

    @Test func `MATLAB's weights give its luma before the rounding`() {
        for image in [ProtocolTests.image, ProtocolTests.image.luma] {
            #expect(LumaWeights.matlab.luma(of: image) == image.unroundedLuma(.matlab))
        }
    }

    private static func planes(of image: Image) -> [Plane] {
        (0..<3).map { channel in
            Plane(
                height: image.height, width: image.width,
                values: (0..<image.height * image.width).map { Double(image.pixels[3 * $0 + channel]) / 255 })
        }
    }

    // MARK: Shave and size

    @Test func `pixels in the shave do not count and the next ones do`() throws {
        let evaluation = EvaluationProtocol.rgb8
        let sample = evaluation.prepared(ProtocolTests.image, scale: 2)
        var luma = sample.source.luma
        for column in 0..<luma.width { for row in [0, 1] { luma[row, column, 0] ^= 0xff } }
        func psnr(_ evaluation: EvaluationProtocol) throws -> Double {
            try #require(
                evaluation.value(of: .psnr, evaluation.prediction(of: [Plane(luma)], for: sample), for: sample))
        }
        #expect(try psnr(evaluation) == .infinity)
        #expect(try psnr(.pillowY).isFinite)
        luma[2, 2, 0] ^= 1
        #expect(try psnr(evaluation).isFinite)
    }

    @Test func `an image too small for a metric has no value of it`() {
        let small = ProtocolTests.image.cropped(top: 0, left: 0, height: 16, width: 16)
        let sample = EvaluationProtocol.rgb8.prepared(small, scale: 4)
        #expect(EvaluationProtocol.rgb8.value(of: .psnr, sample.bicubic, for: sample) != nil)
        #expect(EvaluationProtocol.rgb8.value(of: .ssim, sample.bicubic, for: sample) == nil)
        #expect(EvaluationProtocol.rgb8.leastExtent(for: .ssim, scale: 4) == 20)
        #expect(EvaluationProtocol.rgb8.leastExtent(for: .psnr, scale: 3) == 9)
        #expect(EvaluationProtocol.pillowY.leastExtent(for: .ssim, scale: 4) == 12)
        #expect(EvaluationProtocol.pillowY.leastExtent(for: .mae, scale: 3) == 3)
    }

    @Test func `a grey image is evaluated and pictured in grey where it is its own luma`() {
        for evaluation in EvaluationProtocol.all where !evaluation.takesGreyAsColour {
            let sample = evaluation.prepared(ProtocolTests.image.luma, scale: 3)
            #expect(sample.reference == .bytes(sample.source) && sample.source.mode == .grey8)
            #expect(evaluation.picture(of: sample.bicubic, for: sample) == sample.bicubic.output)
        }
    }
}
