// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import PipelineTools
import SystemPackage
import TensorStore
import Tensors
import Testing
import Training

/// Arrays that MATLAB, Keras and an independent implementation made.
@Suite(.enabled(if: SharedData.isThere, SharedData.absence))
struct OracleTests {
    private func image(_ file: TensorFileReader, _ name: String) throws -> Image {
        let shape = try file.shape(of: name)
        return Image(
            height: shape[0], width: shape[1], mode: shape.rank == 2 ? .grey8 : .rgb8, pixels: try file.read(name))
    }

    // MARK: imresize

    @Test func `every resized image and plane of the reference is met bit for bit`() throws {
        let file = try SharedData.oracle("imresize_reference.h5")
        let input = try image(file, "input_rgb_u8")
        var compared: [String] = ["input_rgb_u8"]
        for border in [ResamplingBorder.clamp, .mirror] {
            let prefix = "\(border.rawValue)/"
            for name in file.datasetNames where name.hasPrefix(prefix) {
                let parts = name.dropFirst(prefix.count).split(separator: "_").map(String.init)
                let factor = try #require(Double(parts[0].drop { $0.isLetter }))
                let scale = parts[0].hasPrefix("down") ? 1 / factor : factor
                switch parts.last {
                case "u8": #expect(try input.resized(by: scale, border: border) == image(file, name), "\(name)")
                case "f64":
                    let plane = Plane(input.luma).resized(by: scale, border: border)
                    #expect(try file.shape(of: name) == [plane.height, plane.width], "\(name)")
                    #expect(try plane.values == file.read(name), "\(name)")
                default: Issue.record("\(name) is of a kind that is not known")
                }
                compared.append(name)
            }
        }
        #expect(try input.luma == image(file, "y_u8"))
        let planes = input.yCbCr
        let channels = [planes.luma, planes.blueDifference, planes.redDifference].map(\.pixels)
        #expect(try file.read("ycbcr_u8") == channels[0].indices.flatMap { index in channels.map { $0[index] } })
        compared += ["y_u8", "ycbcr_u8"]
        for factor in [2, 3, 4] {
            for kind in ["down", "up"] {
                let name = "weights/\(kind)\(factor)"
                let (inputs, outputs) = kind == "down" ? (24, 24 / factor) : (8, 8 * factor)
                let table = ResamplingTable(
                    inputCount: inputs, outputCount: outputs,
                    scale: kind == "down" ? 1 / Double(factor) : Double(factor), kernel: .matlabBicubic, border: .mirror
                )
                let (sources, weights): ([Int64], [Double]) = (try file.read(name + "_i"), try file.read(name + "_w"))
                let width = try file.shape(of: name + "_i")[1]
                for row in 0..<outputs {
                    // The reference keeps taps of weight 0 where another row has some.
                    let kept = (row * width..<(row + 1) * width).filter { weights[$0] != 0 }
                    let here = table.starts[row]..<table.starts[row + 1]
                    #expect(kept.map { Int(sources[$0]) } == here.map { table.sources[$0] }, "\(name), row \(row)")
                    #expect(kept.map { weights[$0] } == here.map { table.weights[$0] }, "\(name), row \(row)")
                }
                compared += [name + "_i", name + "_w"]
            }
        }
        #expect(compared.sorted() == file.datasetNames.sorted(), "every array is compared")
    }

    // MARK: MATLAB's patches

    @Test func `the patches that MATLAB wrote are among ours, as a set`() throws {
        let file = try SharedData.oracle("matlab_fsrcnn_patches_set5_x3.h5")
        let (data, labels): ([Float], [Float]) = (try file.read("data"), try file.read("label"))
        // MATLAB is column-major: a row-major reader sees each patch transposed.
        func transposed(_ values: ArraySlice<Float>, _ size: Int) -> [Float] {
            (0..<size * size).map { values[values.startIndex + $0 % size * size + $0 / size] }
        }
        var theirs: [[Float]: Int] = [:]
        for index in 0..<1216 {
            let pair =
                transposed(data[index * 49..<(index + 1) * 49], 7)
                + transposed(labels[index * 361..<(index + 1) * 361], 19)
            theirs[pair, default: 0] += 1
        }
        var count = 0
        for number in 1...5 {
            let luma = try #require(SharedData.image("Set5/original/img_00\(number).png").luma.cropped(toMultipleOf: 3))
            let high = Plane(luma)
            let low = high.resized(by: 1.0 / 3, border: .mirror)
            for row in stride(from: 0, through: low.height - 7, by: 7) {
                for column in stride(from: 0, through: low.width - 7, by: 7) {
                    let input = (0..<49).map { Float(low[row + $0 / 7, column + $0 % 7]) }
                    // Label rows are 3x...3x + 18, counted from 1, where x is the LR row counted from 1.
                    let label = (0..<361).map { Float(high[3 * row + 2 + $0 / 19, 3 * column + 2 + $0 % 19]) }
                    if let left = theirs[input + label] { theirs[input + label] = left - 1 }
                    count += 1
                }
            }
        }
        #expect(count == 1218)
        #expect(theirs.values.allSatisfy { $0 <= 0 }, "\(theirs.values.filter { $0 > 0 }.count) are not ours")
        #expect(theirs.values.reduce(0, +) >= -2, "two of ours are beyond their last batch")
    }

    // MARK: The Keras network

    /// The first layers of FSRCNN(56, 12, 4) x4 in colour, with the weights that Keras trained.
    private func kerasNetwork(layers count: Int, of model: Model) throws -> Network {
        let layers = model.network.description.layers.prefix(count)
        let names = Set(layers.flatMap(\.parameters).map(\.name))
        return try Network(
            description: NetworkDescription(layers: Array(layers)),
            parameters: model.network.parameters.filter { names.contains($0.name) })
    }

    @Test func `the network that Keras trained gives the double-precision reference at every activation`() throws {
        let workshop = try Workshop()
        let weights = workshop.input(FilePath("\(SharedData.folder)/oracle/keras_fsrcnn_x4_weights.h5"), .folder)
        let model = try Model(
            readingFrom: workshop.run("import-weights", ["weights": [weights]], ["name": "FSRCNN"]).path("model"))
        let file = try SharedData.oracle("keras_fsrcnn_x4_crop24.h5")
        let input = try file.read("input", as: Float.self)
        let planes = (0..<3).flatMap { channel in (0..<576).map { input[$0 * 3 + channel] } }
        let image = Tensor(shape: [3, 24, 24], values: planes)
        var compared = 0
        for count in stride(from: 2, through: 14, by: 2) + [15] {
            let network = try kerasNetwork(layers: count, of: model)
            let last = try #require(network.description.layers.last)
            let reference = try file.read("reference_f64/\(last.name)", as: Double.self)
            for level in SIMDLevel.available {
                let output = try network.upscaled(
                    image, padding: model.padding, tile: .init(rows: 7, columns: 11), pool: WorkerPool(threads: 2),
                    level: level
                )
                let (channels, pixels) = (output.shape[0], output.shape[1] * output.shape[2])
                #expect(output.shape.extents[1...] == (count == 15 ? [96, 96] : [24, 24]))
                #expect(reference.count == channels * pixels)
                var largest = 0.0
                for channel in 0..<channels {
                    for pixel in 0..<pixels {
                        let here = Double(output.values[channel * pixels + pixel])
                        largest = max(largest, abs(here - reference[pixel * channels + channel]))
                    }
                }
                #expect(largest < 1e-5, "\(last.name) at \(level)")
                compared += 1
            }
        }
        #expect(model.network.parameterCount == 24_683 && model.padding == .zero && model.scale == 4)
        #expect(compared == 8 * SIMDLevel.available.count)
    }
}
