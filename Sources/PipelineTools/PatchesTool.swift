// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import Synchronization
import SystemPackage
import TensorStore
import Tensors
import Training

/// Cuts pairs of LR and HR patches by the rule of an architecture.
///
/// Where patches lie follows from the images' extents alone, so their number is known before any is cut, each image has
/// a place of its own in the file, and the images are worked on in parallel.
struct PatchesTool: Tool {
    let interface = ToolInterface(
        name: "patches", version: 2,
        summary: "cuts pairs of LR and HR patches by the rule of an architecture",
        inputs: [.init("images", [.images], summary: "HR images; each must be large enough for one patch")],
        outputs: [.init("patches", .patches, summary: "inputs, labels, and where each was cut")],
        settings: [
            .init("scale", .integerChoice([2, 3, 4]), .required, summary: "how much smaller LR is"),
            .init(
                "rule", .choice(PatchArchitecture.allCases.map(\.rawValue)), .defaulted(.text("fsrcnn")),
                summary: "'fsrcnn' pairs LR with labels, 'srcnn' LR enlarged to HR size with the middle of HR"),
            .init(
                "convention", .choice(LabelConvention.allCases.map(\.rawValue)), .optional,
                summary: "of 'fsrcnn': 'authors', as where it is left out, has labels of (n-1)*scale+1 pixels, "
                    + "'scaled' of n*scale"),
            .init(
                "padding", .choice(TrainingPadding.allCases.filter { $0 != .valid }.map(\.rawValue)), .optional,
                summary: "of convolutions in training, for 'fsrcnn': 'valid-first', as where it is left out, leaves "
                    + "the first one unpadded, as the authors do"),
            .init(
                "input", .integer(5...256), .optional,
                summary: "pixels of an input's side; where it is left out 33 for 'srcnn', else 14, 11, 10 at scales "
                    + "2, 3, 4, less 4 if padded"),
            .init(
                "label", .integer(1...256), .optional,
                summary: "HR pixels of a label's side, for 'srcnn' alone; 12 less than the input where it is left out"),
            .init(
                "stride", .integer(1...1024), .optional,
                summary: "input pixels from patch to patch; 4 where it is left out, 14 for 'srcnn'"),
            .init(
                "overlap", .boolean, .defaulted(.boolean(true)),
                summary: "false: the stride is the input's size, so that no two inputs of an image share a pixel"),
            .init(
                "random", .integer(1...1_000_000), .optional,
                summary: "patches an image, each at a place drawn by itself; on a grid where it is left out"),
            .init("seed", .integer(0...Int.max), .optional, summary: "of the random places; 0 where it is left out"),
            .init(
                "colours", .choice(PatchColours.allCases.map(\.rawValue)), .defaulted(.text("luma")),
                summary: "one channel, MATLAB's luma, or the three of RGB"),
            .init(
                "kernel", .choice(ResamplingKernel.all.map(\.name)), .defaulted(.text("matlab-bicubic")),
                summary: "makes LR: MATLAB's in double precision, not quantised, of luma; the others on bytes of the "
                    + "image as it is, luma taken after"),
            .init(
                "border", .choice(ResamplingBorder.allCases.map(\.rawValue)), .optional,
                summary: "how MATLAB's kernel sees past the edge: 'mirror' as MATLAB since 2016, as where it is left "
                    + "out, 'clamp' as before"),
        ], words: .kernels)

    func run(_ context: ToolContext) throws {
        let images = try ImageSetReader(context.input("images").path)
        let rule = try PatchRule(context.settings)
        try Self.checkSizes(images, rule)
        let firsts = images.extents.reduce(into: [0]) { firsts, extent in
            let count = rule.placement.count(rule.geometry, height: extent.height, width: extent.width)
            firsts.append(firsts[firsts.count - 1] + count)
        }
        let file = try TensorFileWriter(path: context.output("patches").string)
        let patches = try PatchSetWriter(file, rule, count: firsts[images.count])
        let progress = PatchProgress(context, images: images.count)
        try WorkerPool(threads: context.threads).parallelThrowing(images.count) { index, _ in
            let image = try images.image(index)
            let positions = rule.placement.positions(
                rule.geometry, height: image.height, width: image.width, purpose: .patchPlace,
                sample: RandomPurpose.sample(named: images.entries[index].name))
            try patches.write(PatchPlanes(image, rule), at: positions, image: index, from: firsts[index])
            progress.add(patches: positions.count)
        }
        try file.writeStrings("images", images.entries.map(\.name))
        try file.writeStrings("sources", images.entries.map(\.source))
        try file.writeStrings("transforms", images.entries.map(\.transform))
        try file.close()
    }

    private static func checkSizes(_ images: ImageSetReader, _ rule: PatchRule) throws(ToolFailure) {
        let (geometry, least) = (rule.geometry, rule.geometry.leastExtent)
        let small = images.extents.indices.filter {
            min(images.extents[$0].height, images.extents[$0].width) < least
        }
        guard let first = small.first else { return }
        let extent = images.extents[first]
        let others = small.dropFirst().map { "'\(images.entries[$0].name)'" }.joined(separator: ", ")
        throw ToolFailure(
            "image '\(images.entries[first].name)' is \(extent.width)x\(extent.height) pixels, and a patch of "
                + "\(geometry.inputSize) \(geometry.inputScale == 1 ? "enlarged" : "LR") pixels at x\(geometry.scale) "
                + "needs \(least)x\(least)" + (others.isEmpty ? "" : "; too small are also \(others)"),
            at: .input("images"), hint: "leave it out, use a smaller 'input', or augment with larger scales")
    }
}

/// Counts what the threads have done and reports it.
private final class PatchProgress: Sendable {
    private let context: ToolContext
    private let total: Int
    private let done = Mutex((images: 0, patches: 0))

    init(_ context: ToolContext, images: Int) {
        self.context = context
        total = images
    }

    func add(patches: Int) {
        done.withLock { done in
            done.images += 1
            done.patches += patches
            // A line for each of a hundred thousand images would be most of the work.
            guard done.images == total || done.images.isMultiple(of: max(1, total / 100)) else { return }
            context.report(
                StageProgress("images", done: done.images, total: total, remark: "\(done.patches) patches"))
        }
    }
}
