// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A lost output of a command that gives other content each time.
struct LostResultTests {
    private static let manifest = """
        reprise: 1
        settings: {word: one}
        stages:
          own:
            shell: echo "$WORD" >o; head -c 12 /dev/urandom | od >>o; mv o outputs/o
            environment: {WORD: "${word}"}
            outputs: {o: {path: o, format: csv}}
          next:
            shell: sed s/^/x/ ${inputs.x} > ${outputs.o}
            inputs: {x: own}
            outputs: {o: {path: o, format: csv}}

        """

    /// The project with the stage's object gone and the stage behind it to be run again.
    private func project(_ arguments: [String]) throws -> CommandLineProject {
        let project = try CommandLineProject(["a p.yml": Self.manifest])
        let run = try project.run(["run", "a p.yml", "-q"] + arguments, environment: [:])
        #expect(run.code == 0, "\(run.errors)")
        try loseObject(project)
        try project.edit("a p.yml", "s/^/x/ ${inputs.x}", "s/^/x/ < ${inputs.x}")
        return project
    }

    /// Removes what the first stage gave.
    private func loseObject(_ project: CommandLineProject) throws {
        let folder = project.folder.appendingPathComponent("cache/objects")
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where name.utf8.count > 60 {
            let file = folder.appendingPathComponent(name)
            if try !String(contentsOf: file, encoding: .utf8).hasPrefix("x") {
                try FileManager.default.removeItem(at: file)
            }
        }
    }

    /// The command line between single quotes in the hint.
    private func command(in text: String) throws -> String {
        let line = try #require(
            text.split(separator: "\n").first { $0.contains("' makes it and all that depends on it anew") })
        let start = try #require(line.range(of: "'reprise "))
        let end = try #require(line.range(of: "' makes it"))
        return String(line[start.upperBound..<end.lowerBound])
    }

    private func follow(_ command: String, in project: CommandLineProject) throws {
        let forced = try project.run(
            ["-c", "\"$0\" " + command, CommandLineProject.executable.path], environment: [:],
            program: URL(fileURLWithPath: "/bin/sh"))
        #expect(forced.code == 0, "\(forced.errors)")
    }

    @Test(arguments: [[], ["--set", "word=it's $HOME"]])
    func `the run names the command line that makes it anew, which works`(settings: [String]) throws {
        let project = try project(settings)
        let failed = try project.run(["run", "a p.yml", "-q"] + settings, environment: [:])
        #expect(failed.code == 1)
        #expect(failed.errors.contains("stage 'own' failed: its output 'o' has other content than before: "))
        try follow(try command(in: failed.errors), in: project)
        let again = try project.run(["run", "a p.yml"] + settings, environment: [:])
        #expect(again.output == "Nothing to do: all 2 stages are up to date.\n", "\(again.output)")
        // All objects are there, and belong together.
        #expect(try project.reprise("cache", "verify", "-q").code == 0)
        let lines = try ["own/o", "next/o"].map { output in
            let shown = try project.run(["show", "a p.yml", output] + settings, environment: [:]).output
            let end = try #require(shown.range(of: "\n\n"), "\(shown)")
            return shown[end.upperBound...].split(separator: "\n")
        }
        #expect(lines[0].first == (settings.isEmpty ? "one" : "it's $HOME"))
        #expect(lines[0].map { "x" + $0 } == lines[1].map(String.init), "\(lines)")
    }

    @Test func `so do repair and the check of determinism`() throws {
        let project = try project([])
        let repair = try project.reprise("cache", "verify", "--repair", "a p.yml", "-q")
        #expect(repair.code == 4)
        #expect(repair.output.contains("own: cannot be made again: its output 'o' has other content than before: "))
        let command = try command(in: repair.output)
        #expect(command == "run \"a p.yml\" --force-downstream own")
        try follow(command, in: project)
        let check = try project.reprise("run", "a p.yml", "-q", "--check-determinism", "own")
        #expect(check.code == 3)
        #expect(try self.command(in: check.output) == command)
    }
}
