// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The program's file is replaced while it runs, as a build does.
struct ReplacedProgramTests {
    /// The first stage waits for the file `go` and gives what a process of the program must read; the second is a tool.
    private static func manifest(of project: CommandLineProject) -> String {
        """
        reprise: 1
        stages:
          waits:
            shell: touch '\(project.folder.path)/begun'; while [ ! -e '\(project.folder.path)/go' ]; do :; done; cp ${inputs.picture} ${outputs.o}
            inputs: {picture: picture}
            outputs: {o: {path: o, format: png}}
          leaves:
            tool: synthesize
            settings: {count: 1, height: 16, width: 16}
        sources:
          picture: {path: picture.png}

        """
    }

    /// A pixel.
    private static let picture =
        Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
        ?? Data()

    @Test func `the stages of a run are done by the program that runs, also where its file was replaced`() throws {
        let project = try CommandLineProject()
        try project.write(Data(Self.manifest(of: project).utf8), to: "p.yml")
        try project.write(Self.picture, to: "data/picture.png")
        let program = project.folder.appendingPathComponent("bin/reprise")
        try project.write(Data(), to: "bin/empty")
        try FileManager.default.copyItem(at: CommandLineProject.executable, to: program)
        let process = Process()
        process.executableURL = program
        process.arguments = ["run", "p.yml", "-q", "--jobs", "1"]
        process.currentDirectoryURL = project.folder
        process.environment = ["PATH": "/usr/bin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let begun = project.folder.appendingPathComponent("begun")
        while process.isRunning, !FileManager.default.fileExists(atPath: begun.path) { usleep(1000) }
        try project.write(
            Data("#!/bin/sh\ntouch '\(project.folder.path)/mark'\n".utf8), to: "bin/new")
        let new = project.folder.appendingPathComponent("bin/new")
        #expect(chmod(new.path, 0o755) == 0)
        #expect(rename(new.path, program.path) == 0)
        try project.write(Data(), to: "go")
        #expect(process.waitUntilEnded())
        #expect(process.terminationStatus == 0)
        #expect(!FileManager.default.fileExists(atPath: project.folder.appendingPathComponent("mark").path))
        #expect(try project.outcomes("run", "p.yml", "-q") == ["waits": "hit", "leaves": "hit"])
    }

    private static func order(_ program: String) -> String {
        #"""
        {"checkpoint":"/p","contents":true,"folder":".","inputs":[],"outputs":[],\#(program)"schema":2,"stage":"s","threads":1}
        """#
    }

    @Test func `the order of another program is refused`() throws {
        let digest = String(repeating: "0", count: 64)
        let project = try CommandLineProject([
            "order.json": Self.order(
                #"""
                "program":{"bytes":1,"changed":1,"device":"1","digest":"\#(digest)","inode":"1","modified":1},
                """#)
        ])
        let outcome = try exec(in: project)
        #expect(outcome.code == 0)
        #expect(outcome.errors == "the program was replaced while the run went on\n")
        let report = #"{"failure":{"hint":"run again","message":"the program was replaced while the run went on"}}"#
        #expect(try project.text("report.json") == report)
    }

    @Test func `an order that does not say which program gave it is refused`() throws {
        let project = try CommandLineProject(["order.json": Self.order("")])
        let outcome = try exec(in: project)
        #expect(outcome.code == 2)
        #expect(
            outcome.errors
                == "error: cannot read the work order 'order.json': a work order does not say which program gave it\n")
    }

    #if os(Linux)
        @Test func `a stage's process is called after the program in lists of processes`() throws {
            let project = try CommandLineProject()
            // Started under another name, as it is by the kernel's link; it stays until its standard input closes.
            let script = """
                ln -s "$0" other; mkfifo input
                ./other exec --warden <input & number=$!
                exec 3>input
                while ! grep -qx reprise /proc/$number/comm; do kill -0 $number || exit 1; done
                exec 3>&-; wait
                """
            let outcome = try project.run(
                ["-c", script, CommandLineProject.executable.path], environment: [:],
                program: URL(fileURLWithPath: "/bin/sh"))
            #expect(outcome.code == 0, "\(outcome.errors)")
        }
    #endif

    /// Not as the leader of a process group, which ends itself where nobody holds its standard input open.
    private func exec(in project: CommandLineProject) throws -> CommandLineProject.Outcome {
        try project.run(
            ["-c", "\"$0\" exec order.json; exit $?", CommandLineProject.executable.path], environment: [:],
            program: URL(fileURLWithPath: "/bin/sh"))
    }
}
