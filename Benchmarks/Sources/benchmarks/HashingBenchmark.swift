// SPDX-License-Identifier: Apache-2.0

import Foundation

/// SHA-256 of sources that have not been seen before, beside programs that do nothing else: one file of 4 GB, forty of
/// 100 MB, and 100,000 small ones.
///
/// It is `reprise plan` on an empty cache. The files were just written, so those that fit lie in memory.
struct HashingBenchmark {
    private struct Sources {
        let title: String
        let files: Int
        let byteCount: Int
        let rounds: Int
    }

    private let workplace: Workplace
    private let reprise: URL

    init(_ workplace: Workplace, _ reprise: URL) { (self.workplace, self.reprise) = (workplace, reprise) }

    func run() throws {
        for sources in [
            Sources(title: "one file of 4 GB", files: 1, byteCount: 4_000_000_000, rounds: 3),
            Sources(title: "40 files of 100 MB", files: 40, byteCount: 100_000_000, rounds: 3),
            Sources(title: "100,000 files of 1 KB", files: 100_000, byteCount: 1_000, rounds: 3),
        ] {
            try measure(sources)
        }
    }

    private func measure(_ sources: Sources) throws {
        let folder = try workplace.folder.folder("hashing")
        defer { folder.remove() }
        let files = try write(sources, in: folder)
        let manifest = try folder.write(Self.manifest, to: "source.yml")
        let output = folder.path("output.txt")
        var contestants = [
            Contestant(name: "Reprise") {
                let cache = try folder.folder("cache")
                return try ChildProcess(
                    reprise, ["plan", manifest, "--data", folder.url.path, "--cache", cache.url.path], output: output
                ).seconds
            }
        ]
        let shell = URL(fileURLWithPath: "/bin/sh")
        for (name, command) in [
            ("openssl", "find . -type f | xargs openssl dgst -sha256"),
            ("sha256sum", "find . -type f | xargs sha256sum"),
            (
                "xargs -P \(workplace.threads) sha256sum",
                "find . -type f | xargs -n \(max(1, min(500, sources.files / workplace.threads))) "
                    + "-P \(workplace.threads) sha256sum"
            ),
        ] {
            contestants.append(
                Contestant(name: name) {
                    try ChildProcess(shell, ["-c", "cd '\(files)' && \(command)"], output: output).seconds
                })
        }
        let standings = contestants.standings(rounds: sources.rounds, patience: 60)
        var table = Table("SHA-256 of \(sources.title), not seen before", columns: ["seconds", "MB/s", "times"])
        let megabytes = Double(sources.files * sources.byteCount) / 1e6
        for standing in standings {
            if let failure = standing.failure {
                table.add(standing.name, absent: failure)
            } else {
                table.add(
                    standing.name, standing.median.brief, standing.median.map { megabytes / $0 }.brief,
                    standing.times(standings[0]).times)
            }
        }
        if let speed = try opensslSpeed(output) {
            let ours = standings[0].median.map { megabytes / $0 / speed }
            table.remark(
                "openssl speed -evp sha256, one core, from memory: \(speed.brief) MB/s; Reprise \(ours.percent)")
        }
        table.show()
    }

    /// In MB/s of 10^6 bytes; nil without openssl.
    private func opensslSpeed(_ output: String) throws -> Double? {
        guard let openssl = Workplace.found("openssl") else { return nil }
        try ChildProcess(
            openssl, ["speed", "-evp", "sha256", "-bytes", "16384", "-seconds", "3", "-mr"], output: output)
        let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
        let speed = lines.last { $0.hasPrefix("+F:") }?.split(separator: ":").last.flatMap { Double($0) }
        return speed.map { $0 / 1e6 }
    }

    /// Returns the folder with the files, which all differ and are on the disk: what the system still had to write would
    /// be done beside whoever is first.
    private func write(_ sources: Sources, in folder: TemporaryFolder) throws -> String {
        let files = try folder.folder("files")
        let piece = min(sources.byteCount, 1_000_000)
        for number in 0..<sources.files {
            let url = files.url.appendingPathComponent("file-\(number)")
            try Data().write(to: url)
            let file = try FileHandle(forWritingTo: url)
            defer { try? file.close() }
            for part in 0..<sources.byteCount / piece {
                var bytes = Data(repeating: UInt8(truncatingIfNeeded: part), count: piece)
                withUnsafeBytes(of: number) { bytes.replaceSubrange(0..<$0.count, with: $0) }
                try file.write(contentsOf: bytes)
            }
        }
        sync()
        return files.url.path
    }

    private static let manifest = """
        reprise: 1
        name: source
        sources:
          files: {path: files}
        stages:
          look:
            run: cp -r ${inputs.files} ${outputs.copy}
            inputs: {files: files}
            outputs: {copy: copy.bin}
        """
}
