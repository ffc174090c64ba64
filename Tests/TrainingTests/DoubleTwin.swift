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
            case .convolution(let name, _, let outputs, let kernel, let padding):
                convolution(
                    x, parameters["\(name).weight"] ?? [], parameters["\(name).bias"] ?? [], outputs, kernel, padding)
            case .transposedConvolution(let name, _, let outputs, let kernel, let stride, let padding, let extra):
                transposed(
                    x, parameters["\(name).weight"] ?? [], parameters["\(name).bias"] ?? [], outputs, kernel, stride,
                    padding, extra)
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

    private func convolution(
        _ x: Planes, _ w: [Double], _ b: [Double], _ outputs: Int, _ kernel: Int, _ padding: ConvolutionPadding
    ) -> Planes {
        let p = padding == .valid ? 0 : (kernel - 1) / 2
        var y = Planes(outputs, x.rows + 2 * p - kernel + 1, x.columns + 2 * p - kernel + 1)
        for o in 0..<outputs {
            for r in 0..<y.rows {
                for c in 0..<y.columns {
                    y[o, r, c] = b[o]
                    for i in 0..<x.channels {
                        for u in 0..<kernel {
                            for v in 0..<kernel {
                                let (row, column) = (r + u - p, c + v - p)
                                let inside = (0..<x.rows).contains(row) && (0..<x.columns).contains(column)
                                guard inside || padding == .replicate else { continue }
                                let value = x[i, min(max(row, 0), x.rows - 1), min(max(column, 0), x.columns - 1)]
                                y[o, r, c] += w[((o * x.channels + i) * kernel + u) * kernel + v] * value
                            }
                        }
                    }
                }
            }
        }
        return y
    }

    private func transposed(
        _ x: Planes, _ w: [Double], _ b: [Double], _ outputs: Int, _ kernel: Int, _ stride: Int, _ padding: Int,
        _ extra: Int
    ) -> Planes {
        var y = Planes(
            outputs, (x.rows - 1) * stride + kernel - 2 * padding + extra,
            (x.columns - 1) * stride + kernel - 2 * padding + extra)
        for place in y.values.indices { y.values[place] = b[place / (y.rows * y.columns)] }
        for i in 0..<x.channels {
            for r in 0..<x.rows {
                for c in 0..<x.columns {
                    for o in 0..<outputs {
                        for u in 0..<kernel {
                            for v in 0..<kernel {
                                let (row, column) = (r * stride + u - padding, c * stride + v - padding)
                                guard (0..<y.rows).contains(row), (0..<y.columns).contains(column) else { continue }
                                y[o, row, column] += w[((i * outputs + o) * kernel + u) * kernel + v] * x[i, r, c]
                            }
                        }
                    }
                }
            }
        }
        return y
    }

    /// The mean squared error over the samples of a source.
    func loss(_ source: MemoryPatchSource, samples: [Int]) -> Double {
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
                sum += difference * difference
            }
        }
        return sum / Double(samples.count * labelCount)
    }
}
