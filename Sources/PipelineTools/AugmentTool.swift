// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import PipelineManifest
import Tensors

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
                summary: "factors of resizing on uint8; 1 keeps the image as it is"),
            .init(
                "border", .choice(ResamplingBorder.allCases.map(\.rawValue)), .defaulted(.text("mirror")),
                summary: "how resizing sees past the edge: 'mirror' as MATLAB since 2016, 'clamp' as before"),
            .init(
                "extents", .choice([ExtentRounding.ceiling, .floor].map(\.rawValue)), .optional,
                summary: "how scaled sides are rounded: 'ceil' as MATLAB, as where it is left out, or 'floor'"),
            .init(
                "kernel", .choice(ResamplingKernel.all.map(\.name)), .optional,
                summary: "of resizing; MATLAB's bicubic where it is left out, and others have their own rule for edges"
            ),
        ], words: .kernels)

    func run(_ context: ToolContext) throws {
        let images = try ImageSetReader(context.input("images").path)
        let augmentation = try Augmentation(context.settings)
        var set = try ImageSetWriter(context.output("images"))
        // One piece of work is one turn of one image in all its scales, so that few images are in memory.
        let turns = augmentation.turns
        try augmentation.checkSizes(images)
        try WorkerPool(threads: context.threads).inOrder(images.count * turns.count) { index in
            let turned = turns[index % turns.count].applied(to: try images.image(index / turns.count))
            return augmentation.scales.map { augmentation.scaled(turned, by: $0) }
        } take: { index, copies in
            let entry = images.entries[index / turns.count]
            for (copy, scale) in zip(copies, augmentation.scales) {
                try set.append(copy, Variant(turn: turns[index % turns.count], scale: scale).entry(after: entry))
            }
            context.report(StageProgress("images", done: (index + 1) / turns.count, total: images.count))
        }
        try set.close()
    }
}

/// The settings of an augmentation as values.
private struct Augmentation {
    let turns: [Turn]
    let scales: [Double]
    private let kernel: ResamplingKernel
    private let border: ResamplingBorder
    private let extents: ExtentRounding

    init(_ settings: ToolSettings) throws(ToolFailure) {
        guard let border = ResamplingBorder(rawValue: settings.text("border")),
            let extents = ExtentRounding(rawValue: settings.optionalText("extents") ?? "ceil"),
            let kernel = ResamplingKernel(named: settings.optionalText("kernel") ?? "matlab-bicubic")
        else { preconditionFailure("the interface lets no other border, extents or kernel through") }
        if border != .mirror, !kernel.takesBorder {
            throw ToolFailure("the kernel '\(kernel)' has its own rule for edges", at: .setting("border"))
        }
        turns = settings.integers("rotations").withoutRepetitions.flatMap { rotation in
            (settings.boolean("flips") ? [false, true] : [false]).map { Turn(rotation: rotation, isFlipped: $0) }
        }
        scales = settings.numbers("scales").withoutRepetitions
        self.kernel = kernel
        self.border = border
        self.extents = extents
    }

    /// Rounding down may leave nothing of a side.
    func checkSizes(_ images: ImageSetReader) throws(ToolFailure) {
        guard let least = scales.min() else { return }
        for (entry, extent) in zip(images.entries, images.extents)
        where extents.extent(of: min(extent.height, extent.width), scaledBy: least) == 0 {
            throw ToolFailure(
                "nothing is left of image '\(entry.name)' of \(extent.width)x\(extent.height) pixels at scale \(least)",
                at: .setting("scales"))
        }
    }

    func scaled(_ image: Image, by scale: Double) -> Image {
        scale == 1 ? image : image.resized(by: scale, kernel: kernel, border: border, extents: extents)
    }
}

/// A rotation, and then perhaps a flip.
private struct Turn: Hashable {
    /// Degrees, counter-clockwise.
    let rotation: Int
    let isFlipped: Bool

    func applied(to image: Image) -> Image {
        let turned = image.rotated(quarterTurns: rotation / 90)
        return isFlipped ? turned.flippedHorizontally : turned
    }
}

/// One of the copies that augmentation makes of every image.
private struct Variant {
    let turn: Turn
    let scale: Double

    func entry(after entry: ImageSetEntry) -> ImageSetEntry {
        ImageSetEntry(
            name: entry.name + suffix, source: entry.source, transform: description(after: entry.transform))
    }

    /// For example `_rot90_flip_s0.9`; empty for the image itself.
    private var suffix: String {
        (turn.rotation == 0 ? "" : "_rot\(turn.rotation)") + (turn.isFlipped ? "_flip" : "")
            + (scale == 1 ? "" : "_s\(scale)")
    }

    /// What was done to an image's source, where `earlier` is what had been done to the image; `none` for nothing.
    private func description(after earlier: String) -> String {
        let parts = [
            earlier == "none" ? nil : earlier, turn.rotation == 0 ? nil : "rotated \(turn.rotation)",
            turn.isFlipped ? "flipped" : nil, scale == 1 ? nil : "scaled \(scale)",
        ].compactMap { $0 }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}
