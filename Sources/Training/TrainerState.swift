// SPDX-License-Identifier: Apache-2.0

import Tensors

/// All that a run must remember to go on: the parameters under their own names, the optimizer's memory as
/// `optimizer.NAME/PARAMETER`, and whole numbers (`step`).
package struct TrainerState: Hashable, Sendable {
    package var tensors: [Parameter]
    package var integers: [String: Int]

    package init(tensors: [Parameter], integers: [String: Int]) {
        self.tensors = tensors
        self.integers = integers
    }
}

extension Trainer {
    package var state: TrainerState {
        var tensors = network.parameters
        for (name, memory) in optimizerMemory {
            tensors += Network.split(
                Array(memory.buffer), by: network.description.parameters, prefix: "optimizer.\(name)/")
        }
        return TrainerState(tensors: tensors, integers: ["step": step])
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
    }

    private var optimizerMemory: [(name: String, memory: FloatMemory)] {
        switch configuration.optimizer {
        case .adam: [("first-moment", moments[0]), ("second-moment", moments[1])]
        case .sgd: [("velocity", moments[0])]
        }
    }
}
