// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import PipelineManifest

/// Resizes every image of a set with a named kernel.
///
/// Names and sources stay, so that an LR image is found by its HR image's name.
struct ResizeTool: Tool {
    let interface = ToolInterface(
        name: "resize", version: 1,
        summary: "resizes every image with a named kernel, on 8 bits",
        inputs: [.init("images", [.images], summary: "the images to resize")],
        outputs: [.init("images", .images, summary: "the resized images, under their names")],
        settings: [
            .init(
                "scale", .text, .optional,
                summary: "what both sides are multiplied by: 2/3, or a number in quotes such as '0.9' or '3'; where it"
                    + " is left out, 'height' and 'width' say what comes out"),
            .init(
                "height", .integer(1...65535), .optional,
                summary: "rows of every resized image; by 'scale' where it is left out"),
            .init(
                "width", .integer(1...65535), .optional,
                summary: "columns of every resized image; by 'scale' where it is left out"),
            .init(
                "kernel", .choice(ResamplingKernel.all.map(\.name)),
                .defaulted(.text(ResamplingKernel.matlabBicubic.name)),
                summary: "whose way of resizing: weights, numbers and edges"),
            .init(
                "border", .choice(ResamplingBorder.allCases.map(\.rawValue)), .optional,
                summary: "how 'matlab-bicubic' sees past the edge: 'mirror' as MATLAB since 2016, also where it is left"
                    + " out, 'clamp' as before; the other kernels have a rule of their own"),
            .init(
                "extents", .choice(ExtentRounding.allCases.map(\.rawValue)),
                .defaulted(.text(ExtentRounding.ceiling.rawValue)),
                summary: "how sides at a scale are rounded: 'ceil' as MATLAB, 'floor', or 'nearest' with halves to the"
                    + " even number"),
        ], words: .kernels)

    func run(_ context: ToolContext) throws {
        let resizing = try Resizing(context.settings)
        let images = try ImageSetReader(context.input("images").path)
        var set = try ImageSetWriter(context.output("images"))
        for index in 0..<images.count {
            let entry = images.entries[index]
            let resized = try resizing.applied(to: try images.image(index), name: entry.name)
            try set.append(
                resized,
                ImageSetEntry(
                    name: entry.name, source: entry.source,
                    transform: resizing.description(of: resized, after: entry.transform)))
            context.report(StageProgress("images", done: index + 1, total: images.count))
        }
        try set.close()
    }
}

/// What is done to every image.
private struct Resizing {
    private enum Target {
        case scale(Double, ExtentRounding)
        case extents(height: Int, width: Int)
    }

    private let target: Target
    private let kernel: ResamplingKernel
    /// Of no effect for a kernel that takes none.
    private let border: ResamplingBorder

    init(_ settings: ToolSettings) throws {
        guard let kernel = ResamplingKernel(named: settings.text("kernel")) else {
            preconditionFailure("the interface lets no other kernel through")
        }
        self.kernel = kernel
        target = try Self.target(settings)
        let named = settings.optionalText("border")
        guard named == nil || kernel.takesBorder else {
            throw ToolFailure(
                "'\(kernel)' has a rule of its own for edges and takes no border", at: .setting("border"),
                hint: "leave 'border' out")
        }
        border = named.flatMap(ResamplingBorder.init(rawValue:)) ?? .mirror
    }

    private static func target(_ settings: ToolSettings) throws -> Target {
        let (height, width) = (settings.optionalInteger("height"), settings.optionalInteger("width"))
        guard let text = settings.optionalText("scale") else {
            guard let height, let width else {
                throw ToolFailure(
                    "it is not said what size comes out", hint: "give 'scale', or 'height' and 'width'")
            }
            return .extents(height: height, width: width)
        }
        guard height == nil && width == nil else {
            throw ToolFailure(
                "the size is said twice, by 'scale' and by \(height == nil ? "'width'" : "'height'")",
                at: .setting("scale"), hint: "give 'scale', or 'height' and 'width'")
        }
        guard let scale = ScaleText(text)?.value, (0.001...1000).contains(scale) else {
            throw ToolFailure(
                "'\(text)' is not a scale from 0.001 to 1000", at: .setting("scale"),
                hint: "write a number or a quotient, for example 3, 0.9 or 2/3")
        }
        guard let extents = ExtentRounding(rawValue: settings.text("extents")) else {
            preconditionFailure("the interface lets no other rounding through")
        }
        return .scale(scale, extents)
    }

    func applied(to image: Image, name: String) throws -> Image {
        let (height, width) = extents(of: image)
        guard height > 0 && width > 0 else {
            throw ToolFailure(
                "nothing is left of the image '\(name)' of \(image.width)x\(image.height) pixels at this scale",
                at: .setting("scale"), hint: "'extents: ceil' leaves at least one pixel")
        }
        guard height * width <= ImageLimits.samples / image.channelCount else {
            throw ToolFailure(
                "the image '\(name)' would have \(width)x\(height) pixels, more than the limit of"
                    + " \(ImageLimits.samples) samples")
        }
        switch target {
        case .scale(let scale, let extents):
            return image.resized(by: scale, kernel: kernel, border: border, extents: extents)
        case .extents:
            return image.resized(height: height, width: width, kernel: kernel, border: border)
        }
    }

    private func extents(of image: Image) -> (height: Int, width: Int) {
        switch target {
        case .scale(let scale, let extents):
            (extents.extent(of: image.height, scaledBy: scale), extents.extent(of: image.width, scaledBy: scale))
        case .extents(let height, let width): (height, width)
        }
    }

    /// For example `rotated 90, resized to 80x120 by matlab-bicubic mirror`: columns, then rows.
    func description(of resized: Image, after earlier: String) -> String {
        let size = "resized to \(resized.width)x\(resized.height) by \(kernel)"
        return (earlier == "none" ? "" : earlier + ", ") + size + (kernel.takesBorder ? " \(border.rawValue)" : "")
    }
}

/// A scale as people write it: `3`, `0.9` or `2/3`.
struct ScaleText: Hashable, Sendable {
    /// The nearest number in double precision; of a quotient, the quotient of the two.
    let value: Double

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(Self.number)
        switch (parts.count, parts.first ?? nil, parts.last ?? nil) {
        case (1, let number?, _): value = number
        case (2, let numerator?, let denominator?) where denominator > 0: value = numerator / denominator
        default: return nil
        }
    }

    /// Digits with at most one point among them; no sign, exponent or word.
    private static func number(_ text: Substring) -> Double? {
        let isPlain = text.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
        guard isPlain, text.utf8.first != 46, text.utf8.last != 46 else { return nil }
        return Double(text)
    }
}
