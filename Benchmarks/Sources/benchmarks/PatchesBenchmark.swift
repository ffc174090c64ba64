// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging

/// From a folder of images to training patches in one HDF5 file.
///
/// 20 copies of each image (4 rotations, 5 scales), LR made from each copy, and pairs of 11x11 and 19x19 at stride 4. The
/// peer is a script with Pillow, numpy and h5py that does the same in one go, with Pillow's bicubic and no intermediate
/// files; Reprise keeps and digests what each stage makes.
struct PatchesBenchmark {
    private let workplace: Workplace
    private let reprise: URL

    init(_ workplace: Workplace, _ reprise: URL) { (self.workplace, self.reprise) = (workplace, reprise) }

    func run() throws {
        let folder = try workplace.folder.folder("patches")
        defer { folder.remove() }
        let (images, label) = try self.images(in: folder)
        let manifest = try folder.write(Self.manifest, to: "patches.yml")
        let cache = folder.url.appendingPathComponent("cache")
        let ours = Program(
            name: "Reprise", program: reprise,
            arguments: ["run", manifest, "--quiet", "--data", folder.url.path, "--cache", cache.path],
            product: cache, output: folder.path("output.txt"))
        let product = folder.url.appendingPathComponent("patches.h5")
        let theirs = workplace.python.map { python in
            Program(
                name: "Pillow + numpy + h5py", program: python,
                arguments: [workplace.script("patches.py"), images.url.path, product.path], product: product,
                output: folder.path("output.txt"))
        }
        let programs = [ours] + [theirs].compactMap(\.self)
        let standings = programs.map(\.contestant).standings(rounds: 3, patience: 25)
        var table = Table("Patches, \(label), 20 copies each, to HDF5", columns: ["seconds", "peak memory", "times"])
        for (standing, program) in zip(standings, programs) {
            if let failure = standing.failure {
                table.add(standing.name, absent: failure)
            } else {
                let megabytes = program.peakMegabytes(workplace).map { $0.text(1) + " MB" }
                table.add(
                    standing.name, standing.median.brief, megabytes ?? "-", standing.times(standings[0]).times)
            }
        }
        if theirs == nil { table.add("Pillow + numpy + h5py", absent: "not installed: there is no python3") }
        table.remark("whole programs, from the command line; the memory of the largest process")
        table.show()
    }

    /// Half of T91 where the user has it, else as many synthetic images of its mean size.
    private func images(in folder: TemporaryFolder) throws -> (folder: TemporaryFolder, label: String) {
        let images = try folder.folder("images")
        let count = 45
        let files = FileManager.default
        if let dataset = workplace.data?.appendingPathComponent("T91"),
            case let names = (try? files.contentsOfDirectory(atPath: dataset.path)) ?? [],
            case let pictures = names.filter({ $0.hasSuffix(".png") }).sorted(), pictures.count >= count
        {
            for name in pictures.prefix(count) {
                try files.copyItem(atPath: dataset.appendingPathComponent(name).path, toPath: images.path(name))
            }
            return (images, "\(count) images of T91")
        }
        let synthesis = DeadLeaves(height: 204, width: 264, seed: 1)
        for index in 0..<count {
            try Data(synthesis.image(index).png()).write(to: images.url.appendingPathComponent("\(100 + index).png"))
        }
        return (images, "\(count) synthetic images of 264x204")
    }

    private static let manifest = """
        reprise: 1
        name: patches
        sources:
          pictures: {path: images, files: "*.png", role: train}
        stages:
          images:
            tool: images
            inputs: {files: pictures}
          augment:
            tool: augment
            inputs: {images: images}
            settings: {rotations: [0, 90, 180, 270], scales: [1, 0.9, 0.8, 0.7, 0.6]}
          patches:
            tool: patches
            inputs: {images: augment}
            settings: {scale: 3, stride: 4}
        """
}

/// A program that makes the patches, and what it makes.
private struct Program {
    let name: String
    let program: URL
    let arguments: [String]
    let product: URL
    let output: String

    var contestant: Contestant {
        Contestant(name: name) {
            defer { try? FileManager.default.removeItem(at: product) }
            do {
                return try ChildProcess(program, arguments, output: output).seconds
            } catch BenchmarkError.programFailed(_, 3, let words) {
                throw BenchmarkError.peer("not installed: \(words.trimmingCharacters(in: .whitespacesAndNewlines))")
            }
        }
    }

    /// Of the largest of its processes, from one more run.
    ///
    /// A process counts as at least as large as the one that
    /// started it, so a small script starts it, not this program.
    func peakMegabytes(_ workplace: Workplace) -> Double? {
        guard let python = workplace.python else { return nil }
        defer { try? FileManager.default.removeItem(at: product) }
        let words = [workplace.script("peak_memory.py"), program.path] + arguments
        guard (try? ChildProcess(python, words, output: output)) != nil else { return nil }
        let lines = (try? String(contentsOfFile: output, encoding: .utf8))?.split(separator: "\n")
        return lines?.last.flatMap { Double($0) }
    }
}
