// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import Testing

@Suite struct AugmentToolTests {
    private func augmented(_ images: [StoredImage], _ settings: [String: JSONValue] = [:]) throws -> [StoredImage] {
        let workshop = try Workshop()
        return try workshop.run("augment", ["images": [workshop.imageSet(images)]], settings).images()
    }

    @Test func `an image becomes twenty, each rotated first and then made smaller`() throws {
        let images = [StoredImage("a", pattern(21, 34)), StoredImage("b", pattern(10, 11, .grey8))]
        var expected: [StoredImage] = []
        for stored in images {
            for turn in 0..<4 {
                for scale in [1, 0.9, 0.8, 0.7, 0.6] {
                    let turned = stored.image.rotated(quarterTurns: turn)
                    let rotation = turn == 0 ? nil : "rotated \(turn * 90)"
                    let scaling = scale == 1 ? nil : "scaled \(scale)"
                    let transform = [rotation, scaling].compactMap { $0 }.joined(separator: ", ")
                    expected.append(
                        StoredImage(
                            stored.name + (turn == 0 ? "" : "_rot\(turn * 90)") + (scale == 1 ? "" : "_s\(scale)"),
                            scale == 1 ? turned : turned.resized(by: scale, border: .mirror), source: stored.name,
                            transform: transform.isEmpty ? "none" : transform))
                }
            }
        }
        let here = try augmented(images)
        #expect(here.count == 40)
        #expect(here == expected)
    }

    @Test func `sides are those of MATLAB, rounded up`() throws {
        let sizes = try augmented([StoredImage("a", pattern(21, 34))]).map { [$0.image.height, $0.image.width] }
        // ceil(21 * 0.9) = 19, ceil(34 * 0.9) = 31, and so on.
        let upright = [[21, 34], [19, 31], [17, 28], [15, 24], [13, 21]]
        let lying = upright.map { [$0[1], $0[0]] }
        #expect(sizes == upright + lying + upright + lying)
    }

    @Test func `rotation before resizing is not the same as after`() throws {
        // MATLAB resizes rows before columns and rounds between, so the order shows.
        let image = pattern(21, 34)
        let before = image.rotated(quarterTurns: 1).resized(by: 0.7, border: .mirror)
        let after = image.resized(by: 0.7, border: .mirror).rotated(quarterTurns: 1)
        #expect(before != after)
        let here = try augmented([StoredImage("a", image)], ["rotations": [90], "scales": [0.7]])
        #expect(here == [StoredImage("a_rot90_s0.7", before, source: "a", transform: "rotated 90, scaled 0.7")])
    }

    @Test func `a flip mirrors the rotated copy left to right`() throws {
        let image = pattern(4, 6)
        let here = try augmented(
            [StoredImage("a", image)], ["rotations": [0, 90], "scales": [1], "flips": true])
        let turned = image.rotated(quarterTurns: 1)
        #expect(
            here == [
                StoredImage("a", image),
                StoredImage("a_flip", image.flippedHorizontally, source: "a", transform: "flipped"),
                StoredImage("a_rot90", turned, source: "a", transform: "rotated 90"),
                StoredImage("a_rot90_flip", turned.flippedHorizontally, source: "a", transform: "rotated 90, flipped"),
            ])
    }

    @Test func `the border is the one asked for`() throws {
        let image = pattern(12, 15)
        let here = try augmented(
            [StoredImage("a", image)], ["rotations": [0], "scales": [0.6], "border": "clamp"])
        #expect(here.map(\.image) == [image.resized(by: 0.6, border: .clamp)])
        #expect(image.resized(by: 0.6, border: .clamp) != image.resized(by: 0.6, border: .mirror))
    }

    @Test func `the source of what is augmented again is the first one`() throws {
        let here = try augmented(
            [StoredImage("a_rot90", pattern(4, 6), source: "a", transform: "rotated 90")],
            ["rotations": [180], "scales": [1]])
        #expect(here.map(\.source) == ["a"])
        #expect(here.map(\.transform) == ["rotated 90, rotated 180"])
    }

    @Test func `a rotation or scale named twice counts once`() throws {
        let here = try augmented(
            [StoredImage("a", pattern(4, 6))], ["rotations": [90, 90], "scales": [1, 1, 0.5]])
        #expect(here.map(\.name) == ["a_rot90", "a_rot90_s0.5"])
    }

    @Test func `names that meet are refused`() throws {
        let images = [StoredImage("a", pattern(4, 6)), StoredImage("a_rot90", pattern(4, 6))]
        #expect(try failure { _ = try augmented(images, ["scales": [1]]) }.message == "two images are called 'a_rot90'")
    }

    @Test func `sides are rounded down where that is asked for`() throws {
        let image = pattern(21, 34)
        let here = try augmented([StoredImage("a", image)], ["rotations": [0], "extents": "floor"])
        #expect(
            here.map { [$0.image.height, $0.image.width] } == [[21, 34], [18, 30], [16, 27], [14, 23], [12, 20]])
        #expect(here[1].image == image.resized(height: 18, width: 30, border: .mirror))
        #expect(
            try augmented([StoredImage("a", image)], ["extents": "ceil"]) == augmented([StoredImage("a", image)]))
        #expect(
            try failure {
                _ = try augmented([StoredImage("a", pattern(1, 9))], ["extents": "floor"])
            } == ToolFailure("nothing is left of image 'a' of 9x1 pixels at scale 0.6", at: .setting("scales")))
    }

    @Test func `another kernel resizes as it does elsewhere`() throws {
        let image = pattern(21, 34)
        let here = try augmented(
            [StoredImage("a", image)], ["rotations": [0], "scales": [0.7], "kernel": "pillow-bicubic"])
        #expect(here.map(\.image) == [image.resized(height: 15, width: 24, kernel: .pillowBicubic, border: .mirror)])
        #expect(
            try failure {
                _ = try augmented([StoredImage("a", image)], ["kernel": "pillow-bicubic", "border": "clamp"])
            } == ToolFailure("the kernel 'pillow-bicubic' has its own rule for edges", at: .setting("border")))
    }

    @Test func `any number of threads gives the same file`() throws {
        let workshop = try Workshop()
        let images = try workshop.imageSet(
            (0..<7).map { StoredImage("i\($0)", pattern(20 + 3 * $0, 31 - $0, seed: $0)) })
        let bytes = try [1, 2, 5].map { threads in
            try Files.bytes(of: workshop.run("augment", ["images": [images]], threads: threads).path("images"))
        }
        #expect(bytes[0] == bytes[1] && bytes[0] == bytes[2])
    }
}
