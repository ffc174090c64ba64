// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// What a command sees beside its inputs.
@Suite struct CommandContextTests {
    private func command(_ keys: String, run: String = "make") throws -> Command {
        let text = """
            reprise: 1
            settings: {part: nets}
            stages:
              s:
                run: \(run)
                outputs: {a: a}
                \(keys)
            """
        let stage = try #require(try manifest(text).stages.first)
        guard case .command(let command) = stage.work else { preconditionFailure("a stage with 'run' has a command") }
        return command
    }

    @Test func `code is files, folders and patterns, as they are written`() throws {
        let code = try command(#"code: [./train.py, src/, "${part}/**/*.py", "*.cfg"]"#).code
        #expect(code.map(\.value) == ["train.py", "src", "nets/**/*.py", "*.cfg"])
    }

    @Test func `programs are names and paths, secrets are names of variables`() throws {
        let command = try command("programs: [python3, ./bin/x, /opt/tool/run]\n    secrets: TOKEN")
        #expect(command.programs.map(\.value) == ["python3", "./bin/x", "/opt/tool/run"])
        #expect(command.secrets.map(\.value) == ["TOKEN"])
        #expect(command.resume == nil)
    }

    @Test func `the folder to resume from stands in the command`() throws {
        let command = try command("resume: state//run", run: "make --from=${resume} ${resume}/last $${resume}")
        #expect(command.resume == "state/run")
        #expect(command.arguments == ["make", "--from=state/run", "state/run/last", "${resume}"])
    }

    @Test func `a setting may be called resume where no stage has such a folder`() throws {
        let text = """
            reprise: 1
            settings: {resume: true}
            stages: {s: {run: "make ${resume}", outputs: {a: a}}}
            """
        guard case .command(let command)? = try manifest(text).stages.first?.work else { return }
        #expect(command.arguments == ["make", "true"])
    }

    @Test func `an output can be a folder`() throws {
        let text = """
            reprise: 1
            stages: {s: {run: make, outputs: {plots: {path: plots/, format: folder}}}}
            """
        let output = try #require(try manifest(text).stages.first?.outputs.first)
        #expect(output == StageOutput(name: "plots", format: .folder, role: nil, path: "plots"))
    }

    @Test func `programs, secrets and folders that cannot be are told, all at once`() {
        check(
            #"""
            reprise: 1
            stages:
              a:
                run: make ${resume}
                outputs: {a: a}
                programs: ["", ~/bin/x, bin/, [a], python3, python3]
                environment: {TOKEN: x}
                secrets: [TOKEN, A-B, KEY, KEY]
              b:
                run: make ${resume}
                outputs: {a: a}
                resume: outputs/state
              c:
                run: make
                outputs: {a: a}
                code: ["lib/nets/*.py"]
                resume: lib
              d:
                run: make
                outputs: {a: a}
                resume: /state
              e:
                tool: synthesize
                secrets: KEY
            """#,
            tells: #"""
                error: p.yml:4:15: this stage has no folder to resume from
                      run: make ${resume}
                                ^^^^^^^^^
                hint: name one with the stage's key 'resume', for example 'resume: checkpoints'

                error: p.yml:6:16: '' names no program
                      programs: ["", ~/bin/x, bin/, [a], python3, python3]
                                 ^^
                hint: write a name that is looked up in PATH, such as 'python3', or a path with a '/'

                error: p.yml:6:20: '~/bin/x' names no program
                      programs: ["", ~/bin/x, bin/, [a], python3, python3]
                                     ^^^^^^^
                hint: write a name that is looked up in PATH, such as 'python3', or a path with a '/'

                error: p.yml:6:29: 'bin/' names no program
                      programs: ["", ~/bin/x, bin/, [a], python3, python3]
                                              ^^^^
                hint: write a name that is looked up in PATH, such as 'python3', or a path with a '/'

                error: p.yml:6:35: each element of 'programs' of stage 'a' takes text, not a list
                      programs: ["", ~/bin/x, bin/, [a], python3, python3]
                                                    ^

                error: p.yml:6:49: program 'python3' of stage 'a' is named twice
                      programs: ["", ~/bin/x, bin/, [a], python3, python3]
                                                                  ^^^^^^^

                error: p.yml:8:15: 'TOKEN' of stage 'a' stands both in 'secrets' and in 'environment'
                      secrets: [TOKEN, A-B, KEY, KEY]
                                ^^^^^
                hint: a secret's value comes from the environment of whoever runs the pipeline

                error: p.yml:8:22: 'A-B' cannot be the name of a variable
                      secrets: [TOKEN, A-B, KEY, KEY]
                                       ^^^
                hint: a variable's name has letters, digits and '_', and starts with no digit

                error: p.yml:8:32: secret 'KEY' of stage 'a' is named twice
                      secrets: [TOKEN, A-B, KEY, KEY]
                                                 ^^^

                error: p.yml:12:13: the folder 'outputs/state' to resume from and 'outputs' lie inside each other
                      resume: outputs/state
                              ^^^^^^^^^^^^^
                hint: name a folder of its own, for example 'checkpoints'

                error: p.yml:17:13: the folder 'lib' to resume from and 'lib/nets' lie inside each other
                      resume: lib
                              ^^^
                hint: name a folder of its own, for example 'checkpoints'

                error: p.yml:21:13: path '/state' is absolute
                      resume: /state
                              ^^^^^^
                hint: write a path inside the stage's own folder

                error: p.yml:24:5: stage 'e' has 'tool' and so cannot have 'secrets'
                      secrets: KEY
                      ^^^^^^^
                hint: a tool's outputs and what it reads are known: 'reprise tools' lists them

                13 mistakes in p.yml
                """#)
    }

    @Test func `a setting and a folder to resume from cannot share a name`() {
        check(
            #"""
            reprise: 1
            settings: {resume: x}
            stages:
              a: {run: "make ${resume}", outputs: {a: a}, resume: state}
            """#,
            tells: #"""
                error: p.yml:4:47: ${resume} would be both a folder of stage 'a' and the setting 'resume' at line 2
                    a: {run: "make ${resume}", outputs: {a: a}, resume: state}
                                                                ^^^^^^
                hint: give the setting another name
                """#)
    }

    @Test func `code cannot lie where a command has its inputs and outputs`() {
        check(
            #"""
            reprise: 1
            stages:
              a: {run: "true", outputs: {o: o}, code: [outputs/o, inputs, "./inputs/*.py", inputs.py, "**/*.py"]}
            """#,
            tells: #"""
                error: p.yml:3:44: the code 'outputs/o' of stage 'a' would lie in 'outputs', which a command has for itself
                    a: {run: "true", outputs: {o: o}, code: [outputs/o, inputs, "./inputs/*.py", inputs.py, "**/*.py"]}
                                                             ^^^^^^^^^
                hint: keep it in a folder of another name, such as 'code'

                error: p.yml:3:55: the code 'inputs' of stage 'a' would lie in 'inputs', which a command has for itself
                    a: {run: "true", outputs: {o: o}, code: [outputs/o, inputs, "./inputs/*.py", inputs.py, "**/*.py"]}
                                                                        ^^^^^^
                hint: keep it in a folder of another name, such as 'code'

                error: p.yml:3:63: the code 'inputs/*.py' of stage 'a' would lie in 'inputs', which a command has for itself
                    a: {run: "true", outputs: {o: o}, code: [outputs/o, inputs, "./inputs/*.py", inputs.py, "**/*.py"]}
                                                                                ^^^^^^^^^^^^^^^
                hint: keep it in a folder of another name, such as 'code'

                3 mistakes in p.yml
                """#)
    }
}
