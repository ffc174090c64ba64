// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
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
            inputs: {x: read, many: [read, first, left], folder: left, single: one}
            outputs: {o: deep/down/o}
            """
        ) { project in
            let run = try await project.run()
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(
                try project.text(of: "own", "o", in: run).split(separator: "\n") == [
                    "./inputs/folder/a", "./inputs/folder/b", "./inputs/many/0", "./inputs/many/1", "./inputs/many/2/a",
                    "./inputs/many/2/b", "./inputs/single", "./inputs/x", "./list",
                ])
            #expect(try project.text(of: "read", in: run) == "a: one\ntwo\nb: three\n")
            #expect(try Files.bytes(of: project.path("data/left/a")) == Array("one\ntwo".utf8))
        }
    }

    @Test func `a command that changes an input fails, however the input lies there`() async throws {
        let cases: [(String, String?)] = [
            ("chmod u+w inputs/x; echo z >> inputs/x", "x"),
            ("rm -f inputs/many/1; echo z > inputs/many/1", "many"),
            // As long as before, and with the time of before.
            (
                "chmod u+w inputs/folder/a; touch -r inputs/folder/a t; printf ONE | dd of=inputs/folder/a conv=notrunc; "
                    + "touch -r t inputs/folder/a", "folder"
            ),
            ("rm -f inputs/folder/b", "folder"),
            ("mv inputs/single moved", "single"),
            ("rm -f inputs/single; mkfifo inputs/single", "single"),
            ("chmod u+w inputs/made/kept; echo z > inputs/made/kept", "made"),
            ("rm -rf inputs", "x"),
            // No change of what it reads.
            ("touch inputs/x inputs/made/kept; chmod -R 777 inputs", nil),
            ("cp inputs/made/kept k; rm -f inputs/made/kept; mv k inputs/made/kept", nil),
            ("chmod u+w inputs/folder; echo z > inputs/folder/new", nil),
            ("mv inputs/x x; ln -s ../x inputs/x", nil),
        ]
        for (command, input) in cases {
            try await Self.with(
                """
                shell: '\(command); echo x > outputs/o'
                inputs: {x: read, many: [read, first, left], folder: left, single: one, made: pack/o}
                outputs: {o: o}
                """
            ) { project in
                try project.edit(
                    "  own:",
                    "  pack: {shell: mkdir outputs/o; echo y > outputs/o/kept, "
                        + "outputs: {o: {path: o, format: folder}}}\n  own:")
                let run = try await project.run()
                guard let input else {
                    #expect(run.outcome.failures.isEmpty, "\(command): \(run.outcome.failures)")
                    return
                }
                #expect(run.reason("own") == "it changed its input '\(input)'", "\(command)")
                let hint = "inputs are read-only; a command that needs to write to one copies it first"
                #expect(run.outcome.failures["own"]?.hint == hint)
                #expect(try project.text(of: "read", in: run) == "a: one\ntwo\nb: three\n")
                #expect(try Files.bytes(of: project.path("data/left/a")) == Array("one\ntwo".utf8))
            }
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
            #expect(second.reason("own")?.hasPrefix("code 'tools/words.txt' changed ") == true)
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
            (
                "shell: ln -s /etc/passwd outputs/o",
                "its output 'o' is a link that leads out of its folder, or nowhere", nil
            ),
            (
                "shell: ln -s o outputs/o", "its output 'o' is a link that leads out of its folder, or nowhere", nil
            ),
            ("shell: mkfifo outputs/o", "its output 'o' is not a plain file", nil),
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
                #expect(try project.names(in: "cache/work") == [])
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
            #expect(run.reason("own") == "probe 'cat version' changed '1.0' -> '2.0'")
            try Files.remove(project.path("version"))
            let error = await #expect(throws: Diagnostics.self) { _ = try await project.run() }
            #expect(error?.all.map(\.message) == ["a probe of stage 'own' ended with exit code 1"])
        }
    }

    @Test func `every byte that a probe prints is in the key, also where it is no text`() async throws {
        try await Self.with(
            "run: [cp, inputs/x, outputs/o]\ninputs: {x: first}\noutputs: {o: o}\nprobe: [[cat, version]]"
        ) { project in
            try Files.write([0x61, 0xff, 0x0a], toNew: project.path("version"))
            _ = try await project.run()
            #expect(try await project.run().ran == [])
            // What repairing would make of both.
            try Files.replace(project.path("version"), with: [0x61, 0xfe, 0x0a])
            let run = try await project.run()
            #expect(run.ran == ["own"])
            #expect(run.reason("own") == "'bytes' of probe 'cat version' changed '61ff0a' -> '61fe0a'")
            try Files.replace(project.path("version"), with: Array("a\u{FFFD}\n".utf8))
            let other = try await project.run()
            #expect(other.reason("own") == #"probe 'cat version' changed {"bytes":"61fe0a"} -> 'a\#u{FFFD}\n'"#)
        }
    }

    @Test(.endsAtSomeTime)
    func `a probe that prints without end is ended and told`() async throws {
        try await Self.with(
            "run: [cp, inputs/x, outputs/o]\ninputs: {x: first}\noutputs: {o: o}\nprobe: [[sh, -c, trap '' PIPE; yes]]"
        ) { project in
            let error = await #expect(throws: Diagnostics.self) { _ = try await project.run() }
            #expect(error?.all.map(\.message) == ["a probe of stage 'own' printed more than 4 MiB"])
        }
    }

    @Test(.endsAtSomeTime)
    func `a probe may say much elsewhere, and what it leaves running is not waited for`() async throws {
        try await Self.with(
            "run: [cp, inputs/x, outputs/o]\ninputs: {x: first}\noutputs: {o: o}\n"
                + "probe: [[sh, -c, 'sleep 300 & head -c 9000000 /dev/zero >&2; echo 1']]"
        ) { project in
            let run = try await project.run()
            #expect(run.outcome.failures.isEmpty)
            let key = try #require(run.outcome.records.first { $0.stage == "own" }?.key)
            let entry = try #require(try project.session().actions.entry(for: key))
            #expect(entry.action.document["command"]?["probes"]?.array?.first?["output"] == "1\n")
        }
    }

    @Test func `all probes that fail are told at once, with their places and what they said`() async throws {
        try await Project.with(
            """
            reprise: 1
            stages:
              one:
                shell: echo x > outputs/o
                probe: ["sh -c 'for i in 1 2 3 4 5 6; do echo line $i >&2; done; exit 4'", "true"]
                outputs: {o: o}
              two:
                shell: echo x > outputs/o
                probe: sh -c 'kill -9 $$'
                outputs: {o: o}
              more:
                matrix: {n: [1, 2]}
                shell: echo ${n} > outputs/o
                probe: [no-such-program-of-reprise --version]
                outputs: {o: o}

            """
        ) { project in
            let error = await #expect(throws: Diagnostics.self) { _ = try await project.run() }
            let text = DiagnosticText().text(of: try #require(error))
            let expected = """
                error: HERE/p.yml:5:13: a probe of stage 'one' ended with exit code 4
                      probe: ["sh -c 'for i in 1 2 3 4 5 6; do echo line $i >&2; done; exit 4'", "true"]
                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                  it said: line 2
                  it said: line 3
                  it said: line 4
                  it said: line 5
                  it said: line 6
                hint: what it prints counts into the stage's key, so it has to end with exit code 0

                error: HERE/p.yml:9:12: a probe of stage 'two' was ended by signal 9
                      probe: sh -c 'kill -9 $$'
                             ^^^^^^^^^^^^^^^^^^
                hint: what it prints counts into the stage's key, so it has to end with exit code 0

                error: HERE/p.yml:14:13: a probe of stage 'more@n=1' could not be run: there is no program 'no-such-program-of-reprise'
                      probe: [no-such-program-of-reprise --version]
                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                hint: programs are looked up in PATH, and those with a '/' in the manifest's folder

                3 mistakes in HERE/p.yml

                """
            let whole = expected.split(separator: "HERE", omittingEmptySubsequences: false)
                .joined(separator: project.folder.string)
            #expect(text == whole)
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

    @Test func `inputs and code are read-only`() async throws {
        try await Self.with(
            """
            shell: "stat -c '%a %n' inputs/x inputs/folder/a go.sh > outputs/o"
            inputs: {x: read, folder: left}
            code: [go.sh]
            outputs: {o: o}
            """
        ) { project in
            try project.write("echo\n", to: "go.sh")
            let run = try await project.run(["own"])
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(try project.text(of: "own", "o", in: run) == "444 inputs/x\n444 inputs/folder/a\n555 go.sh\n")
        }
    }

    @Test func `what is written to outputs and not declared fails the stage, by its names`() async throws {
        try await Self.with(
            "shell: 'mkdir -p outputs/a/b outputs/empty; echo x > outputs/o; echo y > outputs/a/b/more; ln -s o outputs/also'"
                + "\noutputs: {o: o}"
        ) { project in
            let run = try await project.run(["own"])
            guard case .tool(let failure)? = run.outcome.failures["own"] else {
                Issue.record("\(run.outcome.failures)")
                return
            }
            #expect(failure.message == "it wrote what it does not declare to 'outputs'")
            #expect(failure.details == ["outputs/a/b/more", "outputs/also"])
            #expect(failure.hint == "declare it under the stage's 'outputs', or write it to another folder")
        }
    }

    @Test func `a name with other bytes than the declared one is not declared, and is not the output`() async throws {
        for (declared, other) in [("\u{E9}", "'e\\314\\201'"), ("\u{FFFD}", "'\\377'")] {
            try await Self.with(
                """
                shell: 'echo x > outputs/\(declared); echo y > outputs/$(printf OTHER)'
                outputs: {o: {path: "\(declared)"}}
                """
            ) { project in
                try project.edit("OTHER", "'" + other + "'")
                let run = try await project.run(["own"])
                #expect(run.reason("own") == "it wrote what it does not declare to 'outputs'", "\(declared)")
                try project.edit("echo x > outputs/\(declared); ", "")
                #expect(try await project.run(["own"]).reason("own") == "it did not write its output 'o'")
            }
        }
    }

    @Test func `where an output is missing, what the command wrote elsewhere is told`() async throws {
        try await Self.with(
            "shell: 'echo x > result.csv; mkdir plots; echo y > outputs/other'\ninputs: {x: read}\noutputs: {o: o}"
        ) { project in
            let run = try await project.run(["own"])
            #expect(run.reason("own") == "it did not write its output 'o'")
            #expect(
                run.outcome.failures["own"]?.details == ["found in its folder: outputs/other, plots, result.csv"])
        }
    }

    @Test func `an output may be a link to a file that the command wrote`() async throws {
        try await Self.with("shell: 'echo x > kept; ln -s ../kept outputs/o'\noutputs: {o: o}") { project in
            let run = try await project.run(["own"])
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(try project.text(of: "own", "o", in: run) == "x\n")
        }
    }

    @Test func `what a command leaves running ends with it`() async throws {
        try await Self.with("shell: 'sleep 300 & echo $! > outputs/o'\noutputs: {o: o}") { project in
            let run = try await project.run(["own"])
            let number = try #require(pid_t(project.text(of: "own", "o", in: run).dropLast()))
            // Its parent is gone, so that whoever adopted it may not have buried it yet.
            let state = try? String(decoding: Files.bytes(of: FilePath("/proc/\(number)/stat")), as: UTF8.self)
            #expect(kill(number, 0) != 0 || state?.split(separator: " ").dropFirst(2).first == "Z")
        }
    }

    @Test(.endsAtSomeTime)
    func `a command that is interrupted is ended with all it started`() async throws {
        try await Self.with(
            "shell: 'echo x > outputs/o; echo begun; sleep 300 | sleep 300'\noutputs: {o: o}"
        ) { project in
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            struct Starter: RunObserver {
                let begin: AsyncStream<Void>.Continuation
                let wantsLines = true
                func observe(_ event: RunEvent) { if case .printed = event { begin.yield() } }
            }
            let task = Task { try await project.run(["own"], observer: Starter(begin: begin)) }
            for await _ in begun { break }
            task.cancel()
            let run = try await task.value
            #expect(run.outcome.failures["own"] == .interrupted)
            #expect(run.outcome.wasInterrupted)
            #expect(try project.names(in: "cache/work") == [])
        }
    }

    @Test func `what a command costs is recorded`() async throws {
        try await Self.with(
            "run: [awk, 'BEGIN { while (i < 3000000) i++; print i > \"outputs/o\" }']\noutputs: {o: o}"
        ) { project in
            let record = try #require(try await project.run(["own"]).outcome.records.first)
            #expect(record.processorSeconds > 0.01)
            #expect(record.peakMemoryBytes > 100_000)
            #expect(record.attempts == 1)
        }
    }

    @Test func `what the last failed attempt wrote is kept until the next one begins`() async throws {
        try await Self.with(
            """
            shell: |
              echo try >> COUNTER
              wc -l < COUNTER > outputs/o
              mkdir -p plots/empty
              ls ../.. | grep -v attempt > plots/before
              test -e MENDED || echo more > outputs/log
            inputs: {x: read}
            code: [tools/go.sh]
            outputs: {o: o}
            retries: {count: 1, backoff: 0s}
            """
        ) { project in
            try project.write("echo\n", to: "tools/go.sh")
            try project.edit("COUNTER", project.path("counter").string)
            try project.edit("MENDED", project.path("mended").string)
            for count in [2, 4] {
                let run = try await project.run(["own"])
                #expect(run.reason("own") == "it wrote what it does not declare to 'outputs'")
                let key = try #require(run.outcome.records.first { $0.stage == "own" }?.key)
                #expect(try project.names(in: "cache/work") == [key.description])
                #expect(try project.names(in: "cache/work/\(key)") == ["failed"])
                #expect(try project.names(in: "cache/work/\(key)/failed") == ["outputs", "plots", "tools"])
                let kept = project.path("cache/work/\(key)/failed")
                #expect(try Files.bytes(of: kept.pushing("outputs/o")) == Array("\(count)\n".utf8))
                #expect(try Files.bytes(of: kept.pushing("outputs/log")) == Array("more\n".utf8))
                #expect(try Files.bytes(of: kept.pushing("plots/before")) == [])
                let session = try project.session()
                DeadWork.clear(in: session.folders, actions: session.actions)
                #expect(try project.names(in: "cache/work/\(key)") == ["failed"])
            }
            try project.write("", to: "mended")
            let run = try await project.run(["own"])
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(try project.names(in: "cache/work") == [])
        }
    }

    @Test func `of a failed attempt that wrote nothing nothing is kept`() async throws {
        try await Self.with(
            """
            shell: ': > outputs/o; : > empty; mkdir deep; ln -s ../tools/go.sh deep/link; exit 3'
            inputs: {x: read}
            code: [tools/go.sh]
            outputs: {o: o}
            """
        ) { project in
            try project.write("echo\n", to: "tools/go.sh")
            #expect(try await project.run(["own"]).reason("own") == "its command ended with exit code 3")
            #expect(try project.names(in: "cache/work") == [])
        }
    }

    @Test func `what failed attempts cost is recorded too`() async throws {
        try await Self.with(
            """
            run: [awk, 'BEGIN { while (i < 3000000) i++; exit 3 }']
            outputs: {o: o}
            retries: {count: 1, backoff: 0s}
            """
        ) { project in
            let record = try #require(try await project.run(["own"]).outcome.records.first)
            #expect(record.outcome == .failed && record.attempts == 2)
            #expect(record.processorSeconds > 0.02)
            #expect(record.peakMemoryBytes > 100_000)
            #expect(record.workSeconds > 0 && record.workSeconds <= record.seconds)
        }
    }

    // MARK: Attempts

    @Test func `a stage that fails is tried again as often as it may be, with growing pauses`() async throws {
        try await Self.with(
            """
            shell: |
              echo try >> COUNTER
              echo "line of $(wc -l < COUNTER)"
              test $(wc -l < COUNTER) -ge 3 && echo x > outputs/o
            outputs: {o: o}
            retries: {count: 3, backoff: 0.01s}
            """
        ) { project in
            try project.edit("COUNTER", project.path("counter").string)
            let events = EventLog()
            let run = try await project.run(["own"], observer: events)
            #expect(run.stages(.failed) == [])
            let record = try #require(run.outcome.records.first)
            #expect(record.attempts == 3)
            #expect(
                events.lines == [
                    "began 1", "1 own started: has not run before",
                    "1 own attempt 1: its command ended with exit code 1; 0.01 s",
                    "1 own attempt 2: its command ended with exit code 1; 0.02 s", "1 own ran",
                ])
            let key = try #require(record.key)
            let folders = CacheFolders(root: project.path("cache"))
            let logs = try (0...3).map { try StageLog.text(at: folders.log(of: key, before: $0)) }
            #expect(logs == ["line of 3\n", "line of 2\n", "line of 1\n", nil])
        }
    }

    @Test func `a stage that never ends well fails after its last attempt`() async throws {
        try await Self.with("run: ['false']\noutputs: {o: o}\nretries: {count: 2, backoff: 0.001s}") { project in
            let run = try await project.run(["own"])
            #expect(run.reason("own") == "its command ended with exit code 1")
            #expect(run.outcome.records.first?.attempts == 3)
        }
    }

    @Test(.endsAtSomeTime)
    func `a stage that takes longer than it may is ended, and that is an attempt`() async throws {
        try await Self.with(
            "run: [sleep, '300']\noutputs: {o: o}\ntimeout: 0.05s\nretries: {count: 1, backoff: 0.001s}"
        ) { project in
            let run = try await project.run(["own"])
            #expect(run.reason("own") == "it did not end within 0.05s")
            #expect(run.outcome.failures["own"]?.hint == "a longer 'timeout', or none, gives it more time")
            #expect(run.outcome.records.first?.attempts == 2)
        }
    }

    @Test(.endsAtSomeTime)
    func `the pause before another attempt ends with the run`() async throws {
        try await Self.with("run: ['false']\noutputs: {o: o}\nretries: {count: 2, backoff: 5m}") { project in
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            struct Starter: RunObserver {
                let begin: AsyncStream<Void>.Continuation
                func observe(_ event: RunEvent) { if case .failedAttempt = event { begin.yield() } }
            }
            let task = Task { try await project.run(["own"], observer: Starter(begin: begin)) }
            for await _ in begun { break }
            task.cancel()
            let run = try await task.value
            #expect(run.outcome.failures["own"] == .interrupted)
        }
    }

    @Test func `what a stage writes to its resume folder is there for its next attempt, until one ends well`()
        async throws
    {
        try await Self.with(
            """
            shell: 'echo more >> state/steps; test $(wc -l < state/steps) -ge 3 && cp state/steps outputs/o'
            outputs: {o: o}
            resume: state
            retries: {count: 1, backoff: 0.001s}
            """
        ) { project in
            let first = try await project.run(["own"])
            #expect(first.stages(.failed) == ["own"])
            let key = try #require(first.outcome.records.first?.key).description
            #expect(try project.names(in: "cache/work/\(key)") == ["resume"])
            let second = try await project.run(["own"])
            #expect(second.ran == ["own"])
            #expect(second.outcome.records.first?.attempts == 1)
            #expect(try project.text(of: "own", "o", in: second) == "more\nmore\nmore\n")
            #expect(try project.names(in: "cache/work") == [])
        }
    }

    // MARK: Secrets and programs

    @Test func `a secret reaches the command and no log, record or key`() async throws {
        try await Self.with(
            """
            shell: |
              printf "%s" "$REPRISE_TEST_TOKEN" | wc -c > outputs/o
              echo "token: $REPRISE_TEST_TOKEN!"
              printf "no end $REPRISE_TEST_TOKEN" >&2
            outputs: {o: o}
            secrets: [REPRISE_TEST_TOKEN]
            """
        ) { project in
            let absent = try await project.run(["own"])
            #expect(absent.reason("own") == "the secret 'REPRISE_TEST_TOKEN' is not set")
            #expect(setenv("REPRISE_TEST_TOKEN", "s3cret-value", 1) == 0)
            defer { unsetenv("REPRISE_TEST_TOKEN") }
            let events = EventLog(wantsLines: true)
            let run = try await project.run(["own"], observer: events)
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(try project.text(of: "own", "o", in: run).contains("12"))
            #expect(
                events.lines == [
                    "began 1", "1 own started: has not run before", "own | token: ***!", "own | no end ***",
                    "1 own ran",
                ])
            let key = try #require(run.outcome.records.first?.key)
            let log = try StageLog.text(at: CacheFolders(root: project.path("cache")).log(of: key))
            #expect(log == "token: ***!\nno end ***")
            #expect(setenv("REPRISE_TEST_TOKEN", "another", 1) == 0)
            #expect(try await project.run(["own"]).stages(.hit) == ["own"])
            let entry = try #require(try project.session().actions.entry(for: key))
            let text = entry.action.document.canonicalText
            #expect(!text.contains("s3cret-value") && !text.contains("secret"), "\(text)")
        }
    }

    @Test func `the bytes of declared programs are in the key`() async throws {
        try await Self.with(
            "run: [tool, a]\noutputs: {o: o}\nprograms: [tool]\nenvironment: {PATH: 'HERE:/usr/bin:/bin'}"
        ) { project in
            try project.edit("HERE", project.path("bin").string)
            let error = await #expect(throws: Diagnostics.self) { _ = try await project.run(["own"]) }
            #expect(error?.all.first?.message == "there is no program 'tool'")
            try project.write("#!/bin/sh\necho 1 > outputs/o\n", to: "bin/tool")
            #expect(chmod(project.path("bin/tool").string, 0o755) == 0)
            let first = try await project.run(["own"])
            #expect(try project.text(of: "own", "o", in: first) == "1\n")
            #expect(try await project.run(["own"]).ran == [])
            try project.write("#!/bin/sh\necho 2 > outputs/o\n", to: "bin/tool")
            #expect(chmod(project.path("bin/tool").string, 0o755) == 0)
            let second = try await project.run(["own"])
            #expect(second.reason("own")?.hasPrefix("program 'tool' changed ") == true)
            #expect(try project.text(of: "own", "o", in: second) == "2\n")
        }
    }

    @Test func `a probe sees the environment of its command and runs once for all that have it`() async throws {
        try await Self.with(
            #"""
            run: [touch, outputs/o]
            outputs: {o: o}
            environment: {MODE: fast}
            probe: [[sh, -c, "echo x >> COUNTER; echo $MODE $HOME $REPRISE_TEST_AMBIENT"]]
            """#
        ) { project in
            try project.edit("COUNTER", project.path("counter").string)
            let text = String(decoding: try Files.bytes(of: project.path("p.yml")), as: UTF8.self)
            let own = try #require(text.split(separator: "  own:").last)
            try project.write(text + "  twin:" + own, to: "p.yml")
            #expect(setenv("REPRISE_TEST_AMBIENT", "1", 1) == 0)
            let run = try await project.run(["own", "twin"])
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            let key = try #require(run.outcome.records.first?.key)
            let entry = try #require(try project.session().actions.entry(for: key))
            let output = entry.action.document["command"]?["probes"]?.array?.first?["output"]?.text
            #expect(output == "fast /nonexistent\n")
            #expect(try Files.bytes(of: project.path("counter")).count == 2)
        }
    }

    // MARK: Folders

    @Test func `a folder that a command wrote is one output, and lies before its readers as it was`() async throws {
        let manifest = """
            reprise: 1
            stages:
              own:
                shell: 'cd outputs; mkdir -p f/deep f/empty; echo 1 > f/b; echo 2 > f/deep/a; echo 3 > f/.h'
                outputs: {f: {path: f, format: folder}}
              reader:
                shell: '(cd inputs/x; find . -type f | sort; cat b deep/a .h; stat -c %a b) > outputs/o'
                inputs: {x: own}
                outputs: {o: o}
              tool: {tool: read, inputs: own}

            """
        try await Project.with(manifest) { project in
            let run = try await project.run()
            #expect(run.outcome.failures.isEmpty, "\(run.outcome.failures)")
            #expect(try project.text(of: "reader", "o", in: run) == "./.h\n./b\n./deep/a\n1\n2\n3\n444\n")
            #expect(try project.text(of: "tool", in: run) == ".h: 3\n\nb: 1\n\ndeep/a: 2\n\n")
            #expect(try project.names(in: "cache/work") == [])
            let again = try await project.run(cache: "fresh")
            #expect(again.contents == run.contents)
            #expect(try await project.run().ran == [])
        }
    }

    @Test func `a folder that is none, or holds what is no file, is told`() async throws {
        for (command, message) in [
            ("touch outputs/f", "its output 'f' is not a folder"),
            ("mkdir outputs/f; ln -s /etc outputs/f/l", "its output 'f' holds 'l', which is no plain file"),
            ("mkdir -p outputs/f/d; mkfifo outputs/f/d/p", "its output 'f' holds 'd/p', which is no plain file"),
            ("true", "it did not write its output 'f'"),
        ] {
            try await Self.with("shell: '\(command)'\noutputs: {f: {path: f, format: folder}}") { project in
                let run = try await project.run(["own"])
                #expect(run.reason("own") == message)
            }
        }
    }

    @Test func `a program that is replaced while a stage runs fails the stage`() async throws {
        try await Self.with(
            "shell: 'echo more >> HERE; echo done > outputs/o'\noutputs: {o: o}\nprograms: [tools/program]"
        ) { project in
            let program = project.path("tools/program")
            try project.edit("HERE", program.string)
            try project.write("#!/bin/sh\n", to: "tools/program")
            try Files.setPermissions(program, 0o755)
            let run = try await project.run(["own"])
            #expect(try #require(run.reason("own")).hasSuffix("tools/program' changed while the stage read it"))
        }
    }

    // MARK: Determinism

    @Test func `a stage that gives the same each time is found so, and one that does not`() async throws {
        try await Self.with(
            "shell: 'echo same > outputs/o; cat \"$COUNTER\" > outputs/p; echo >> \"$COUNTER\"'"
                + "\noutputs: {o: o, p: p}\nenvironment: {COUNTER: HERE}"
        ) { project in
            try project.edit("HERE", project.path("counter").string)
            try project.write("", to: "counter")
            _ = try await project.run()
            #expect(try await differences(of: "read", in: project) == [])
            let found = try await differences(of: "own", in: project)
            #expect(found.map(\.output) == ["p"])
            #expect(found.first?.stored == Digest(ofText: ""))
            #expect(found.first?.first == Digest(ofText: "\n"))
            #expect(found.first?.second == Digest(ofText: "\n\n"))
            #expect(found.first?.distance == "1 and 2 bytes")
            #expect(try project.names(in: "cache/work") == [])
            #expect(try await project.run().ran == [])
        }
    }

    @Test func `a stage that agrees with itself and not with the cache is compared with the cache`() async throws {
        try await Self.with(
            "shell: 'cat \"$COUNTER\" > outputs/o; echo again > \"$COUNTER\"'\noutputs: {o: o}\nenvironment: {COUNTER: HERE}"
        ) { project in
            try project.edit("HERE", project.path("counter").string)
            try project.write("", to: "counter")
            _ = try await project.run()
            let found = try await differences(of: "own", in: project)
            #expect(found.map(\.stored) == [Digest(ofText: "")])
            #expect(found.map(\.first) == [Digest(ofText: "again\n")])
            #expect(found.map(\.second) == [Digest(ofText: "again\n")])
            #expect(found.map(\.distance) == ["0 and 6 bytes"])
        }
    }

    /// Of the stage run twice more, with how far apart as numbers of bytes.
    private func differences(
        of stage: String, in project: Project
    ) async throws -> [DeterminismCheck.Difference] {
        let session = try project.session()
        let snapshot = try await session.snapshot(for: session.stages(named: []))
        let check = DeterminismCheck(
            planner: try session.planner(for: snapshot),
            runner: InProcessActionRunner(toolbox: project.workshop.toolbox), folders: session.folders, threads: 1,
            warden: nil)
        let node = try #require(session.graph.node(named: stage))
        return try await check.differences(of: node, results: try await project.run().outcome.results) { left, right in
            let counts = [left, right].map { (try? Files.bytes(of: $0, limit: 1 << 10).count) ?? -1 }
            return "\(counts[0]) and \(counts[1]) bytes"
        }
    }
}
