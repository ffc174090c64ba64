// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A pipeline of ten quick stages that is ill-treated: a diamond, a fan, a folder as source, and two tools.
///
/// Each command tells `ran`, outside of the cache, that it was started: its program `count` lies in a folder that is
/// put into `PATH`, which is no part of any key.
final class FaultProject {
    let files: CommandLineProject

    var folder: URL { files.folder }
    var cache: URL { folder.appendingPathComponent("cache") }

    /// The stages that tell when they are started.
    static let counted = ["all", "both", "first", "last", "left", "right", "top", "turned"]

    static let manifest = """
        reprise: 1
        name: faults
        sources:
          texts: {path: texts}
        stages:
          top:
            shell: count top; cat ${inputs.texts}/a ${inputs.texts}/sub/b > ${outputs.text}
            inputs: {texts: texts}
            outputs: {text: text}
          left:
            shell: count left; sed s/o/0/ ${inputs.text} > ${outputs.text}
            inputs: {text: top}
            outputs: {text: text}
          right:
            shell: count right; sed s/e/3/ ${inputs.text} > ${outputs.text}
            inputs: {text: top}
            outputs: {text: text}
          both:
            shell: count both; cat ${inputs.parts} > ${outputs.text}
            inputs: {parts: [left, right]}
            outputs: {text: text}
          first:
            shell: count first; head -n 1 ${inputs.text} > ${outputs.text}
            inputs: {text: both}
            outputs: {text: text}
          last:
            shell: count last; tail -n 1 ${inputs.text} > ${outputs.text}
            inputs: {text: both}
            outputs: {text: text}
          turned:
            shell: count turned; tac ${inputs.text} > ${outputs.text}; wc -l < ${inputs.text} > ${outputs.lines}
            inputs: {text: both}
            outputs: {text: text, lines: lines}
          all:
            shell: count all; cat ${inputs.parts} > ${outputs.text}
            inputs: {parts: [first, last, turned/text, turned/lines]}
            outputs: {text: text}
          images:
            tool: synthesize
            settings: {count: 4, height: 24, width: 24}
          split:
            tool: split
            inputs: images
            settings: {validation: 0.25, test: 0.25}

        """

    init(manifest: String = FaultProject.manifest) throws {
        files = try CommandLineProject([
            "faults.yml": manifest, "data/texts/a": "one\ntwo\n", "data/texts/sub/b": "three\nfour\n",
            "bin/count": "#!/bin/sh\necho \"$1\" >> \"${0%/*}/../ran\"\n", "ran": "",
        ])
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: folder.appendingPathComponent("bin/count").path)
    }

    /// Runs `reprise ARGUMENTS` to its end.
    @discardableResult
    func reprise(
        _ arguments: String..., environment: [String: String] = [:]
    ) throws -> CommandLineProject.Outcome {
        try files.run(arguments, environment: self.environment.merging(environment) { $1 })
    }

    /// Starts `reprise ARGUMENTS`; what it prints goes to the files `NAME.output` and `NAME.errors` where it has a name.
    func started(
        _ arguments: [String], name: String? = nil, environment: [String: String] = [:]
    ) throws -> Process {
        let process = Process()
        process.executableURL = CommandLineProject.executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = self.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try name.map { try handle("\($0).output") } ?? FileHandle.nullDevice
        process.standardError = try name.map { try handle("\($0).errors") } ?? FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Starts `reprise ARGUMENTS` and ends it, and nothing else, with SIGKILL; `false` where it was over before.
    func killed(_ arguments: String..., after seconds: Double) throws -> Bool {
        let process = try started(arguments)
        Thread.sleep(forTimeInterval: seconds)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilEnded()
        return process.terminationReason == .uncaughtSignal
    }

    /// How often each stage was started.
    func starts() throws -> [String: Int] {
        let lines = try files.text("ran").split(separator: "\n")
        return Dictionary(lines.map { (String($0), 1) }, uniquingKeysWith: +)
    }

    /// The stages that are to be run, as `plan` has it.
    func planned() throws -> Set<String> {
        let output = try reprise("plan", "faults.yml", "--json").output
        let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
        let stages = try #require(object?["stages"] as? [[String: Any]])
        return Set(stages.filter { $0["state"] as? String != "up-to-date" }.compactMap { $0["name"] as? String })
    }

    /// Every file and folder of the cache, the records of runs, whose names are times, as one; without kept logs, of
    /// which there are as many as there were attempts, and without kept answers, which come with time.
    func kept() throws -> Set<String> {
        let all = FileManager.default.enumerator(atPath: cache.path)?.compactMap { $0 as? String } ?? []
        let others = all.filter { name in
            !["runs/logs/", "memo/"].contains { name.hasPrefix($0) && !name.hasPrefix($0 + ".") }
        }
        return Set(others.map { $0.hasPrefix("runs/") && $0.hasSuffix(".json") ? "runs/RECORD.json" : $0 })
    }

    /// Throws away all that was made.
    func clear() throws {
        try? FileManager.default.removeItem(at: cache)
        try files.write(Data(), to: "ran")
    }

    /// Processes that work in the project's folder or below it, as `NUMBER NAME`.
    func orphans() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.compactMap { number in
            guard let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(number)/cwd"),
                place == folder.path || place.hasPrefix(folder.path + "/")
            else { return nil }
            let name = try? String(contentsOfFile: "/proc/\(number)/comm", encoding: .utf8)
            return name.map { "\(number) \($0.trimmingCharacters(in: .newlines))" }
        }
    }

    /// Those that are there still after a minute.
    func lastingOrphans() throws -> [String] {
        let end = Date(timeIntervalSinceNow: 60)
        while Date() < end {
            if try orphans().isEmpty { return [] }
            usleep(1000)
        }
        return try orphans()
    }

    private var environment: [String: String] { ["PATH": "\(folder.path)/bin:/usr/bin:/bin"] }

    private func handle(_ name: String) throws -> FileHandle {
        try files.write(Data(), to: name)
        return try FileHandle(forWritingTo: folder.appendingPathComponent(name))
    }
}

/// What an undisturbed run of a `FaultProject` leaves.
struct UndisturbedRun {
    let lock: String
    let kept: Set<String>
    let seconds: Double

    static let shared = Result { try UndisturbedRun() }

    private init() throws {
        let project = try FaultProject()
        let start = Date()
        let outcome = try project.reprise("lock", "faults.yml", "-q")
        seconds = Date().timeIntervalSince(start)
        #expect(outcome.code == 0, "\(outcome.errors)")
        lock = try project.files.text("faults.lock")
        kept = try project.kept()
    }
}

/// How much of what could be tried is tried: `REPRISE_FAULTS=all` for all of it, which takes some minutes.
enum FaultEffort {
    static let isWhole = ProcessInfo.processInfo.environment["REPRISE_FAULTS"] == "all"
}

/// The same random numbers in every run of the tests (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) {
        state = UInt64(seed)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
