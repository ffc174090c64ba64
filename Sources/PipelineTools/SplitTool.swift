// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import PipelineManifest
import Tensors

/// Splits an image set by image, never by patch.
///
/// Images with equal pixels are kept together, and so are all that were made from one image, so that no image is on
/// both sides under two names or turned round.
struct SplitTool: Tool {
    let interface = ToolInterface(
        name: "split", version: 1,
        summary: "splits an image set by image into train, validation and test parts: by shares, numbers or names",
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
        ] + SplitPart.allCases.flatMap { $0.settings } + [
            .init(
                "rest", .choice(SplitRest.allCases.map(\.rawValue)), .optional,
                summary: "what becomes of images that no ids and no names choose; an error where it is left out")
        ])

    func run(_ context: ToolContext) throws {
        let images = try ImageSetReader(context.input("images").path)
        let groups = try groupsOfOneImage(images)
        let parts: [SplitPart?]
        if let choice = try SplitChoice(context) {
            parts = try choice.parts(of: images.entries, groups: groups, context)
        } else {
            parts = try shares(images, groups, context)
        }
        for part in SplitPart.allCases {
            var set = try ImageSetWriter(context.output(part.rawValue))
            for index in 0..<images.count where parts[index] == part {
                try set.append(try images.image(index), images.entries[index])
            }
            try set.close()
        }
        context.report(StageProgress("images", done: images.count, total: images.count))
    }

    /// The part of each image: groups of equal images in an order drawn by the seed, first the test part, then
    /// validation.
    private func shares(_ images: ImageSetReader, _ groups: [[Int]], _ context: ToolContext) throws -> [SplitPart?] {
        if context.settings.optionalText("rest") != nil {
            throw ToolFailure("shares leave no rest", at: .setting("rest"), hint: "'rest' goes with ids or names")
        }
        var random = CounterRandom(
            seed: UInt64(context.settings.integer("seed")), purpose: .splitByImage, sample: 0)
        var parts = [SplitPart](repeating: .train, count: images.count)
        let (test, validation) = (context.settings.number("test"), context.settings.number("validation"))
        guard test + validation <= 1 else {
            throw ToolFailure(
                "validation and test together ask for more than the \(images.count) images there are",
                at: .setting("validation"))
        }
        let testCount = Self.count(test, of: images.count)
        // Two halves of five images are three and two.
        let validationCount = min(Self.count(validation, of: images.count), images.count - testCount)
        var left = [(SplitPart.test, testCount), (.validation, validationCount)]
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

    /// Indices of images that are equal, or made from the same one, directly or through others of the group; groups in
    /// the order of their first image.
    private func groupsOfOneImage(_ images: ImageSetReader) throws -> [[Int]] {
        var groups: [[Int]] = []
        var groupOfTrait: [String: Int] = [:]
        for index in 0..<images.count {
            let traits = ["pixels \(try images.image(index).pixelDigest)", "source \(images.entries[index].source)"]
            let found = Set(traits.compactMap { groupOfTrait[$0] })
            let group = found.min() ?? groups.count
            if group == groups.count { groups.append([]) }
            groups[group].append(index)
            for trait in traits { groupOfTrait[trait] = group }
            for other in found where other != group {
                groups[group] += groups[other]
                groups[other] = []
                for (trait, place) in groupOfTrait where place == other { groupOfTrait[trait] = group }
            }
        }
        return groups.filter { !$0.isEmpty }
    }
}

/// A part of a split.
enum SplitPart: String, Hashable, CaseIterable {
    case train
    case validation
    case test

    var idsSetting: String { "\(rawValue)-ids" }
    var namesSetting: String { "\(rawValue)-names" }

    fileprivate var settings: [ToolInterface.Setting] {
        [
            .init(
                idsSetting, .text, .optional,
                summary:
                    "the images of this part by the first number in their names: \"1-700, 705\" takes 0001 to 0700 "
                    + "and img_705; none where it is left out"),
            .init(
                namesSetting, .list(of: .text, minimum: 1), .optional,
                summary: "the images of this part by their names or patterns such as 'tt*'; none where it is left out"),
        ]
    }
}

/// What becomes of images that nothing chooses.
enum SplitRest: String, Hashable, CaseIterable {
    case train
    case drop
}
