// SPDX-License-Identifier: Apache-2.0

import Testing

/// Lists whose elements are of several kinds.
@Suite struct ItemMistakeTests {
    /// Compares what is told of a manifest that uses the tool `build`.
    private func check(
        _ text: String, tells expected: String, at place: Testing.SourceLocation = #_sourceLocation
    ) {
        PipelineManifestTests.check(text, tells: expected, tools: [Tools.build], at: place)
    }

    @Test func `an element of no kind is told with the kind that was meant`() {
        check(
            #"""
            reprise: 1
            stages:
              b:
                tool: build
                settings:
                  layers:
                    - {convolutoin: 56, kernle: 5}
                    - rleu
                    - kernel: 5
                      prelo: per-layer
                    - {stride: 2}
                    - swish
                    - "softmax": 3
                  last: clip
            """#,
            tells: #"""
                error: p.yml:7:12: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not 'convolutoin'
                          - {convolutoin: 56, kernle: 5}
                             ^^^^^^^^^^^
                hint: did you mean 'convolution'?

                error: p.yml:8:11: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not the text 'rleu'
                          - rleu
                            ^^^^
                hint: did you mean 'relu'?

                error: p.yml:10:11: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not 'prelo'
                            prelo: per-layer
                            ^^^^^
                hint: did you mean 'prelu'?

                error: p.yml:11:12: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not 'stride'
                          - {stride: 2}
                             ^^^^^^
                hint: 'stride' is a field of 'convolution' and 'scale'

                error: p.yml:12:11: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not the text 'swish'
                          - swish
                            ^^^^^
                hint: the kinds are 'convolution', 'prelu', 'relu', 'dropout' and 'scale'

                error: p.yml:13:11: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not 'softmax'
                          - "softmax": 3
                            ^^^^^^^^^
                hint: the kinds are 'convolution', 'prelu', 'relu', 'dropout' and 'scale'

                error: p.yml:14:13: setting 'last' of tool 'build' takes one of 'clamp' and 'tanh', not the text 'clip'
                        last: clip
                              ^^^^

                7 mistakes in p.yml
                """#)
    }

    @Test func `an element that is no word and no mapping of a kind is told`() {
        check(
            #"""
            reprise: 1
            stages:
              b: {tool: build, settings: {layers: [3, [relu], {}, true, ~], last: [clamp]}}
              c: {tool: build, settings: {layers: [], last: }}
              d: {tool: build, settings: {layers: relu, last: 3}}
              e: {tool: build, settings: {layers: {relu: true}}}
              f: {tool: build}
            """#,
            tells: #"""
                error: p.yml:3:40: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not 3
                    b: {tool: build, settings: {layers: [3, [relu], {}, true, ~], last: [clamp]}}
                                                         ^

                error: p.yml:3:43: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not a list
                    b: {tool: build, settings: {layers: [3, [relu], {}, true, ~], last: [clamp]}}
                                                            ^

                error: p.yml:3:51: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not an empty mapping
                    b: {tool: build, settings: {layers: [3, [relu], {}, true, ~], last: [clamp]}}
                                                                    ^

                error: p.yml:3:55: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not true
                    b: {tool: build, settings: {layers: [3, [relu], {}, true, ~], last: [clamp]}}
                                                                        ^^^^

                error: p.yml:3:61: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not nothing
                    b: {tool: build, settings: {layers: [3, [relu], {}, true, ~], last: [clamp]}}
                                                                              ^

                error: p.yml:3:71: setting 'last' of tool 'build' takes one of 'clamp' and 'tanh', not a list
                    b: {tool: build, settings: {layers: [3, [relu], {}, true, ~], last: [clamp]}}
                                                                                        ^

                error: p.yml:4:39: setting 'layers' of tool 'build' takes a list of at least 1 of 'convolution', 'prelu', 'relu', …, not a list of 0
                    c: {tool: build, settings: {layers: [], last: }}
                                                        ^

                error: p.yml:4:43: setting 'last' of tool 'build' takes one of 'clamp' and 'tanh', but has no value
                    c: {tool: build, settings: {layers: [], last: }}
                                                            ^^^^

                error: p.yml:5:39: setting 'layers' of tool 'build' takes a list of at least 1 of 'convolution', 'prelu', 'relu', …, not the text 'relu'
                    d: {tool: build, settings: {layers: relu, last: 3}}
                                                        ^^^^

                error: p.yml:5:51: setting 'last' of tool 'build' takes one of 'clamp' and 'tanh', not 3
                    d: {tool: build, settings: {layers: relu, last: 3}}
                                                                    ^

                error: p.yml:6:39: setting 'layers' of tool 'build' takes a list of at least 1 of 'convolution', 'prelu', 'relu', …, not a mapping
                    e: {tool: build, settings: {layers: {relu: true}}}
                                                        ^

                error: p.yml:7:3: stage 'f' needs the setting 'layers' of tool 'build'
                    f: {tool: build}
                    ^
                hint: layers: from input to output; a list of at least 1 of 'convolution', 'prelu', 'relu', …

                12 mistakes in p.yml
                """#)
    }

    @Test func `fields that are wrong, unknown, missing and given twice are told at once`() {
        check(
            #"""
            reprise: 1
            stages:
              b:
                tool: build
                settings:
                  layers:
                    - convolution: many
                      kernel: 65
                      stride: 1.5
                      bias: yes
                      padding: [1, 10]
                    - {convolution: 12, kernle: 1, dilation: 2}
                    - {convolution: 12}
                    - convolution
                    - {convolution: , kernel: 3, kernel: 5}
                    - {prelu: per-chanel, stride: 1}
                    - {scale: 0.5, scale: 2}
            """#,
            tells: #"""
                error: p.yml:7:24: 'convolution' takes an integer from 1 to 4096, not the text 'many'
                          - convolution: many
                                         ^^^^

                error: p.yml:8:19: 'kernel' of 'convolution' takes an integer from 1 to 64, not 65
                            kernel: 65
                                    ^^

                error: p.yml:9:19: 'stride' of 'convolution' takes an integer from 1 to 8, not 1.5
                            stride: 1.5
                                    ^^^

                error: p.yml:10:17: 'bias' of 'convolution' takes true or false, not the text 'yes'
                            bias: yes
                                  ^^^
                hint: write true

                error: p.yml:11:24: each element of 'padding' of 'convolution' takes an integer from 0 to 9, not 10
                            padding: [1, 10]
                                         ^^

                error: p.yml:12:29: unknown key 'kernle' in 'convolution'
                          - {convolution: 12, kernle: 1, dilation: 2}
                                              ^^^^^^
                hint: did you mean 'kernel'?

                error: p.yml:12:40: unknown key 'dilation' in 'convolution'
                          - {convolution: 12, kernle: 1, dilation: 2}
                                                         ^^^^^^^^
                hint: the keys here are 'convolution', 'kernel', 'stride', 'bias', 'name' and 'padding'

                error: p.yml:13:12: 'convolution' needs 'kernel'
                          - {convolution: 12}
                             ^^^^^^^^^^^
                hint: kernel: rows and columns of its weights; an integer from 1 to 64

                error: p.yml:14:11: 'convolution' needs 'kernel'
                          - convolution
                            ^^^^^^^^^^^
                hint: kernel: rows and columns of its weights; an integer from 1 to 64

                error: p.yml:14:11: 'convolution' takes an integer from 1 to 4096, but has no value
                          - convolution
                            ^^^^^^^^^^^
                hint: write it as a mapping, 'convolution: …'

                error: p.yml:15:12: 'convolution' takes an integer from 1 to 4096, but has no value
                          - {convolution: , kernel: 3, kernel: 5}
                             ^^^^^^^^^^^

                error: p.yml:15:38: key 'kernel' of 'convolution' is given twice, first at line 15
                          - {convolution: , kernel: 3, kernel: 5}
                                                       ^^^^^^

                error: p.yml:16:19: 'prelu' takes 'per-layer' or 'per-channel', not the text 'per-chanel'
                          - {prelu: per-chanel, stride: 1}
                                    ^^^^^^^^^^
                hint: did you mean 'per-channel'?

                error: p.yml:16:31: unknown key 'stride' in 'prelu'
                          - {prelu: per-chanel, stride: 1}
                                                ^^^^^^
                hint: the keys here are 'prelu'

                error: p.yml:17:24: key 'scale' of 'scale' is given twice, first at line 17
                          - {scale: 0.5, scale: 2}
                                         ^^^^^

                15 mistakes in p.yml
                """#)
    }

    @Test func `an element of two kinds is told, and nothing that follows from it`() {
        check(
            #"""
            reprise: 1
            stages:
              b:
                tool: build
                settings:
                  layers:
                    - {convolution: 56, kernel: 5, prelu: per-layer, relu: true}
                    - relu: true
                      dropout: true
                      rate: 2
            """#,
            tells: #"""
                error: p.yml:7:40: each element of setting 'layers' of tool 'build' is of one kind, and this is both 'convolution' and 'prelu'
                          - {convolution: 56, kernel: 5, prelu: per-layer, relu: true}
                                                         ^^^^^
                hint: make two elements of it

                error: p.yml:7:58: each element of setting 'layers' of tool 'build' is of one kind, and this is both 'convolution' and 'relu'
                          - {convolution: 56, kernel: 5, prelu: per-layer, relu: true}
                                                                           ^^^^
                hint: make two elements of it

                error: p.yml:9:11: each element of setting 'layers' of tool 'build' is of one kind, and this is both 'relu' and 'dropout'
                            dropout: true
                            ^^^^^^^
                hint: make two elements of it

                3 mistakes in p.yml
                """#)
    }

    @Test func `a value where a kind has none is told`() {
        check(
            #"""
            reprise: 1
            stages:
              b: {tool: build, settings: {layers: [{relu: 0.2}, {relu: }, {relu: "true"}, {dropout: 0.5}, {dropout: false, rate: 2}]}}
            """#,
            tells: #"""
                error: p.yml:3:47: 'relu' takes true, not 0.2
                    b: {tool: build, settings: {layers: [{relu: 0.2}, {relu: }, {relu: "true"}, {dropout: 0.5}, {dropout: false, rate: 2}]}}
                                                                ^^^
                hint: it has no value of its own: write 'relu' alone

                error: p.yml:3:54: 'relu' takes true, but has no value
                    b: {tool: build, settings: {layers: [{relu: 0.2}, {relu: }, {relu: "true"}, {dropout: 0.5}, {dropout: false, rate: 2}]}}
                                                                       ^^^^
                hint: it has no value of its own: write 'relu' alone

                error: p.yml:3:70: 'relu' takes true, not the text 'true'
                    b: {tool: build, settings: {layers: [{relu: 0.2}, {relu: }, {relu: "true"}, {dropout: 0.5}, {dropout: false, rate: 2}]}}
                                                                                       ^^^^^^
                hint: it has no value of its own: write 'relu' alone

                error: p.yml:3:89: 'dropout' takes true, not 0.5
                    b: {tool: build, settings: {layers: [{relu: 0.2}, {relu: }, {relu: "true"}, {dropout: 0.5}, {dropout: false, rate: 2}]}}
                                                                                                          ^^^
                hint: it has no value of its own: write 'dropout' alone, or 'dropout: true' beside its fields

                error: p.yml:3:105: 'dropout' takes true, not false
                    b: {tool: build, settings: {layers: [{relu: 0.2}, {relu: }, {relu: "true"}, {dropout: 0.5}, {dropout: false, rate: 2}]}}
                                                                                                                          ^^^^^
                hint: it has no value of its own: write 'dropout' alone, or 'dropout: true' beside its fields

                error: p.yml:3:118: 'rate' of 'dropout' takes a number from 0 to 1, not 2
                    b: {tool: build, settings: {layers: [{relu: 0.2}, {relu: }, {relu: "true"}, {dropout: 0.5}, {dropout: false, rate: 2}]}}
                                                                                                                                       ^

                6 mistakes in p.yml
                """#)
    }

    @Test func `every beginning of a list of items is read or told to be wrong`() {
        let items = #"[{convolution: 56, "kernel": ${k}, name: 'a'}, relu, {dropout: true, rate: .5}, {prelu: x${k}}]"#
        let start = "reprise: 1\nsettings: {k: 3}\nstages:\n  b: {tool: build, settings: {layers: "
        #expect(told(start + items + "}}\n", tools: [Tools.build]).hasPrefix("error: p.yml:4:127: 'prelu' takes "))
        var readCount = 0
        for count in 0..<items.count {
            for end in ["", "}}\n", "}]}}\n", "]}}\n"] {
                let found = told(start + items.prefix(count) + end, tools: [Tools.build])
                #expect(found.hasPrefix("error: p.yml:") || found == "(nothing)\n")
                readCount += found == "(nothing)\n" ? 1 : 0
            }
        }
        #expect(readCount == 17)
    }

    @Test func `a list from a setting is told where it stands, once`() {
        check(
            #"""
            reprise: 1
            settings:
              network: [{convolution: 56, kernel: 5}, {convolution: 1}, rleu]
              layer: {prelu: per-chanel}
              size: 65
              word: rleu
              none: []
            stages:
              b: {tool: build, settings: {layers: "${network}"}}
              c: {tool: build, settings: {layers: "${network}"}}
              d: {tool: build, settings: {layers: ["${layer}", "${word}", "${network}", "${lyer}"]}}
              e: {tool: build, settings: {layers: [{convolution: 1, kernel: "${size}"}]}}
              f: {tool: build, settings: {layers: "${none}", last: "${network}"}}
              g: {tool: build, settings: {layers: "${layer}"}}
            """#,
            tells: #"""
                error: p.yml:3:44: 'convolution' needs 'kernel'
                    network: [{convolution: 56, kernel: 5}, {convolution: 1}, rleu]
                                                             ^^^^^^^^^^^
                hint: kernel: rows and columns of its weights; an integer from 1 to 64

                error: p.yml:3:61: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not the text 'rleu'
                    network: [{convolution: 56, kernel: 5}, {convolution: 1}, rleu]
                                                                              ^^^^
                hint: did you mean 'relu'?

                error: p.yml:4:18: 'prelu' takes 'per-layer' or 'per-channel', not the text 'per-chanel'
                    layer: {prelu: per-chanel}
                                   ^^^^^^^^^^
                hint: did you mean 'per-channel'?

                error: p.yml:7:9: setting 'layers' of tool 'build' takes a list of at least 1 of 'convolution', 'prelu', 'relu', …, not a list of 0
                    none: []
                          ^

                error: p.yml:11:52: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not the text 'rleu'
                    d: {tool: build, settings: {layers: ["${layer}", "${word}", "${network}", "${lyer}"]}}
                                                                     ^^^^^^^^^
                  ${word} is the text 'rleu', set at line 6
                hint: did you mean 'relu'?

                error: p.yml:11:63: each element of setting 'layers' of tool 'build' takes one of 'convolution', 'prelu', 'relu', …, not a list
                    d: {tool: build, settings: {layers: ["${layer}", "${word}", "${network}", "${lyer}"]}}
                                                                                ^^^^^^^^^^^^
                  ${network} is a list, set at line 3

                error: p.yml:11:78: no setting is called 'lyer'
                    d: {tool: build, settings: {layers: ["${layer}", "${word}", "${network}", "${lyer}"]}}
                                                                                               ^^^^^^^
                hint: did you mean 'layer'?

                error: p.yml:12:65: 'kernel' of 'convolution' takes an integer from 1 to 64, not 65
                    e: {tool: build, settings: {layers: [{convolution: 1, kernel: "${size}"}]}}
                                                                                  ^^^^^^^^^
                  ${size} is 65, set at line 5

                error: p.yml:13:56: setting 'last' of tool 'build' takes one of 'clamp' and 'tanh', not a list
                    f: {tool: build, settings: {layers: "${none}", last: "${network}"}}
                                                                         ^^^^^^^^^^^^
                  ${network} is a list, set at line 3

                error: p.yml:14:39: setting 'layers' of tool 'build' takes a list of at least 1 of 'convolution', 'prelu', 'relu', …, not a mapping
                    g: {tool: build, settings: {layers: "${layer}"}}
                                                        ^^^^^^^^^^
                  ${layer} is a mapping, set at line 4

                10 mistakes in p.yml
                """#)
    }
}
