// SPDX-License-Identifier: Apache-2.0

import Testing

/// Many mistakes in one manifest.
@Suite struct ManyMistakesTests {
    @Test func `many mistakes are told at once, in their order`() {
        check(
            #"""
            reprise: 1
            name: FSRCNN
            paper: {titel: Accelerating the SR network}
            settings:
              learning-rate: 0.001
              batch: 064
            sources:
              t91: {path: T91, files: "*.png", role: training}
              set5: {path: Set5, role: test}
            stages:
              train-images:
                tool: images
                inputs: {file: t91}
              patches:
                tool: patchs
                inputs: train-images
              train:
                tool: train
                inputs: {patches: patches}
                settings: {epochs: ten, learning-rate: ${learning_rate}, seed: ${batch}}
              plot:
                run: python3 plot.py ${inputs.model} ${outputs.figure}
                inputs: {models: train}
                outputs: {figure: ../figure.png}
              train:
                tool: train
            claims:
              - {name: set5-x3, model: FSRCNN, metric: psnr, dataset: Set5, scale: three, protocol: y-double, value: 33.06 dB}
            """#,
            tells: #"""
                error: p.yml:2:7: 'FSRCNN' cannot be the name of the manifest
                  name: FSRCNN
                        ^^^^^^
                hint: a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, and is at most 100 long

                error: p.yml:3:9: unknown key 'titel' in the paper
                  paper: {titel: Accelerating the SR network}
                          ^^^^^
                hint: did you mean 'title'?

                error: p.yml:6:10: the number '064' starts with a zero, which some readers take for octal
                    batch: 064
                           ^^^
                hint: write the number without it, or the text in quotes

                error: p.yml:8:42: 'role' of source 't91' takes 'train', 'validation' or 'test', not 'training'
                    t91: {path: T91, files: "*.png", role: training}
                                                           ^^^^^^^^

                error: p.yml:13:14: tool 'images' has no input 'file'
                      inputs: {file: t91}
                               ^^^^
                hint: did you mean 'files'?

                error: p.yml:15:11: no tool is called 'patchs'
                      tool: patchs
                            ^^^^^^
                hint: did you mean 'patches'?

                error: p.yml:20:24: setting 'epochs' of tool 'train' takes an integer from 1 to 1000000, not the text 'ten'
                      settings: {epochs: ten, learning-rate: ${learning_rate}, seed: ${batch}}
                                         ^^^

                error: p.yml:20:44: no setting is called 'learning_rate'
                      settings: {epochs: ten, learning-rate: ${learning_rate}, seed: ${batch}}
                                                             ^^^^^^^^^^^^^^^^
                hint: did you mean 'learning-rate'?

                error: p.yml:22:26: nothing here is called '${inputs.model}'
                      run: python3 plot.py ${inputs.model} ${outputs.figure}
                                           ^^^^^^^^^^^^^^^
                hint: did you mean 'inputs.models'?

                error: p.yml:24:23: path '../figure.png' leaves its folder
                      outputs: {figure: ../figure.png}
                                        ^^^^^^^^^^^^^
                hint: write a path without '..'

                error: p.yml:25:3: stage 'train' is declared twice, first at line 17
                    train:
                    ^^^^^

                error: p.yml:28:72: 'scale' of claim 'set5-x3' takes an integer from 1 to 64, not the text 'three'
                    - {name: set5-x3, model: FSRCNN, metric: psnr, dataset: Set5, scale: three, protocol: y-double, value: 33.06 dB}
                                                                                         ^^^^^

                error: p.yml:28:106: 'value' of claim 'set5-x3' takes a figure as it is printed, not '33.06 dB'
                    - {name: set5-x3, model: FSRCNN, metric: psnr, dataset: Set5, scale: three, protocol: y-double, value: 33.06 dB}
                                                                                                                           ^^^^^^^^
                hint: write digits with a decimal point, for example 33.06

                13 mistakes in p.yml
                """#)
    }
}
