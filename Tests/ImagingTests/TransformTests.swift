// SPDX-License-Identifier: Apache-2.0

import Imaging
import Testing

@Suite struct TransformTests {
    /// 1 2 3 / 4 5 6.
    static let image = Image(height: 2, width: 3, mode: .grey8, pixels: [1, 2, 3, 4, 5, 6])

    @Test func `quarter turns go counterclockwise as rot90 does`() {
        let turned = TransformTests.image.rotated(quarterTurns: 1)
        #expect(turned == Image(height: 3, width: 2, mode: .grey8, pixels: [3, 6, 2, 5, 1, 4]))
        #expect(TransformTests.image.rotated(quarterTurns: 2).pixels == [6, 5, 4, 3, 2, 1])
        #expect(TransformTests.image.rotated(quarterTurns: 3).pixels == [4, 1, 5, 2, 6, 3])
        #expect(TransformTests.image.rotated(quarterTurns: -1) == TransformTests.image.rotated(quarterTurns: 3))
        #expect(TransformTests.image.rotated(quarterTurns: 4) == TransformTests.image)
    }

    @Test func `flips exchange sides and undo themselves`() {
        #expect(TransformTests.image.flippedHorizontally.pixels == [3, 2, 1, 6, 5, 4])
        #expect(TransformTests.image.flippedVertically.pixels == [4, 5, 6, 1, 2, 3])
        #expect(TransformTests.image.flippedVertically.flippedVertically == TransformTests.image)
    }

    @Test func `the channels of a pixel stay together`() {
        let image = Image(height: 1, width: 2, mode: .rgb8, pixels: [1, 2, 3, 4, 5, 6])
        #expect(image.flippedHorizontally.pixels == [4, 5, 6, 1, 2, 3])
        #expect(image.rotated(quarterTurns: 1) == Image(height: 2, width: 1, mode: .rgb8, pixels: [4, 5, 6, 1, 2, 3]))
    }

    @Test func `the eight orientations are all different`() {
        #expect(Set(Orientation.all.map { TransformTests.image.oriented($0) }).count == 8)
        #expect(Set(Orientation.all.map(\.description)).count == 8)
    }

    @Test func `crops take the part asked for`() {
        #expect(TransformTests.image.cropped(top: 1, left: 1, height: 1, width: 2).pixels == [5, 6])
        #expect(
            TransformTests.image.cropped(toMultipleOf: 2)
                == Image(height: 2, width: 2, mode: .grey8, pixels: [1, 2, 4, 5]))
        #expect(TransformTests.image.cropped(toMultipleOf: 3) == nil)
        #expect(TransformTests.image.shaved(1) == nil)
        #expect(TransformTests.image.shaved(0) == TransformTests.image)
        let square = Image(height: 3, width: 3, mode: .grey8, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(square.shaved(1)?.pixels == [5])
    }

    @Test func `a strip sets images side by side with a gap and magnifies them`() {
        let colour = Image(height: 1, width: 1, mode: .rgb8, pixels: [9, 8, 7])
        let tall = Image(height: 2, width: 1, mode: .grey8, pixels: [1, 2])
        let strip = Image(strip: [colour, tall], gap: 1, zoom: 1, background: 0)
        #expect(
            strip
                == Image(
                    height: 2, width: 3, mode: .rgb8,
                    pixels: [9, 8, 7, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 2, 2, 2]))
        #expect(
            Image(strip: [tall], zoom: 2) == Image(height: 4, width: 2, mode: .grey8, pixels: [1, 1, 1, 1, 2, 2, 2, 2]))
    }
}
