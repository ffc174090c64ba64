// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import Tensors

/// Splits an image set by image, never by patch.
///
/// Images with equal pixels are kept together, so that no image is on both sides under two names.
struct SplitTool: Tool {
    let interface = ToolInterface(
        name: "split", version: 1,
        summary: "splits an image set by image into train, validation and test parts",
        inputs: [.init("images", [.images], summary: "the images to split")],
        outputs: [
            .init("train", .images, role: .train, summary: "what neither of the others took"),
            .init("validation", .images, role: .validation, summary: "images to choose by"),
            .init("test", .images, role: .test, summary: "images to measure by"),
        ],
        settings: [
            .init(
                "validation", .number(0...1), .defaulted(.number(0.1)),
                summary: "the share of the images for validation, rounded to whole images"),
            .init(
                "test", .number(0...1), .defaulted(.number(0)),
                summary: "the share of the images for the test part, rounded to whole images"),
            .init("seed", .integer(0...Int.max), .defaulted(.integer(0)), summary: "decides which images go where"),
        ])

    func run(_ context: ToolContext) throws {
        let images = try ImageSetReader(context.input("images").path)
        let parts = try assignment(images, context)
        for part in ["train", "validation", "test"] {
            var set = try ImageSetWriter(context.output(part))
            for index in 0..<images.count where parts[index] == part {
                try set.append(try images.image(index), images.entries[index])
            }
            try set.close()
        }
        context.report(StageProgress("images", done: images.count, total: images.count))
    }

    /// The part of each image: groups of equal images in an order drawn by the seed, first the test part, then validation.
    private func assignment(_ images: ImageSetReader, _ context: ToolContext) throws -> [String] {
        let groups = try groupsOfEqualImages(images)
        var random = CounterRandom(
            seed: UInt64(context.settings.integer("seed")), purpose: .splitByImage, sample: 0)
        var parts = [String](repeating: "train", count: images.count)
        var left = [
            ("test", Self.count(context.settings.number("test"), of: images.count)),
            ("validation", Self.count(context.settings.number("validation"), of: images.count)),
        ]
        if left.map(\.1).reduce(0, +) > images.count {
            throw ToolFailure(
                "validation and test together ask for more than the \(images.count) images there are",
                at: .setting("validation"))
        }
        for position in random.permutation(groups.count) {
            guard let part = left.firstIndex(where: { $0.1 >= groups[position].count }) else { continue }
            for index in groups[position] { parts[index] = left[part].0 }
            left[part].1 -= groups[position].count
        }
        return parts
    }

    /// Half away from zero.
    private static func count(_ share: Double, of total: Int) -> Int {
        Int((share * Double(total)).rounded(.toNearestOrAwayFromZero))
    }

    private func groupsOfEqualImages(_ images: ImageSetReader) throws -> [[Int]] {
        var groups: [[Int]] = []
        var groupOfDigest: [Digest: Int] = [:]
        for index in 0..<images.count {
            let digest = try images.image(index).pixelDigest
            if let group = groupOfDigest[digest] {
                groups[group].append(index)
            } else {
                groupOfDigest[digest] = groups.count
                groups.append([index])
            }
        }
        return groups
    }
}
