// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging

/// Data sets and oracle files, which are no part of the project: in REPRISE_SHARED, else beside the package in
/// `../shared`.
enum SharedData {
    static let folder: String = {
        if let named = ProcessInfo.processInfo.environment["REPRISE_SHARED"] { return named }
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return package.deletingLastPathComponent().appendingPathComponent("shared").path
    }()

    static let hasDatasets = FileManager.default.fileExists(atPath: folder + "/datasets/Set5/x2/HR/img_001.png")

    /// The words of a skipped test.
    static let absence: String = "no datasets in \(folder); name their folder with REPRISE_SHARED"

    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/" + path)))
    }

    static func image(_ path: String) throws -> Image {
        try Image(decoding: bytes("datasets/" + path))
    }
}

/// The benchmark sets with the number of their images.
let benchmarkSets = [("Set5", 5), ("Set14", 14)]

/// The images of a data set at one scale: `X/x3/HR` and `X/x3/LR`, files of one name.
struct ScaledSet: CustomStringConvertible {
    let name: String
    let scale: Int

    /// Within the data sets' folder.
    var folder: String { "\(name)/x\(scale)" }
    var description: String { "\(name) x\(scale)" }

    func imageNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(SharedData.folder)/datasets/\(folder)/HR")
            .filter { [".png", ".bmp"].contains($0.suffix(4).lowercased()) }.sorted()
    }
}

/// Every set in the data sets' folder that has LR files, by name and scale.
let scaledSets: [ScaledSet] = {
    let root = SharedData.folder + "/datasets"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return names.sorted().flatMap { name in
        [2, 3, 4].map { ScaledSet(name: name, scale: $0) }.filter { set in
            ["HR", "LR"].allSatisfy { FileManager.default.fileExists(atPath: "\(root)/\(set.folder)/\($0)") }
        }
    }
}()
