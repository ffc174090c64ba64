// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import PipelineManifest

/// Makes rotated, flipped and downscaled copies of whole HR images.
///
/// It comes before patches are cut and before LR images are made: LR is always made from the augmented HR, since
/// neither the labels of x2 and x4 nor bicubic downscaling are symmetric under rotation (FSRCNN, section 4.1; the
/// authors' `data_aug.m` rotates first, then resizes on uint8).
struct AugmentTool: Tool {
    let interface = ToolInterface(
        name: "augment", version: 1,
        summary: "makes rotated, flipped and downscaled copies of whole HR images",
        inputs: [.init("images", [.images], summary: "the HR images")],
        outputs: [.init("images", .images, summary: "every image in every rotation, flip and scale")],
        settings: [
            .init(
                "rotations", .list(of: .integerChoice([0, 90, 180, 270]), minimum: 1),
                .defaulted(.list([0, 90, 180, 270].map { .integer($0) })),
                summary: "degrees, counter-clockwise"),
            .init("flips", .boolean, .defaulted(.boolean(false)), summary: "also mirror each copy left to right"),
            .init(
                "scales", .list(of: .number(0.05...1), minimum: 1),
                .defaulted(.list([1, 0.9, 0.8, 0.7, 0.6].map { .number($0) })),
                summary: "factors of MATLAB's imresize on uint8; 1 keeps the image as it is"),
            .init(
                "border", .choice(ResamplingBorder.allCases.map(\.rawValue)), .defaulted(.text("mirror")),
                summary: "how resizing sees past the edge: 'mirror' as MATLAB since 2016, 'clamp' as before"),
        ])

    func run(_ context: ToolContext) throws {
        let images = try ImageSetReader(context.input("images").path)
        let variants = Variant.all(context.settings)
        guard let border = ResamplingBorder(rawValue: context.settings.text("border")) else {
            preconditionFailure("the interface lets no other border through")
        }
        var set = try ImageSetWriter(context.output("images"))
        for index in 0..<images.count {
            let image = try images.image(index)
            let entry = images.entries[index]
            for variant in variants {
                try set.append(
                    variant.applied(to: image, border: border),
                    ImageSetEntry(
                        name: entry.name + variant.suffix, source: entry.source,
                        transform: variant.description(after: entry.transform)))
            }
            context.report(StageProgress("images", done: index + 1, total: images.count))
        }
        try set.close()
    }
}

/// One of the copies that augmentation makes of every image.
private struct Variant {
    let rotation: Int
    let isFlipped: Bool
    let scale: Double

    static func all(_ settings: ToolSettings) -> [Variant] {
        settings.integers("rotations").withoutRepetitions.flatMap { rotation in
            (settings.boolean("flips") ? [false, true] : [false]).flatMap { isFlipped in
                settings.numbers("scales").withoutRepetitions.map {
                    Variant(rotation: rotation, isFlipped: isFlipped, scale: $0)
                }
            }
        }
    }

    func applied(to image: Image, border: ResamplingBorder) -> Image {
        let turned = image.rotated(quarterTurns: rotation / 90)
        let mirrored = isFlipped ? turned.flippedHorizontally : turned
        return scale == 1 ? mirrored : mirrored.resized(by: scale, border: border)
    }

    /// For example `_rot90_flip_s0.9`; empty for the image itself.
    var suffix: String {
        (rotation == 0 ? "" : "_rot\(rotation)") + (isFlipped ? "_flip" : "") + (scale == 1 ? "" : "_s\(scale)")
    }

    /// What was done to an image's source, where `earlier` is what had been done to the image; `none` for nothing.
    func description(after earlier: String) -> String {
        let parts = [
            earlier == "none" ? nil : earlier, rotation == 0 ? nil : "rotated \(rotation)", isFlipped ? "flipped" : nil,
            scale == 1 ? nil : "scaled \(scale)",
        ].compactMap { $0 }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}
