// SPDX-License-Identifier: Apache-2.0

import Testing

/// What a shell is told when a user presses Tab.
@Suite struct CompletionTests {
    @Test(arguments: ["bash", "zsh", "fish"])
    func `each shell gets a script that knows the commands`(shell: String) throws {
        let project = try CommandLineProject()
        let script = try project.reprise("--generate-completion-script", shell)
        #expect(script.code == 0)
        for command in ["run", "watch", "why", "check", "cache"] { #expect(script.output.contains(command)) }
    }

    @Test func `the stages of the pipeline that was typed are offered`() throws {
        let project = try CommandLineProject(["tiny.yml": TinyPipeline.manifest])
        let offered = try project.reprise(
            "---completion", "why", "--", "positional@1", "3", "0", "reprise", "why", "tiny.yml", "")
        #expect(
            Set(offered.output.split(separator: "\n"))
                == ["synthesize", "split", "augment", "patches", "train", "evaluate", "compare"])
    }

    @Test func `a manifest with mistakes offers nothing and says nothing`() throws {
        let project = try CommandLineProject(["tiny.yml": "reprise: 1\nstages: no\n"])
        let offered = try project.reprise(
            "---completion", "why", "--", "positional@1", "3", "0", "reprise", "why", "tiny.yml", "")
        #expect(offered.output + offered.errors == "" || offered.output == "\n")
    }
}
