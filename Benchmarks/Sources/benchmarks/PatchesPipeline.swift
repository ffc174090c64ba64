// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging

/// The pipeline whose patches are measured: 20 copies of each of 91 images, with sides rounded down, and pairs of 7x7
/// and 21x21 at stride 3.
struct PatchesPipeline {
    /// The images alone, without what else lies in a data set's folder.
    let images: URL
    /// What the images are, for people.
    let label: String

    /// Puts the images into `folder`: T91 where the user has it, else as many synthetic images of its mean size.
    init(_ workplace: Workplace, in folder: TemporaryFolder) throws {
        let target = try folder.folder("images")
        images = target.url
        let count = 91
        let files = FileManager.default
        if let dataset = workplace.data?.appendingPathComponent("T91"),
            case let names = (try? files.contentsOfDirectory(atPath: dataset.path)) ?? [],
            case let pictures = names.filter({ $0.hasSuffix(".png") }).sorted(), pictures.count == count
        {
            for name in pictures {
                try files.copyItem(atPath: dataset.appendingPathComponent(name).path, toPath: target.path(name))
            }
            label = "T91"
            return
        }
        let synthesis = DeadLeaves(height: 216, width: 272, seed: 1)
        for index in 0..<count {
            try Data(synthesis.image(index).png()).write(to: images.appendingPathComponent("\(100 + index).png"))
        }
        label = "\(count) synthetic images of 272x216"
    }

    /// From the images to the patches, with the lines of further stages after them.
    func manifest(name: String, then stages: String = "") -> String {
        """
        reprise: 1
        name: \(name)
        sources:
          pictures: {path: "\(images.path)", files: "*.png", role: train}
        stages:
          images:
            tool: images
            inputs: {files: pictures}
          augment:
            tool: augment
            inputs: {images: images}
            settings: {rotations: [0, 90, 180, 270], scales: [1, 0.9, 0.8, 0.7, 0.6], extents: floor}
          patches:
            tool: patches
            inputs: {images: augment}
            settings: {scale: 3, convention: scaled, padding: zero, input: 7, stride: 3}

        """ + stages
    }
}
