// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// A tensor of a network with its name, for example `feature.weight`.
package struct Parameter: Hashable, Sendable {
    package let name: String
    package var tensor: Tensor

    package init(name: String, tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}

/// A description and the values of its parameters, which lie one after another in the description's order.
package struct Network: Hashable, Sendable {
    package let description: NetworkDescription
    package internal(set) var values: [Float]

    /// First values: as `initialisation` says, by default weights of convolutions normal with standard deviation
    /// sqrt(2 / (outputs * kernel^2)) (He, with fan-out, as in the paper's code), of transposed convolutions 0.001 (the
    /// paper), biases 0, slopes 0.25 (unsaid by the paper; the value of He's PReLU paper and of Caffe).
    ///
    /// Each parameter has its own stream of random numbers.
    package init(
        description: NetworkDescription, seed: UInt64, initialisation: Initialisation = Initialisation()
    ) {
        self.description = description
        values = []
        values.reserveCapacity(description.parameterCount)
        var place: UInt64 = 0
        for layer in description.layers {
            for parameter in layer.parameters {
                values += initialisation.values(of: parameter, in: layer, seed: seed, place: place)
                place += 1
            }
        }
    }

    /// A network with known values; the parameters may come in any order.
    package init(description: NetworkDescription, parameters: [Parameter]) throws(NetworkError) {
        var byName: [String: Tensor] = [:]
        for parameter in parameters { byName[parameter.name] = parameter.tensor }
        var values: [Float] = []
        for wanted in description.parameters {
            guard let tensor = byName.removeValue(forKey: wanted.name) else { throw .missingParameter(wanted.name) }
            guard tensor.shape == wanted.shape else {
                throw .shape(
                    parameter: wanted.name, expected: wanted.shape.description, found: tensor.shape.description)
            }
            values += tensor.values
        }
        if let unknown = byName.keys.min() { throw .unknownParameter(unknown) }
        self.description = description
        self.values = values
    }

    /// The network with the parameters of another's layers wherever both have a layer of the same name, kind and shape,
    /// whatever its padding; and the names of these layers.
    package func beginning(with other: Network) -> (network: Network, layers: [String]) {
        let known = Set(other.description.layers.map { $0.padded(.zero) })
        let taken = description.layers.filter { known.contains($0.padded(.zero)) && !$0.parameters.isEmpty }.map(\.name)
        let replacements = Dictionary(uniqueKeysWithValues: other.parameters.map { ($0.name, $0.tensor.values) })
        let values = zip(description.parameters, parameters).flatMap { description, parameter in
            (taken.contains(description.layer) ? replacements[parameter.name] : nil) ?? parameter.tensor.values
        }
        return (Network(description: description, values: values), taken)
    }

    init(description: NetworkDescription, values: [Float]) {
        precondition(values.count == description.parameterCount, "the values do not fill the network")
        self.description = description
        self.values = values
    }

    /// All parameters, in the order of the layers.
    package var parameters: [Parameter] {
        Self.split(values, by: description.parameters)
    }

    /// Elements of all weights, without biases and slopes: the figure that papers print.
    package var weightCount: Int { description.weightCount }

    /// Elements of all parameters.
    package var parameterCount: Int { values.count }

    static func split(_ values: [Float], by descriptions: [ParameterDescription], prefix: String = "") -> [Parameter] {
        var start = 0
        return descriptions.map { description in
            defer { start += description.shape.count }
            let part = Array(values[start..<start + description.shape.count])
            return Parameter(name: prefix + description.name, tensor: Tensor(shape: description.shape, values: part))
        }
    }
}
