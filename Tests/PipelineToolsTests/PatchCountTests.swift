// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import TensorStore
import Tensors
import Testing
import Training

/// How many patches the rules give on known images, counted without cutting any, and once by cutting.
@Suite(.enabled(if: SharedData.isThere, SharedData.absence))
struct PatchCountTests {
    private struct Extent: Hashable {
        let height, width: Int

        func scaled(_ scale: Double, _ extents: ExtentRounding) -> Extent {
            Extent(
                height: extents.extent(of: height, scaledBy: scale), width: extents.extent(of: width, scaledBy: scale))
        }
    }

    private func extents(_ folder: String) throws -> [Extent] {
        try SharedData.files(folder).files.map { file in
            let image = try Image(decoding: try Files.bytes(of: file.path))
            return Extent(height: image.height, width: image.width)
        }
    }

    /// The authors' 20 copies: four rotations, of which two lie on their sides, in five scales.
    private func augmented(_ images: [Extent], _ rounding: ExtentRounding) -> [Extent] {
        images.flatMap { image in
            [image, Extent(height: image.width, width: image.height)].flatMap { turned in
                [1, 0.9, 0.8, 0.7, 0.6].flatMap { scale in
                    [Extent](repeating: scale == 1 ? turned : turned.scaled(scale, rounding), count: 2)
                }
            }
        }
    }

    private func count(_ images: [Extent], _ geometry: LabelGeometry, stride: Int) -> Int {
        images.reduce(0) {
            $0 + PatchPlacement.grid(stride: stride).count(geometry, height: $1.height, width: $1.width)
        }
    }

    @Test func `the 91 images give the counts of the papers' code`() throws {
        let images = try extents("T91")
        #expect(images.count == 91 && images.reduce(0) { $0 + $1.height * $1.width } == 5_355_633)
        #expect([2, 3, 4].map { count(images, LabelGeometry(srcnn: $0), stride: 14) } == [21_910, 21_884, 21_772])
        let authors = [2, 3, 4].map { LabelGeometry(scale: $0) }
        #expect(authors.map(\.inputSize) == [14, 11, 10])
        #expect(authors.map { count(images, $0, stride: 4) } == [68_770, 29_803, 15_987])
        let paper = [2, 3, 4].map { LabelGeometry(scale: $0, trainingPadding: .zero) }
        #expect(paper.map(\.inputSize) == [10, 7, 6] && paper.map(\.labelSize) == [19, 19, 21])
        #expect(paper.map { count(images, $0, stride: $0.inputSize) } == [12_312, 11_143, 8_476])
    }

    @Test func `twenty copies of the 91 images give the counts of the papers' code`() throws {
        let images = try extents("T91")
        let ceiling = augmented(images, .ceiling)
        #expect(ceiling.count == 1820)
        #expect(
            [2, 3, 4].map { count(ceiling, LabelGeometry(scale: $0), stride: 4) } == [873_948, 375_540, 200_192])
        let seven = LabelGeometry(scale: 3, convention: .scaled, trainingPadding: .zero, inputSize: 7)
        #expect(seven.labelSize == 21)
        #expect(count(ceiling, seven, stride: 3) == 745_592)
        #expect(count(augmented(images, .floor), seven, stride: 3) == 742_280)
    }

    @Test func `Set5 gives the patches of MATLAB's file and two more`() throws {
        let seven = LabelGeometry(scale: 3, trainingPadding: .zero, inputSize: 7)
        #expect(count(try extents("Set5/original"), seven, stride: 7) == 1218)
    }

    @Test(arguments: [("fsrcnn", 2, 68_770), ("fsrcnn", 3, 29_803), ("fsrcnn", 4, 15_987), ("srcnn", 3, 21_884)])
    func `as many patches are cut as were counted`(rule: String, scale: Int, count: Int) throws {
        let workshop = try Workshop()
        let images = try workshop.run("images", ["files": [SharedData.files("T91")]])
        let patches = try workshop.run(
            "patches", ["images": [images.input("images")]], ["scale": .integer(scale), "rule": .text(rule)], threads: 2
        ).tensors("patches")
        #expect(try patches.readStrings("images").count == 91)
        #expect(try patches.shape(of: "input")[0] == count && patches.shape(of: "label")[0] == count)
        #expect(try patches.shape(of: "origin") == [count, 3])
    }

    @Test func `the tool's inputs are those that MATLAB wrote, as a set`() throws {
        let workshop = try Workshop()
        let images = try workshop.run("images", ["files": [SharedData.files("Set5/original")]])
        let patches = try workshop.run(
            "patches", ["images": [images.input("images")]],
            ["scale": 3, "padding": "zero", "input": 7, "overlap": false]
        ).tensors("patches")
        let ours = try patches.read("input", as: Float.self)
        let theirs = try SharedData.oracle("matlab_fsrcnn_patches_set5_x3.h5").read("data", as: Float.self)
        var left: [[Float]: Int] = [:]
        for index in 0..<1218 { left[Array(ours[index * 49..<(index + 1) * 49]), default: 0] += 1 }
        // MATLAB is column-major: a row-major reader sees each patch transposed.
        for index in 0..<1216 {
            let input = (0..<49).map { theirs[index * 49 + $0 % 7 * 7 + $0 / 7] }
            left[input, default: 0] -= 1
        }
        #expect(ours.count == 1218 * 49)
        #expect(left.values.allSatisfy { $0 >= 0 } && left.values.reduce(0, +) == 2)
    }
}
