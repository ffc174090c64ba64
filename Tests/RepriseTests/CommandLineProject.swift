// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A project in a temporary folder that the built program is run on, as a user would.
final class CommandLineProject {
    struct Outcome {
        let code: Int32
        let output: String
        let errors: String
    }

    let folder: URL

    init(_ files: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files { try write(Data(text.utf8), to: name) }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func write(_ bytes: Data, to name: String) throws {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: file)
    }

    func edit(_ name: String, _ old: String, _ new: String) throws {
        let file = folder.appendingPathComponent(name)
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.contains(old), "there is nothing to edit in \(name)")
        try text.replacingOccurrences(of: old, with: new).write(to: file, atomically: false, encoding: .utf8)
    }

    func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    /// Runs `reprise ARGUMENTS` in the project's folder.
    @discardableResult
    func reprise(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
        try run(arguments, environment: environment)
    }

    /// - Parameter program: the built one where it is nil.
    func run(_ arguments: [String], environment: [String: String], program: URL? = nil) throws -> Outcome {
        let process = Process()
        process.executableURL = program ?? Self.executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (folder.appendingPathComponent(".output"), folder.appendingPathComponent(".errors"))
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilEnded()
        return Outcome(
            code: process.terminationStatus, output: try text(".output"), errors: try text(".errors"))
    }

    /// The outcome of each stage that `run --json` tells.
    func outcomes(_ arguments: String..., environment: [String: String] = [:]) throws -> [String: String] {
        let process = try run(arguments + ["--json"], environment: environment)
        let object = try? JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: Any]
        let stages = object?["stages"] as? [[String: Any]] ?? []
        #expect(!stages.isEmpty, "no stages in: \(process.output) \(process.errors)")
        var outcomes: [String: String] = [:]
        for stage in stages {
            if let name = stage["name"] as? String { outcomes[name] = stage["outcome"] as? String }
        }
        return outcomes
    }

    /// Beside the test bundle, where the package manager puts the products of one build.
    static let executable: URL = {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        let start = bundle ?? URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        return start.deletingLastPathComponent().appendingPathComponent("reprise")
    }()
}

extension CommandLineProject {
    /// The SHA-256 of a text, by a program of the system's.
    static func sha256(of text: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "sha256sum 2>/dev/null || shasum -a 256"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(Data(text.utf8))
        try input.fileHandleForWriting.close()
        let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(words.utf8.count > 64, "there is no program that hashes")
        return String(words.prefix(64))
    }

    /// Makes folders in folders below a folder, more than a path can name.
    static func makeDeepTree(in path: String, levels: Int, name: String) throws {
        var folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(folder) }
        for _ in 0..<levels {
            guard mkdirat(folder, name, 0o777) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            let below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            close(folder)
            folder = below
        }
    }

    /// Removes a tree, whatever its depth and its permissions.
    static func removeTree(_ path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/rm")
        process.arguments = ["-rf", path]
        try process.run()
        process.waitUntilExit()
    }
}

extension Process {
    /// Waits until it has ended; what has not in so many seconds is killed, so that its test fails and the others go on.
    ///
    /// It looks again and again: queues have no thread to wake this one with while as many tests wait as there are
    /// processors.
    ///
    /// - Returns: whether it ended by itself.
    @discardableResult
    func waitUntilEnded(seconds: Double = 600) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        var pause: UInt32 = 200
        while isRunning, ContinuousClock.now < end {
            usleep(pause)
            pause = min(2 * pause, 10_000)
        }
        let hasEnded = !isRunning
        if !hasEnded { kill(processIdentifier, SIGKILL) }
        waitUntilExit()
        return hasEnded
    }
}

/// What can be read from a descriptor next; nothing at its end, and where two minutes bring nothing.
func nextBytes(of descriptor: Int32) -> [UInt8] {
    var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&readable, 1, 120_000) > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
}
