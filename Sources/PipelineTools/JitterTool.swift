// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import PipelineManifest
import Tensors

/// Makes samples of HR images by random crops, flips and changes of colour.
///
/// Each sample draws its own numbers, keyed by seed, image name and pass, so what one image becomes depends on no
/// other. Crop, flip and colours follow in this order; what was done stands in the sample's transform.
struct JitterTool: Tool {
    let interface = ToolInterface(
        name: "jitter", version: 1,
        summary: "makes samples of HR images by random crops, flips and changes of colour",
        inputs: [.init("images", [.images], summary: "the HR images")],
        outputs: [.init("images", .images, summary: "'passes' samples of every image")],
        settings: [
            .init("passes", .integer(1...100_000), .defaulted(.integer(1)), summary: "samples of each image"),
            .init(
                "crop", .integer(1...65536), .optional,
                summary: "pixels of the side of a random crop; the whole image where it is left out"),
            .init("flip", .number(0...1), .defaulted(.number(0)), summary: "how likely left and right are exchanged"),
            .init(
                "colour", .number(0...1), .defaulted(.number(1)),
                summary: "how likely colours are changed; then by all four changes, in an order drawn"),
            .init(
                "brightness", .number(0...1), .defaulted(.number(0)),
                summary: "samples times a factor from 1 - this to 1 + this"),
            .init(
                "contrast", .number(0...1), .defaulted(.number(0)),
                summary: "distances from the image's mean grey times such a factor"),
            .init(
                "saturation", .number(0...1), .defaulted(.number(0)),
                summary: "distances from each pixel's grey times such a factor"),
            .init(
                "hue", .number(0...0.5), .defaulted(.number(0)),
                summary: "hues turned by up to this part of the circle, either way"),
            .init("seed", .integer(0...Int.max), .defaulted(.integer(0)), summary: "another seed, other samples"),
        ])

    func run(_ context: ToolContext) throws {
        let images = try ImageSetReader(context.input("images").path)
        let jitter = Jitter(context.settings)
        try jitter.checkSizes(images)
        var set = try ImageSetWriter(context.output("images"))
        try WorkerPool(threads: context.threads).inOrder(images.count * jitter.passes) { index in
            let (image, entry) = (index / jitter.passes, images.entries[index / jitter.passes])
            let sample = jitter.sample(of: entry.name, images.extents[image], pass: index % jitter.passes)
            return (image: sample.applied(to: try images.image(image)), entry: sample.entry(after: entry))
        } take: { index, sample in
            try set.append(sample.image, sample.entry)
            context.report(
                StageProgress("images", done: (index + 1) / jitter.passes, total: images.count))
        }
        try set.close()
    }
}

/// The settings of a jitter as values.
private struct Jitter: Sendable {
    let passes: Int
    private let crop: Int?
    private let flip, colour: Double
    /// The largest change of each.
    private let amounts: [(change: ColourChange.Kind, amount: Double)]
    private let seed: UInt64

    init(_ settings: ToolSettings) {
        passes = settings.integer("passes")
        crop = settings.optionalInteger("crop")
        flip = settings.number("flip")
        colour = settings.number("colour")
        amounts = ColourChange.Kind.allCases.map { ($0, settings.number($0.rawValue)) }
        seed = UInt64(settings.integer("seed"))
    }

    func checkSizes(_ images: ImageSetReader) throws(ToolFailure) {
        guard let crop else { return }
        let small = images.extents.indices.filter { min(images.extents[$0].height, images.extents[$0].width) < crop }
        guard !small.isEmpty else { return }
        let list = small.map {
            "'\(images.entries[$0].name)' (\(images.extents[$0].width)x\(images.extents[$0].height))"
        }
        throw ToolFailure(
            "\(small.count == 1 ? "an image is" : "\(small.count) images are") smaller than the crop of "
                + "\(crop)x\(crop) pixels: \(list.joined(separator: ", "))", at: .setting("crop"),
            hint: "leave them out, or choose a smaller crop")
    }

    /// What pass number `pass` makes of the image called `name`.
    ///
    /// The numbers are drawn in this order, whatever the settings: row and column, flip, colour, the order of the
    /// changes, and the amount of each.
    func sample(of name: String, _ extent: (height: Int, width: Int), pass: Int) -> JitterSample {
        var random = CounterRandom(
            seed: seed, purpose: .jitter, sample: RandomPurpose.sample(named: name) &+ UInt64(pass))
        let side = crop.map { (height: $0, width: $0) } ?? extent
        let row = random.next(below: extent.height - side.height + 1)
        let column = random.next(below: extent.width - side.width + 1)
        let isFlipped = random.nextUniform() < flip
        let isRecoloured = random.nextUniform() < colour
        let order = random.permutation(amounts.count)
        let draws = amounts.map { ($0.change, $0.amount, 2 * random.nextUniform() - 1) }
        return JitterSample(
            pass: pass, crop: crop.map { (row, column, $0) }, isFlipped: isFlipped,
            changes: isRecoloured ? order.compactMap { ColourChange(draws[$0].0, draws[$0].1, draws[$0].2) } : [])
    }
}

/// One change of an image's colours.
private struct ColourChange: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case brightness, contrast, saturation, hue
    }

    let kind: Kind
    /// A factor, or the part of the circle that hues are turned by; of four decimals, so that a text says it exactly.
    let value: Double

    /// A change by up to `amount`, `draw` of it (-1 to 1); nil where nothing is to be changed.
    init?(_ kind: Kind, _ amount: Double, _ draw: Double) {
        guard amount > 0 else { return nil }
        // Adding 0 makes 0 of -0.
        let change = (amount * draw * 10000).rounded(.toNearestOrAwayFromZero) + 0
        self.kind = kind
        value = (kind == .hue ? change : 10000 + change) / 10000
    }

    func applied(to image: Image) -> Image {
        switch kind {
        case .brightness: image.adjustedBrightness(by: value)
        case .contrast: image.adjustedContrast(by: value)
        case .saturation: image.adjustedSaturation(by: value)
        case .hue: image.adjustedHue(by: value)
        }
    }

    /// For example `brightness 1.0413`.
    var description: String { "\(kind.rawValue) \(value)" }
}

/// One sample: what is done to an image.
private struct JitterSample: Sendable {
    let pass: Int
    let crop: (row: Int, column: Int, side: Int)?
    let isFlipped: Bool
    let changes: [ColourChange]

    func applied(to image: Image) -> Image {
        let part =
            crop.map { image.cropped(top: $0.row, left: $0.column, height: $0.side, width: $0.side) } ?? image
        let turned = isFlipped ? part.flippedHorizontally : part
        return changes.reduce(turned) { $1.applied(to: $0) }
    }

    /// Named as `0001_pass1`, passes counted from 1.
    func entry(after entry: ImageSetEntry) -> ImageSetEntry {
        let parts =
            [
                entry.transform == "none" ? nil : entry.transform,
                crop.map { "cropped \($0.side)x\($0.side) at row \($0.row) column \($0.column)" },
                isFlipped ? "flipped" : nil,
            ].compactMap { $0 } + changes.map(\.description)
        return ImageSetEntry(
            name: "\(entry.name)_pass\(pass + 1)", source: entry.source,
            transform: parts.isEmpty ? "none" : parts.joined(separator: ", "))
    }
}
