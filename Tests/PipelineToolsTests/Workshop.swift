// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import Imaging
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import SystemPackage
import TensorStore
import Tensors
import Testing

/// A temporary folder in which tools are run as a stage runs them; removed with all in it when it goes.
final class Workshop {
    let folder: FilePath
    private var count = 0

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("reprise-tools-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = FilePath(url.path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder.string)
    }

    /// A path in the folder that nothing has yet.
    func newPath(_ name: String) throws -> FilePath {
        count += 1
        let parent = folder.appending("\(count)")
        try FileManager.default.createDirectory(atPath: parent.string, withIntermediateDirectories: true)
        return parent.appending(name)
    }

    /// Runs a tool of the standard toolbox, or `tool` in its place; settings left out have their defaults.
    @discardableResult
    func run(
        _ name: String, _ inputs: [String: [ToolInput]] = [:], _ settings: [String: JSONValue] = [:],
        claims: [JSONValue] = [], threads: Int = 1, using tool: (any Tool)? = nil, checkpoints: FilePath? = nil,
        progress: @escaping @Sendable (StageProgress) -> Void = { _ in },
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> Outputs {
        let tool = try #require(tool ?? Toolbox.standard.tool(named: name), "there is no tool '\(name)'")
        let known = Set(tool.interface.settings.map(\.name))
        #expect(known.isSuperset(of: settings.keys), "the test sets what '\(name)' does not have")
        var all = settings
        for setting in tool.interface.settings where all[setting.name] == nil {
            switch setting.presence {
            case .required: Issue.record("'\(name)' needs '\(setting.name)'")
            case .optional: break
            case .defaulted(let value): all[setting.name] = JSONValue(value)
            }
        }
        var paths: [String: FilePath] = [:]
        for output in tool.interface.outputs {
            paths[output.name] = try newPath("\(output.name).\(output.format.fileExtension)")
        }
        try tool.run(
            ToolContext(
                settings: ToolSettings(all), claims: claims, threads: threads,
                checkpointFolder: try checkpoints ?? newPath("checkpoints"), inputs: inputs, outputs: paths,
                progress: progress, note: note))
        return Outputs(interface: tool.interface, paths: paths)
    }

    /// A folder of files as a source gives it: sorted by name.
    func files(_ files: [String: [UInt8]]) throws -> ToolInput {
        let root = try newPath("files")
        let listed = try files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { name, bytes in
            let path = root.appending(FilePath(name).components)
            try FileManager.default.createDirectory(
                atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(fileURLWithPath: path.string))
            return ToolInput.File(name: name, path: path)
        }
        return ToolInput(format: .folder, files: listed)
    }

    /// An image set written as its format is documented, without the product's own writer.
    func imageSet(_ images: [StoredImage]) throws -> ToolInput {
        let path = try newPath("images.h5")
        let file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "images")
        try file.setAttribute("count", .integer(images.count))
        for (index, stored) in images.enumerated() {
            let image = stored.image
            let shape: Shape = image.mode == .grey8 ? [image.height, image.width] : [image.height, image.width, 3]
            try file.write(
                "images/" + String(100_000 + index).dropFirst(), image.pixels, shape: shape,
                attributes: [
                    "name": .text(stored.name), "mode": .text(image.mode.rawValue), "source": .text(stored.source),
                    "transform": .text(stored.transform),
                ])
        }
        try file.close()
        return input(path, .images)
    }

    func input(_ path: FilePath, _ format: ArtifactFormat) -> ToolInput {
        ToolInput(format: format, files: [.init(name: path.lastComponent?.string ?? "", path: path)])
    }
}

/// What a tool wrote.
struct Outputs {
    let interface: ToolInterface
    let paths: [String: FilePath]

    func path(_ name: String) throws -> FilePath { try #require(paths[name], "no output '\(name)'") }

    func input(_ name: String) throws -> ToolInput {
        let output = try #require(interface.outputs.first { $0.name == name })
        return ToolInput(format: output.format, files: [.init(name: name, path: try path(name))])
    }

    func text(_ name: String) throws -> String {
        String(decoding: try Files.bytes(of: path(name)), as: UTF8.self)
    }

    func tensors(_ name: String) throws -> TensorFileReader { try TensorFileReader(path: path(name).string) }

    /// The content digest of each output, as keys and locks hold it.
    func contents() throws -> [String: String] {
        var contents: [String: String] = [:]
        for output in interface.outputs {
            contents[output.name] = try Toolbox.standard.content(
                ofFileAt: path(output.name), format: output.format
            ).description
        }
        return contents
    }
}

/// An image of a set as its format is documented.
struct StoredImage: Hashable {
    var name: String
    var image: Image
    var source: String
    var transform: String

    init(_ name: String, _ image: Image, source: String? = nil, transform: String = "none") {
        self.name = name
        self.image = image
        self.source = source ?? name
        self.transform = transform
    }

    /// All images of a set, in order.
    static func all(in file: TensorFileReader) throws -> [StoredImage] {
        #expect(try file.attribute("format") == .text("images"))
        let datasets = file.datasetNames.filter { $0.hasPrefix("images/") }
        #expect(try file.attribute("count") == .integer(datasets.count))
        return try datasets.map { dataset in
            func text(_ name: String) throws -> String {
                guard case .text(let value)? = try file.attribute(name, of: dataset) else {
                    Issue.record("\(dataset) lacks \(name)")
                    return ""
                }
                return value
            }
            let shape = try file.shape(of: dataset)
            return StoredImage(
                try text("name"),
                Image(
                    height: shape[0], width: shape[1], mode: try #require(Image.Mode(rawValue: text("mode"))),
                    pixels: try file.read(dataset)),
                source: try text("source"), transform: try text("transform"))
        }
    }
}

extension Outputs {
    func images(_ name: String = "images") throws -> [StoredImage] { try StoredImage.all(in: tensors(name)) }
}

/// An image without two equal rows or columns, another one for every seed, by integers alone.
func pattern(_ height: Int, _ width: Int, _ mode: Image.Mode = .rgb8, seed: Int = 1) -> Image {
    var image = Image(height: height, width: width, mode: mode, repeating: 0)
    for row in 0..<height {
        for column in 0..<width {
            for channel in 0..<mode.channelCount {
                let ramp = row * (3 + seed % 5) + column * (2 + channel) + seed * 17
                let edge = ((row + seed) / 7 + (column + 2 * seed) / 5) % 2 * 70
                let dots = (row * row + 3 * column * column + seed) % 11 == 0 ? 30 : 0
                image[row, column, channel] = UInt8((ramp % 120) + edge + dots)
            }
        }
    }
    return image
}

/// A 24-bit BMP file, rows from below.
func bmp(_ image: Image) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let rows = (0..<image.height).reversed().flatMap { row -> [UInt8] in
        let pixels = (0..<image.width).flatMap { column in [2, 1, 0].map { image[row, column, $0] } }
        return pixels + [UInt8](repeating: 0, count: (4 - pixels.count % 4) % 4)
    }
    return Array("BM".utf8) + little(54 + rows.count, 4) + little(0, 4) + little(54, 4) + little(40, 4)
        + little(image.width, 4) + little(image.height, 4) + little(1, 2) + little(24, 2) + little(0, 24) + rows
}

/// The failure that `body` ends with.
func failure(_ body: () throws -> Void) throws -> ToolFailure {
    do {
        try body()
    } catch let failure as ToolFailure {
        return failure
    }
    Issue.record("nothing was refused")
    return ToolFailure("nothing was refused")
}

extension JSONValue: ExpressibleByFloatLiteral {
    public init(floatLiteral value: Double) { self = .number(value) }
}
