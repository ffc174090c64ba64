// SPDX-License-Identifier: Apache-2.0

import Imaging
import Testing

@Suite struct DeadLeavesTests {
    /// FNV-1a of 64 bits over the samples.
    private func checksum(_ image: Image) -> UInt64 {
        image.pixels.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Every bit of these images reaches caches and locks: a change of the model needs a new version of the tool.
    @Test(
        arguments: [
            (48, 40, 1, 0, 14_982_230_221_457_888_395), (48, 40, 1, 1, 12_759_932_652_216_082_611),
            (48, 40, 2, 0, 16_713_423_228_174_543_519), (192, 192, 1, 0, 7_755_420_564_581_431_239),
            (1, 1, 3, 7, 10_708_113_065_696_950_079), (5, 300, 4, 0, 1_317_182_219_438_836_515),
        ] as [(Int, Int, UInt64, Int, UInt64)])
    func `the bits of an image are the ones they have always been`(
        height: Int, width: Int, seed: UInt64, index: Int, expected: UInt64
    ) {
        let image = DeadLeaves(height: height, width: width, seed: seed).image(index)
        #expect(image.height == height && image.width == width && image.mode == .rgb8)
        #expect(checksum(image) == expected)
    }

    @Test func `an image depends on the seed and its index alone`() {
        let leaves = DeadLeaves(height: 32, width: 32, seed: 9)
        let later = leaves.image(5)
        #expect(leaves.image(5) == later)
        #expect(leaves.image(4) != later)
        #expect(DeadLeaves(height: 32, width: 32, seed: 10).image(5) != later)
    }

    @Test func `an image has edges, smooth parts and colour`() {
        let image = DeadLeaves(height: 96, width: 96, seed: 1).image(0)
        let luma = image.luma
        var steps = [Int](repeating: 0, count: 256)
        for row in 0..<96 {
            for column in 1..<96 { steps[abs(Int(luma[row, column, 0]) - Int(luma[row, column - 1, 0]))] += 1 }
        }
        let total = 96 * 95
        #expect(steps[...1].reduce(0, +) > total / 4)
        #expect(steps[20...].reduce(0, +) > total / 50)
        #expect(Set(image.yCbCr.redDifference.pixels).count > 10)
    }
}
