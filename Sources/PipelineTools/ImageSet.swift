// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import SystemPackage
import TensorStore
import Tensors

/// An image of a set with what is known of where it comes from.
struct ImageSetEntry: Hashable, Sendable {
    /// Unique in its set: the file's name without its ending, with what was done to it, for example `t1_rot90_s0.9`.
    let name: String
    /// The image it was made from, where it was made by augmentation; else its own name.
    let source: String
    /// What was done to the source, for example `rotated 90, scaled 0.9`; `none` for the source itself.
    let transform: String
}

// An image set is an HDF5 file:
//
//     /                   attributes `format` = images, `count`
//     /images/00000       uint8 (height, width) or (height, width, 3), attributes `name`, `mode`, `source`, `transform`
//     /images/00001       ...
//
// in the order of the set, which is that of the names' bytes where the set was read from files.

/// Writes an image set, one image at a time.
struct ImageSetWriter {
    private let file: TensorFileWriter
    private var names: Set<String> = []

    init(_ path: FilePath) throws {
        file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "images")
    }

    mutating func append(_ image: Image, _ entry: ImageSetEntry) throws {
        guard names.insert(entry.name).inserted else {
            throw ToolFailure(
                "two images are called '\(entry.name)'", hint: "an image's name is its file's name without the ending")
        }
        let shape: Shape =
            image.mode == .grey8 ? [image.height, image.width] : [image.height, image.width, image.channelCount]
        try file.write(
            Self.dataset(names.count - 1), image.pixels, shape: shape,
            attributes: [
                "name": .text(entry.name), "mode": .text(image.mode.rawValue), "source": .text(entry.source),
                "transform": .text(entry.transform),
            ])
    }

    func close() throws {
        try file.setAttribute("count", .integer(names.count))
        try file.close()
    }

    static func dataset(_ index: Int) -> String {
        let digits = String(index)
        return "images/" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}

/// Reads an image set, one image at a time, from any thread.
struct ImageSetReader: Sendable {
    let entries: [ImageSetEntry]
    /// Of each image, in pixels.
    let extents: [(height: Int, width: Int)]
    private let modes: [Image.Mode]
    private let file: TensorFileReader

    init(_ path: FilePath) throws {
        let attributes = try RequiredAttributes(path, kind: "an image set", format: "images")
        let count = try attributes.integer("count")
        guard (0...attributes.file.datasetNames.count).contains(count) else {
            throw attributes.fault("it cannot hold \(count) images")
        }
        let descriptions = try (0..<count).map { try ImageDescription(of: ImageSetWriter.dataset($0), attributes) }
        file = attributes.file
        entries = descriptions.map(\.entry)
        extents = descriptions.map { ($0.height, $0.width) }
        modes = descriptions.map(\.mode)
    }

    var count: Int { entries.count }

    func image(_ index: Int) throws -> Image {
        let extent = extents[index]
        return Image(
            height: extent.height, width: extent.width, mode: modes[index],
            pixels: try file.read(ImageSetWriter.dataset(index), as: UInt8.self))
    }
}

/// All of a stored image but its pixels.
private struct ImageDescription {
    let entry: ImageSetEntry
    let mode: Image.Mode
    let height, width: Int

    init(of dataset: String, _ attributes: RequiredAttributes) throws {
        let texts = try attributes.texts(["name", "source", "transform", "mode"], of: dataset)
        entry = ImageSetEntry(name: texts[0], source: texts[1], transform: texts[2])
        guard let mode = Image.Mode(rawValue: texts[3]) else {
            throw attributes.fault("'\(dataset)' has a mode that is not known")
        }
        let shape = try attributes.file.shape(of: dataset)
        let expected = mode == .grey8 ? 2 : 3
        guard shape.rank == expected, shape[0] > 0, shape[1] > 0, expected == 2 || shape[2] == mode.channelCount else {
            throw ToolFailure("image '\(entry.name)' of '\(attributes.path)' has the shape \(shape)")
        }
        self.mode = mode
        (height, width) = (shape[0], shape[1])
    }
}
