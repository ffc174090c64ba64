// SPDX-License-Identifier: Apache-2.0

import Foundation

/// From a folder of images to training patches in one HDF5 file: of T91, 742,280 of them.
///
/// 20 copies of each image (4 rotations, 5 scales, sides rounded down), LR x3 made from each copy, and pairs of 7x7 and
/// 21x21 at stride 3. The peer is a script with Pillow, numpy and h5py that does the same in one go, with Pillow's
/// bicubic and no intermediate files; Reprise keeps and digests what each stage makes, which has a line of its own.
struct PatchesBenchmark {
    private let workplace: Workplace
    private let reprise: URL

    init(_ workplace: Workplace, _ reprise: URL) { (self.workplace, self.reprise) = (workplace, reprise) }

    func run() throws {
        let folder = try workplace.folder.folder("patches")
        defer { folder.remove() }
        let pipeline = try PatchesPipeline(workplace, in: folder)
        let manifest = try folder.write(pipeline.manifest(name: "patches"), to: "patches.yml")
        let own = OwnPatches(reprise, manifest: manifest, in: folder)
        let peers = workplace.python.map { python in
            [("Pillow + numpy + h5py", []), ("the same, labels as bytes", ["bytes"])].map { name, words in
                PeerPatches(
                    name: name, python,
                    [workplace.script("patches.py"), pipeline.images.path, folder.path("patches.h5")],
                    words, product: folder.url.appendingPathComponent("patches.h5"), output: folder.path("output.txt"))
            }
        }
        let contestants =
            [Contestant(name: "Reprise: making patches") { try own.workSeconds() }]
            + (peers ?? []).map { peer in Contestant(name: peer.name) { try peer.seconds() } }
        let standings = contestants.standings(rounds: 5, patience: 60)
        var table = Table(
            "Patches, \(pipeline.label), 20 copies each, to HDF5", columns: ["seconds", "peak memory", "times"])
        table.add(
            standings[0], memory: try? own.peakMegabytes(workplace), standings[0].times(standings[0]))
        table.add("Reprise: hashing and storing", own.storingSeconds.median.brief, "-", "-")
        table.comment("digests of contents and objects, the store's sync, three processes")
        for (standing, peer) in zip(standings.dropFirst(), peers ?? []) {
            table.add(standing, memory: try? peer.peakMegabytes(workplace), standing.times(standings[0]))
        }
        if peers == nil { table.add("Pillow + numpy + h5py", absent: "not installed: there is no python3") }
        table.remark("the work alone: neither the tools' processes nor Python and its imports are started in it;")
        table.remark("nobody waits for the disk in it; the memory of the largest process, start to end")
        table.show()
    }
}

extension Table {
    fileprivate mutating func add(_ standing: Standing, memory: Double?, _ times: Double?) {
        if let failure = standing.failure { return add(standing.name, absent: failure) }
        add(standing.name, standing.median.brief, memory.map { $0.text(1) + " MB" } ?? "-", times.times)
    }
}

/// Runs of Reprise on an empty cache.
private final class OwnPatches {
    /// What each run took beside the work of its tools.
    private(set) var storingSeconds: [Double] = []
    private let reprise: URL
    private let arguments: [String]
    private let cache: URL
    private let output: String

    init(_ reprise: URL, manifest: String, in folder: TemporaryFolder) {
        self.reprise = reprise
        cache = folder.url.appendingPathComponent("cache")
        arguments = ["run", manifest, "--quiet", "--cache", cache.path]
        output = folder.path("output.txt")
    }

    /// What the record of a fresh run says of its tools' own time.
    func workSeconds() throws -> Double {
        defer { try? FileManager.default.removeItem(at: cache) }
        let seconds = try ChildProcess(reprise, arguments, output: output).seconds
        let runs = cache.appendingPathComponent("runs")
        let records = try FileManager.default.contentsOfDirectory(at: runs, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
        guard let record = records.first, records.count == 1,
            let json = try JSONSerialization.jsonObject(with: try Data(contentsOf: record)) as? [String: Any],
            let stages = json["stages"] as? [[String: Any]], stages.count == 3
        else { throw BenchmarkError.peer("its run left no record of three stages") }
        let work = stages.compactMap { $0["workSeconds"] as? Double }.reduce(0, +)
        storingSeconds.append(seconds - work)
        return work
    }

    func peakMegabytes(_ workplace: Workplace) throws -> Double {
        defer { try? FileManager.default.removeItem(at: cache) }
        return try workplace.peakMegabytes(reprise, arguments, output: output)
    }
}

/// Runs of the peers' script.
private struct PeerPatches {
    let name: String
    private let python: URL
    private let arguments: [String]
    private let product: URL
    private let output: String

    init(name: String, _ python: URL, _ arguments: [String], _ words: [String], product: URL, output: String) {
        self.name = name
        self.python = python
        self.arguments = arguments + words
        self.product = product
        self.output = output
    }

    func seconds() throws -> Double {
        defer { try? FileManager.default.removeItem(at: product) }
        do {
            try ChildProcess(python, arguments, output: output)
        } catch BenchmarkError.programFailed(_, 3, let words) {
            throw BenchmarkError.peer("not installed: \(words.trimmingCharacters(in: .whitespacesAndNewlines))")
        }
        guard let seconds = lastNumber(of: output) else { throw BenchmarkError.peer("its script printed no seconds") }
        return seconds
    }

    func peakMegabytes(_ workplace: Workplace) throws -> Double {
        defer { try? FileManager.default.removeItem(at: product) }
        return try workplace.peakMegabytes(python, arguments, output: output)
    }
}

extension Workplace {
    /// Of the largest of a program's processes.
    ///
    /// A process counts as at least as large as the one that started it, so a small script starts it, not this program.
    fileprivate func peakMegabytes(_ program: URL, _ arguments: [String], output: String) throws -> Double {
        guard let python else { throw BenchmarkError.peer("there is no python3") }
        try ChildProcess(python, [script("peak_memory.py"), program.path] + arguments, output: output)
        guard let megabytes = lastNumber(of: output) else {
            throw BenchmarkError.peer("peak_memory.py printed no megabytes")
        }
        return megabytes
    }
}

/// The number in the last line of a file.
private func lastNumber(of file: String) -> Double? {
    let lines = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n")
    return lines?.last.flatMap { Double($0) }
}
