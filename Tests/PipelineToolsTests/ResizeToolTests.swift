// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import Testing

@Suite struct ResizeToolTests {
    private func resized(_ images: [StoredImage], _ settings: [String: JSONValue]) throws -> [StoredImage] {
        let workshop = try Workshop()
        return try workshop.run("resize", ["images": [workshop.imageSet(images)]], settings).images()
    }

    private func refused(_ settings: [String: JSONValue], _ image: Image = pattern(9, 12)) throws -> ToolFailure {
        try failure { _ = try resized([StoredImage("a", image)], settings) }
    }

    @Test func `a scale resizes as MATLAB does, and names and sources stay`() throws {
        let images = [
            StoredImage("a", pattern(21, 34)),
            StoredImage("b_rot90", pattern(10, 11, .grey8), source: "b", transform: "rotated 90"),
        ]
        let here = try resized(images, ["scale": "2/3"])
        #expect(
            here == [
                StoredImage(
                    "a", images[0].image.resized(by: 2.0 / 3, border: .mirror),
                    transform: "resized to 23x14 by matlab-bicubic mirror"),
                StoredImage(
                    "b_rot90", images[1].image.resized(by: 2.0 / 3, border: .mirror), source: "b",
                    transform: "rotated 90, resized to 8x7 by matlab-bicubic mirror"),
            ])
    }

    @Test(arguments: ResamplingKernel.all)
    func `every kernel resizes by its name`(kernel: ResamplingKernel) throws {
        let image = pattern(18, 25)
        let here = try resized([StoredImage("a", image)], ["height": 7, "width": 31, "kernel": .text(kernel.name)])
        #expect(here.map(\.image) == [image.resized(height: 7, width: 31, kernel: kernel, border: .mirror)])
        let border = kernel.takesBorder ? " mirror" : ""
        #expect(here.map(\.transform) == ["resized to 31x7 by \(kernel)\(border)"])
    }

    @Test func `the border and the rounding of sides are those asked for`() throws {
        let image = pattern(10, 14)
        func sizes(_ extents: String) throws -> [Int] {
            let here = try resized(
                [StoredImage("a", image)], ["scale": "0.25", "extents": .text(extents), "kernel": "pillow-box"])
            return [here[0].image.height, here[0].image.width]
        }
        #expect(try sizes("ceil") == [3, 4])
        #expect(try sizes("floor") == [2, 3])
        #expect(try sizes("nearest") == [2, 4])
        let clamped = try resized([StoredImage("a", image)], ["scale": "0.6", "border": "clamp"])
        #expect(clamped.map(\.image) == [image.resized(by: 0.6, border: .clamp)])
        #expect(clamped.map(\.transform) == ["resized to 9x6 by matlab-bicubic clamp"])
        #expect(image.resized(by: 0.6, border: .clamp) != image.resized(by: 0.6, border: .mirror))
    }

    @Test(arguments: [
        ("3", 3.0), ("0.9", 0.9), ("2/3", 2.0 / 3), ("1/3", 1.0 / 3), ("1.5/4", 0.375), ("10/4", 2.5), ("007", 7),
    ])
    func `a scale is a number or a quotient`(text: String, value: Double) throws {
        let image = pattern(4, 6)
        let here = try resized([StoredImage("a", image)], ["scale": .text(text)])
        #expect(here.map(\.image) == [image.resized(by: value, border: .mirror)])
    }

    @Test(arguments: [
        "", "x3", "-2", "+2", "1e3", "0", "2/0", "0/2", "1/2/3", "/2", "2/", ".5", "5.", "1.2.3", "0x3", "inf", "nan",
        " 2", "1001", "0.0009", "٣",
    ])
    func `anything else is refused`(text: String) throws {
        let failure = try refused(["scale": .text(text)])
        #expect(failure.message == "'\(text)' is not a scale from 0.001 to 1000")
        #expect(failure.place == .setting("scale"))
        #expect(failure.hint == "write a number or a quotient, for example 3, 0.9 or 2/3")
    }

    @Test func `a size is said once`() throws {
        let hint = "give 'scale', or 'height' and 'width'"
        for settings in [[:], ["height": 3], ["width": 3]] as [[String: JSONValue]] {
            let failure = try refused(settings)
            #expect(failure.message == "it is not said what size comes out" && failure.hint == hint)
        }
        let both = try refused(["scale": "2", "height": 3, "width": 4])
        #expect(both.message == "the size is said twice, by 'scale' and by 'height'")
        #expect(both.place == .setting("scale") && both.hint == hint)
        #expect(try refused(["scale": "2", "width": 4]).message == "the size is said twice, by 'scale' and by 'width'")
    }

    @Test func `a border is refused where the kernel has a rule of its own`() throws {
        for kernel in ["pillow-bicubic", "opencv-cubic"] {
            let failure = try refused(["scale": "2", "kernel": .text(kernel), "border": "clamp"])
            #expect(failure.message == "'\(kernel)' has a rule of its own for edges and takes no border")
            #expect(failure.place == .setting("border") && failure.hint == "leave 'border' out")
        }
    }

    @Test func `images that would vanish or outgrow memory are refused by name`() throws {
        let vanished = try refused(["scale": "0.1", "extents": "floor"])
        #expect(vanished.message == "nothing is left of the image 'a' of 12x9 pixels at this scale")
        let huge = try refused(["height": 65535, "width": 65535])
        #expect(
            huge.message == "the image 'a' would have 65535x65535 pixels, more than the limit of 268435456 samples")
        #expect(try refused(["scale": "1000"], pattern(40, 40)).message.contains("40000x40000 pixels"))
    }
}
