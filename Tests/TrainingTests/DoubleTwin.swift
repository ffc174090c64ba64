// SPDX-License-Identifier: Apache-2.0

import Tensors
import Training

/// The network once more, in double, scattered instead of gathered and as naive as can be.
struct DoubleTwin {
    let description: NetworkDescription  // with its padding
    var parameters: [String: [Double]]

    init(_ description: NetworkDescription, _ parameters: [Parameter]) {
        self.description = description
        self.parameters = Dictionary(
            uniqueKeysWithValues: parameters.map { ($0.name, $0.tensor.values.map(Double.init)) })
    }

    /// Planes of one size, row-major.
    struct Planes {
        let channels, rows, columns: Int
        var values: [Double]

        init(_ channels: Int, _ rows: Int, _ columns: Int) {
            (self.channels, self.rows, self.columns) = (channels, rows, columns)
            values = [Double](repeating: 0, count: channels * rows * columns)
        }

        subscript(channel: Int, row: Int, column: Int) -> Double {
            get { values[(channel * rows + row) * columns + column] }
            set { values[(channel * rows + row) * columns + column] = newValue }
        }
    }

    func output(_ input: Planes) -> Planes {
        description.layers.reduce(input) { x, layer in
            switch layer {
            case .prelu(let name, _, let sharing): prelu(x, parameters["\(name).slope"] ?? [], sharing)
            case .relu: prelu(x, [0], .perLayer)
            case .convolution(let layer): convolution(x, layer)
            case .transposedConvolution(let layer): transposed(x, layer)
            }
        }
    }

    private func prelu(_ x: Planes, _ slopes: [Double], _ sharing: SlopeSharing) -> Planes {
        var y = x
        for place in y.values.indices where y.values[place] < 0 {
            y.values[place] *= slopes[sharing == .perLayer ? 0 : place / (x.rows * x.columns)]
        }
        return y
    }

    private func convolution(_ x: Planes, _ layer: ConvolutionLayer) -> Planes {
        let w = parameters["\(layer.name).weight"] ?? [], b = parameters["\(layer.name).bias"] ?? []
        let (p, kernel) = (layer.paddingExtent, layer.kernel)
        let (groupInputs, groupOutputs) = (layer.inputs / layer.groups, layer.outputs / layer.groups)
        var y = Planes(
            layer.outputs, (x.rows + 2 * p - kernel) / layer.stride + 1, (x.columns + 2 * p - kernel) / layer.stride + 1
        )
        for o in 0..<layer.outputs {
            for r in 0..<y.rows {
                for c in 0..<y.columns {
                    y[o, r, c] = b[o]
                    for i in 0..<groupInputs {
                        for u in 0..<kernel {
                            for v in 0..<kernel {
                                let value = bordered(
                                    x, o / groupOutputs * groupInputs + i, r * layer.stride + u - p,
                                    c * layer.stride + v - p, layer.border)
                                y[o, r, c] += w[((o * groupInputs + i) * kernel + u) * kernel + v] * value
                            }
                        }
                    }
                }
            }
        }
        return y
    }

    private func bordered(_ x: Planes, _ channel: Int, _ row: Int, _ column: Int, _ border: Border) -> Double {
        let inside = (0..<x.rows).contains(row) && (0..<x.columns).contains(column)
        guard inside || border == .replicate else { return 0 }
        return x[channel, min(max(row, 0), x.rows - 1), min(max(column, 0), x.columns - 1)]
    }

    /// Spreads every pixel, those beyond the edges too where they are replicated.
    private func transposed(_ x: Planes, _ layer: TransposedConvolutionLayer) -> Planes {
        let w = parameters["\(layer.name).weight"] ?? [], b = parameters["\(layer.name).bias"] ?? []
        let (kernel, stride) = (layer.kernel, layer.stride)
        let less = kernel - 2 * layer.padding + layer.outputPadding
        var y = Planes(layer.outputs, (x.rows - 1) * stride + less, (x.columns - 1) * stride + less)
        for place in y.values.indices { y.values[place] = b[place / (y.rows * y.columns)] }
        let beyond = layer.border == .replicate ? kernel + abs(layer.outputPadding) : 0
        for i in 0..<layer.inputs {
            for r in -beyond..<x.rows + beyond {
                for c in -beyond..<x.columns + beyond {
                    for o in 0..<layer.outputs {
                        for u in 0..<kernel {
                            for v in 0..<kernel {
                                let (row, column) = (r * stride + u - layer.padding, c * stride + v - layer.padding)
                                guard (0..<y.rows).contains(row), (0..<y.columns).contains(column) else { continue }
                                y[o, row, column] +=
                                    w[((i * layer.outputs + o) * kernel + u) * kernel + v]
                                    * bordered(x, i, r, c, layer.border)
                            }
                        }
                    }
                }
            }
        }
        return y
    }

    /// The mean loss over the samples of a source.
    func loss(_ source: MemoryPatchSource, samples: [Int], _ loss: Loss = .mse) -> Double {
        let (inputCount, labelCount) = (source.inputShape.count, source.labelShape.count)
        let inputs = FloatMemory(count: samples.count * inputCount)
        let labels = FloatMemory(count: samples.count * labelCount)
        source.read(indices: samples, inputs: inputs.buffer, labels: labels.buffer)
        var sum = 0.0
        for sample in samples.indices {
            var x = Planes(source.inputShape[0], source.inputShape[1], source.inputShape[2])
            for place in 0..<inputCount { x.values[place] = Double(inputs.pointer[sample * inputCount + place]) }
            for (place, value) in output(x).values.enumerated() {
                let difference = value - Double(labels.pointer[sample * labelCount + place])
                switch loss {
                case .mse: sum += difference * difference
                case .l1: sum += difference.magnitude
                case .charbonnier(let epsilon):
                    sum += (difference * difference + epsilon * epsilon).squareRoot()
                }
            }
        }
        return sum / Double(samples.count * labelCount)
    }
}
