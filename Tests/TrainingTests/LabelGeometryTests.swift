// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing
import Training

/// A network that passes the middle tap of everything on: its output at the place of an input pixel is that pixel.
private func passingNetwork(scale: Int, convention: LabelConvention) throws -> Network {
    let description = NetworkDescription.fsrcnn(d: 2, s: 2, m: 1, scale: scale, labelConvention: convention)
    let parameters = Network(description: description, seed: 0).parameters.map { parameter in
        var tensor = Tensor(shape: parameter.tensor.shape)
        if parameter.name.hasSuffix(".weight") {
            let square = tensor.shape[2] * tensor.shape[3]
            tensor.values[square / 2] = 1
        }
        return Parameter(name: parameter.name, tensor: tensor)
    }
    return try Network(description: description, parameters: parameters)
}

@Suite struct LabelGeometryTests {
    @Test func `the authors' sizes, starts and shifts`() {
        // (size_input, size_label) of generate_train, and its label start in 0-based pixels from scale * x.
        for (scale, input, label, start, shift) in [(2, 14, 19, 4, 0), (3, 11, 19, 7, 1), (4, 10, 21, 8, 0)] {
            let geometry = LabelGeometry(scale: scale)
            #expect(geometry.inputSize == input && geometry.labelSize == label)
            #expect(geometry.labelStart == start && geometry.outputShift == shift)
            // The MATLAB line itself, 1-based: scale * (x + floor((input - 1) / 2)) - floor((label + scale) / 2 - 1).
            let x = 1
            let half = (label + scale) / 2 - 1
            let matlab = scale * (x + (input - 1) / 2) - half
            #expect(matlab - 1 == scale * (x - 1) + start)
            let description = NetworkDescription.fsrcnn(scale: scale)
            #expect(description.padded(training: .validFirst).outputExtent(input) == label)
        }
    }

    @Test func `labels of the padded and the scaled conventions fit the network`() {
        for scale in 2...4 {
            for convention in LabelConvention.allCases {
                for padding in TrainingPadding.allCases where padding != .valid {
                    let geometry = LabelGeometry(
                        scale: scale, convention: convention, trainingPadding: padding, inputSize: 12)
                    let description = NetworkDescription.fsrcnn(scale: scale, labelConvention: convention)
                    #expect(description.padded(training: padding).outputExtent(12) == geometry.labelSize)
                    let lost = padding == .validFirst ? 2 : 0
                    #expect(geometry.labelStart == scale * lost + geometry.outputShift)
                }
            }
        }
        #expect(LabelGeometry(scale: 3, convention: .scaled).outputShift == 0)
        #expect(LabelGeometry(scale: 3, trainingPadding: .zero).inputSize == 7)
    }

    @Test func `SRCNN's label is the middle of an input at HR size`() {
        for scale in 2...4 {
            let geometry = LabelGeometry(srcnn: scale)
            #expect(geometry.inputSize == 33 && geometry.labelSize == 21 && geometry.labelStart == 6)
            #expect(geometry.inputScale == 1 && geometry.outputShift == 0)
            // 33 is no multiple of 2 and 4, to which images are cut first.
            #expect(geometry.leastExtent == [2: 34, 3: 33, 4: 36][scale])
            for extent in 1...100 {
                #expect(geometry.inputExtent(extent) == extent - extent % scale)
                #expect(LabelGeometry(scale: scale).inputExtent(extent) == extent / scale)
            }
        }
    }

    @Test func `patches are counted as they are placed, on images of all small extents`() {
        let geometries = [
            LabelGeometry(scale: 2, trainingPadding: .zero, inputSize: 5), LabelGeometry(scale: 3, inputSize: 6),
            LabelGeometry(srcnn: 3, inputSize: 9, labelSize: 5),
        ]
        for geometry in geometries {
            for (height, width) in (1...30).flatMap({ height in [4, 10, 17, 29].map { (height, $0) } }) {
                for placement in [PatchPlacement.grid(stride: 1), .grid(stride: 4), .random(count: 3, seed: 1)] {
                    let positions = placement.positions(
                        geometry, height: height, width: width, purpose: RandomPurpose(rawValue: 1 << 20), sample: 5)
                    #expect(placement.count(geometry, height: height, width: width) == positions.count)
                    #expect(positions.isEmpty == (min(height, width) < geometry.leastExtent))
                    for (row, column) in positions {
                        #expect(row >= 0 && row + geometry.inputSize <= geometry.inputExtent(height))
                        #expect(column >= 0 && column + geometry.inputSize <= geometry.inputExtent(width))
                        let end = geometry.labelStart + geometry.labelSize
                        #expect(row * geometry.inputScale + end <= height)
                        #expect(column * geometry.inputScale + end <= width)
                    }
                }
            }
        }
    }

    /// On a ramp whose value is its column, a low-resolution pixel at scale 3 has the value of the middle one of its
    /// three columns, 3 i + 1.
    ///
    /// The passing network puts it at output column 3 i: so output k lies on k + 1.
    @Test func `the authors' output at scale 3 lies one pixel further`() throws {
        let geometry = LabelGeometry(scale: 3)
        let (height, width) = (4, 9)
        let ramp = (0..<height * width).map { Float(3 * ($0 % width) + 1) }
        let output = try passingNetwork(scale: 3, convention: .authors).upscaled(
            Tensor(shape: [1, height, width], values: ramp), pool: WorkerPool(threads: 1), level: .best)
        #expect(output.shape == [1, 10, 25])
        for row in stride(from: 0, to: 10, by: 3) {
            for column in stride(from: 0, to: 25, by: 3) {
                #expect(output.values[row * 25 + column] == Float(column + geometry.outputShift))
            }
        }
        // The label of a patch at (0, 0) starts at the high-resolution pixel that its output's first pixel lies on.
        #expect(geometry.labelStart == 2 * 3 + geometry.outputShift)
    }

    @Test func `whole images have the extents of their convention`() throws {
        for scale in 2...4 {
            for (convention, extent) in [(LabelConvention.authors, 4 * scale + 1), (.scaled, 5 * scale)] {
                let output = try passingNetwork(scale: scale, convention: convention).upscaled(
                    Tensor(shape: [1, 5, 5], repeating: 1), pool: WorkerPool(threads: 1), level: .best)
                #expect(output.shape == [1, extent, extent])
            }
        }
    }
}
