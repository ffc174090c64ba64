// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// What can be wrong about `foreach`, `matrix` and references to what they make.
@Suite struct InstanceMistakeTests {
    @Test func `lists and mappings that make no stages are told`() {
        check(
            #"""
            reprise: 1
            settings: {item: 1, n: 3, words: [a, b]}
            stages:
              a: {foreach: 3, tool: synthesize}
              b: {foreach: [], tool: synthesize}
              c: {foreach: [x], tool: synthesize}
              d: {foreach: "${n}", tool: synthesize}
              e: {foreach: [x], matrix: {x: [1]}, tool: synthesize}
              f: {exclude: [{x: 1}], tool: synthesize}
              g: {matrix: [1], tool: synthesize}
              h: {matrix: {}, tool: synthesize}
              i: {matrix: {n: [1], key: [1], X: [1], x: 1, y: [], z: "${n}"}, tool: synthesize}
              j: {matrix: {x: [1, a b, 1, [2], "", "${words}", 010]}, tool: synthesize}
              k: {matrix: {x: [1, 2]}, exclude: [{x: 3}, {y: 1}, {}, {x: 2}], tool: synthesize}
              l: {matrix: {x: [1, 2]}, exclude: [{x: 1}, {x: 2}], tool: synthesize}
            """#,
            tells: #"""
                error: p.yml:4:16: 'foreach' of stage 'a' takes a list, or a mapping of names to values, not 3
                    a: {foreach: 3, tool: synthesize}
                                 ^

                error: p.yml:5:7: variable 'item' has the name of the setting at line 2
                    b: {foreach: [], tool: synthesize}
                        ^^^^^^^
                hint: give one of the two another name

                error: p.yml:6:7: variable 'item' has the name of the setting at line 2
                    c: {foreach: [x], tool: synthesize}
                        ^^^^^^^
                hint: give one of the two another name

                error: p.yml:7:16: 'foreach' of stage 'd' takes a list, or a mapping of names to values, not 3
                    d: {foreach: "${n}", tool: synthesize}
                                 ^^^^^^
                  setting 'n' is declared at line 2

                error: p.yml:8:21: stage 'e' has both 'foreach' and 'matrix'
                    e: {foreach: [x], matrix: {x: [1]}, tool: synthesize}
                                      ^^^^^^
                hint: a 'matrix' can have one variable only

                error: p.yml:9:7: stage 'f' has 'exclude' without 'matrix'
                    f: {exclude: [{x: 1}], tool: synthesize}
                        ^^^^^^^
                hint: 'exclude' leaves out combinations of the variables under 'matrix'

                error: p.yml:10:15: 'matrix' of stage 'g' takes a mapping of variables to lists, not a list
                    g: {matrix: [1], tool: synthesize}
                                ^

                error: p.yml:11:15: 'matrix' of stage 'h' needs at least one variable
                    h: {matrix: {}, tool: synthesize}
                                ^

                error: p.yml:12:16: variable 'n' has the name of the setting at line 2
                    i: {matrix: {n: [1], key: [1], X: [1], x: 1, y: [], z: "${n}"}, tool: synthesize}
                                 ^
                hint: give one of the two another name

                error: p.yml:12:24: 'key' cannot be the name of a variable
                    i: {matrix: {n: [1], key: [1], X: [1], x: 1, y: [], z: "${n}"}, tool: synthesize}
                                         ^^^
                hint: inside a stage it can stand for something else

                error: p.yml:12:34: 'X' cannot be the name of a variable
                    i: {matrix: {n: [1], key: [1], X: [1], x: 1, y: [], z: "${n}"}, tool: synthesize}
                                                   ^
                hint: a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, and is at most 100 long

                error: p.yml:12:45: variable 'x' of stage 'i' takes a list, not 1
                    i: {matrix: {n: [1], key: [1], X: [1], x: 1, y: [], z: "${n}"}, tool: synthesize}
                                                              ^

                error: p.yml:12:51: variable 'y' of stage 'i' takes at least one value
                    i: {matrix: {n: [1], key: [1], X: [1], x: 1, y: [], z: "${n}"}, tool: synthesize}
                                                                    ^

                error: p.yml:12:58: variable 'z' of stage 'i' takes a list, not 3
                    i: {matrix: {n: [1], key: [1], X: [1], x: 1, y: [], z: "${n}"}, tool: synthesize}
                                                                           ^^^^^^
                  setting 'n' is declared at line 2

                error: p.yml:13:23: 'a b' cannot stand in the name of a stage
                    j: {matrix: {x: [1, a b, 1, [2], "", "${words}", 010]}, tool: synthesize}
                                        ^^^
                hint: letters, digits, '-', '.', '_' and '+' can; a mapping under 'foreach' gives its values names

                error: p.yml:13:28: two instances of stage 'j' would have the value '1', first at line 13
                    j: {matrix: {x: [1, a b, 1, [2], "", "${words}", 010]}, tool: synthesize}
                                             ^

                error: p.yml:13:31: each value of variable 'x' of stage 'j' takes a truth value, a number or a word, not a list
                    j: {matrix: {x: [1, a b, 1, [2], "", "${words}", 010]}, tool: synthesize}
                                                ^

                error: p.yml:13:36: '' cannot stand in the name of a stage
                    j: {matrix: {x: [1, a b, 1, [2], "", "${words}", 010]}, tool: synthesize}
                                                     ^^
                hint: letters, digits, '-', '.', '_' and '+' can; a mapping under 'foreach' gives its values names

                error: p.yml:13:40: '[a, b]' cannot stand in the name of a stage
                    j: {matrix: {x: [1, a b, 1, [2], "", "${words}", 010]}, tool: synthesize}
                                                         ^^^^^^^^^^
                hint: letters, digits, '-', '.', '_' and '+' can; a mapping under 'foreach' gives its values names

                error: p.yml:13:52: the number '010' starts with a zero, which some readers take for octal
                    j: {matrix: {x: [1, a b, 1, [2], "", "${words}", 010]}, tool: synthesize}
                                                                     ^^^
                hint: write the number without it, or the text in quotes

                error: p.yml:14:42: variable 'x' of stage 'k' is never 3
                    k: {matrix: {x: [1, 2]}, exclude: [{x: 3}, {y: 1}, {}, {x: 2}], tool: synthesize}
                                                           ^
                hint: it is 1 or 2

                error: p.yml:14:47: unknown key 'y' in each element of 'exclude' of stage 'k'
                    k: {matrix: {x: [1, 2]}, exclude: [{x: 3}, {y: 1}, {}, {x: 2}], tool: synthesize}
                                                                ^
                hint: the keys here are 'x'

                error: p.yml:14:54: each element of 'exclude' of stage 'k' names at least one variable
                    k: {matrix: {x: [1, 2]}, exclude: [{x: 3}, {y: 1}, {}, {x: 2}], tool: synthesize}
                                                                       ^

                error: p.yml:15:28: 'exclude' of stage 'l' leaves nothing
                    l: {matrix: {x: [1, 2]}, exclude: [{x: 1}, {x: 2}], tool: synthesize}
                                             ^^^^^^^

                24 mistakes in p.yml
                """#)
    }

    @Test func `elements that cannot be in names are told`() {
        check(
            #"""
            reprise: 1
            stages:
              a: {foreach: [a/b, "", a, a, [x]], tool: synthesize}
              b: {foreach: {a b: 1, c: , c: 2}, tool: synthesize}
              c: {foreach: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa], tool: synthesize}
              d@x: {tool: synthesize}
            """#,
            tells: #"""
                error: p.yml:3:17: 'a/b' cannot stand in the name of a stage
                    a: {foreach: [a/b, "", a, a, [x]], tool: synthesize}
                                  ^^^
                hint: letters, digits, '-', '.', '_' and '+' can; a mapping under 'foreach' gives its values names

                error: p.yml:3:22: '' cannot stand in the name of a stage
                    a: {foreach: [a/b, "", a, a, [x]], tool: synthesize}
                                       ^^
                hint: letters, digits, '-', '.', '_' and '+' can; a mapping under 'foreach' gives its values names

                error: p.yml:3:29: two instances of stage 'a' would have the value 'a', first at line 3
                    a: {foreach: [a/b, "", a, a, [x]], tool: synthesize}
                                              ^

                error: p.yml:3:32: each element of 'foreach' of stage 'a' takes a truth value, a number or a word, not a list
                    a: {foreach: [a/b, "", a, a, [x]], tool: synthesize}
                                                 ^

                error: p.yml:4:17: 'a b' cannot stand in the name of a stage
                    b: {foreach: {a b: 1, c: , c: 2}, tool: synthesize}
                                  ^^^
                hint: letters, digits, '-', '.', '_' and '+' can; a mapping under 'foreach' gives its values names

                error: p.yml:4:25: instance 'c' of 'foreach' of stage 'b' takes a value, but has no value
                    b: {foreach: {a b: 1, c: , c: 2}, tool: synthesize}
                                          ^

                error: p.yml:4:30: instance 'c' is declared twice, first at line 4
                    b: {foreach: {a b: 1, c: , c: 2}, tool: synthesize}
                                               ^

                error: p.yml:5:7: the name of stage 'c@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' is longer than 200
                    c: {foreach: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…
                        ^^^^^^^
                hint: a mapping under 'foreach' gives its values names of your own

                error: p.yml:6:3: 'd@x' cannot be the name of a stage
                    d@x: {tool: synthesize}
                    ^^^
                hint: a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, and is at most 100 long

                9 mistakes in p.yml
                """#)
    }

    @Test func `more stages than a manifest can have are told before they are made`() {
        let numbers = (0..<1000).map(String.init).joined(separator: ", ")
        let text = """
            reprise: 1
            stages:
              a: {matrix: {x: [\(numbers)], y: [\(numbers)]}, tool: synthesize}
            """
        let found = told(text).split(separator: "\n").first
        #expect(
            found
                == "error: p.yml:3:7: stage 'a' would be 1000000 stages, and a manifest has at most 100000")
    }

    @Test func `instances that are too long together are told before they are made`() {
        let numbers = (0..<300).map(String.init).joined(separator: ", ")
        let text = """
            reprise: 1
            stages:
              a:
                matrix: {x: [\(numbers)], y: [\(numbers)]}
                run: echo \(String(repeating: "x", count: 3000))
                outputs: {o: o}
            """
        #expect(
            told(text) == """
                error: p.yml:3:3: with the 90000 stages of stage 'a', each of 5218 characters, all instances are longer than 268435456
                    a:
                    ^

                """)
    }

    @Test func `what is wrong in all instances is told once, and what is not names one`() {
        check(
            #"""
            reprise: 1
            stages:
              a:
                matrix: {x: [1, 2, 3, 4], y: [p, q]}
                tool: images
                inputs: {filse: x}
                settings: {scale: "${x}", mode: lumma, none: "${z}"}
              b:
                foreach: [5, 6, 7]
                tool: images
                inputs: x
                settings: {scale: "${item}"}
                timeout: 5
              c:
                foreach: {one: {rate: 1}, two: {rat: 2}}
                run: make ${item.rate}
                outputs: {a: a}
            """#,
            tells: #"""
                error: p.yml:6:14: tool 'images' has no input 'filse'
                      inputs: {filse: x}
                               ^^^^^
                hint: did you mean 'files'?

                error: p.yml:7:23: setting 'scale' of tool 'images' takes 2, 3 or 4, not 1
                      settings: {scale: "${x}", mode: lumma, none: "${z}"}
                                        ^^^^^^
                  ${x} is 1, set at line 4
                  so in 'a@x=1,y=p' and 1 more of its kind

                error: p.yml:7:37: setting 'mode' of tool 'images' takes 'luma' or 'rgb', not the text 'lumma'
                      settings: {scale: "${x}", mode: lumma, none: "${z}"}
                                                      ^^^^^
                hint: did you mean 'luma'?

                error: p.yml:7:44: tool 'images' has no setting 'none'
                      settings: {scale: "${x}", mode: lumma, none: "${z}"}
                                                             ^^^^
                hint: its settings are 'mode' and 'scale'

                error: p.yml:12:23: setting 'scale' of tool 'images' takes 2, 3 or 4, not 5
                      settings: {scale: "${item}"}
                                        ^^^^^^^^^
                  ${item} is 5, set at line 9
                  so in 'b@5' and 2 more of its kind

                error: p.yml:13:14: 'timeout' of stage 'b' takes a time above 0s, such as 90s or 2h, not 5
                      timeout: 5
                               ^
                hint: the units are ms, s, m, h and d; the longest is 1000d

                error: p.yml:16:15: no setting and no variable of the stage is called 'item.rate'
                      run: make ${item.rate}
                                ^^^^^^^^^^^^
                  so in 'c@two'
                hint: did you mean 'item.rat'?

                7 mistakes in p.yml
                """#)
    }

    @Test func `references that mean no stage or too many are told`() {
        check(
            #"""
            reprise: 1
            stages:
              train:
                matrix: {scale: [2, 3], seed: [1, 2]}
                tool: train
                inputs: p
                settings: {epochs: 1}
              p: {tool: patches, inputs: [images]}
              images: {foreach: [a, b], tool: images, inputs: x}
              one: {tool: evaluate, inputs: {model: train, images: [images]}}
              two: {tool: evaluate, inputs: {model: "train@scale=2,seed=*", images: "images@c*"}}
              three: {tool: evaluate, inputs: {model: "train@scale=${scle}", images: "image@*"}}
              four: {foreach: [b, c], tool: evaluate, inputs: {images: images}}
              five: {run: make, inputs: {m: train, n: "p@*", o: "train@", q: "tr*"}, outputs: {o: o}}
            """#,
            tells: #"""
                error: p.yml:6:13: 'inputs' of stage 'train' takes a mapping of names, not the text 'p'
                      inputs: p
                              ^
                hint: its inputs are 'patches' and 'validation'

                error: p.yml:10:41: input 'model' of tool 'evaluate' takes one reference, and 'train' is 4 stages
                    one: {tool: evaluate, inputs: {model: train, images: [images]}}
                                                          ^^^^^
                hint: it has 4 stages, such as 'train@scale=2,seed=1', 'train@scale=2,seed=2', 'train@scale=3,seed=1'

                error: p.yml:11:41: input 'model' of tool 'evaluate' takes one reference, and 'train@scale=2,seed=*' is a pattern for several
                    two: {tool: evaluate, inputs: {model: "train@scale=2,seed=*", images: "images@c*"}}
                                                          ^^^^^^^^^^^^^^^^^^^^^^
                hint: it has 4 stages, such as 'train@scale=2,seed=1', 'train@scale=2,seed=2', 'train@scale=3,seed=1'

                error: p.yml:11:73: no stage fits 'images@c*'
                    two: {tool: evaluate, inputs: {model: "train@scale=2,seed=*", images: "images@c*"}}
                                                                                          ^^^^^^^^^^^
                hint: its stages are 'images@a' and 'images@b'

                error: p.yml:12:56: no setting is called 'scle'
                    three: {tool: evaluate, inputs: {model: "train@scale=${scle}", images: "image@*"}}
                                                                         ^^^^^^^
                hint: name it under the manifest's 'settings', or write '$${' for the two characters themselves

                error: p.yml:12:74: no stage fits 'image@*': nothing called 'image' has 'foreach' or 'matrix'
                    three: {tool: evaluate, inputs: {model: "train@scale=${scle}", images: "image@*"}}
                                                                                           ^^^^^^^^^
                hint: did you mean 'images'?

                error: p.yml:13:60: 'images' means 'images@c' here, and there is no such stage
                    four: {foreach: [b, c], tool: evaluate, inputs: {images: images}}
                                                                             ^^^^^^
                  so in 'four@c'
                hint: 'images@*' means all of them; its stages are 'images@a' and 'images@b'

                error: p.yml:14:33: input 'm' of stage 'five' takes one reference, and 'train' is 4 stages
                    five: {run: make, inputs: {m: train, n: "p@*", o: "train@", q: "tr*"}, outputs: {o: o}}
                                                  ^^^^^
                hint: write '[train]' for all of them; it has 4 stages, such as 'train@scale=2,seed=1', 'train@scale=2,seed=2', 'train@scale=3,seed=1'

                error: p.yml:14:43: no stage fits 'p@*': nothing called 'p' has 'foreach' or 'matrix'
                    five: {run: make, inputs: {m: train, n: "p@*", o: "train@", q: "tr*"}, outputs: {o: o}}
                                                            ^^^^^

                error: p.yml:14:53: 'train@' names no source and no stage
                    five: {run: make, inputs: {m: train, n: "p@*", o: "train@", q: "tr*"}, outputs: {o: o}}
                                                                      ^^^^^^^^
                hint: write the name of a source or a stage, or 'stage/output'

                error: p.yml:14:66: 'tr*' names no source and no stage
                    five: {run: make, inputs: {m: train, n: "p@*", o: "train@", q: "tr*"}, outputs: {o: o}}
                                                                                   ^^^^^
                hint: write the name of a source or a stage, or 'stage/output'

                11 mistakes in p.yml
                """#)
    }

    @Test func `a manifest whose thousands of instances are all wrong is told in a few lines`() {
        let numbers = (0..<5000).map(String.init).joined(separator: ", ")
        let text = """
            reprise: 1
            stages:
              a: {foreach: [\(numbers)], tool: synthesize, settings: {count: "${item}x", cont: 1}}
            """
        let lines = told(text).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 12, "\(lines.count)")
        #expect(lines[3] == "  so in 'a@0' and 4999 more of its kind")
    }
}
