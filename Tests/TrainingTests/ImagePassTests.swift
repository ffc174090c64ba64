// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing
import Training

private let networks: [NetworkDescription] = smallNetworks.map(\.description) + plain

private let plain: [NetworkDescription] = {
    do {
        return [
            try NetworkDescription(layers: [
                .convolution(name: "one", inputs: 1, outputs: 3, kernel: 9, padding: .zero),
                .prelu(name: "one-prelu", channels: 3, sharing: .perChannel),
                .convolution(name: "two", inputs: 3, outputs: 2, kernel: 2, padding: .zero),
            ])
        ]
    } catch {
        preconditionFailure("the layers fit each other")
    }
}()

@Suite struct ImagePassTests {
    @Test(arguments: networks.indices, [ConvolutionPadding.replicate, .zero])
    func `a whole image meets the naive twin in double`(network: Int, padding: ConvolutionPadding) throws {
        let start = stirred(networks[network])
        for (height, width) in [(1, 1), (2, 9), (7, 17), (20, 35)] {
            let image = randomTensor([start.description.inputs, height, width], seed: UInt64(height))
            guard start.description.padded(padding).outputExtent(min(height, width)) != nil else { continue }
            let output = try start.upscaled(image, padding: padding, pool: WorkerPool(threads: 2), level: .best)
            var planes = DoubleTwin.Planes(start.description.inputs, height, width)
            planes.values = image.values.map(Double.init)
            let wanted = DoubleTwin(start.description.padded(padding), start.parameters).output(planes)
            #expect(output.shape == [wanted.channels, wanted.rows, wanted.columns])
            let worst = zip(output.values, wanted.values).map { (Double($0) - $1).magnitude }.max() ?? 0
            #expect(worst < 2e-5, "\(height)x\(width)")
        }
    }

    @Test(arguments: networks.indices, ConvolutionPadding.allCases)
    func `tiles, threads and levels do not change a bit`(network: Int, padding: ConvolutionPadding) throws {
        let start = stirred(networks[network])
        let image = randomTensor([start.description.inputs, 23, 37], seed: 5)
        func upscaled(_ tile: Network.TileSize, _ threads: Int, _ level: SIMDLevel) throws -> [UInt32] {
            try start.upscaled(image, padding: padding, tile: tile, pool: WorkerPool(threads: threads), level: level)
                .values.map(\.bitPattern)
        }
        let wanted = try upscaled(Network.TileSize(rows: 1000, columns: 1000), 1, .best)
        for (rows, columns, threads) in [(1, 1000, 1), (1, 1, 2), (5, 7, 3), (16, 16, 7), (23, 36, 1), (32, 128, 2)] {
            let found = try upscaled(Network.TileSize(rows: rows, columns: columns), threads, .best)
            #expect(found == wanted, "tiles of \(rows)x\(columns)")
        }
        for level in SIMDLevel.available {
            #expect(try upscaled(Network.TileSize(rows: 8, columns: 20), 2, level) == wanted, "\(level)")
        }
    }

    @Test func `images that do not fit are refused with a sentence`() throws {
        func message(_ network: Network, _ image: Tensor, _ padding: ConvolutionPadding = .replicate) -> String? {
            do {
                _ = try network.upscaled(image, padding: padding, pool: WorkerPool(threads: 1), level: .best)
                return nil
            } catch {
                return error.description
            }
        }
        let network = stirred(.fsrcnnSmall(scale: 3))
        #expect(message(network, Tensor(shape: [1, 3, 3])) == nil)
        #expect(
            message(network, Tensor(shape: [3, 4, 4])) == "the network takes images of 1 channels, and this one has 3")
        #expect(
            message(network, Tensor(shape: [1, 3, 4]), .valid)
                == "an image of 4x3 pixels is too small for the network")
    }
}
