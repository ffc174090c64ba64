// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The python that PYTHON names, else `python3`, for tests that ask other programs.
enum Python {
    private struct Failure: Error, CustomStringConvertible { let description: String }

    /// Whether all these modules are installed; they are looked for, and not imported.
    static func has(_ modules: String...) -> Bool {
        let script = "import sys, importlib.util as u; sys.exit(0 if all(map(u.find_spec, sys.argv[1:])) else 1)"
        return (try? run(script, modules)) != nil
    }

    /// The lines that a script prints.
    @discardableResult
    static func run(_ script: String, _ arguments: [String]) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [ProcessInfo.processInfo.environment["PYTHON"] ?? "python3", "-c", script] + arguments
        var environment = ProcessInfo.processInfo.environment
        environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
        process.environment = environment
        let output = Pipe()
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: (try? String(contentsOf: errors, encoding: .utf8)) ?? "")
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
