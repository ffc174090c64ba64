// SPDX-License-Identifier: Apache-2.0

import Imaging
import Testing

@Suite struct ResamplingTests {
    @Test(.enabled(if: SharedData.hasDatasets, Comment(rawValue: SharedData.absence)), arguments: scaledSets)
    func `every LR file of every set is reproduced without one differing pixel`(set: ScaledSet) throws {
        let names = try set.imageNames()
        #expect(!names.isEmpty, "\(set) has no HR images")
        for name in names {
            let low = try SharedData.image("\(set.folder)/LR/\(name)")
            let whole = try SharedData.image("\(set.folder)/HR/\(name)")
            let high = try #require(whole.cropped(toMultipleOf: set.scale))
            let resized = high.resized(by: 1 / Double(set.scale), border: .clamp)
            guard resized.height == low.height && resized.width == low.width && resized.mode == low.mode else {
                Issue.record("\(set) \(name): \(resized.width)x\(resized.height), not \(low.width)x\(low.height)")
                continue
            }
            let channels = low.channelCount
            let differing = (0..<low.height * low.width).count { pixel in
                (0..<channels).contains { resized.pixels[pixel * channels + $0] != low.pixels[pixel * channels + $0] }
            }
            #expect(differing == 0, "\(set) \(name): \(differing) of \(low.height * low.width) pixels differ")
        }
    }

    @Test(.enabled(if: SharedData.hasDatasets, Comment(rawValue: SharedData.absence)))
    func `Set5 and Set14 are among the sets compared, whole`() throws {
        for (name, count) in benchmarkSets {
            let sets = scaledSets.filter { $0.name == name }
            #expect(sets.map(\.scale) == [2, 3, 4])
            for set in sets { #expect(try set.imageNames().count == count) }
        }
    }

    @Test(.enabled(if: SharedData.hasDatasets, Comment(rawValue: SharedData.absence)))
    func `the mirrored border makes other pixels than the LR files have`() throws {
        let high = try SharedData.image("Set5/x3/HR/img_003.png")
        let low = try SharedData.image("Set5/x3/LR/img_003.png")
        #expect(high.resized(by: 1 / 3, border: .mirror) != low)
    }

    @Test(arguments: ResamplingBorder.allCases)
    func `rows of an enlargement are those of the whole, for every small size`(border: ResamplingBorder) {
        var random = TestBytes(seed: 8)
        for (height, width) in [(1, 1), (1, 7), (2, 3), (5, 1), (9, 4)] {
            for mode in Image.Mode.allCases {
                let image = Image(
                    height: height, width: width, mode: mode,
                    pixels: random.bytes(height * width * mode.channelCount))
                for scale in 1...4 {
                    let whole = image.resized(height: height * scale, width: width * scale, border: border)
                    for first in 0..<whole.height {
                        for end in first + 1...whole.height {
                            #expect(
                                image.enlarged(by: scale, rows: first..<end, border: border)
                                    == whole.cropped(top: first, left: 0, height: end - first, width: whole.width))
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: ResamplingBorder.allCases)
    func `bytes and planes equal a naive twin for every small size and many scales`(border: ResamplingBorder) {
        let scales = [0.25, 1.0 / 3, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.5, 2, 3, 4]
        var random = TestBytes(seed: 7)
        for (height, width) in [(1, 1), (1, 5), (5, 1), (2, 3), (3, 2), (7, 9), (8, 8), (9, 17), (16, 4)] {
            for mode in Image.Mode.allCases {
                let image = Image(
                    height: height, width: width, mode: mode,
                    pixels: random.bytes(height * width * mode.channelCount))
                for scale in scales {
                    #expect(
                        image.resized(by: scale, border: border)
                            == naivelyResized(
                                image, naiveCount(height, scale), naiveCount(width, scale), scale, scale, border))
                }
                guard mode == .grey8 else { continue }
                let plane = Plane(image)
                for scale in scales {
                    #expect(plane.resized(by: scale, border: border) == naivelyResized(plane, scale, border))
                }
            }
        }
    }

    @Test(arguments: ResamplingBorder.allCases)
    func `an explicit size takes the dimension with the smaller scale first`(border: ResamplingBorder) {
        var random = TestBytes(seed: 11)
        let image = Image(height: 12, width: 10, mode: .rgb8, pixels: random.bytes(360))
        for (height, width) in [(4, 9), (9, 4), (24, 5), (5, 24), (12, 10), (1, 1), (37, 3)] {
            let resized = image.resized(height: height, width: width, border: border)
            #expect(
                resized
                    == naivelyResized(image, height, width, Double(height) / 12, Double(width) / 10, border))
            #expect(resized.height == height && resized.width == width)
        }
    }

    @Test func `a row longer than one piece is cut without a trace`() {
        var random = TestBytes(seed: 13)
        let image = Image(height: 3, width: 1100, mode: .rgb8, pixels: random.bytes(3 * 1100 * 3))
        #expect(image.resized(by: 0.7, border: .clamp) == naivelyResized(image, 3, 770, 0.7, 0.7, .clamp))
    }

    @Test func `a scale of one changes nothing`() {
        var random = TestBytes(seed: 3)
        let image = Image(height: 6, width: 7, mode: .rgb8, pixels: random.bytes(126))
        #expect(image.resized(by: 1, border: .clamp) == image)
        #expect(Plane(image.luma).resized(by: 1, border: .mirror) == Plane(image.luma))
    }

    @Test func `a flat image stays flat and planes overshoot at an edge`() {
        let flat = Image(height: 9, width: 9, mode: .grey8, repeating: 200)
        #expect(flat.resized(by: 3, border: .clamp) == Image(height: 27, width: 27, mode: .grey8, repeating: 200))
        var edge = Plane(height: 1, width: 8, values: [Double](repeating: 0, count: 8))
        for column in 4..<8 { edge[0, column] = 1 }
        let enlarged = edge.resized(height: 1, width: 16, border: .clamp)
        #expect(enlarged.values.contains { $0 < 0 } && enlarged.values.contains { $0 > 1 })
    }

    @Test func `the borders stand for what lies outside`() {
        func sources(_ border: ResamplingBorder) -> [Int] {
            ResamplingTable(inputCount: 3, outputCount: 6, scale: 2, kernel: .matlabBicubic, border: border).sources
        }
        // Output 1 lies at 0.75 (1-based): taps -1, 0, 1, 2; output 6 at 3.25: taps 2, 3, 4, 5.
        #expect(sources(.clamp).prefix(4) == [0, 0, 0, 1] && sources(.clamp).suffix(4) == [1, 2, 2, 2])
        #expect(sources(.mirror).prefix(4) == [1, 0, 0, 1] && sources(.mirror).suffix(4) == [1, 2, 2, 1])
        // Far outside, the mirror repeats with twice the length.
        let shrunk = ResamplingTable(
            inputCount: 3, outputCount: 1, scale: 0.125, kernel: .matlabBicubic, border: .mirror)
        #expect(Set(shrunk.sources) == [0, 1, 2] && shrunk.sources.count > 24)
    }

    @Test func `a kernel is found by its name`() {
        #expect(ResamplingKernel(named: "matlab-bicubic") == .matlabBicubic)
        #expect(ResamplingKernel(named: "bicubic") == nil)
    }
}
