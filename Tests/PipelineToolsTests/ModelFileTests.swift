// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelineTools
import SystemPackage
import TensorStore
import Tensors
import Testing
import Training

@Suite struct ModelFileTests {
    @Test(arguments: [LabelConvention.authors, .scaled], [SlopeSharing.perLayer, .perChannel])
    func `a model that was written is read as it was`(convention: LabelConvention, slopes: SlopeSharing) throws {
        let workshop = try Workshop()
        for (scale, padding, isShortened) in [
            (2, ConvolutionPadding.zero, true), (3, .replicate, false), (4, .valid, true),
        ] {
            let description = NetworkDescription.fsrcnn(
                d: 3, s: 2, m: 2, scale: scale, channels: scale - 1, labelConvention: convention, slopes: slopes)
            let model = Model(
                name: "a model, \"quoted\" é", network: Network(description: description, seed: 3), outputShift: -1,
                labelConvention: convention, padding: padding, isShortened: isShortened)
            let path = try workshop.newPath("model.h5")
            try model.write(to: path)
            let read = try Model(readingFrom: path)
            #expect(read == model)
            #expect(read.network.values.map(\.bitPattern) == model.network.values.map(\.bitPattern))
            #expect(read.scale == scale)
        }
    }

    @Test func `a network whose deconvolution cuts more off at the end is read as it was`() throws {
        let workshop = try Workshop()
        let description = try NetworkDescription(layers: [
            .convolution(name: "one", inputs: 1, outputs: 2, kernel: 3, padding: .valid),
            .transposedConvolution(
                name: "two", inputs: 2, outputs: 1, kernel: 9, stride: 4, padding: 2, outputPadding: -1),
        ])
        let model = HandMade.model(Network(description: description, seed: 1))
        let path = try workshop.newPath("model.h5")
        try model.write(to: path)
        #expect(try Model(readingFrom: path) == model)
    }

    @Test func `a model of one layer is read as it was`() throws {
        let workshop = try Workshop()
        let model = HandMade.model(try HandMade.nearest())
        let path = try workshop.newPath("model.h5")
        try model.write(to: path)
        #expect(try Model(readingFrom: path) == model)
    }

    @Test(arguments: [
        "", "convolution", "dense name=a inputs=1 outputs=1 kernel=1 padding=zero",
        "convolution name=a inputs=1 outputs=1 kernel=-1 padding=zero",
        "convolution name=a inputs=1 outputs=1 kernel=1 padding=same",
        "convolution name=a inputs=1 kernel=1 padding=zero",
        "convolution name=a name=b inputs=1 outputs=1 kernel=1 padding=zero",
        "prelu name=a channels=one sharing=per-layer",
        "convolution name=a inputs=99999999999999999999 outputs=1 kernel=1 padding=zero",
    ])
    func `a line that describes no layer is quoted`(line: String) throws {
        let workshop = try Workshop()
        let path = try workshop.newPath("model.h5")
        let file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "model")
        try file.setAttribute("layers", .texts([line]))
        try file.close()
        #expect(
            try failure { _ = try Model(readingFrom: path) }.message
                == "'\(path)' is not a model of Reprise: it has a layer '\(line)'")
    }

    @Test func `a missing attribute is named`() throws {
        let workshop = try Workshop()
        let path = try workshop.newPath("model.h5")
        let file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "model")
        try file.close()
        #expect(
            try failure { _ = try Model(readingFrom: path) }.message
                == "'\(path)' is not a model of Reprise: it lacks the attribute 'layers'")
    }

    @Test func `a model is shown with its layers, shapes and counts`() throws {
        let workshop = try Workshop()
        let path = try workshop.newPath("model.h5")
        try HandMade.model(Network(description: .fsrcnnSmall(scale: 3), seed: 0), isShortened: true).write(to: path)
        let text = try ArtifactText.text(ofFileAt: path, format: .model)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(
            lines.first
                == "net x3, label convention 'authors', output shifted by 1, whole images padded with 'replicate', "
                + "training shortened")
        #expect(
            lines.contains(
                "  feature        convolution 5x5                                  32x24x24            "
                    + "weight 32x1x5x5, bias 32    832"))
        #expect(lines.last == "3,937 weights, 4,016 parameters in all")
    }
}
