// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import PipelineTools
import TensorStore
import Tensors
import Testing
import Training

@Suite struct UpscalerTests {
    private let pool = WorkerPool(threads: 2)

    /// The whole picture, joined from its bands.
    private func picture(
        of image: Image, alpha: Image? = nil, by model: Model, bandRows: Int? = nil
    ) throws -> Raster {
        let upscaler = try Upscaler(model, bandRows: bandRows, pool: pool, level: .best)
        let parts = try upscaler.bands(of: image).map { try upscaler.picture(of: $0, in: image, alpha: alpha) }
        let samples = parts.flatMap { part -> [UInt8] in
            guard case .eight(let samples) = part.samples else { return [] }
            return samples
        }
        #expect(parts.allSatisfy { $0.width == parts[0].width && $0.colour == parts[0].colour })
        return Raster(
            height: parts.map(\.height).reduce(0, +), width: parts[0].width, colour: parts[0].colour,
            hasAlpha: parts[0].hasAlpha, samples: .eight(samples))
    }

    private func repeated(_ image: Image, _ scale: Int) -> Image {
        var large = Image(height: image.height * scale, width: image.width * scale, mode: image.mode, repeating: 0)
        for row in 0..<large.height {
            for column in 0..<large.width {
                for channel in 0..<image.channelCount {
                    large[row, column, channel] = image[row / scale, column / scale, channel]
                }
            }
        }
        return large
    }

    private func enlarged(_ image: Image, _ scale: Int) -> Image {
        image.resized(height: image.height * scale, width: image.width * scale, border: .clamp)
    }

    private static let sizes = [(1, 1), (1, 2), (2, 1), (3, 200), (200, 3), (7, 5), (40, 33)]

    @Test(arguments: sizes)
    func `a network that repeats pixels repeats them, each in its place`(height: Int, width: Int) throws {
        let luma = HandMade.model(try HandMade.nearest())
        let rgb = HandMade.model(try HandMade.nearest(channels: 3))
        let (grey, colour) = (pattern(height, width, .grey8), pattern(height, width, .rgb8))
        for bandRows in [nil, 1, 4] {
            #expect(try picture(of: grey, by: luma, bandRows: bandRows) == Raster(repeated(grey, 3)))
            #expect(try picture(of: grey, by: rgb, bandRows: bandRows) == Raster(repeated(grey, 3)))
            #expect(try picture(of: colour, by: rgb, bandRows: bandRows) == Raster(repeated(colour, 3)))
            #expect(
                try picture(of: colour, by: luma, bandRows: bandRows)
                    == Raster(enlarged(colour, 3).withLuma(repeated(colour.luma, 3))))
        }
    }

    @Test(arguments: sizes)
    func `a network that takes enlarged images is given the bicubic enlargement`(height: Int, width: Int) throws {
        for channels in [1, 3] {
            let model = try identity(channels: channels, scale: 4)
            let grey = pattern(height, width, .grey8)
            #expect(try picture(of: grey, by: model, bandRows: 3) == Raster(enlarged(grey, 4)))
        }
        let colour = pattern(height, width)
        #expect(try picture(of: colour, by: identity(channels: 3, scale: 2)) == Raster(enlarged(colour, 2)))
        let bicubic = enlarged(colour, 2)
        #expect(
            try picture(of: colour, by: identity(channels: 1, scale: 2)) == Raster(bicubic.withLuma(bicubic.luma)))
    }

    /// A convolution of one pixel that changes nothing.
    private func identity(channels: Int, scale: Int) throws -> Model {
        let description = try NetworkDescription(layers: [
            .convolution(name: "same", inputs: channels, outputs: channels, kernel: 1, padding: .zero)
        ])
        var weights = [Float](repeating: 0, count: channels * channels)
        for channel in 0..<channels { weights[channel * (channels + 1)] = 1 }
        let network = try Network(
            description: description,
            parameters: [
                Parameter(
                    name: "same.weight", tensor: Tensor(shape: [channels, channels, 1, 1], values: weights)),
                Parameter(name: "same.bias", tensor: Tensor(shape: [channels], repeating: 0)),
            ])
        return Model(
            name: "same", network: network, scale: scale, outputShift: 0, labelConvention: .scaled,
            padding: .replicate, isShortened: false)
    }

    @Test(arguments: [ConvolutionPadding.zero, .replicate])
    func `bands of any height give the bits of the whole`(padding: ConvolutionPadding) throws {
        let image = pattern(45, 23)
        for model in try Self.models(padding) {
            let whole = try picture(of: image, by: model, bandRows: image.height)
            #expect(whole.height == image.height * model.scale && whole.width == image.width * model.scale)
            for bandRows in [1, 2, 5, 16, 44] {
                #expect(
                    try picture(of: image, by: model, bandRows: bandRows) == whole,
                    "\(model.name), bands of \(bandRows)")
            }
            #expect(try picture(of: image, by: model) == whole)
        }
    }

    @Test func `bands give the bits of the whole for networks of all kinds of layers`() throws {
        let image = pattern(26, 9, .grey8)
        var state: UInt64 = 5
        func drawn(_ range: ClosedRange<Int>) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return range.lowerBound + Int(state >> 33) % range.count
        }
        var compared = 0
        for _ in 0..<3000 {
            let description = try NetworkDescription(
                layers: (0..<drawn(1...3)).map { place in
                    if drawn(0...1) == 0 {
                        return .convolution(
                            name: "layer\(place)", inputs: 1, outputs: 1, kernel: drawn(1...6), stride: drawn(1...2),
                            padding: .zero, ownPadding: drawn(0...2) == 0 ? drawn(0...6) : nil)
                    }
                    return .transposedConvolution(
                        name: "layer\(place)", inputs: 1, outputs: 1, kernel: drawn(1...7), stride: drawn(1...4),
                        padding: drawn(0...5), outputPadding: drawn(-2...3),
                        border: drawn(0...1) == 0 ? .zero : .replicate)
                })
            guard (1...4).contains(description.scale) else { continue }
            let model = Model(
                name: "drawn", network: try Self.lively(description), scale: nil, outputShift: drawn(-3...3),
                labelConvention: .scaled, padding: drawn(0...1) == 0 ? .zero : .replicate, isShortened: false)
            guard let whole = try? picture(of: image, by: model, bandRows: image.height) else { continue }
            compared += 1
            for bandRows in [1, 3, 8] {
                #expect(
                    try picture(of: image, by: model, bandRows: bandRows) == whole,
                    "\(description) shifted by \(model.outputShift), bands of \(bandRows)")
            }
        }
        #expect(compared > 100, "only \(compared) networks lie on their pictures")
    }

    /// Networks whose outputs depend on rows near and far, through strides, borders and shifts of all kinds.
    private static func models(_ padding: ConvolutionPadding) throws -> [Model] {
        func model(
            _ name: String, _ description: NetworkDescription, scale: Int? = nil, shift: Int = 0
        ) throws -> Model {
            Model(
                name: name, network: try lively(description), scale: scale, outputShift: shift,
                labelConvention: .authors, padding: padding, isShortened: false)
        }
        return [
            try model("fsrcnn", .fsrcnnSmall(scale: 3), shift: 1),
            try model("fsrcnn-rgb", .fsrcnn(d: 6, s: 4, m: 2, scale: 2, channels: 3, labelConvention: .scaled)),
            try model("bicubic", .bicubic(scale: 4)),
            try model("srcnn", .srcnn(), scale: 3),
            try model(
                "strided",
                NetworkDescription(layers: [
                    .convolution(name: "down", inputs: 1, outputs: 4, kernel: 5, stride: 2, padding: .zero),
                    .relu(name: "relu", channels: 4),
                    .convolution(name: "middle", inputs: 4, outputs: 4, kernel: 3, padding: .zero),
                    .transposedConvolution(
                        name: "up", inputs: 4, outputs: 1, kernel: 9, stride: 6, padding: 1, outputPadding: 2,
                        border: .replicate),
                ])),
            try model(
                "padded",
                NetworkDescription(layers: [
                    .convolution(
                        name: "wide", inputs: 3, outputs: 2, kernel: 3, padding: .zero, ownPadding: 6),
                    .transposedConvolution(
                        name: "up", inputs: 2, outputs: 3, kernel: 4, stride: 2, padding: 0, outputPadding: 0),
                ]), shift: -10),
        ]
    }

    /// A network whose outputs lie about 0.5 and differ from pixel to pixel.
    private static func lively(_ description: NetworkDescription) throws -> Network {
        let last = description.parameters.last { $0.kind == .bias }
        let parameters = description.parameters.enumerated().map { place, parameter in
            let taps = Float(parameter.shape.count / parameter.shape[0])
            let values = (0..<parameter.shape.count).map { index -> Float in
                let value = Float((index * 7919 + place * 31) % 201 - 100) / 100
                switch parameter.kind {
                case .weight: return value / taps.squareRoot()
                case .slope: return 0.25
                case .bias: return parameter == last ? 0.5 : value / 10
                }
            }
            return Parameter(name: parameter.name, tensor: Tensor(shape: parameter.shape, values: values))
        }
        return try Network(description: description, parameters: parameters)
    }

    @Test func `a picture is the one whose figure protocol rgb8 gives`() throws {
        let workshop = try Workshop()
        let high = pattern(60, 48)
        let low = high.resized(by: 1 / 3, border: .clamp)
        for channels in [1, 3] {
            let network = try Self.lively(.fsrcnnSmall(scale: 3, channels: channels))
            let model = HandMade.model(network)
            let path = try workshop.newPath("model.h5")
            try model.write(to: path)
            let outputs = try workshop.run(
                "evaluate",
                ["images": [workshop.imageSet([StoredImage("a", high)])], "model": [workshop.input(path, .model)]],
                ["dataset": "A", "scale": 3, "protocols": ["rgb8-rgb"], "baselines": []])
            let compared: [UInt8] = try outputs.tensors("predictions").read("predictions/rgb8-rgb/00000/0")
            #expect(
                try picture(of: low, by: model)
                    == Raster(Image(height: 60, width: 48, mode: .rgb8, pixels: compared)))
        }
    }

    @Test func `alpha is enlarged apart from the colours`() throws {
        let model = HandMade.model(try HandMade.nearest())
        for mode in Image.Mode.allCases {
            let (image, alpha) = (pattern(11, 9, mode), pattern(11, 9, .grey8, seed: 4))
            guard case .eight(let opaque) = try picture(of: image, by: model).samples else { return }
            let seen = try picture(of: image, alpha: alpha, by: model, bandRows: 2)
            #expect(seen.hasAlpha && seen.alpha == enlarged(alpha, 3))
            #expect(try Image(seen, alpha: .drop).pixels == opaque)
        }
    }

    @Test func `models that make no picture are refused, with the reason`() throws {
        func check(_ model: Model, _ expected: String, image: Image = pattern(4, 5)) throws {
            #expect(try failure { _ = try picture(of: image, by: model) }.message == expected)
        }
        try check(
            HandMade.model(try HandMade.nearest(bias: .nan)),
            "the model 'net' gives no number at row 0, column 0 of its output")
        try check(
            HandMade.model(try HandMade.nearest(channels: 2)),
            "the model 'net' turns 2 channels into 2: luma is one, and RGB three")
        try check(
            HandMade.model(try HandMade.nearest(), shift: 4),
            "the model 'net' gives 13x10 pixels, shifted by 4, which do not cover the picture of 15x12")
        try check(
            HandMade.model(try HandMade.nearest(), shift: .min),
            "the model 'net' gives 13x10 pixels, shifted by -9223372036854775808, which do not cover the picture of "
                + "15x12")
        try check(
            identity(channels: 1, scale: 65), "the model 'same' is for x65, and pictures are made up to x64")
        try check(
            Model(
                name: "srcnn", network: Network(description: .srcnn(), seed: 1), scale: 2, outputShift: 0,
                labelConvention: .scaled, padding: .valid, isShortened: false),
            "an image of 7x3 pixels is too small for the model 'srcnn'", image: pattern(3, 7))
        let far = try NetworkDescription(layers: [
            .convolution(name: "a", inputs: 1, outputs: 1, kernel: 1, stride: 64, padding: .zero),
            .convolution(name: "b", inputs: 1, outputs: 1, kernel: 1, stride: 64, padding: .zero),
            .convolution(name: "c", inputs: 1, outputs: 1, kernel: 1, stride: 2, padding: .zero),
            .transposedConvolution(
                name: "d", inputs: 1, outputs: 1, kernel: 1, stride: 64, padding: 0, outputPadding: 0),
            .transposedConvolution(
                name: "e", inputs: 1, outputs: 1, kernel: 1, stride: 64, padding: 0, outputPadding: 0),
            .transposedConvolution(
                name: "f", inputs: 1, outputs: 1, kernel: 1, stride: 2, padding: 0, outputPadding: 0),
        ])
        try check(
            HandMade.model(Network(description: far, seed: 1), name: "far"),
            "the layers of the model 'far' stride over more than 4096 pixels")
    }

    @Test func `an image too wide for a band in memory is refused`() throws {
        let model = HandMade.model(try HandMade.nearest())
        let upscaler = try Upscaler(model, pool: pool, level: .best)
        let wide = Image(height: 1, width: (1 << 28) / 9 + 1, mode: .grey8, repeating: 0)
        let refused = try failure { _ = try upscaler.bands(of: wide) }
        #expect(refused.message == "an image of 29826162x1 pixels is too wide to be upscaled x3")
        #expect(refused.hint == "cut it into narrower images")
    }

    @Test func `an image of many pixels is split, and a usual one is not`() throws {
        let upscaler = try Upscaler(HandMade.model(HandMade.nearest()), pool: pool, level: .best)
        #expect(try upscaler.bands(of: pattern(300, 200, .grey8)) == [0..<300])
        let bands = try upscaler.bands(of: Image(height: 2000, width: 1000, mode: .grey8, repeating: 0))
        #expect(bands == [0..<932, 932..<1864, 1864..<2000])
    }
}
