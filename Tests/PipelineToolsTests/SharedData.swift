// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import PipelineExecution
import PipelineManifest
import SystemPackage
import TensorStore
import Testing

/// Data sets and oracle files, which are no part of the project: in REPRISE_SHARED, else beside the package in
/// `../shared`.
enum SharedData {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let folder: String =
        ProcessInfo.processInfo.environment["REPRISE_SHARED"]
        ?? root.deletingLastPathComponent().appendingPathComponent("shared").path

    static let isThere =
        FileManager.default.fileExists(atPath: folder + "/oracle/bicubic_per_image.csv")
        && FileManager.default.fileExists(atPath: folder + "/datasets/T91/t1.png")

    /// The words of a skipped test.
    static let absence = Comment(rawValue: "no shared data in \(folder); name their folder with REPRISE_SHARED")

    static func oracle(_ name: String) throws -> TensorFileReader {
        try TensorFileReader(path: "\(folder)/oracle/\(name)")
    }

    static func image(_ path: String) throws -> Image {
        try Image(decoding: [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/datasets/\(path)"))))
    }

    /// The PNG files of a folder of the data sets, sorted by name.
    static func files(_ path: String) throws -> ToolInput {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/datasets/\(path)")
            .filter { $0.hasSuffix(".png") }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return ToolInput(
            format: .folder,
            files: names.map { .init(name: $0, path: FilePath("\(folder)/datasets/\(path)/\($0)")) })
    }
}
