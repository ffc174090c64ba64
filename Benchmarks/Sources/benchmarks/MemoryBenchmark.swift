// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The largest memory of each stage from 91 images to a network that has trained on 742,280 patches.
///
/// 20 copies of each image of T91, with sides rounded down, and pairs of 7x7 and 21x21 at stride 3; without T91,
/// synthetic images of its mean size. The figures are what the system says of each stage's process when it ends, from
/// the record that the run leaves.
struct MemoryBenchmark {
    private let workplace: Workplace
    private let reprise: URL

    init(_ workplace: Workplace, _ reprise: URL) { (self.workplace, self.reprise) = (workplace, reprise) }

    func run() throws {
        let folder = try workplace.folder.folder("memory")
        defer { folder.remove() }
        let pipeline = try PatchesPipeline(workplace, in: folder)
        let manifest = try folder.write(pipeline.manifest(name: "memory", then: Self.training), to: "memory.yml")
        let cache = folder.url.appendingPathComponent("cache")
        try ChildProcess(
            reprise, ["run", manifest, "--quiet", "--cache", cache.path], output: folder.path("output.txt"))
        let stages = try Self.record(in: cache).stages
        let patches = try count(of: "patches/patches", manifest, cache, folder)
        var table = Table(
            "Memory, \(pipeline.label), 20 copies each, \(patches) patches, 2,000 steps on 128 of them",
            columns: ["seconds", "peak MB"])
        for stage in stages {
            table.add(stage.name, stage.seconds.brief, (Double(stage.peakMemoryBytes) / 1e6).text(1))
        }
        table.show()
    }

    /// How many inputs an output of patches has, as `show` tells it: `/input  float32 742280x1x7x7`.
    private func count(
        of output: String, _ manifest: String, _ cache: URL, _ folder: TemporaryFolder
    ) throws -> String {
        let words = folder.path("shown.txt")
        try ChildProcess(reprise, ["show", manifest, output, "--cache", cache.path], output: words)
        let lines = try String(contentsOfFile: words, encoding: .utf8).split(separator: "\n")
        let shape = lines.first { $0.hasPrefix("/input ") }?.split(separator: " ").last
        return shape.map { String($0.prefix { $0.isNumber }) } ?? "unknown"
    }

    /// The newest record of a run.
    private static func record(in cache: URL) throws -> RunRecord {
        let runs = cache.appendingPathComponent("runs")
        let names = try FileManager.default.contentsOfDirectory(atPath: runs.path).filter { $0.hasSuffix(".json") }
        guard let name = names.max() else {
            throw BenchmarkError.system(action: "find a run's record", reason: "there is none in \(runs.path)")
        }
        return try JSONDecoder().decode(
            RunRecord.self, from: Data(contentsOf: runs.appendingPathComponent(name)))
    }

    private static let training = """
          train:
            tool: train
            inputs: {patches: patches}
            settings: {steps: 2000, batch: 128}

        """
}

/// What is read of a run's record.
private struct RunRecord: Decodable {
    struct Stage: Decodable {
        let name: String
        let seconds: Double
        let peakMemoryBytes: Int
    }

    let stages: [Stage]
}
