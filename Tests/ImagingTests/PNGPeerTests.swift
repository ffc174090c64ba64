// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Testing

/// The same files read by Pillow, where python3 (or $PYTHON) imports it.
@Suite(.enabled(if: Pillow.version != nil, "python3, or what PYTHON names, does not import PIL"))
struct PNGPeerTests {
    @Test func `Pillow reads the same samples from files of every kind, handmade and written here`() throws {
        var files: [(name: String, bytes: [UInt8])] = []
        var random = TestBytes(seed: 77)
        for (colour, depth) in PNGSampleTests.kinds where depth <= 8 || colour == .grey {
            for isInterlaced in [false, true] {
                let count = 11 * 6 * colour.channels
                let samples = zip(random.bytes(count), random.bytes(count)).map {
                    (Int($0) << 8 | Int($1)) % (1 << depth)
                }
                var file = PNGFile(
                    width: 11, height: 6, depth: depth, colour: colour, isInterlaced: isInterlaced, samples: samples)
                if colour == .palette { file.chunks = [("PLTE", random.bytes(3 << depth))] }
                files.append(("\(colour) \(depth) \(isInterlaced)", file.bytes))
                if colour == .palette { file.chunks.append(("tRNS", random.bytes(1 << (depth - 1)))) }
                // Pillow scales grey of few bits but not its transparent value.
                if colour == .rgb || colour == .grey && depth == 8 {
                    file.chunks = [("tRNS", samples[..<colour.channels].flatMap { [0, UInt8($0)] })]
                }
                if !file.chunks.isEmpty { files.append(("\(colour) \(depth) \(isInterlaced) tRNS", file.bytes)) }
                files.append(("\(colour) \(depth) written", try Raster(decoding: file.bytes).png()))
            }
        }
        let theirs = try Pillow.samples(files.map(\.bytes))
        #expect(theirs.count == files.count)
        for (file, samples) in zip(files, theirs) {
            #expect(try inPillowsForm(Raster(decoding: file.bytes)) == samples, "\(file.name)")
        }
        print("PNG files were checked against Pillow \(Pillow.version ?? "")")
    }

    /// RGBA of 8 bits, or 16-bit grey in little-endian bytes.
    private func inPillowsForm(_ raster: Raster) -> [UInt8] {
        switch raster.samples {
        case .sixteen(let samples):
            return samples.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        case .eight(let samples):
            let channels = raster.channelCount
            return stride(from: 0, to: samples.count, by: channels).flatMap { start in
                let colours = samples[start..<start + raster.colour.channelCount]
                return (colours.count == 1 ? [UInt8](repeating: colours[start], count: 3) : Array(colours))
                    + [raster.hasAlpha ? samples[start + channels - 1] : 255]
            }
        }
    }
}

/// Pillow in a process of its own.
private enum Pillow {
    /// `nil` where it cannot be imported.
    static let version: String? = try? run("import PIL; print(PIL.__version__)", []).first

    static func samples(_ files: [[UInt8]]) throws -> [[UInt8]] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-png-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = try files.enumerated().map { index, bytes in
            let file = folder.appendingPathComponent("\(index).png")
            try Data(bytes).write(to: file)
            return file.path
        }
        let script = """
            import sys
            from PIL import Image
            for path in sys.argv[1:]:
                image = Image.open(path)
                grey16 = image.mode.startswith("I")
                print((image if grey16 else image.convert("RGBA")).tobytes().hex())
            """
        return try run(script, paths).map { line in
            stride(from: 0, to: line.count, by: 2).compactMap { UInt8(line.dropFirst($0).prefix(2), radix: 16) }
        }
    }

    private struct Failure: Error {}

    /// The lines that it prints.
    private static func run(_ script: String, _ arguments: [String]) throws -> [String] {
        let process = Foundation.Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [ProcessInfo.processInfo.environment["PYTHON"] ?? "python3", "-c", script] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure() }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
