// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensors

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What all benchmarks share: the machine, the programs, and a folder that is removed at the end.
struct Workplace {
    let level: SIMDLevel
    let threads: Int
    let folder: TemporaryFolder
    /// The built program, or nil where there is none.
    let reprise: URL?
    /// The interpreter of the peers' scripts, or nil where there is none.
    let python: URL?
    /// Where the user keeps datasets, or nil.
    let data: URL?

    init() throws {
        let environment = ProcessInfo.processInfo.environment
        level = try SIMDLevel.chosen()
        threads = ProcessInfo.processInfo.activeProcessorCount
        folder = try TemporaryFolder()
        reprise =
            try environment["REPRISE"].map(Self.named) ?? Self.executable(Self.root + "/.build/release/reprise")
            ?? Self.found("reprise")
        python = try environment["PYTHON"].map(Self.named) ?? Self.found("python3")
        data = environment["REPRISE_DATA"].map { URL(fileURLWithPath: $0) }
    }

    /// The machine, the programs, and how to read the tables.
    var summary: String {
        var load = 0.0
        _ = getloadavg(&load, 1)
        let isBusy = load > 0.25 * Double(threads)
        return """
            \(processor), \(threads) \(threads == 1 ? "core" : "cores"), SIMD \(level), load \(load.text(2)) at the start\
            \(isBusy ? ": others are at work, so do not trust figures of several threads" : "")
            Reprise: \(reprise?.path ?? "not built"); Python: \(python?.path ?? "not installed")
            Medians of runs taken in turns; 'times' is how many times Reprise's time each takes, the median of the ratios.
            """
    }

    /// One of the scripts in `peers`.
    func script(_ name: String) -> String { Self.root + "/Benchmarks/peers/" + name }

    /// The first program of this name on the PATH.
    static func found(_ name: String) -> URL? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").lazy.compactMap { executable("\($0)/\(name)") }.first
    }

    /// DVC: the program that the variable names, else the one on the PATH.
    static var dvc: URL? { ProcessInfo.processInfo.environment["DVC"].flatMap(executable) ?? found("dvc") }

    /// The folder of the package above this one.
    private static let root: String = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        return folder.path
    }()

    /// What an environment variable names: a file, or a program on the PATH.
    private static func named(_ name: String) throws -> URL {
        guard let program = name.contains("/") ? executable(name) : found(name) else {
            throw BenchmarkError.noProgram(name)
        }
        return program
    }

    private static func executable(_ path: String) -> URL? {
        FileManager.default.isExecutableFile(atPath: path) ? URL(fileURLWithPath: path) : nil
    }

    private var processor: String {
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "processor unknown"
    }
}

/// What a benchmark cannot go on with.
enum BenchmarkError: Error, CustomStringConvertible {
    case noBenchmark(String)
    case noProgram(String)
    case system(action: String, reason: String)
    case programFailed(command: String, status: Int32, output: String)
    case peer(String)

    var description: String {
        switch self {
        case .noBenchmark(let name):
            "there is no benchmark '\(name)', only training, inference, patches, memory, imaging, runner and hashing"
        case .noProgram(let name): "there is no program '\(name)'"
        case .system(let action, let reason): "cannot \(action): \(reason)"
        case .programFailed(let command, let status, let output):
            "'\(command)' ended with \(status): \(output)"
        case .peer(let reason): reason
        }
    }
}
