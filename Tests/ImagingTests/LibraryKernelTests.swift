// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Testing

/// The kernels of Pillow and OpenCV beside what these libraries make.
@Suite struct LibraryKernelTests {
    @Test(arguments: ["pillow.txt", "opencv.txt"])
    func `the stored arrays are reproduced without one differing sample`(name: String) throws {
        let oracle = try ImageOracle.stored(name)
        for resizing in oracle.resizings {
            #expect(resizing.differences == 0, "\(oracle.library): \(resizing.title)")
        }
        let kernels = Set(oracle.resizings.map(\.kernel))
        let expected = ResamplingKernel.all.map(\.name).filter { $0.hasPrefix(name.prefix(6)) }
        #expect(kernels == Set(expected) && oracle.resizings.count >= 40 * kernels.count)
    }

    @Test(.enabled(if: Python.hasPillow, Comment(rawValue: Python.absenceOfPillow)))
    func `Pillow here makes the same of random images`() throws {
        let seed = String(UInt32.random(in: 0...9_999_999))
        let version = try #require(Python.libraries["Pillow"])
        var resizings = try ImageOracle(try #require(Python.oracle("pillow", seed, "400"))).resizings
        if let major = Int(version.prefix { $0 != "." }), major < 13 {
            // Earlier versions take the passes in another order here.
            resizings.removeAll { resizing in
                let loss = resizing.image.height - resizing.expected.height
                return loss > 0 && loss > 2 * (resizing.image.width - resizing.expected.width)
            }
        }
        #expect(resizings.count > 1000)
        for resizing in resizings {
            #expect(resizing.differences == 0, "Pillow \(version), seed \(seed): \(resizing.title)")
        }
        print("checked \(resizings.count) random images against Pillow \(version)")
    }

    @Test(.enabled(if: openCVIsTheStoredOne, "python3 (or what PYTHON names) imports no OpenCV of the stored version"))
    func `OpenCV here makes the same of random images`() throws {
        let seed = String(UInt32.random(in: 0...9_999_999))
        let resizings = try ImageOracle(try #require(Python.oracle("opencv", seed, "2000"))).resizings
        #expect(resizings.count == 2000)
        for resizing in resizings {
            #expect(resizing.differences == 0, "seed \(seed): \(resizing.title)")
        }
        print("checked \(resizings.count) random images against OpenCV \(Python.libraries["OpenCV"] ?? "")")
    }

    /// 1...40 pixels to 1...40, along each dimension; the other is both shrunk and enlarged, so that both orders of the
    /// passes are met.
    @Test(arguments: ResamplingKernel.all.filter { !$0.takesBorder })
    func `all small extents equal a naive twin`(kernel: ResamplingKernel) {
        var random = TestBytes(seed: 41)
        for input in 1...40 {
            let tall = Image(height: input, width: 3, mode: .grey8, pixels: random.bytes(3 * input))
            let wide = Image(height: 3, width: input, mode: .rgb8, pixels: random.bytes(9 * input))
            for output in 1...40 {
                for other in [2, 4] {
                    for (image, height, width) in [(tall, output, other), (wide, other, output)] {
                        let resized = image.resized(height: height, width: width, kernel: kernel, border: .clamp)
                        #expect(resized == naivelyResized(image, height, width, kernel), "\(input) -> \(output)")
                    }
                }
            }
        }
    }

    @Test(arguments: ResamplingKernel.all.filter { !$0.takesBorder })
    func `other kernels ignore the border, change nothing at their own extents and keep flat images flat`(
        kernel: ResamplingKernel
    ) {
        var random = TestBytes(seed: 43)
        let image = Image(height: 9, width: 14, mode: .rgb8, pixels: random.bytes(378))
        #expect(
            image.resized(height: 4, width: 20, kernel: kernel, border: .clamp)
                == image.resized(height: 4, width: 20, kernel: kernel, border: .mirror))
        #expect(image.resized(height: 9, width: 14, kernel: kernel, border: .clamp) == image)
        let flat = Image(height: 9, width: 9, mode: .grey8, repeating: 199)
        #expect(
            flat.resized(by: 2.5, kernel: kernel, border: .clamp)
                == Image(height: 23, width: 23, mode: .grey8, repeating: 199))
    }

    @Test func `a row longer than one piece is cut without a trace by every kernel`() {
        var random = TestBytes(seed: 13)
        let image = Image(height: 3, width: 1100, mode: .rgb8, pixels: random.bytes(3 * 1100 * 3))
        for kernel in ResamplingKernel.all where !kernel.takesBorder {
            let resized = image.resized(height: 2, width: 770, kernel: kernel, border: .clamp)
            #expect(resized == naivelyResized(image, 2, 770, kernel))
        }
    }

    @Test func `kernels have distinct names, and one takes a border`() {
        #expect(
            ResamplingKernel.all.map(\.name) == [
                "matlab-bicubic", "pillow-nearest", "pillow-box", "pillow-bilinear", "pillow-hamming",
                "pillow-bicubic", "pillow-lanczos", "opencv-cubic",
            ])
        #expect(ResamplingKernel.all.filter(\.takesBorder) == [.matlabBicubic])
        #expect(ResamplingKernel.all.allSatisfy { ResamplingKernel(named: $0.name) == $0 })
    }

    @Test func `the bicubic kernels of the three programs make different images`() {
        var random = TestBytes(seed: 5)
        let image = Image(height: 24, width: 24, mode: .grey8, pixels: random.bytes(576))
        let names = ["matlab-bicubic", "pillow-bicubic", "opencv-cubic"]
        let images = names.compactMap { ResamplingKernel(named: $0) }.map {
            image.resized(by: 1.0 / 3, kernel: $0, border: .mirror)
        }
        #expect(Set(images).count == 3)
    }

    @Test func `a side at a scale is rounded by rule`() {
        func extents(_ count: Int, _ scale: Double) -> [Int] {
            [ExtentRounding.ceiling, .floor, .nearest].map { $0.extent(of: count, scaledBy: scale) }
        }
        #expect(extents(10, 0.25) == [3, 2, 2])
        #expect(extents(14, 0.25) == [4, 3, 4])
        #expect(extents(7, 2.0 / 3) == [5, 4, 5])
        #expect(extents(3, 1.0 / 3) == [1, 1, 1])
        #expect(extents(2, 0.2) == [1, 0, 0])
        #expect(extents(5, 3) == [15, 15, 15])
        // 2.9000000000000004 times 10, as every program has it.
        #expect(extents(10, 2.9000000000000004) == [30, 29, 29])
        let image = Image(height: 7, width: 10, mode: .grey8, repeating: 9)
        let floored = image.resized(by: 0.75, border: .mirror, extents: .floor)
        #expect(floored.height == 5 && floored.width == 7)
    }

    @Test func `MATLAB's weights follow the scale where it rounds up, the extents elsewhere`() {
        var random = TestBytes(seed: 6)
        let image = Image(height: 7, width: 7, mode: .grey8, pixels: random.bytes(49))
        #expect(
            image.resized(by: 0.6, border: .clamp) == naivelyResized(image, 5, 5, 0.6, 0.6, .clamp))
        #expect(
            image.resized(by: 0.6, border: .clamp, extents: .floor)
                == naivelyResized(image, 4, 4, 4.0 / 7, 4.0 / 7, .clamp))
    }
}

/// OpenCV's numbers change with its version.
private let openCVIsTheStoredOne =
    Python.libraries["OpenCV"].map { "OpenCV " + $0 == (try? ImageOracle.stored("opencv.txt"))?.library } ?? false
