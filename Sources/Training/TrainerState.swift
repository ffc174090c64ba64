// SPDX-License-Identifier: Apache-2.0

import Tensors

/// All that a run must remember to go on: the parameters under their own names, the optimizer's memory as
/// `optimizer.NAME/PARAMETER`, whole numbers (`step`) and others (`epoch-loss`), all of them finite.
package struct TrainerState: Hashable, Sendable {
    package var tensors: [Parameter]
    package var integers: [String: Int]
    package var numbers: [String: Double]

    package init(tensors: [Parameter], integers: [String: Int], numbers: [String: Double] = [:]) {
        self.tensors = tensors
        self.integers = integers
        self.numbers = numbers
    }
}

extension Trainer {
    package var state: TrainerState {
        var tensors = network.parameters
        for (name, memory) in optimizerMemory {
            tensors += Network.split(
                Array(memory.buffer), by: network.description.parameters, prefix: "optimizer.\(name)/")
        }
        var state = TrainerState(tensors: tensors, integers: ["step": step])
        if configuration.epochSteps != nil { state.numbers["epoch-loss"] = epochLoss }
        if let plateau {
            state.integers.merge(plateau.integers) { $1 }
            state.numbers.merge(plateau.numbers) { $1 }
        }
        return state
    }

    /// Takes over the optimizer's memory and the step; the parameters are in place already.
    func restore(_ state: TrainerState) throws {
        guard let step = state.integers["step"], step >= 0 else { throw TrainingError.state("it has no step") }
        let descriptions = network.description.parameters
        var byName: [String: Tensor] = [:]
        for parameter in state.tensors { byName[parameter.name] = parameter.tensor }
        for (name, memory) in optimizerMemory {
            var place = 0
            for description in descriptions {
                let wanted = "optimizer.\(name)/\(description.name)"
                guard let tensor = byName[wanted], tensor.shape == description.shape else {
                    throw TrainingError.state("the tensor '\(wanted)' is missing or has another shape")
                }
                for value in tensor.values {
                    memory.pointer[place] = value
                    place += 1
                }
            }
        }
        resume(at: step)
        try restoreEpoch(state)
    }

    private func restoreEpoch(_ state: TrainerState) throws {
        guard configuration.epochSteps != nil else { return }
        guard let loss = state.numbers["epoch-loss"] else { throw TrainingError.state("it has no epoch") }
        var watch: PlateauWatch?
        if case .plateau(let rule) = configuration.schedule {
            watch = PlateauWatch(rule, integers: state.integers, numbers: state.numbers)
            guard watch != nil else { throw TrainingError.state("its plateau is not whole") }
        }
        resume(epochLoss: loss, plateau: watch)
    }

    private var optimizerMemory: [(name: String, memory: FloatMemory)] {
        Array(zip(configuration.optimizer.memoryNames, moments))
    }
}
