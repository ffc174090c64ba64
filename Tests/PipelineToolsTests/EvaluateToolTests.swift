// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import Foundation
import Imaging
import PipelineExecution
import PipelineManifest
import PipelineTools
import TensorStore
import Tensors
import Testing
import Training

@Suite struct EvaluateToolTests {
    private let workshop: Workshop
    private let images: ToolInput
    private let stored = [StoredImage("a", pattern(40, 50)), StoredImage("b, \"c\"", pattern(33, 47, .grey8, seed: 4))]

    init() throws {
        workshop = try Workshop()
        images = try workshop.imageSet(stored)
    }

    private func evaluate(
        _ model: Model? = nil, _ settings: [String: JSONValue] = [:], images: ToolInput? = nil
    ) throws -> Outputs {
        var inputs = ["images": [images ?? self.images]]
        if let model {
            let path = try workshop.newPath("model.h5")
            try model.write(to: path)
            inputs["model"] = [workshop.input(path, .model)]
        }
        return try workshop.run(
            "evaluate", inputs, ["dataset": "Two", "scale": 3].merging(settings) { $1 })
    }

    private func scores(_ outputs: Outputs) throws -> [Score] {
        let json = try JSONValue(parsing: Files.bytes(of: outputs.path("scores")))
        return try #require(ScoreDocument(json: json)).scores
    }

    private func nearest(shift: Int) throws -> Model { HandMade.model(try HandMade.nearest(), shift: shift) }

    // MARK: Scores

    @Test func `every protocol, model and metric has a score for each image and a mean`() throws {
        let here = try scores(
            evaluate(nearest(shift: 1), ["protocols": ["y-double", "rgb8"], "metrics": ["ssim", "psnr"]]))
        var kinds: [String] = []
        for image in ["a", "b, \"c\"", "mean"] {
            for evaluation in ["y-double", "rgb8"] {
                for model in ["bicubic", "net"] {
                    for metric in ["ssim", "psnr"] { kinds.append("\(image) \(evaluation) \(model) \(metric)") }
                }
            }
        }
        #expect(here.map { "\($0.image ?? "mean") \($0.protocolName) \($0.model) \($0.metric)" } == kinds)
        #expect(here.allSatisfy { $0.dataset == "Two" && $0.scale == 3 && !$0.isShortened && $0.value > 0 })
        for (index, mean) in here.suffix(8).enumerated() {
            #expect(mean.value == (here[index].value + here[index + 8].value) / 2)
        }
    }

    @Test func `bicubic scores are those of the protocol`() throws {
        for evaluation in EvaluationProtocol.all {
            let here = try scores(evaluate(nil, ["protocols": .array([.text(evaluation.name)])]))
            for (index, stored) in stored.enumerated() {
                let sample = evaluation.prepared(stored.image, scale: 3)
                #expect(here[2 * index].value == evaluation.value(of: .psnr, sample.bicubic, for: sample))
                #expect(here[2 * index + 1].value == evaluation.value(of: .ssim, sample.bicubic, for: sample))
            }
        }
    }

    @Test func `the authors' x3 output lies one pixel to the right and below`() throws {
        let shifted = try evaluate(nearest(shift: 1))
        let plain = try evaluate(nearest(shift: 0))
        func mean(_ outputs: Outputs, _ model: String) throws -> Double {
            try #require(try scores(outputs).first { $0.image == nil && $0.model == model }).value
        }
        #expect(try mean(shifted, "net") > mean(plain, "net") + 1)
        #expect(try mean(shifted, "bicubic") == mean(plain, "bicubic"))
        // Repeating each LR pixel three times is known without any network.
        let sample = EvaluationProtocol.yDouble.prepared(stored[0].image, scale: 3)
        let low = sample.lowResolution
        var repeated = Plane(height: 39, width: 48, values: [Double](repeating: 0, count: 39 * 48))
        for row in 0..<39 { for column in 0..<48 { repeated[row, column] = low[row / 3, column / 3] } }
        let expected = EvaluationProtocol.yDouble.value(
            of: .psnr, EvaluationProtocol.yDouble.prediction(of: [repeated], for: sample), for: sample)
        #expect(try scores(shifted).first { $0.model == "net" }?.value == expected)
    }

    @Test func `a shortened training marks the scores of its model alone`() throws {
        let model = HandMade.model(try HandMade.nearest(), isShortened: true)
        let here = try scores(evaluate(model))
        #expect(here.count == 12)
        for score in here { #expect(score.isShortened == (score.model == "net")) }
    }

    @Test func `the model's name in tables can be another one`() throws {
        let here = try scores(evaluate(nearest(shift: 1), ["model-name": "other"]))
        #expect(Set(here.map(\.model)) == ["bicubic", "other"])
    }

    @Test func `what is named twice counts once`() throws {
        let here = try evaluate(
            nearest(shift: 1),
            [
                "metrics": ["psnr", "psnr"], "protocols": ["y-double", "y-double"],
                "baselines": ["bicubic", "bicubic"],
            ])
        #expect(try scores(here).count == 6)
    }

    // MARK: Other outputs

    @Test func `the table holds the scores as comma-separated values`() throws {
        let outputs = try evaluate(nil, ["metrics": ["psnr"]])
        let values = try scores(outputs).map { $0.value.formatted(decimals: 10) }
        #expect(
            try outputs.text("table") == """
                dataset,scale,image,model,protocol,metric,value
                Two,3,a,bicubic,y-double,psnr,\(values[0])
                Two,3,"b, ""c""\",bicubic,y-double,psnr,\(values[1])
                Two,3,mean,bicubic,y-double,psnr,\(values[2])

                """)
    }

    @Test func `scores are written in this form`() throws {
        let text = try evaluate(nil, ["metrics": ["psnr"], "protocols": ["rgb8"]]).text("scores")
        let values = try #require(ScoreDocument(json: JSONValue(parsing: Array(text.utf8)))).scores.map(\.value)
        #expect(
            text.hasPrefix(
                """
                {
                  "schema": 1,
                  "scores": [
                    {
                      "dataset": "Two",
                      "image": "a",
                      "metric": "psnr",
                      "model": "bicubic",
                      "protocol": "rgb8",
                      "scale": 3,
                      "shortened": false,
                      "value": \(values[0])
                    },
                """), "\(text)")
    }

    /// What was compared, read as its shape and type say.
    private func compared(_ dataset: String, in file: TensorFileReader) throws -> ComparedImage {
        let shape = try file.shape(of: dataset)
        if try file.elementType(of: dataset) == .float64 {
            let values: [Double] = try file.read(dataset, as: Double.self)
            return .unrounded(Plane(height: shape[0], width: shape[1], values: values))
        }
        return .bytes(
            Image(
                height: shape[0], width: shape[1], mode: shape.rank == 2 ? .grey8 : .rgb8,
                pixels: try file.read(dataset)))
    }

    /// Computes every score of images again, by the file alone, and gives their count.
    private func recomputed(_ outputs: Outputs) throws -> Int {
        let file = try outputs.tensors("predictions")
        #expect(try file.attribute("format") == "predictions")
        var groups: [String: Substring] = [:]
        for dataset in file.datasetNames where dataset.hasSuffix("/reference") {
            guard case .text(let image)? = try file.attribute("image", of: dataset),
                case .text(let name)? = try file.attribute("protocol", of: dataset)
            else { continue }
            #expect(dataset.hasPrefix("predictions/\(name)/"))
            groups["\(name) \(image)"] = dataset.dropLast("/reference".count)
        }
        let here = try scores(outputs).filter { $0.image != nil }
        for score in here {
            let group = try #require(groups["\(score.protocolName) \(score.image ?? "")"])
            guard case .integer(let shave)? = try file.attribute("shave", of: group + "/reference") else {
                Issue.record("no shave")
                continue
            }
            let prediction = try #require(
                file.datasetNames.first {
                    $0.hasPrefix(group + "/") && (try? file.attribute("model", of: $0)) == .text(score.model)
                })
            let output = try #require(try compared(prediction, in: file).shaved(shave))
            let reference = try #require(try compared(group + "/reference", in: file).shaved(shave))
            #expect(score.metric.value(output, reference) == score.value)
        }
        return here.count
    }

    private static let allProtocols = JSONValue.array(EvaluationProtocol.all.map { .text($0.name) })
    private static let allMetrics = JSONValue.array(Metric.allCases.map { .text($0.rawValue) })

    @Test(arguments: [1, 3])
    func `every score can be computed again from the predictions`(channels: Int) throws {
        let model = HandMade.model(try HandMade.nearest(channels: channels))
        let outputs = try evaluate(model, ["protocols": Self.allProtocols, "metrics": Self.allMetrics])
        #expect(try recomputed(outputs) == 2 * EvaluationProtocol.all.count * 2 * 4)
        let all = try scores(outputs)
        for mean in all where mean.image == nil {
            let ofKind = all.filter {
                $0.image != nil && $0.model == mean.model && $0.protocolName == mean.protocolName
                    && $0.metric == mean.metric
            }
            #expect(ofKind.count == 2 && ofKind.map(\.value).reduce(0, +) / 2 == mean.value)
        }
    }

    @Test func `one run reports a network under all protocols, each with a figure of its own`() throws {
        for channels in [1, 3] {
            let model = HandMade.model(try HandMade.nearest(channels: channels))
            let here = try scores(evaluate(model, ["protocols": Self.allProtocols, "metrics": ["psnr"]]))
            let means = here.filter { $0.image == nil && $0.model == "net" }
            #expect(means.map(\.protocolName) == EvaluationProtocol.all.map(\.name))
            // The border is seen in the shave alone at this scale.
            let others = means.filter { $0.protocolName != "y-double-clamp" }
            #expect(Set(others.map(\.value)).count == others.count)
        }
    }

    @Test func `an RGB network is given RGB and compared as RGB or by its luma`() throws {
        let model = HandMade.model(try HandMade.nearest(channels: 3))
        let here = try scores(evaluate(model, ["protocols": ["rgb8-rgb", "rgb8"], "metrics": ["mse"]]))
        // Repeating each LR pixel three times is known without any network.
        let source = try #require(stored[0].image.cropped(toMultipleOf: 3))
        let low = source.resized(by: 1.0 / 3, border: .clamp)
        var repeated = source
        for row in 0..<source.height {
            for column in 0..<source.width {
                for channel in 0..<3 { repeated[row, column, channel] = low[row / 3, column / 3, channel] }
            }
        }
        func error(_ a: Image, _ b: Image) throws -> Double {
            Metric.mse.value(try #require(a.shaved(3)), try #require(b.shaved(3)))
        }
        func score(_ name: String) -> Double? {
            here.first { $0.protocolName == name && $0.model == "net" && $0.image == "a" }?.value
        }
        #expect(try score("rgb8-rgb") == error(repeated, source))
        #expect(try score("rgb8") == error(repeated.luma, source.luma))
    }

    // MARK: Another kernel and crops

    @Test func `another kernel for LR stands in the protocol's name`() throws {
        let outputs = try evaluate(
            nearest(shift: 1),
            ["protocols": ["y-double", "rgb8", "pillow-y"], "kernel": "pillow-bicubic", "metrics": ["psnr"]])
        let here = try scores(outputs)
        let names = ["y-double+pillow-bicubic", "rgb8+pillow-bicubic", "pillow-y"]
        #expect(here.filter { $0.image == nil && $0.model == "net" }.map(\.protocolName) == names)
        #expect(try recomputed(outputs) == 12)
        let evaluation = EvaluationProtocol.rgb8.with(kernel: .pillowBicubic)
        let sample = evaluation.prepared(stored[0].image, scale: 3)
        let score = here.first { $0.protocolName == evaluation.name && $0.model == "bicubic" }
        #expect(score?.value == evaluation.value(of: .psnr, sample.bicubic, for: sample))
    }

    @Test func `passes of random crops have a mean over images and passes, under a name of their own`() throws {
        let settings: [String: JSONValue] = [
            "protocols": ["rgb8-rgb-whole", "y-double"], "metrics": ["mse"], "crop": 24, "passes": 4,
        ]
        let outputs = try evaluate(nearest(shift: 1), settings)
        let here = try scores(outputs)
        let names = ["rgb8-rgb-whole+crops-24", "y-double+crops-24"]
        #expect(here.filter { $0.image == nil && $0.model == "net" }.map(\.protocolName) == names)
        let parts = here.filter { $0.protocolName == names[0] && $0.model == "net" && $0.image != nil }
        #expect(parts.count == 8 && parts.prefix(2).map(\.image) == ["a pass 1", "a pass 2"])
        let mean = here.first { $0.image == nil && $0.protocolName == names[0] && $0.model == "net" }
        #expect(mean?.value == parts.map(\.value).reduce(0, +) / 8)
        #expect(try recomputed(outputs) == 2 * 4 * 2 * 2)
        #expect(try scores(evaluate(nearest(shift: 1), settings)) == here)
        #expect(try scores(evaluate(nearest(shift: 1), settings.merging(["seed": 0]) { $1 })) == here)
        #expect(try scores(evaluate(nearest(shift: 1), settings.merging(["seed": 1]) { $1 })) != here)
    }

    @Test func `a crop is a part of its image, the same for every protocol, and does not depend on the others`() throws
    {
        let settings: [String: JSONValue] = ["protocols": ["rgb8-rgb-whole", "pillow-rgb"], "crop": 18, "passes": 5]
        let file = try evaluate(nil, settings).tensors("predictions")
        var places: Set<[Int]> = []
        for (number, stored) in stored.enumerated() {
            for pass in 0..<5 {
                let group = "/0000\(number * 5 + pass)/reference"
                let dataset = "predictions/rgb8-rgb-whole+crops-18" + group
                guard case .integer(let top)? = try file.attribute("top", of: dataset),
                    case .integer(let left)? = try file.attribute("left", of: dataset)
                else {
                    Issue.record("'\(dataset)' does not say where it lies")
                    continue
                }
                places.insert([number, top, left])
                let part = stored.image.cropped(top: top, left: left, height: 18, width: 18).rgb
                #expect(try file.attribute("pass", of: dataset) == .integer(pass + 1))
                #expect(try compared(dataset, in: file) == .bytes(part))
                #expect(try compared("predictions/pillow-rgb+crops-18" + group, in: file) == .bytes(part))
            }
        }
        #expect(places.count > 8)
        let alone = try evaluate(nil, settings, images: workshop.imageSet([stored[1]])).tensors("predictions")
        for pass in 0..<5 {
            let group = "predictions/pillow-rgb+crops-18/0000"
            #expect(
                try compared("\(group)\(pass)/reference", in: alone)
                    == compared("\(group)\(5 + pass)/reference", in: file))
        }
    }

    @Test func `crops are refused that are no multiple of the scale or larger than an image`() throws {
        #expect(
            try failure { _ = try evaluate(nil, ["crop": 20]) }
                == ToolFailure(
                    "a crop of 20 pixels is no multiple of the scale 3", at: .setting("crop"), hint: "18 is one"))
        #expect(
            try failure { _ = try evaluate(nil, ["crop": 36]) }
                == ToolFailure("image 'b, \"c\"' (47x33) is smaller than a crop of 36x36", at: .setting("crop")))
        #expect(
            try failure { _ = try evaluate(nil, ["crop": 48]) }.message
                == "images 'a' (50x40), 'b, \"c\"' (47x33) are smaller than a crop of 48x48")
        for name in ["passes", "seed"] {
            #expect(
                try failure { _ = try evaluate(nil, [name: 2]) }
                    == ToolFailure(
                        "'\(name)' is about random crops, and there is no 'crop'", at: .setting(name),
                        hint: "name the crops' HR pixels by 'crop', or leave '\(name)' out"))
        }
    }

    @Test func `the picture shows HR, bicubic and the network, a row an image`() throws {
        let outputs = try evaluate(nearest(shift: 1), ["picture-crop": 20, "picture-images": 2])
        let picture = try Image(decoding: Files.bytes(of: outputs.path("picture")))
        #expect(picture.mode == .rgb8)
        // Two rows of three crops of 20x20, twice as large, 8 pixels apart.
        #expect(picture.height == 88 && picture.width == 136)
        // The first is the middle of HR cut to a multiple of the scale (39x48), each pixel twice.
        for row in 0..<40 {
            for column in 0..<40 {
                for channel in 0..<3 {
                    let expected = stored[0].image[9 + row / 2, 14 + column / 2, channel]
                    #expect(picture[row, column, channel] == expected)
                }
            }
        }
        let one = try evaluate(nil, ["picture-crop": 512, "picture-images": 1])
        let large = try Image(decoding: Files.bytes(of: one.path("picture")))
        #expect(large.height == 78 && large.width == 200)
    }

    @Test func `the content of a picture is its pixels, not what zlib made of them`() throws {
        let picture = try evaluate(nil, ["picture-images": 1]).path("picture")
        let other = try workshop.newPath("picture.png")
        let image = try Image(decoding: Files.bytes(of: picture))
        // A BMP has other bytes and the same pixels; so has a PNG of another zlib.
        try Files.write(bmp(image.rgb), toNew: other)
        let content = try Toolbox.standard.content(ofFileAt: picture, format: .png)
        #expect(try Toolbox.standard.content(ofFileAt: other, format: .png) == content)
        #expect(try content != FileDigest(ofFileAt: picture).digest)
        let text = try workshop.newPath("no.png")
        try Files.write(Array("no picture".utf8), toNew: text)
        let refused = try failure { _ = try Toolbox.standard.content(ofFileAt: text, format: .png) }
        #expect(refused.message.hasPrefix("its output is no file of format 'png' that can be read: "))
    }

    // MARK: What is refused

    @Test func `a model of another scale is refused`() throws {
        #expect(
            try failure { _ = try evaluate(nearest(shift: 1), ["scale": 2]) }
                == ToolFailure("the model is for x3, and the evaluation is at x2", at: .setting("scale")))
    }

    @Test func `an image too small for a metric is refused by name`() throws {
        let small = try workshop.imageSet([StoredImage("a", pattern(40, 40)), StoredImage("tiny", pattern(17, 40))])
        #expect(
            try failure { _ = try evaluate(nil, images: small) }
                == ToolFailure(
                    "image 'tiny' of 40x17 pixels is too small: psnr and ssim at x3 need 18x18", at: .input("images")))
        #expect(try scores(evaluate(nil, ["metrics": ["psnr"]], images: small)).count == 3)
    }

    @Test func `an infinite PSNR is refused, and the SSIM of equal images is 1`() throws {
        let flat = try workshop.imageSet([StoredImage("flat", Image(height: 30, width: 30, mode: .rgb8, repeating: 90))]
        )
        #expect(
            try failure { _ = try evaluate(nil, images: flat) }
                == ToolFailure(
                    "'bicubic' reproduces image 'flat' exactly, so that its PSNR is infinite", at: .input("images"),
                    hint: "leave flat images out of a test set"))
        #expect(try scores(evaluate(nil, ["metrics": ["ssim"]], images: flat)).map(\.value) == [1, 1])
    }

    @Test func `an output that is no number is refused with model and image`() throws {
        for bias in [Float.nan, .infinity, -.infinity] {
            let model = HandMade.model(try HandMade.nearest(bias: bias))
            #expect(
                try failure { _ = try evaluate(model) }.message
                    == "the model 'net' gives no number for image 'a' at row 0, column 0")
        }
        let overflowing = HandMade.model(
            try HandMade.nearest(factor: .greatestFiniteMagnitude, bias: .greatestFiniteMagnitude))
        #expect(try failure { _ = try evaluate(overflowing) }.message.hasPrefix("the model 'net' gives no number"))
    }

    @Test func `a model whose output misses the image is refused`() throws {
        #expect(
            try failure { _ = try evaluate(nearest(shift: 4)) }.message
                == "the model 'net' gives 46x37 pixels, shifted by 4, for image 'a', which do not cover its 48x39")
        #expect(throws: ToolFailure.self) { try evaluate(nearest(shift: -2)) }
        _ = try evaluate(nearest(shift: -1))
        _ = try evaluate(nearest(shift: 3))
    }

    @Test func `a model of two channels is refused`() throws {
        #expect(
            try failure { _ = try evaluate(HandMade.model(HandMade.nearest(channels: 2))) }.message
                == "the model 'net' turns 2 channels into 2: luma is one, and RGB three")
    }

    @Test func `a model that bears a baseline's name is refused`() throws {
        let expected = ToolFailure(
            "the model is called 'bicubic', as a baseline is", at: .setting("model-name"),
            hint: "give it another 'model-name'")
        #expect(try failure { _ = try evaluate(nearest(shift: 1), ["model-name": "bicubic"]) } == expected)
        let model = HandMade.model(try HandMade.nearest(), name: "bicubic")
        #expect(try failure { _ = try evaluate(model) } == expected)
        #expect(try scores(evaluate(model, ["baselines": []])).count == 6)
    }

    @Test func `nothing to score and no images are refused`() throws {
        #expect(
            try failure { _ = try evaluate(nil, ["baselines": []]) }
                == ToolFailure("there is neither a model nor a baseline to score", at: .setting("baselines")))
        let none = try workshop.imageSet([])
        #expect(
            try failure { _ = try evaluate(nil, images: none) }
                == ToolFailure("there are no images to score", at: .input("images")))
    }

    // MARK: Against the tables of others

    @Test(.enabled(if: SharedData.isThere, SharedData.absence))
    func `bicubic on Set5 x3 has the figures of MATLAB, image by image, and 30.39 dB in the mean`() throws {
        let files = try workshop.run("images", ["files": [SharedData.files("Set5/x3/HR")]])
        let outputs = try evaluate(
            nil, ["dataset": "Set5", "protocols": ["y-double", "rgb8", "y-double-clamp"]],
            images: files.input("images"))
        let here = try scores(outputs)
        let table = try String(contentsOfFile: SharedData.folder + "/oracle/bicubic_per_image.csv", encoding: .utf8)
        var compared = 0
        for line in table.split(whereSeparator: \.isNewline) where line.hasPrefix("Set5,3,") {
            let fields = line.split(separator: ",").map(String.init)
            guard EvaluationProtocol(named: fields[3]) != nil else { continue }
            for (metric, printed) in [(Metric.psnr, fields[5]), (.ssim, fields[6])] {
                let score = try #require(
                    here.first { $0.image == fields[2] && $0.protocolName == fields[3] && $0.metric == metric })
                #expect(score.value.formatted(decimals: 10) == printed, "\(line)")
                compared += 1
            }
        }
        #expect(compared >= 2 * 5 * 3)
        let mean = try #require(here.first { $0.image == nil && $0.protocolName == "y-double" && $0.metric == .psnr })
        #expect(mean.value.formatted(decimals: 2) == "30.39")
    }
}
