// SPDX-License-Identifier: Apache-2.0

/// A pipeline that goes the whole way in a second or two.
enum TinyPipeline {
    static let manifest = """
        reprise: 1
        name: tiny
        settings:
          learning-rate: 0.001
          steps: 20
        stages:
          synthesize:
            tool: synthesize
            settings: {count: 6, height: 48, width: 54, seed: 3}
          split:
            tool: split
            inputs: {images: synthesize}
            settings: {validation: 0.2, test: 0.2, seed: 1}
          augment:
            tool: augment
            inputs: {images: split/train}
            settings: {rotations: [0, 90], scales: [1, 0.8]}
          patches:
            tool: patches
            inputs: {images: augment}
            settings: {scale: 3, stride: 2}
          train:
            tool: train
            inputs: {patches: patches, validation: split/validation}
            settings:
              architecture: fsrcnn-s
              steps: ${steps}
              batch: 20
              learning-rate: ${learning-rate}
              validation-interval: 10
          evaluate:
            tool: evaluate
            inputs: {images: split/test, model: train/model}
            settings: {dataset: Tiny, scale: 3}
          compare:
            tool: compare
            inputs: {scores: evaluate}
        claims:
          - {name: psnr, model: FSRCNN-s, metric: psnr, dataset: Tiny, scale: 3, protocol: y-double, value: 10.0}
        """
}
