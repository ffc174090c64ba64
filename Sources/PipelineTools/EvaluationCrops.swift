// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import Tensors

/// Square random crops of HR images that are scored in place of the images, some of each.
struct EvaluationCrops {
    /// HR pixels of a side.
    let extent: Int
    /// Crops of each image.
    let passes: Int
    private let seed: UInt64

    /// As the settings `crop`, `passes` and `seed` say; nil where there is no crop.
    init?(_ settings: ToolSettings, scale: Int) throws(ToolFailure) {
        guard let extent = settings.optionalInteger("crop") else {
            for name in ["passes", "seed"] where settings.optionalInteger(name) != nil {
                throw ToolFailure(
                    "'\(name)' is about random crops, and there is no 'crop'", at: .setting(name),
                    hint: "name the crops' HR pixels by 'crop', or leave '\(name)' out")
            }
            return nil
        }
        guard extent % scale == 0 else {
            throw ToolFailure(
                "a crop of \(extent) pixels is no multiple of the scale \(scale)", at: .setting("crop"),
                hint: "\(extent - extent % scale) is one")
        }
        self.extent = extent
        passes = settings.optionalInteger("passes") ?? 1
        seed = UInt64(settings.optionalInteger("seed") ?? 0)
    }

    /// Refuses images that are smaller than a crop, all at once.
    func check(_ images: ImageSetReader) throws(ToolFailure) {
        let small = zip(images.entries, images.extents).compactMap { entry, extents in
            min(extents.height, extents.width) < extent ? "'\(entry.name)' (\(extents.width)x\(extents.height))" : nil
        }
        guard let first = small.first else { return }
        let what = small.count == 1 ? "image \(first) is" : "images \(small.joined(separator: ", ")) are"
        throw ToolFailure("\(what) smaller than a crop of \(extent)x\(extent)", at: .setting("crop"))
    }

    /// Where the crop of a pass, counted from 0, lies in an image: any place, with equal chances.
    ///
    /// It depends on the seed, the image's name, the pass and the image's extents alone.
    func place(in image: Image, named name: String, pass: Int) -> (top: Int, left: Int) {
        var random = CounterRandom(
            seed: seed, purpose: .evaluatedCrop, sample: RandomPurpose.sample(named: name) &+ UInt64(pass))
        let top = random.next(below: image.height - extent + 1)
        return (top, random.next(below: image.width - extent + 1))
    }
}
