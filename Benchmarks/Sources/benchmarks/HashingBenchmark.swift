// SPDX-License-Identifier: Apache-2.0

import Foundation

/// SHA-256 of a source of 1 GB that has not been seen before, beside programs that do nothing else.
///
/// It is `reprise plan` on an empty cache. The file was just written, so it lies in memory.
struct HashingBenchmark {
    private static let megabytes = 1000

    private let workplace: Workplace
    private let reprise: URL

    init(_ workplace: Workplace, _ reprise: URL) { (self.workplace, self.reprise) = (workplace, reprise) }

    func run() throws {
        let folder = try workplace.folder.folder("hashing")
        defer { folder.remove() }
        let file = try write(in: folder)
        let manifest = try folder.write(Self.manifest, to: "source.yml")
        var contestants = [
            Contestant(name: "Reprise") {
                let cache = try folder.folder("cache")
                return try ChildProcess(
                    reprise, ["plan", manifest, "--data", folder.url.path, "--cache", cache.url.path],
                    output: folder.path("output.txt")
                ).seconds
            }
        ]
        for (name, arguments) in [("openssl", ["dgst", "-sha256", file]), ("sha256sum", [file])] {
            guard let program = Workplace.found(name) else { continue }
            contestants.append(
                Contestant(name: name) {
                    try ChildProcess(program, arguments, output: folder.path("output.txt")).seconds
                })
        }
        let standings = contestants.standings(rounds: 5)
        var table = Table("SHA-256 of a source of 1 GB, one file", columns: ["MB/s", "times"])
        for standing in standings {
            if let failure = standing.failure {
                table.add(standing.name, absent: failure)
            } else {
                table.add(
                    standing.name, standing.median.map { Double(Self.megabytes) / $0 }.brief,
                    standing.times(standings[0]).times)
            }
        }
        table.show()
    }

    private func write(in folder: TemporaryFolder) throws -> String {
        let path = folder.path("source.bin")
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        for number in 0..<Self.megabytes {
            try file.write(contentsOf: Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }))
        }
        try file.synchronize()
        return path
    }

    private static let manifest = """
        reprise: 1
        name: source
        sources:
          file: {path: source.bin}
        stages:
          look:
            run: cp ${inputs.file}/source.bin ${outputs.copy}
            inputs: {file: file}
            outputs: {copy: copy.bin}
        """
}
