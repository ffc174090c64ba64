// SPDX-License-Identifier: Apache-2.0

import Testing

/// Stages that run a command.
@Suite struct CommandMistakeTests {
    @Test func `a command has no settings`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make
                outputs: {a: a}
                settings: {n: 1}
                interpreter: /bin/sh
            """#,
            tells: #"""
                error: p.yml:6:5: stage 'c' has 'run' and so cannot have 'settings'
                      settings: {n: 1}
                      ^^^^^^^^
                hint: name values under the manifest's 'settings' and write ${name} in the command

                error: p.yml:7:5: stage 'c' has 'run' and so cannot have 'interpreter'
                      interpreter: /bin/sh
                      ^^^^^^^^^^^
                hint: 'interpreter' goes with 'shell'

                2 mistakes in p.yml
                """#)
    }

    @Test func `unknown names in a command are told`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make ${inputs.on} ${output.a} ${inputs.one} ${n}
                inputs: {one: x}
                outputs: {a: a}
            """#,
            tells: #"""
                error: p.yml:4:15: nothing here is called '${inputs.on}'
                      run: make ${inputs.on} ${output.a} ${inputs.one} ${n}
                                ^^^^^^^^^^^^
                hint: did you mean 'inputs.one'?

                error: p.yml:4:28: no setting is called 'output.a'
                      run: make ${inputs.on} ${output.a} ${inputs.one} ${n}
                                             ^^^^^^^^^^^
                hint: name it under the manifest's 'settings', or write '$${' for the two characters themselves

                error: p.yml:4:54: no setting is called 'n'
                      run: make ${inputs.on} ${output.a} ${inputs.one} ${n}
                                                                       ^^^^
                hint: name it under the manifest's 'settings', or write '$${' for the two characters themselves

                3 mistakes in p.yml
                """#)
    }

    @Test func `unknown names are found inside a script`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                shell: |
                  set -e
                  echo "${HOME}" > ${outputs.b}
                outputs: {a: a}
            """#,
            tells: #"""
                error: p.yml:6:13: no setting is called 'HOME'
                        echo "${HOME}" > ${outputs.b}
                              ^^^^^^^
                hint: name it under the manifest's 'settings', or write '$${' for the two characters themselves

                error: p.yml:6:24: nothing here is called '${outputs.b}'
                        echo "${HOME}" > ${outputs.b}
                                         ^^^^^^^^^^^^
                hint: did you mean 'outputs.a'?

                2 mistakes in p.yml
                """#)
    }

    @Test func `a list of inputs must stand as a word of its own`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make --data=${inputs.all}
                inputs: {all: [x, y]}
                outputs: {a: a}
            """#,
            tells: #"""
                error: p.yml:4:22: '${inputs.all}' is a list and must stand as a word of its own
                      run: make --data=${inputs.all}
                                       ^^^^^^^^^^^^^
                """#)
    }

    @Test func `a quote in a command must be closed`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make "a b
                outputs: {a: a}
                probe: ["it's"]
            """#,
            tells: #"""
                error: p.yml:4:10: a " in 'run' of stage 'c' is never closed
                      run: make "a b
                           ^^^^^^^^^

                error: p.yml:6:13: a ' in 'probe' of stage 'c' is never closed
                      probe: ["it's"]
                              ^^^^^^

                2 mistakes in p.yml
                """#)
    }

    @Test func `a command must not be empty`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: []
                outputs: {a: a}
              d:
                run: ""
                outputs: {a: a}
                probe: [""]
              e: {run: , outputs: {a: a}}
            """#,
            tells: #"""
                error: p.yml:4:5: the command of stage 'c' is empty
                      run: []
                      ^^^

                error: p.yml:7:5: the command of stage 'd' is empty
                      run: ""
                      ^^^

                error: p.yml:9:13: a command under 'probe' of stage 'd' is empty
                      probe: [""]
                              ^^

                error: p.yml:10:7: 'run' of stage 'e' takes a command or a list of its words, but has no value
                    e: {run: , outputs: {a: a}}
                        ^^^

                4 mistakes in p.yml
                """#)
    }

    @Test func `a command without outputs is told`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make
              d: {run: make, outputs: {}}
            """#,
            tells: #"""
                error: p.yml:3:3: stage 'c' needs 'outputs'
                    c:
                    ^
                hint: name each file or folder that the command writes, for example 'outputs: {log: train.log}'

                error: p.yml:5:18: stage 'd' needs 'outputs'
                    d: {run: make, outputs: {}}
                                   ^^^^^^^
                hint: name each file or folder that the command writes, for example 'outputs: {log: train.log}'

                2 mistakes in p.yml
                """#)
    }

    @Test func `paths that leave the folder are refused`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make
                code: [/etc/passwd, a/../../b]
                outputs: {a: /tmp/a, b: ../b, c: "", d: {path: .}}
            """#,
            tells: #"""
                error: p.yml:5:12: path '/etc/passwd' is absolute
                      code: [/etc/passwd, a/../../b]
                             ^^^^^^^^^^^
                hint: write a path inside the stage's own folder

                error: p.yml:5:25: path 'a/../../b' leaves its folder
                      code: [/etc/passwd, a/../../b]
                                          ^^^^^^^^^
                hint: write a path without '..'

                error: p.yml:6:18: path '/tmp/a' is absolute
                      outputs: {a: /tmp/a, b: ../b, c: "", d: {path: .}}
                                   ^^^^^^
                hint: write a path inside the stage's own folder

                error: p.yml:6:29: path '../b' leaves its folder
                      outputs: {a: /tmp/a, b: ../b, c: "", d: {path: .}}
                                              ^^^^
                hint: write a path without '..'

                error: p.yml:6:38: a path is empty
                      outputs: {a: /tmp/a, b: ../b, c: "", d: {path: .}}
                                                       ^^

                error: p.yml:6:52: a path is empty
                      outputs: {a: /tmp/a, b: ../b, c: "", d: {path: .}}
                                                                     ^

                6 mistakes in p.yml
                """#)
    }

    @Test func `two outputs with one path are told`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make
                outputs:
                  a: x/y
                  b: {path: ./x//y}
                  c: x
            """#,
            tells: #"""
                error: p.yml:7:17: path 'x/y' is declared twice, first by output 'a' at line 6
                        b: {path: ./x//y}
                                  ^^^^^^

                error: p.yml:8:10: path 'x' and that of output 'a' lie inside each other
                        c: x
                           ^

                2 mistakes in p.yml
                """#)
    }

    @Test func `two outputs with one name are told`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make
                outputs:
                  a: x
                  a: y
            """#,
            tells: #"""
                error: p.yml:7:7: output 'a' is declared twice, first at line 6
                        a: y
                        ^
                """#)
    }

    @Test func `an output's format must be known`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make
                outputs: {a: {path: a, format: hdf5}, b: {path: b, format: folders}, c: {path: c, format: tensor}, d: {format: file}, e: [f]}
            """#,
            tells: #"""
                error: p.yml:5:36: 'format' of output 'a' of stage 'c' takes 'folder', 'file', 'tensors', 'images', 'patches', 'model', 'training-log', 'scores', 'deviations', 'csv', 'png', 'safetensors' or 'onnx', not 'hdf5'
                      outputs: {a: {path: a, format: hdf5}, b: {path: b, format: folders}, c: {path: c, format: tensor}, d: {format: file}, e: [f]}
                                                     ^^^^

                error: p.yml:5:64: 'format' of output 'b' of stage 'c' takes 'folder', 'file', 'tensors', 'images', 'patches', 'model', 'training-log', 'scores', 'deviations', 'csv', 'png', 'safetensors' or 'onnx', not 'folders'
                      outputs: {a: {path: a, format: hdf5}, b: {path: b, format: folders}, c: {path: c, format: tensor}, d: {format: file}, e: [f]}
                                                                                 ^^^^^^^
                hint: did you mean 'folder'?

                error: p.yml:5:95: 'format' of output 'c' of stage 'c' takes 'folder', 'file', 'tensors', 'images', 'patches', 'model', 'training-log', 'scores', 'deviations', 'csv', 'png', 'safetensors' or 'onnx', not 'tensor'
                      outputs: {a: {path: a, format: hdf5}, b: {path: b, format: folders}, c: {path: c, format: tensor}, d: {format: file}, e: [f]}
                                                                                                                ^^^^^^
                hint: did you mean 'tensors'?

                error: p.yml:5:104: output 'd' of stage 'c' needs 'path'
                      outputs: {a: {path: a, format: hdf5}, b: {path: b, format: folders}, c: {path: c, format: tensor}, d: {format: file}, e: [f]}
                                                                                                                         ^

                error: p.yml:5:126: output 'e' of stage 'c' takes a path, or a mapping with the keys 'path', 'format' and 'role', not a list
                      outputs: {a: {path: a, format: hdf5}, b: {path: b, format: folders}, c: {path: c, format: tensor}, d: {format: file}, e: [f]}
                                                                                                                                               ^

                5 mistakes in p.yml
                """#)
    }

    @Test func `a wrong output is not told again where it is used`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make ${outputs.a} ${inputs.b}
                inputs: {b: [x, Y]}
                outputs: {a: /x}
            """#,
            tells: #"""
                error: p.yml:5:21: 'Y' names no source and no stage
                      inputs: {b: [x, Y]}
                                      ^
                hint: write the name of a source or a stage, or 'stage/output'

                error: p.yml:6:18: path '/x' is absolute
                      outputs: {a: /x}
                                   ^^
                hint: write a path inside the stage's own folder

                2 mistakes in p.yml
                """#)
    }

    @Test func `variables and learns are checked`() {
        check(
            #"""
            reprise: 1
            stages:
              c:
                run: make
                outputs: {a: a}
                environment: {OMP-THREADS: 1, 2X: 1, OK: [1]}
                learns: no
            """#,
            tells: #"""
                error: p.yml:6:19: 'OMP-THREADS' cannot be the name of a variable
                      environment: {OMP-THREADS: 1, 2X: 1, OK: [1]}
                                    ^^^^^^^^^^^
                hint: a variable's name has letters, digits and '_', and starts with no digit

                error: p.yml:6:35: '2X' cannot be the name of a variable
                      environment: {OMP-THREADS: 1, 2X: 1, OK: [1]}
                                                    ^^
                hint: a variable's name has letters, digits and '_', and starts with no digit

                error: p.yml:6:46: 'OK' of the environment of stage 'c' takes text, not a list
                      environment: {OMP-THREADS: 1, 2X: 1, OK: [1]}
                                                               ^

                error: p.yml:7:13: 'learns' of stage 'c' takes true or false, not the text 'no'
                      learns: no
                              ^^

                4 mistakes in p.yml
                """#)
    }
}
