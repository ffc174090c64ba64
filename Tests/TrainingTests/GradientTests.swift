// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing
import Training

@Suite struct GradientTests {
    @Test(arguments: smallNetworks.indices, TrainingPadding.allCases)
    func `loss and every gradient meet the naive twin's finite differences in double`(
        network: Int, padding: TrainingPadding
    ) throws {
        try check(network, padding, .mse)
    }

    @Test(arguments: [Loss.l1, .charbonnier(epsilon: 1e-3), .charbonnier(epsilon: 0.5)], [0, 5])
    func `every loss and its gradients meet the naive twin's finite differences`(loss: Loss, network: Int) throws {
        try check(network, .zero, loss)
    }

    private func check(_ network: Int, _ padding: TrainingPadding, _ loss: Loss) throws {
        let description = smallNetworks[network].description
        let start = stirred(description)
        // Without padding every layer takes a border.
        let source = randomPatches(4, size: padding == .valid ? 13 : 7, for: description, padding: padding)
        let trainer = Trainer(
            network: start, configuration: TrainingConfiguration(loss: loss, padding: padding, batchSize: 3, steps: 1),
            pool: WorkerPool(threads: 1), level: .best)
        let samples = [2, 0, 3]
        let (found, gradient) = try trainer.lossAndGradient(source, samples: samples)
        var twin = DoubleTwin(description.padded(training: padding), start.parameters)
        #expect((found - twin.loss(source, samples: samples, loss)).magnitude < 1e-6 * found)

        let scale = gradient.flatMap(\.tensor.values).map { Double($0.magnitude) }.max() ?? 0
        #expect(scale > 1e-3)
        let h = 1e-6
        var compared = 0
        for parameter in gradient {
            let values = try #require(twin.parameters[parameter.name])
            // Every place of small parameters, a spread of places of the large ones.
            for place in stride(from: 0, to: values.count, by: max(values.count / 40, 1)) {
                twin.parameters[parameter.name]?[place] = values[place] + h
                let above = twin.loss(source, samples: samples, loss)
                twin.parameters[parameter.name]?[place] = values[place] - h
                let below = twin.loss(source, samples: samples, loss)
                twin.parameters[parameter.name]?[place] = values[place]
                let difference = (above - below) / (2 * h) - Double(parameter.tensor.values[place])
                #expect(
                    difference.magnitude < 2e-5 * scale + 1e-8,
                    "\(parameter.name)[\(place)] of \(smallNetworks[network].name)")
                compared += 1
            }
        }
        #expect(compared > 40)
    }
}
