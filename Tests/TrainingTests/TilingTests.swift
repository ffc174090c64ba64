// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing
import Training

@Suite struct TilingTests {
    @Test(arguments: [ConvolutionPadding.replicate, .zero])
    func `every size of tiles gives the same bits`(padding: ConvolutionPadding) throws {
        let network = stirred(.fsrcnn(d: 3, s: 2, m: 1, scale: 3))
        let image = randomTensor([1, 13, 35], seed: 7)
        let pool = WorkerPool(threads: 3)
        func upscaled(rows: Int, columns: Int) throws -> [UInt32] {
            let tile = Network.TileSize(rows: rows, columns: columns)
            return try network.upscaled(image, padding: padding, tile: tile, pool: pool, level: .best)
                .values.map(\.bitPattern)
        }
        let wanted = try upscaled(rows: 1000, columns: 1000)
        // 14 by 36 steps of the deconvolution make these images.
        for rows in 1...15 {
            for columns in 1...37 {
                #expect(try upscaled(rows: rows, columns: columns) == wanted, "tiles of \(rows)x\(columns)")
            }
        }
    }
}
