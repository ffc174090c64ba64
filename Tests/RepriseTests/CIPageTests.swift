// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The workflow of docs/CI.md does what the page says.
@Suite struct CIPageTests {
    /// The commands after `run:` in the first block of YAML.
    private static func commands() throws -> [String] {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/CI.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let block = text.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "\n```").first
        return (block ?? "").components(separatedBy: "\n").compactMap { line in
            let line = line.trimmingCharacters(in: .whitespaces)
            return line.hasPrefix("run: ") ? String(line.dropFirst(5)) : nil
        }
    }

    /// Runs a step as GitHub's runner does.
    private func step(_ command: String, in project: CommandLineProject) throws -> CommandLineProject.Outcome {
        let bin = CommandLineProject.executable.deletingLastPathComponent().path
        return try project.run(
            ["--noprofile", "--norc", "-eo", "pipefail", "-c", command],
            environment: [
                "PATH": "\(bin):/usr/bin:/bin", "GITHUB_ACTIONS": "true",
                "GITHUB_STEP_SUMMARY": project.folder.appendingPathComponent("summary.md").path,
            ], program: URL(fileURLWithPath: "/bin/bash"))
    }

    @Test func `the steps of the workflow pass on a pipeline with a lock, and tell of one that changed`() throws {
        let commands = try Self.commands()
        #expect(commands.count == 4)
        let project = try CommandLineProject([
            "pipelines/paper/pipeline.yml": WordsPipeline.manifest, "data/text.txt": "one\ntwo\n",
        ])
        try project.reprise("lock", "pipelines/paper", "-q", "--cache", "elsewhere")
        for command in commands {
            let outcome = try step(command, in: project)
            #expect(outcome.code == 0, "\(command): \(outcome.output)\(outcome.errors)")
        }
        #expect(try project.text("summary.md").hasPrefix("## words: identical\n"))
        #expect(try project.text("check.xml").contains(#"failures="0""#))

        try project.edit("pipelines/paper/pipeline.yml", #"ending: "!""#, #"ending: "?""#)
        let codes = try commands.map { try step($0, in: project).code }
        #expect(codes == [0, 3, 0, 0])
        #expect(try project.text("summary.md").contains("\n## words: differs\n"))
        #expect(try project.text("check.xml").contains(#"<failure type="differs""#))
    }
}
