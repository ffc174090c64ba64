// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import TensorStore
import Tensors
import Testing

@Suite struct PatchesToolTests {
    /// A patch set as its format is documented.
    private struct Patches {
        let file: TensorFileReader
        let inputs, labels: [Float]
        let origins: [Int32]
        let inputSize, labelSize, count: Int

        init(_ outputs: Outputs) throws {
            file = try outputs.tensors("patches")
            let (input, label) = (try file.shape(of: "input"), try file.shape(of: "label"))
            #expect(input.rank == 4 && input[2] == input[3])
            #expect(label.rank == 4 && label[1] == input[1] && label[2] == label[3])
            #expect(try label[0] == input[0] && file.shape(of: "origin") == [input[0], 3])
            (count, inputSize, labelSize) = (input[0], input[2], label[2])
            inputs = try Self.values(file, "input")
            labels = try Self.values(file, "label")
            origins = try file.read("origin")
        }

        /// Bytes stand for their quotient by the divisor, in double precision and then rounded.
        private static func values(_ file: TensorFileReader, _ name: String) throws -> [Float] {
            guard try file.elementType(of: name) == .uint8 else { return try file.read(name) }
            #expect(try file.attribute("divisor", of: name) == 255)
            return try file.read(name, as: UInt8.self).map { Float(Double($0) / 255) }
        }

        func integer(_ name: String) throws -> Int? {
            guard case .integer(let value)? = try file.attribute(name) else { return nil }
            return value
        }

        func origin(_ index: Int) -> (image: Int, row: Int, column: Int) {
            (Int(origins[3 * index]), Int(origins[3 * index + 1]), Int(origins[3 * index + 2]))
        }
    }

    private func patches(_ images: [StoredImage], _ settings: [String: JSONValue]) throws -> Patches {
        let workshop = try Workshop()
        return try Patches(workshop.run("patches", ["images": [workshop.imageSet(images)]], settings))
    }

    /// The authors' `generate_train`, its 1-based arithmetic word by word: label start = scale * (x + floor((input - 1)
    /// / 2)) - floor((label + scale) / 2 - 1) for a patch whose first LR pixel is x.
    private static func authorsStart(_ position: Int, scale: Int, input: Int, label: Int) -> Int {
        let x = position + 1
        return scale * (x + (input - 1) / 2) - ((label + scale) / 2 - 1) - 1
    }

    static let authors: [(scale: Int, input: Int, label: Int)] = [(2, 14, 19), (3, 11, 19), (4, 10, 21)]

    @Test(arguments: authors)
    func `inputs and labels are those of the authors' rules, pixel by pixel`(scale: Int, input: Int, label: Int) throws
    {
        let images = [
            StoredImage("a", pattern(input * scale + 4 * scale + 1, input * scale + 8 * scale + 1)),
            StoredImage("b", pattern(input * scale, input * scale + 4 * scale, .grey8, seed: 3)),
        ]
        let here = try patches(images, ["scale": .integer(scale)])
        #expect(here.inputSize == input && here.labelSize == label)
        var index = 0
        for (number, stored) in images.enumerated() {
            let luma = try #require(stored.image.luma.cropped(toMultipleOf: scale))
            let high = Plane(luma)
            let low = high.resized(height: high.height / scale, width: high.width / scale, border: .mirror)
            for row in stride(from: 0, through: low.height - input, by: 4) {
                for column in stride(from: 0, through: low.width - input, by: 4) {
                    #expect(here.origin(index) == (number, row, column))
                    let cut = (0..<input).flatMap { y in (0..<input).map { Float(low[row + y, column + $0]) } }
                    #expect(Array(here.inputs[index * input * input..<(index + 1) * input * input]) == cut)
                    let top = Self.authorsStart(row, scale: scale, input: input, label: label)
                    let left = Self.authorsStart(column, scale: scale, input: input, label: label)
                    let target = (0..<label).flatMap { y in
                        (0..<label).map { Float(Double(luma[top + y, left + $0, 0]) / 255) }
                    }
                    #expect(Array(here.labels[index * label * label..<(index + 1) * label * label]) == target)
                    index += 1
                }
            }
        }
        #expect(index == here.count && index > 4)
    }

    @Test func `what is known of a patch set stands in it`() throws {
        let images = [
            StoredImage("a", pattern(40, 40)),
            StoredImage("a_rot90", pattern(36, 36), source: "a", transform: "rotated 90"),
        ]
        let file = try patches(images, ["scale": 3, "stride": 2, "border": "clamp"]).file
        let attributes = Dictionary(uniqueKeysWithValues: try file.attributes().map { ($0.name, $0.value) })
        #expect(
            attributes == [
                "format": "patches", "rule": "fsrcnn", "scale": 3, "input-scale": 3, "label-convention": "authors",
                "training-padding": "valid-first", "input-size": 11, "label-size": 19, "label-start": 7,
                "output-shift": 1, "stride": 2, "colours": "luma", "kernel": "matlab-bicubic", "lr-numbers": "double",
                "border": "clamp", "luma": "matlab-rgb2ycbcr",
            ])
        #expect(try file.elementType(of: "input") == .float32)
        #expect(try file.elementType(of: "label") == .uint8)
        #expect(try file.readStrings("images") == ["a", "a_rot90"])
        #expect(try file.readStrings("sources") == ["a", "a"])
        #expect(try file.readStrings("transforms") == ["none", "rotated 90"])
    }

    @Test(arguments: [2, 3, 4], ["authors", "scaled"])
    func `every label lies where its geometry says and within its image`(scale: Int, convention: String) throws {
        for (padding, input) in ["valid-first", "zero", "replicate"].flatMap({ padding in
            [5, 6, 9].map { (padding, $0) }
        }) {
            let size = (input + 2) * scale
            let here = try patches(
                [StoredImage("a", pattern(size + scale - 1, size, .grey8))],
                [
                    "scale": .integer(scale), "convention": .text(convention), "padding": .text(padding),
                    "input": .integer(input), "stride": 1,
                ])
            #expect(here.count == 9)
            let lost = padding == "valid-first" ? 2 : 0
            let kept = input - 2 * lost
            let isScaled = convention == "scaled"
            #expect(here.labelSize == (isScaled ? kept * scale : (kept - 1) * scale + 1))
            let start = lost * scale + (!isScaled && scale == 3 ? 1 : 0)
            #expect(try here.integer("label-start") == start)
            #expect(try here.integer("output-shift") == start - lost * scale)
            let luma = pattern(size + scale - 1, size, .grey8)
            for index in 0..<9 {
                let (_, row, column) = here.origin(index)
                let (top, left) = (row * scale + start, column * scale + start)
                let last = here.labelSize - 1
                let label = here.labels[index * (last + 1) * (last + 1)..<(index + 1) * (last + 1) * (last + 1)]
                #expect(label.first == Float(Double(luma[top, left, 0]) / 255))
                #expect(label.last == Float(Double(luma[top + last, left + last, 0]) / 255))
            }
        }
    }

    @Test func `the number of patches of an augmented image is that counted by hand`() throws {
        let workshop = try Workshop()
        let images = try workshop.imageSet([StoredImage("a", pattern(90, 61)), StoredImage("b", pattern(77, 120))])
        let augmented = try workshop.run("augment", ["images": [images]])
        let here = try Patches(
            workshop.run("patches", ["images": [augmented.input("images")]], ["scale": 3]))
        // MATLAB rounds sides up; LR has floor(side / 3) pixels, and floor((LR - 11) / 4) + 1 patches start on it.
        func places(_ side: Int, _ tenths: Int) -> Int { (((side * tenths + 9) / 10) / 3 - 11) / 4 + 1 }
        let expected = [(90, 61), (77, 120)].flatMap { height, width in
            [10, 9, 8, 7, 6].map { 4 * places(height, $0) * places(width, $0) }
        }.reduce(0, +)
        // 90x61 gives 15 + 10 + 8 + 3 + 2 and 77x120 gives 32 + 28 + 18 + 10 + 8, each in four rotations.
        #expect(expected == 536)
        #expect(here.count == expected)
        #expect(here.origin(here.count - 1).image == 39)
    }

    @Test func `an image smaller than a patch is refused by name`() throws {
        let images = [StoredImage("a", pattern(33, 33)), StoredImage("b", pattern(40, 32))]
        #expect(
            try failure { _ = try patches(images, ["scale": 3]) }
                == ToolFailure(
                    "image 'b' is 32x40 pixels, and a patch of 11 LR pixels at x3 needs 33x33", at: .input("images"),
                    hint: "leave it out, use a smaller 'input', or augment with larger scales"))
        #expect(try patches([images[0]], ["scale": 3]).count == 1)
        let many = images + [StoredImage("c", pattern(50, 50)), StoredImage("d", pattern(9, 50))]
        #expect(
            try failure { _ = try patches(many, ["scale": 3]) }.message
                == "image 'b' is 32x40 pixels, and a patch of 11 LR pixels at x3 needs 33x33; too small are also 'd'")
        #expect(
            try failure { _ = try patches([images[0]], ["scale": 2, "rule": "srcnn"]) }.message
                == "image 'a' is 33x33 pixels, and a patch of 33 enlarged pixels at x2 needs 34x34")
        #expect(throws: ToolFailure.self) { try patches([StoredImage("c", pattern(1, 1))], ["scale": 4]) }
    }

    @Test func `no images give no patches and a file that can be read`() throws {
        let here = try patches([], ["scale": 3])
        #expect(here.count == 0 && here.inputs == [])
    }

    @Test func `another kind of file is refused by what it is`() throws {
        let workshop = try Workshop()
        let patches = try workshop.run(
            "patches", ["images": [workshop.imageSet([StoredImage("a", pattern(33, 33))])]], ["scale": 3])
        let path = try patches.path("patches")
        let refused = try failure {
            try workshop.run("patches", ["images": [patches.input("patches")]], ["scale": 3])
        }
        #expect(refused.message == "'\(path)' is not an image set of Reprise: its format is 'patches'")
    }

    // MARK: Other rules

    @Test(arguments: [2, 3, 4])
    func `SRCNN sees LR at HR size and the middle of HR`(scale: Int) throws {
        let image = pattern(3 * 14 + 33 + 5, 33 + 14 + 2)
        let here = try patches([StoredImage("a", image)], ["scale": .integer(scale), "rule": "srcnn"])
        let luma = try #require(image.luma.cropped(toMultipleOf: scale))
        let high = Plane(luma)
        // MATLAB: im_input = imresize(imresize(im_label, 1/scale, 'bicubic'), [hei, wid], 'bicubic').
        let low = high.resized(by: 1 / Double(scale), border: .mirror)
            .resized(height: high.height, width: high.width, border: .mirror)
        #expect(here.inputSize == 33 && here.labelSize == 21)
        var index = 0
        for row in stride(from: 0, through: high.height - 33, by: 14) {
            for column in stride(from: 0, through: high.width - 33, by: 14) {
                #expect(here.origin(index) == (0, row, column))
                let input = (0..<33 * 33).map { Float(low[row + $0 / 33, column + $0 % 33]) }
                #expect(Array(here.inputs[index * 1089..<(index + 1) * 1089]) == input)
                let label = (0..<21 * 21).map { Float(Double(luma[row + 6 + $0 / 21, column + 6 + $0 % 21, 0]) / 255) }
                #expect(Array(here.labels[index * 441..<(index + 1) * 441]) == label)
                index += 1
            }
        }
        #expect(index == here.count && index == 8)
        #expect(try here.integer("input-scale") == 1 && here.integer("label-start") == 6)
        #expect(try here.file.attribute("training-padding") == "valid")
    }

    @Test func `colour patches have three channels, red first`() throws {
        let image = pattern(40, 43)
        let here = try patches([StoredImage("a", image)], ["scale": 2, "colours": "rgb"])
        #expect(try here.file.shape(of: "input") == [4, 3, 14, 14])
        #expect(try here.file.shape(of: "label") == [4, 3, 19, 19])
        #expect(try here.file.attribute("luma") == nil)
        let whole = try #require(image.cropped(toMultipleOf: 2))
        for channel in 0..<3 {
            let plane = Image(
                height: 40, width: 42, mode: .grey8, pixels: (0..<40 * 42).map { whole.pixels[3 * $0 + channel] })
            let low = Plane(plane).resized(by: 0.5, border: .mirror)
            for index in 0..<here.count {
                let (_, row, column) = here.origin(index)
                let input = (0..<196).map { Float(low[row + $0 / 14, column + $0 % 14]) }
                let label = (0..<361).map {
                    Float(Double(plane[2 * row + 4 + $0 / 19, 2 * column + 4 + $0 % 19, 0]) / 255)
                }
                let place = 3 * index + channel
                #expect(Array(here.inputs[place * 196..<(place + 1) * 196]) == input)
                #expect(Array(here.labels[place * 361..<(place + 1) * 361]) == label)
            }
        }
        // A grey image among them has three equal channels.
        let grey = try patches([StoredImage("g", pattern(28, 28, .grey8))], ["scale": 2, "colours": "rgb"])
        #expect(grey.count == 1 && grey.inputs[0..<196] == grey.inputs[392..<588])
    }

    @Test(arguments: ["pillow-bicubic", "opencv-cubic"], ["luma", "rgb"])
    func `kernels on bytes give inputs of bytes, made of the image as it is`(name: String, colours: String) throws {
        let kernel = try #require(ResamplingKernel(named: name))
        let image = pattern(36, 41)
        let here = try patches(
            [StoredImage("a", image)],
            ["scale": 3, "kernel": .text(name), "colours": .text(colours), "padding": "zero", "overlap": false])
        #expect(here.inputSize == 7 && here.labelSize == 19 && here.count == 1)
        #expect(try here.file.elementType(of: "input") == .uint8)
        #expect(try here.file.attribute("lr-numbers") == "bytes")
        #expect(try here.file.attribute("border") == nil)
        #expect(try here.integer("stride") == 7)
        let whole = try #require(image.cropped(toMultipleOf: 3))
        let small = whole.resized(height: 12, width: 13, kernel: kernel, border: .mirror)
        let low = colours == "luma" ? small.luma : small
        let channels = low.channelCount
        let input = (0..<channels).flatMap { channel in
            (0..<49).map { Float(Double(low[$0 / 7, $0 % 7, channel]) / 255) }
        }
        #expect(here.inputs == input)
    }

    @Test func `random places are drawn image by image`() throws {
        let images = [
            StoredImage("a", pattern(60, 90)), StoredImage("b", pattern(90, 61, seed: 2)),
            StoredImage("c", pattern(33, 33, seed: 3)),
        ]
        let settings: [String: JSONValue] = ["scale": 3, "random": 40, "seed": 9]
        let all = try patches(images, settings)
        #expect(all.count == 120)
        #expect(try all.integer("random") == 40 && all.integer("seed") == 9 && all.integer("stride") == nil)
        #expect((80..<120).allSatisfy { all.origin($0) == (2, 0, 0) })
        for index in 0..<80 {
            let (image, row, column) = all.origin(index)
            #expect(image == index / 40)
            let extent = images[image].image
            #expect((0...extent.height / 3 - 11).contains(row) && (0...extent.width / 3 - 11).contains(column))
        }
        // All places come up, and about equally often: 10 x 20 of them, 2000 draws.
        let many = try patches([images[0]], ["scale": 3, "random": 2000])
        var counts: [Int: Int] = [:]
        for index in 0..<2000 { counts[many.origin(index).row * 20 + many.origin(index).column, default: 0] += 1 }
        #expect(counts.count == 200 && counts.values.allSatisfy { $0 < 30 })
        // An image's places are its own, whatever other images there are.
        let alone = try patches([images[1]], settings)
        #expect((0..<40).allSatisfy { alone.origin($0).row == all.origin(40 + $0).row })
        #expect(alone.inputs == Array(all.inputs[40 * 121..<80 * 121]))
        #expect(try patches([images[1]], ["scale": 3, "random": 40, "seed": 10]).origins != alone.origins)
    }

    @Test(
        arguments: [
            (["rule": "srcnn", "convention": "scaled"], "convention"),
            (["rule": "srcnn", "padding": "zero"], "padding"),
            (["label": 19], "label"), (["rule": "srcnn", "label": 20], "label"),
            (["rule": "srcnn", "input": 12], "input"), (["overlap": false, "stride": 3], "stride"),
            (["random": 4, "stride": 3], "stride"), (["random": 4, "overlap": false], "overlap"), (["seed": 1], "seed"),
            (["kernel": "pillow-bicubic", "border": "clamp"], "border"),
        ] as [([String: JSONValue], String)])
    func `settings that do not go together are refused`(settings: [String: JSONValue], place: String) throws {
        let refused = try failure {
            _ = try patches([StoredImage("a", pattern(60, 60))], settings.merging(["scale": 3]) { $1 })
        }
        #expect(refused.place == .setting(place))
    }
}
