// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a run says while it runs and when it has failed.
@Suite struct RunTextTests {
    @Test func `the report of a failure says where what the stage wrote is kept`() throws {
        let manifest = """
            reprise: 1
            name: keep
            stages:
              train:
                shell: echo trained > ${outputs.model}; echo told; echo log > outputs/train.log
                outputs: {model: model.txt}

            """
        let project = try CommandLineProject(["keep.yml": manifest])
        let outcome = try project.reprise("run", "keep.yml", "-q")
        #expect(outcome.code == 1)
        let work = project.folder.appendingPathComponent("cache/work").path
        let keys = try FileManager.default.contentsOfDirectory(atPath: work)
        try #require(keys.count == 1)
        #expect(try project.text("cache/work/\(keys[0])/failed/outputs/model.txt") == "trained\n")
        #expect(
            outcome.errors == """
                error: keep.yml:4:3: stage 'train' failed: it wrote what it does not declare to 'outputs'
                    train:
                    ^^^^^
                  outputs/train.log
                hint: declare it under the stage's 'outputs', or write it to another folder
                last lines of its log ('reprise log keep.yml train' shows all):
                  told
                what it wrote is kept in 'cache/work/\(keys[0])/failed' until it runs again

                """)
        let stats = try project.reprise("cache", "stats", "--json")
        #expect(stats.output.contains(#""work":1"#))
    }

    @Test func `two stages that are the same work are told as such, and a forced one is not`() throws {
        let manifest = """
            reprise: 1
            name: twice
            stages:
              one:
                shell: while ! test -e GATE; do sleep 0.01; done; echo x > ${outputs.o}
                outputs: {o: o}
              two:
                shell: while ! test -e GATE; do sleep 0.01; done; echo x > ${outputs.o}
                outputs: {o: o}

            """
        let project = try CommandLineProject()
        let gate = project.folder.appendingPathComponent("gate").path
        try project.write(Data(manifest.replacingOccurrences(of: "GATE", with: gate).utf8), to: "twice.yml")
        let process = Process()
        process.executableURL = CommandLineProject.executable
        process.arguments = ["run", "twice.yml", "--jobs", "2"]
        process.currentDirectoryURL = project.folder
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        var text = ""
        while !text.contains("waits for"),
            case let piece = nextBytes(of: errors.fileHandleForReading.fileDescriptor), !piece.isEmpty
        {
            text += String(decoding: piece, as: UTF8.self)
        }
        try project.write(Data(), to: "gate")
        text += String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilEnded()
        let (maker, other) = text.contains("two  the same") ? ("one", "two") : ("two", "one")
        #expect(text.contains("] \(other)  the same work as '\(maker)'\n"), "\(text)")
        #expect(!text.contains("another run meanwhile"), "\(text)")
        for forced in ["one", "two"] {
            let again = try project.reprise("run", "twice.yml", "--force", forced)
            #expect(again.errors.contains("] \(forced)  done in "), "\(again.errors)")
        }
    }

    #if os(Linux)
        @Test func `on a terminal a command's time is shown, with what it took before`() throws {
            let manifest = """
                reprise: 1
                name: waits
                stages:
                  wait:
                    shell: while ! test -e GATE; do sleep 0.05; done; echo x > ${outputs.o}
                    outputs: {o: o}

                """
            let project = try CommandLineProject()
            let gate = project.folder.appendingPathComponent("gate")
            try project.write(Data(manifest.replacingOccurrences(of: "GATE", with: gate.path).utf8), to: "waits.yml")
            let first = try Self.shown(by: project, ["run", "waits.yml"], until: "[1/1] wait  2 s", then: gate)
            #expect(first.contains("\r\u{1B}[2K[1/1] wait  2 s"))
            #expect(!first.contains("of about"))
            try FileManager.default.removeItem(at: gate)
            let again = ["run", "waits.yml", "--force", "wait"]
            let second = try Self.shown(by: project, again, until: "1 s of about ", then: gate)
            #expect(second.contains("\r\u{1B}[2K[1/1] wait  1 s of about "))
        }

        /// What a run writes to a terminal that it has as its standard error; `gate` is made once it holds `words`.
        private static func shown(
            by project: CommandLineProject, _ arguments: [String], until words: String, then gate: URL
        ) throws -> String {
            // TIOCSPTLCK and TIOCGPTN of Linux: unlocks the other end, and gives its number.
            let (unlock, number) = (UInt(0x4004_5431), UInt(0x8004_5430))
            let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            defer { close(terminal) }
            var value: Int32 = 0
            try #require(terminal >= 0 && ioctl(terminal, unlock, &value) == 0)
            try #require(ioctl(terminal, number, &value) == 0)
            let end = open("/dev/pts/\(value)", O_RDWR | O_NOCTTY | O_CLOEXEC)
            try #require(end >= 0)
            let process = Process()
            process.executableURL = CommandLineProject.executable
            process.arguments = arguments
            process.currentDirectoryURL = project.folder
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle(fileDescriptor: end)
            try process.run()
            close(end)
            var bytes: [UInt8] = []
            while case let piece = nextBytes(of: terminal), !piece.isEmpty {
                bytes += piece
                if String(decoding: bytes, as: UTF8.self).contains(words) { try Data().write(to: gate) }
            }
            process.waitUntilEnded()
            return String(decoding: bytes, as: UTF8.self)
        }
    #endif
}
