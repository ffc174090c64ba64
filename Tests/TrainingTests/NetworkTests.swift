// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing
import Training

@Suite struct NetworkTests {
    @Test func `weights are counted as in the paper's tables`() {
        for (d, s, m, count) in [
            (48, 12, 2, 8832), (48, 12, 3, 10128), (48, 12, 4, 11424), (56, 12, 2, 9872), (56, 12, 3, 11168),
            (56, 12, 4, 12464), (48, 16, 2, 11232), (48, 16, 3, 13536), (48, 16, 4, 15840), (56, 16, 2, 12336),
            (56, 16, 3, 14640), (56, 16, 4, 16944),
        ] {
            #expect(NetworkDescription.fsrcnn(d: d, s: s, m: m, scale: 3).weightCount == count)
        }
        #expect(NetworkDescription.fsrcnnSmall(scale: 3).weightCount == 3937)
        let full = Network(description: .fsrcnn(scale: 3), seed: 0)
        #expect(full.weightCount == 12464)
        // Biases 56 + 12 + 4 * 12 + 56 + 1, slopes one for each of seven layers.
        #expect(full.parameterCount == 12464 + 173 + 7)
    }

    @Test func `first values follow the paper`() throws {
        let network = Network(description: .fsrcnn(scale: 3), seed: 4)
        let byName = Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.tensor.values) })
        func deviation(_ name: String) throws -> Double {
            let values = try #require(byName[name])
            return (values.reduce(0) { $0 + Double($1 * $1) } / Double(values.count)).squareRoot()
        }
        // Outputs times the square of the kernel.
        let fanOuts: [(String, Double)] = [("feature", 56 * 25), ("shrink", 12), ("map1", 12 * 9), ("expand", 56)]
        for (name, fanOut) in fanOuts {
            let found = try deviation("\(name).weight")
            #expect((found / (2 / fanOut).squareRoot() - 1).magnitude < 0.08, "\(name)")
        }
        #expect((try deviation("deconvolution.weight") / 0.001 - 1).magnitude < 0.08)
        #expect(byName["map2.bias"] == [Float](repeating: 0, count: 12))
        #expect(byName["expand-prelu.slope"] == [0.25])
        #expect(Network(description: .fsrcnn(scale: 3), seed: 4) == network)
        #expect(Network(description: .fsrcnn(scale: 3), seed: 5) != network)
    }

    @Test func `weights begin by the rule that was asked for`() throws {
        let description = NetworkDescription.fsrcnn(scale: 4, channels: 3, slopes: .perChannel)
        func values(_ initialisation: Initialisation, _ name: String) throws -> [Float] {
            let network = Network(description: description, seed: 4, initialisation: initialisation)
            return try #require(network.parameters.first { $0.name == name }?.tensor.values)
        }
        func deviation(_ values: [Float]) -> Double {
            (values.reduce(0) { $0 + Double($1 * $1) } / Double(values.count)).squareRoot()
        }
        // 3 and 56 channels of 25 taps.
        let wanted: [(WeightRule, Double)] = [
            (.heFanOut, (2.0 / 1400).squareRoot()), (.heFanIn, (2.0 / 75).squareRoot()), (.gaussian, 0.001),
            (.glorot, (2.0 / 1475).squareRoot()),
        ]
        for (rule, wanted) in wanted {
            let found = deviation(try values(Initialisation(weights: rule), "feature.weight"))
            #expect((found / wanted - 1).magnitude < 0.05, "\(rule)")
            let last = deviation(try values(Initialisation(weights: rule), "deconvolution.weight"))
            #expect((last / 0.001 - 1).magnitude < 0.05, "\(rule)")
        }
        let limit = (6.0 / 1475).squareRoot()
        let uniform = try values(Initialisation(weights: .glorot), "feature.weight").map(Double.init)
        #expect(uniform.allSatisfy { $0.magnitude <= limit } && (uniform.max() ?? 0) > 0.99 * limit)

        let mixed = Initialisation(weights: .heFanIn, layers: ["expand": .glorot], slope: 0)
        #expect(try values(mixed, "expand.weight") == values(Initialisation(weights: .glorot), "expand.weight"))
        #expect(try values(mixed, "map1.weight") == values(Initialisation(weights: .heFanIn), "map1.weight"))
        #expect(try values(mixed, "map1-prelu.slope") == [Float](repeating: 0, count: 12))
        #expect(
            Network(description: description, seed: 4, initialisation: Initialisation())
                == Network(description: description, seed: 4))
    }

    @Test func `the deconvolution may begin elsewhere, and the output keeps its extent`() {
        // Keras' 'same' cuts (9 - scale) / 2 pixels off at the start, rounded down.
        for scale in [2, 3, 4] {
            for padding in 0...8 {
                let scaled = NetworkDescription.fsrcnn(
                    scale: scale, channels: 3, labelConvention: .scaled, deconvolutionPadding: padding)
                let authors = NetworkDescription.fsrcnn(scale: scale, deconvolutionPadding: padding)
                #expect(scaled.outputExtent(11) == 11 * scale && authors.outputExtent(11) == 10 * scale + 1)
            }
        }
        let tutorial = NetworkDescription.fsrcnn(
            scale: 4, channels: 3, labelConvention: .scaled, slopes: .perChannel, deconvolutionPadding: 2)
        #expect(tutorial.parameterCount == 24_683)
    }

    @Test func `a network is the same after its parameters went out and in`() throws {
        let network = Network(description: .fsrcnnSmall(scale: 2), seed: 1)
        let again = try Network(description: network.description, parameters: network.parameters.reversed())
        #expect(again == network)
    }

    @Test func `parameters that do not fit are named`() {
        let network = Network(description: .fsrcnnSmall(scale: 2), seed: 1)
        func message(_ parameters: [Parameter]) -> String? {
            do {
                _ = try Network(description: network.description, parameters: parameters)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(message(Array(network.parameters.dropFirst())) == "the parameter 'feature.weight' is missing")
        let extra = Parameter(name: "extra.bias", tensor: Tensor(shape: [1]))
        #expect(message(network.parameters + [extra]) == "no layer has a parameter 'extra.bias'")
        var changed = network.parameters
        changed[1].tensor = Tensor(shape: [31])
        #expect(
            message(changed) == "the parameter 'feature.bias' has the shape 31 where 32 is needed")
    }

    @Test func `lists of layers that make no network are refused`() {
        func message(_ layers: [LayerDescription]) -> String? {
            do {
                _ = try NetworkDescription(layers: layers)
                return nil
            } catch {
                return error.description
            }
        }
        func convolution(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int = 3) -> LayerDescription {
            .convolution(name: name, inputs: inputs, outputs: outputs, kernel: kernel, padding: .zero)
        }
        #expect(message([convolution("a", 1, 2), convolution("b", 2, 1)]) == nil)
        #expect(message([]) == "a network needs at least one layer")
        #expect(message([convolution("a", 1, 2), convolution("a", 2, 1)]) == "two layers are called 'a'")
        #expect(
            message([convolution("a", 1, 2), convolution("b", 3, 1)]) == "layer 'b' takes 3 channels where 2 arrive")
        #expect(message([convolution("a", 1, 2, 0)]) == "layer 'a' has a kernel outside of 1...255")
        #expect(message([convolution("a", 1, 65_537)]) == "layer 'a' has a number of channels outside of 1...65536")
        #expect(
            message([convolution("a", 65_536, 65_536, 9)]) == "the network has more than 1,073,741,824 parameters")
        #expect(
            message([
                .convolution(name: "a", inputs: 4, outputs: 6, kernel: 1, groups: 3, padding: .zero)
            ]) == "layer 'a' has groups that do not divide its channels")
        #expect(
            message([
                .transposedConvolution(
                    name: "a", inputs: 1, outputs: 1, kernel: 3, stride: 0, padding: 0, outputPadding: 0)
            ]) == "layer 'a' has a stride outside of 1...64")
        #expect(message([.relu(name: "r", channels: 1)]) == "layer 'r' does not follow a convolution")
        #expect(
            message([.prelu(name: "p", channels: 1, sharing: .perLayer)])
                == "layer 'p' does not follow a convolution")
    }

    @Test func `schedules have their values`() {
        #expect(LearningRateSchedule.constant.factor(step: 1000) == 1)
        let cosine = LearningRateSchedule.cosine(totalSteps: 100)
        #expect(cosine.factor(step: 0) == 1 && cosine.factor(step: 50) == 0.5 && cosine.factor(step: 100) == 0)
        let step = LearningRateSchedule.step(every: 10, factor: 0.5)
        #expect(step.factor(step: 9) == 1 && step.factor(step: 10) == 0.5 && step.factor(step: 35) == 0.125)
    }
}
