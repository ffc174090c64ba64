// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Requests to end that a run is stuck too deep to follow: a call to its disk that never comes back.
@Suite(.enabled(if: FaultLayer.library != nil, "there is no C compiler to build the fault layer with"))
struct InterruptionTests {
    private static let manifest = """
        reprise: 1
        stages:
          word:
            shell: echo word > ${outputs.word}
            outputs: {word: word}

        """

    /// A run whose stage hangs in making the folder of its attempt.
    private final class HangingRun {
        let project: CommandLineProject
        let process = Process()
        private let errors: URL

        init() throws {
            project = try CommandLineProject(["p.yml": InterruptionTests.manifest])
            let (story, counter) = (
                project.folder.appendingPathComponent("counter.story"), project.folder.appendingPathComponent("counter")
            )
            try Data(count: 8).write(to: counter)
            errors = project.folder.appendingPathComponent("errors")
            try Data().write(to: errors)
            process.executableURL = CommandLineProject.executable
            process.arguments = ["run", "p.yml", "-q"]
            process.currentDirectoryURL = project.folder
            process.environment = ["PATH": "/usr/bin:/bin", "FAULT_HANG": "/attempt-", "FAULT_STORY": story.path]
                .merging(FaultLayer.environment(folder: project.folder, counter: counter, fault: nil)) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: errors)
            try process.run()
            while process.isRunning, !FileManager.default.fileExists(atPath: story.path) { usleep(1000) }
            #expect(try String(contentsOf: story, encoding: .utf8).hasPrefix("mkdir "))
        }

        deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        func check(errors expected: String) throws {
            #expect(process.waitUntilEnded())
            #expect(process.terminationReason == .exit && process.terminationStatus == 130)
            #expect(try String(contentsOf: errors, encoding: .utf8) == expected)
        }
    }

    @Test func `a run that cannot follow a request to end is ended after a while, and the next one goes on`() throws {
        let run = try HangingRun()
        kill(run.process.processIdentifier, SIGTERM)
        try run.check(errors: "error: asked to end, it did not within 15 seconds, and was ended\n")
        #expect(try run.project.outcomes("run", "p.yml", "-q") == ["word": "ran"])
    }

    @Test(arguments: [[SIGINT, SIGTERM], [SIGTERM, SIGINT]])
    func `a second request ends it at once`(signals: [Int32]) throws {
        let run = try HangingRun()
        for signal in signals { kill(run.process.processIdentifier, signal) }
        try run.check(errors: "")
    }
}
