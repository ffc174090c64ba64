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

/// `img_001` for 1.
func imageName(_ number: Int) -> String {
    "img_" + String(1000 + number).dropFirst()
}
