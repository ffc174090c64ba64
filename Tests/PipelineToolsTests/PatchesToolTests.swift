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
            #expect(input.rank == 4 && input[1] == 1 && input[2] == input[3])
            #expect(label.rank == 4 && label[1] == 1 && label[2] == label[3])
            #expect(try label[0] == input[0] && file.shape(of: "origin") == [input[0], 3])
            (count, inputSize, labelSize) = (input[0], input[2], label[2])
            inputs = try file.read("input")
            labels = try file.read("label")
            origins = try file.read("origin")
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
                "format": "patches", "scale": 3, "label-convention": "authors", "training-padding": "valid-first",
                "input-size": 11, "label-size": 19, "label-start": 7, "output-shift": 1, "stride": 2,
                "kernel": "matlab-bicubic", "border": "clamp", "luma": "matlab-rgb2ycbcr",
            ])
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

    @Test(
        .enabled(if: SharedData.isThere, SharedData.absence), arguments: [(2, 68_770), (3, 29_803), (4, 15_987)])
    func `the 91 images give as many patches as by the authors' code`(scale: Int, count: Int) throws {
        let workshop = try Workshop()
        let images = try workshop.run("images", ["files": [SharedData.files("T91")]])
        let patches = try workshop.run(
            "patches", ["images": [images.input("images")]], ["scale": .integer(scale)]
        ).tensors("patches")
        #expect(try patches.readStrings("images").count == 91)
        #expect(try patches.shape(of: "input")[0] == count)
    }

    @Test func `an image smaller than a patch is refused by name`() throws {
        let images = [StoredImage("a", pattern(33, 33)), StoredImage("b", pattern(40, 32))]
        #expect(
            try failure { _ = try patches(images, ["scale": 3]) }
                == ToolFailure(
                    "image 'b' is 32x40 pixels, and a patch of 11 LR pixels at x3 needs 33x33", at: .input("images"),
                    hint: "leave it out, use a smaller 'input', or augment with larger scales"))
        #expect(try patches([images[0]], ["scale": 3]).count == 1)
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
}
