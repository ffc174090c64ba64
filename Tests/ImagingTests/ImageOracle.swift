// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging

/// What a library made of an image, as `Scripts/make-resampling-oracle.py` writes it.
struct ImageOracle {
    struct Resizing {
        let source: String
        let image: Image
        let kernel: String
        let expected: Image
    }

    /// For example `Pillow 13.0.0`.
    var library = ""
    var resizings: [Resizing] = []
    /// RGB or YCbCr samples and what they are converted to, by the mode's name.
    var colours: [String: (source: [UInt8], expected: [UInt8])] = [:]

    struct Malformed: Error {
        let line: String
    }

    init(_ text: String) throws {
        var images: [String: Image] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch (words[0], words.count) {
            case ("#", 3): library = words[1] + " " + words[2]
            case ("image", 6): images[words[1]] = try Self.image(words[2], words[3], words[4], words[5])
            case ("resized", 6):
                guard let image = images[words[1]] else { throw Malformed(line: String(line)) }
                let expected = try Self.image(String(image.channelCount), words[3], words[4], words[5])
                resizings.append(Resizing(source: words[1], image: image, kernel: words[2], expected: expected))
            case ("colours", 4): colours[words[1]] = (try Self.bytes(words[2]), try Self.bytes(words[3]))
            default: throw Malformed(line: String(line))
            }
        }
    }

    /// The file of this name beside the tests.
    static func stored(_ name: String) throws -> ImageOracle {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Oracle")
        return try ImageOracle(String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8))
    }

    private static func image(_ channels: String, _ height: String, _ width: String, _ pixels: String) throws -> Image {
        guard let height = Int(height), let width = Int(width) else { throw Malformed(line: pixels) }
        return Image(height: height, width: width, mode: channels == "3" ? .rgb8 : .grey8, pixels: try bytes(pixels))
    }

    private static func bytes(_ text: String) throws -> [UInt8] {
        guard let data = Data(base64Encoded: text) else { throw Malformed(line: text) }
        return [UInt8](data)
    }
}

extension ImageOracle.Resizing {
    /// How many samples differ from what our kernel of that name makes.
    var differences: Int {
        guard let kernel = ResamplingKernel(named: kernel) else { return expected.pixels.count }
        let resized = image.resized(
            height: expected.height, width: expected.width, kernel: kernel, border: .clamp)
        return zip(resized.pixels, expected.pixels).count { $0 != $1 }
    }

    var title: String {
        "\(kernel) \(source) \(image.width)x\(image.height) -> \(expected.width)x\(expected.height)"
    }
}

/// The python that PYTHON names, else `python3`, with the libraries it can import.
enum Python {
    private static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Scripts/make-resampling-oracle.py").path

    /// The script's output with these arguments; nil where it cannot be run.
    static func oracle(_ arguments: String...) -> String? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
        process.arguments = [python, script] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }

    /// Versions by library, for example `Pillow: 13.0.0`.
    static let libraries: [String: String] = {
        let lines = (oracle("versions") ?? "").split(separator: "\n").map { $0.split(separator: " ") }
        return Dictionary(lines.filter { $0.count == 2 }.map { (String($0[0]), String($0[1])) }) { first, _ in first }
    }()

    static let hasPillow = libraries["Pillow"] != nil
    static let absenceOfPillow = "python3 (or what PYTHON names) cannot import PIL"
}
