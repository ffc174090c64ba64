// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import Testing

@Suite struct JitterToolTests {
    private func samples(_ images: [StoredImage], _ settings: [String: JSONValue] = [:]) throws -> [StoredImage] {
        let workshop = try Workshop()
        return try workshop.run("jitter", ["images": [workshop.imageSet(images)]], settings, threads: 2).images()
    }

    /// What a transform's words say, done again by hand.
    private func done(_ transform: String, to image: Image) throws -> Image {
        var image = image
        for part in transform.split(separator: ", ") where part != "none" {
            let words = part.split(separator: " ").map(String.init)
            switch words[0] {
            case "cropped":
                let side = try #require(Int(words[1].prefix { $0 != "x" }))
                image = image.cropped(
                    top: try #require(Int(words[4])), left: try #require(Int(words[6])), height: side, width: side)
            case "flipped": image = image.flippedHorizontally
            case "brightness": image = image.adjustedBrightness(by: try #require(Double(words[1])))
            case "contrast": image = image.adjustedContrast(by: try #require(Double(words[1])))
            case "saturation": image = image.adjustedSaturation(by: try #require(Double(words[1])))
            case "hue": image = image.adjustedHue(by: try #require(Double(words[1])))
            default: Issue.record("a sample says '\(part)'")
            }
        }
        return image
    }

    static let tutorial: [String: JSONValue] = [
        "crop": 24, "flip": 0.5, "colour": 0.8, "brightness": 0.1, "contrast": 0.1, "saturation": 0.1, "hue": 0.1,
    ]

    @Test func `a sample is what its transform says, and as large as the crop`() throws {
        let images = [StoredImage("a", pattern(40, 31)), StoredImage("b", pattern(24, 60, seed: 2))]
        let here = try samples(images, Self.tutorial.merging(["passes": 100, "seed": 3]) { $1 })
        #expect(here.map(\.name) == ["a", "b"].flatMap { name in (1...100).map { "\(name)_pass\($0)" } })
        for (index, sample) in here.enumerated() {
            let stored = images[index / 100]
            #expect(sample.source == stored.name)
            #expect(try sample.image == done(sample.transform, to: stored.image), "\(sample.transform)")
            #expect(sample.image.height == 24 && sample.image.width == 24)
        }
        // 200 draws each: four standard deviations are 28 of p 0.5 and 23 of p 0.8.
        #expect((72...128).contains(here.count { $0.transform.contains("flipped") }))
        #expect((137...183).contains(here.count { $0.transform.contains("brightness") }))
        #expect(here.allSatisfy { $0.transform.contains("brightness") == $0.transform.contains("hue") })
        // Two of the 40 that keep their colours may have crop and flip in common.
        #expect(Set(here.map(\.transform)).count > 190)
        // Rows 0...16 and columns 0...7 of the first image all come up; the second has one row only.
        func places(_ images: ArraySlice<StoredImage>, _ word: Int) -> Set<String> {
            Set(images.map { String($0.transform.split(separator: ", ")[0].split(separator: " ")[word]) })
        }
        #expect(places(here[..<100], 4).count == 17 && places(here[..<100], 6).count == 8)
        #expect(places(here[100...], 4) == ["0"] && places(here[100...], 6).count > 25)
    }

    @Test func `changes come in every order, by amounts over the whole range`() throws {
        let here = try samples(
            [StoredImage("a", pattern(2, 2))],
            ["passes": 500, "brightness": 0.1, "contrast": 0.1, "saturation": 0.1, "hue": 0.1])
        let kinds = here.map { sample in
            sample.transform.split(separator: ", ").map { String($0.prefix { $0 != " " }) }
        }
        #expect(kinds.allSatisfy { Set($0) == ["brightness", "contrast", "saturation", "hue"] })
        #expect(Set(kinds).count == 24)
        for (kind, middle) in [("brightness", 1.0), ("contrast", 1), ("saturation", 1), ("hue", 0)] {
            let values = try here.map { sample in
                let part = try #require(sample.transform.split(separator: ", ").first { $0.hasPrefix(kind + " ") })
                return try #require(Double(part.dropFirst(kind.count + 1))) - middle
            }
            #expect(values.allSatisfy { abs($0) <= 0.1 + 1e-12 })
            #expect((values.min() ?? 0) < -0.095 && (values.max() ?? 0) > 0.095)
            #expect(abs(values.reduce(0, +) / 500) < 0.012)
        }
    }

    @Test func `a sample depends on its image's name and on no other image`() throws {
        let images = (0..<5).map { StoredImage("i\($0)", pattern(30 + $0, 34, seed: $0)) }
        let settings = Self.tutorial.merging(["passes": 2, "seed": 7]) { $1 }
        let all = try samples(images, settings)
        #expect(try samples([images[3]], settings) == Array(all[6..<8]))
        #expect(
            try samples(images.reversed(), settings) == stride(from: 8, through: 0, by: -2).flatMap { all[$0..<$0 + 2] }
        )
        // More passes leave the first ones as they are; another seed does not.
        let more = try samples(images, settings.merging(["passes": 3]) { $1 })
        #expect(more.filter { !$0.name.hasSuffix("pass3") } == all)
        #expect(try samples(images, settings.merging(["seed": 8]) { $1 }).map(\.transform) != all.map(\.transform))
    }

    @Test func `nothing asked for is nothing done`() throws {
        let stored = StoredImage("a_rot90", pattern(9, 7), source: "a", transform: "rotated 90")
        #expect(
            try samples([stored])
                == [StoredImage("a_rot90_pass1", stored.image, source: "a", transform: "rotated 90")])
        let flipped = try samples([stored], ["flip": 1])
        #expect(flipped.map(\.image) == [stored.image.flippedHorizontally])
        #expect(flipped.map(\.transform) == ["rotated 90, flipped"])
    }

    @Test func `grey images stay grey`() throws {
        let here = try samples([StoredImage("g", pattern(30, 30, .grey8))], Self.tutorial.merging(["colour": 1]) { $1 })
        #expect(here.map(\.image.mode) == [.grey8])
        #expect(here[0].transform.contains("saturation"))
    }

    @Test func `images smaller than the crop are named, all of them`() throws {
        let images = [
            StoredImage("a", pattern(40, 40)), StoredImage("b", pattern(24, 23)), StoredImage("c", pattern(10, 50)),
        ]
        #expect(
            try failure { _ = try samples(images, ["crop": 24]) }
                == ToolFailure(
                    "2 images are smaller than the crop of 24x24 pixels: 'b' (23x24), 'c' (50x10)",
                    at: .setting("crop"), hint: "leave them out, or choose a smaller crop"))
        #expect(
            try failure { _ = try samples([images[2]], ["crop": 11]) }.message
                == "an image is smaller than the crop of 11x11 pixels: 'c' (50x10)")
    }
}
