// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import SystemPackage
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// `run:` and `shell:` stages with real programs.
struct CommandStageTests {
    private static func manifest(_ stage: String) -> String {
        """
        reprise: 1
        name: own
        sources: {left: {path: left}, one: {path: left/a}}
        stages:
          read: {tool: read, inputs: left}
          first: {tool: first, inputs: read}
          own:
            \(stage)

        """
    }

    private static func with(_ stage: String, _ body: (Project) async throws -> Void) async throws {
        let indented = stage.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n    ")
        try await Project.with(manifest(indented), body)
    }

    /// Lines as `NAME=VALUE`, sorted, without what changes from run to run.
    private static func variables(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("PATH=") }.map { line in
            line.contains("/attempt-") ? "\(line.prefix { $0 != "=" })=its own" : line
        }.sorted()
    }

    @Test func `a command is run without a shell`() async throws {
        try await Self.with(
            """
            run: ["cp", "${inputs.x}", "${outputs.o}"]
            inputs: {x: read}
            outputs: {o: {path: "a $HOME; * b/o.txt"}}
            """
        ) { project in
            let run = try await project.run()
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(try project.text(of: "own", "o", in: run) == "a: one\ntwo\nb: three\n")
            #expect(try project.names(in: "cache/work") == [])
            #expect(try await project.run().stages(.hit) == ["read", "first", "own"])
        }
    }

    @Test func `a shell is there where it is asked for`() async throws {
        try await Self.with(
            """
            shell: |
              set -e
              tr a-z A-Z < "${inputs.x}" > "${outputs.o}"
              wc -l < ${inputs.x} | tr -d ' ' > ${outputs.lines}
            inputs: {x: read}
            outputs: {o: o.txt, lines: {path: lines.csv, format: csv}}
            """
        ) { project in
            let run = try await project.run()
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(try project.text(of: "own", "o", in: run) == "A: ONE\nTWO\nB: THREE\n")
            #expect(try project.text(of: "own", "lines", in: run) == "3\n")
        }
    }

    @Test(arguments: ["cache", "relative"])
    func `the environment is what is declared and what is documented`(cache: String) async throws {
        try await Self.with(
            #"""
            run:
              - awk
              - 'BEGIN { for (name in ENVIRON) print name "=" ENVIRON[name] > "outputs/o"; system("pwd > " ENVIRON["TMPDIR"] "/f") }'
            environment: {SEED: "7", LC_ALL: C, EMPTY: ""}
            outputs: {o: o}
            """#
        ) { project in
            #expect(setenv("REPRISE_TEST_SECRET", "1", 1) == 0)
            let place = cache == "relative" ? Self.relative(project.path("cache")) : project.path("cache")
            #expect(place.isAbsolute == (cache == "cache"))
            let session = try PipelineSession(
                pipeline: project.path("p.yml").string, data: project.path("data").string, cache: place.string,
                toolbox: project.workshop.toolbox)
            let run = try await project.run(session, ["own"])
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            let text = try project.text(of: "own", "o", in: run)
            #expect(
                Self.variables(text) == [
                    "EMPTY=", "HOME=its own", "LC_ALL=C", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", "SEED=7",
                    "TMPDIR=its own", "TZ=UTC",
                ])
            let path = text.split(separator: "\n").first { $0.hasPrefix("PATH=") }
            #expect(path == ProcessEnvironment.value(of: "PATH").map { "PATH=" + $0 }.map { $0[...] })
            #expect(
                text.split(separator: "\n").filter { $0.hasPrefix("HOME=") || $0.hasPrefix("TMPDIR=") }.allSatisfy {
                    $0.contains("=/")
                })
        }
    }

    /// The path as seen from this process's folder.
    private static func relative(_ path: FilePath) -> FilePath {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&buffer, buffer.count) != nil else { return path }
        var relative = FilePath()
        for _ in FilePath(platformString: buffer).components { relative.append("..") }
        return relative.pushing(FilePath(root: nil, path.components))
    }

    @Test func `a command works in a folder of its own with copies of its inputs`() async throws {
        try await Self.with(
            """
            shell: |
              find . -type f > list; sort list > ${outputs.o}
              echo spoilt > inputs/x
              echo spoilt > inputs/many/0
              echo spoilt > inputs/folder/a
              rm -r inputs
            inputs: {x: read, many: [read, first, left], folder: left, single: one}
            outputs: {o: deep/down/o}
            """
        ) { project in
            let run = try await project.run()
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(
                try project.text(of: "own", "o", in: run).split(separator: "\n") == [
                    "./inputs/folder/a", "./inputs/folder/b", "./inputs/many/0", "./inputs/many/1", "./inputs/many/2/a",
                    "./inputs/many/2/b", "./inputs/single/a", "./inputs/x", "./list",
                ])
            #expect(try project.text(of: "read", in: run) == "a: one\ntwo\nb: three\n")
            #expect(try Files.bytes(of: project.path("data/left/a")) == Array("one\ntwo".utf8))
        }
    }

    @Test func `declared code lies beside the command, and may be run itself`() async throws {
        try await Self.with(
            """
            run: ["./tools/go.sh", "a b"]
            code: [tools/go.sh, tools/words.txt]
            outputs: {o: o}
            """
        ) { project in
            try project.write(
                "#!/bin/sh\ncat tools/words.txt > outputs/o\necho \"$1\" >> outputs/o\n", to: "tools/go.sh")
            try project.write("words\n", to: "tools/words.txt")
            let first = try await project.run(["own"])
            #expect(first.outcome.failures.isEmpty, "\(first.outcome.failures)")
            #expect(try project.text(of: "own", "o", in: first) == "words\na b\n")

            try project.write("other words\n", to: "tools/words.txt")
            let second = try await project.run(["own"])
            #expect(second.ran == ["own"])
            #expect(second.reason("own")?.hasPrefix("code.tools/words.txt changed ") == true)
            #expect(try project.text(of: "own", "o", in: second) == "other words\na b\n")
        }
    }

    @Test func `code that changes while it runs fails the stage`() async throws {
        try await Self.with(
            """
            shell: 'echo "# more" >> ${code}; echo x > outputs/o'
            code: [go.sh]
            outputs: {o: o}
            """
        ) { project in
            try project.write("echo\n", to: "go.sh")
            try project.edit("${code}", project.path("go.sh").string)
            let run = try await project.run(["own"])
            #expect(run.reason("own") == "'\(project.path("go.sh"))' changed while the stage read it")
        }
    }

    @Test func `an exit code, a signal, a missing output and a missing program are told`() async throws {
        let cases: [(String, String, String?)] = [
            ("run: ['false']", "its command ended with exit code 1", nil),
            ("shell: exit 3", "its command ended with exit code 3", nil),
            ("shell: kill -9 $$", "its command was ended by signal 9", nil),
            (
                "run: ['true']", "it did not write its output 'o'",
                "a command writes to ${outputs.o}, relative to the folder it runs in"
            ),
            ("shell: mkdir outputs/o", "its output 'o' is not a plain file", nil),
            ("shell: ln -s /etc/passwd outputs/o", "its output 'o' is not a plain file", nil),
            (
                "run: [no-such-program-of-reprise]", "there is no program 'no-such-program-of-reprise'",
                "programs are looked up in PATH, and those with a '/' beside the stage's 'code'"
            ),
            (
                "run: [./missing.sh]", "there is no program './missing.sh'",
                "programs are looked up in PATH, and those with a '/' beside the stage's 'code'"
            ),
            (
                "run: [/no/such/program]", "there is no program '/no/such/program'",
                "programs are looked up in PATH, and those with a '/' beside the stage's 'code'"
            ),
        ]
        for (command, message, hint) in cases {
            try await Self.with("\(command)\noutputs: {o: o}") { project in
                let run = try await project.run(["own"])
                #expect(run.stages(.failed) == ["own"])
                #expect(run.reason("own") == message)
                #expect(run.outcome.failures["own"]?.hint == hint)
                let work = try project.names(in: "cache/work")
                #expect(try work.map { try project.names(in: "cache/work/\($0)") } == [["checkpoint"]])
            }
        }
    }

    @Test func `a program that is none is told`() async throws {
        try await Self.with("run: [./go]\ncode: [go]\noutputs: {o: o}") { project in
            try project.write("\u{1}\u{2}\u{3}", to: "go")
            let run = try await project.run(["own"])
            #expect(run.reason("own") == "its program './go' could not be started: exec format error")
        }
    }

    @Test func `a command sees every byte of its inputs, a rename of stages nothing`() async throws {
        try await Self.with("run: [cp, inputs/x, outputs/o]\ninputs: {x: first}\noutputs: {o: o}") { project in
            _ = try await project.run()
            try project.edit("  first:", "  other:")
            try project.edit("{x: first}", "{x: other}")
            #expect(try await project.run().ran == [])
            try project.write("uno", to: "data/left/a")
            #expect(try await project.run().ran == ["read", "other", "own"])
        }
    }

    @Test func `what a probe prints is in the key`() async throws {
        try await Self.with(
            "run: [cp, inputs/x, outputs/o]\ninputs: {x: first}\noutputs: {o: o}\nprobe: [[cat, version]]"
        ) { project in
            try project.write("1.0", to: "version")
            _ = try await project.run()
            #expect(try await project.run().ran == [])
            try project.write("2.0", to: "version")
            let run = try await project.run()
            #expect(run.ran == ["own"])
            #expect(run.reason("own")?.hasPrefix("probes changed ") == true)
            try Files.remove(project.path("version"))
            let error = await #expect(throws: UsageError.self) { _ = try await project.run() }
            #expect(error?.message.hasPrefix("the probe 'cat version' did not end well") == true)
        }
    }

    @Test func `a command that is forced may give another result, and what comes after follows it`() async throws {
        try await Self.with(
            "shell: 'cat \"$COUNTER\" > outputs/o'\noutputs: {o: o}\nenvironment: {COUNTER: HERE}"
        ) { project in
            try project.edit("HERE", project.path("counter").string)
            try project.edit("  first: {tool: first, inputs: read}", "  first: {tool: first, inputs: own}")
            try project.write("1", to: "counter")
            _ = try await project.run()
            try project.write("2", to: "counter")
            #expect(try await project.run().counts == [:], "nothing says that the command reads it")
            let forced = try await project.run(forced: ["own"])
            #expect(forced.ran == ["own", "first"])
            #expect(try project.text(of: "first", in: forced) == "2")
            #expect(try await project.run().counts == [:])
        }
    }

    @Test func `a command's files of strange names are cleared away`() async throws {
        try await Self.with(
            #"shell: 'touch "$(printf "a\\377b")"; mkdir -p c/d; chmod 555 c; echo x > outputs/o'"#
                + "\noutputs: {o: o}"
        ) { project in
            let run = try await project.run(["own"])
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(try project.names(in: "cache/work") == [])
        }
    }
}
