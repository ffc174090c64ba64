// SPDX-License-Identifier: Apache-2.0
//
// A whole image through a network, tile by tile. A tile of the output asks each layer for the pixels it needs, so tiles
// overlap in what they compute and never in what they write, and memory is bounded by the tile. A pixel's sum has the
// same taps in the same order in whatever tile it falls: the result does not depend on the tiles.

package import Tensors

extension Network {
    /// The rows and columns of a tile, counted before the final upsampling.
    package struct TileSize: Hashable, Sendable {
        package var rows, columns: Int

        package init(rows: Int = 32, columns: Int = 128) {
            precondition(rows > 0 && columns > 0, "a tile of \(rows)x\(columns) is empty")
            (self.rows, self.columns) = (rows, columns)
        }
    }

    /// The network's output for an image of (channels, rows, columns). All convolutions pad with `padding` (the authors
    /// replicate); the transposed convolution sees zeros beyond its input, and must be the last layer.
    package func upscaled(
        _ image: Tensor, padding: ConvolutionPadding = .replicate, tile: TileSize = TileSize(), pool: WorkerPool,
        level: SIMDLevel
    ) throws(NetworkError) -> Tensor {
        guard image.shape.rank == 3, image.shape[0] == description.inputs else {
            throw .imageChannels(expected: description.inputs, found: image.shape.rank == 3 ? image.shape[0] : 0)
        }
        let (height, width) = (image.shape[1], image.shape[2])
        let padded = description.padded(padding)
        guard height > 0, width > 0, let rows = padded.outputExtent(height), let columns = padded.outputExtent(width)
        else { throw .imageTooSmall(height: height, width: width) }
        let pass = try ImagePass(padded, height: height, width: width)
        let output = FloatMemory(count: description.outputs * rows * columns)
        let packed = pass.packed(values)
        let input = FloatMemory(count: image.values.count)
        for (place, value) in image.values.enumerated() { input.pointer[place] = value }
        let tiles = pass.tiles(tile)
        pool.parallel(tiles.count) { index in
            pass.run(level, tiles[index], input: input.pointer, packed: packed, output: output.pointer)
        }
        return Tensor(shape: [description.outputs, rows, columns], values: Array(output.buffer))
    }
}

/// A rectangle of pixels or steps.
struct Region: Sendable {
    var rows, columns: Range<Int>
}

/// The plan of an image's way through a network.
struct ImagePass: Sendable {
    private let layers: [LinearLayer]
    /// The image's extent before each layer, and after the last.
    private let extents: [(rows: Int, columns: Int)]

    init(_ description: NetworkDescription, height: Int, width: Int) throws(NetworkError) {
        layers = LinearLayer.list(description)
        var extents = [(rows: height, columns: width)]
        for (index, layer) in layers.enumerated() {
            if case .transposed = layer.kind, index + 1 < layers.count {
                throw .upsamplingBeforeTheEnd(layer: layer.name)
            }
            let last = extents[index]
            extents.append((layer.outputExtent(last.rows), layer.outputExtent(last.columns)))
        }
        self.extents = extents
    }

    /// What is to be computed: steps of the final transposed convolution, or pixels of the final convolution.
    private var whole: Region {
        let (before, after) = (extents[layers.count - 1], extents[layers.count])
        switch layers[layers.count - 1].kind {
        case .convolution: return Region(rows: 0..<after.rows, columns: 0..<after.columns)
        case .transposed(let transposed):
            return Region(rows: transposed.steps(before.rows), columns: transposed.steps(before.columns))
        }
    }

    func tiles(_ size: Network.TileSize) -> [Region] {
        let whole = whole
        func parts(_ range: Range<Int>, _ length: Int) -> [Range<Int>] {
            stride(from: range.lowerBound, to: range.upperBound, by: length).map {
                $0..<min($0 + length, range.upperBound)
            }
        }
        return parts(whole.rows, size.rows).flatMap { rows in
            parts(whole.columns, size.columns).map { Region(rows: rows, columns: $0) }
        }
    }

    /// Weights, biases and slopes in the kernels' order, one array a layer and group of phases: they do not depend on
    /// the tile.
    func packed(_ values: [Float]) -> [[FloatMemory]] {
        let plans = plans(for: Region(rows: whole.rows.prefix(1), columns: whole.columns.prefix(1)))
        return values.withUnsafeBufferPointer { values in
            zip(layers, plans).map { layer, plan in
                let slopes = (0..<layer.outputs).map { channel in
                    layer.activation.map { values[$0.slopes + ($0.sharing == .perLayer ? 0 : channel)] } ?? 0
                }
                return plan.sums.map { sums in
                    let memory = FloatMemory(count: sums.packedCount)
                    guard let start = values.baseAddress else { return memory }
                    slopes.withUnsafeBufferPointer { slopes in
                        sums.pack(
                            weights: start + layer.weights, biases: start + layer.biases, slopes: slopes.baseAddress,
                            into: memory.pointer)
                    }
                    return memory
                }
            }
        }
    }

    /// One layer's part of a tile.
    private struct LayerPlan {
        let sums: [WeightedSums]
        let input: Grid
        /// The part of the layer's input, in image coordinates, that `input` holds inside its margins.
        let region: Region
    }

    func run(
        _ level: SIMDLevel, _ tile: Region, input image: UnsafePointer<Float>, packed: [[FloatMemory]],
        output: UnsafeMutablePointer<Float>
    ) {
        let plans = plans(for: tile)
        var memory = FloatMemory(count: plans[0].input.count)
        copy(image, to: memory, plans[0])
        for (index, layer) in layers.enumerated() {
            let plan = plans[index]
            let border: Border = if case .convolution(_, let border) = layer.kind { border } else { .zero }
            plan.input.fillMargins(border, in: memory.pointer)
            let grid = index + 1 < layers.count ? plans[index + 1].input : finalGrid(tile)
            let next = FloatMemory(count: grid.count)
            let sums = layer.activation == nil ? next : FloatMemory(count: grid.count)
            for (part, packed) in zip(plan.sums, packed[index]) {
                part.run(
                    level, packed: packed.pointer, input: memory.pointer, output: sums.pointer,
                    activated: layer.activation == nil ? nil : next.pointer)
            }
            memory = next
        }
        finish(tile, memory, output)
    }

    /// The grid of the last layer's sums: pixels, or planes of phases.
    private func finalGrid(_ tile: Region) -> Grid {
        switch layers[layers.count - 1].kind {
        case .convolution(let convolution, _):
            Grid(.image, channels: convolution.outputs, height: tile.rows.count, width: tile.columns.count)
        case .transposed(let transposed): transposed.phaseGrid(rows: tile.rows.count, columns: tile.columns.count)
        }
    }

    /// From the last layer backwards: what each layer needs of its input.
    private func plans(for tile: Region) -> [LayerPlan] {
        var plans: [LayerPlan] = []
        var region = tile
        var output = finalGrid(tile)
        for index in layers.indices.reversed() {
            let extent = extents[index]
            switch layers[index].kind {
            case .transposed(let transposed):
                let reach = transposed.reach
                let needed = Region(
                    rows: Self.needed(region.rows, before: reach, after: 0, of: extent.rows),
                    columns: Self.needed(region.columns, before: reach, after: 0, of: extent.columns))
                let grid = Grid(
                    .image, channels: transposed.inputs, height: needed.rows.count, width: needed.columns.count,
                    margins: Self.margins(region, before: reach, after: 0, needed: needed))
                let first = (
                    row: region.rows.lowerBound - needed.rows.lowerBound,
                    column: region.columns.lowerBound - needed.columns.lowerBound
                )
                plans.append(
                    LayerPlan(
                        sums: transposed.forward(from: grid, toPhases: output, firstStep: first), input: grid,
                        region: needed))
                (region, output) = (needed, grid)
            case .convolution(let convolution, _):
                let (before, after) = (convolution.padding, convolution.kernel - 1 - convolution.padding)
                let needed = Region(
                    rows: Self.needed(region.rows, before: before, after: after, of: extent.rows),
                    columns: Self.needed(region.columns, before: before, after: after, of: extent.columns))
                let grid = Grid(
                    .image, channels: convolution.inputs, height: needed.rows.count, width: needed.columns.count,
                    margins: Self.margins(region, before: before, after: after, needed: needed))
                let shift = (
                    rows: region.rows.lowerBound - needed.rows.lowerBound,
                    columns: region.columns.lowerBound - needed.columns.lowerBound
                )
                plans.append(
                    LayerPlan(
                        sums: [convolution.forward(from: grid, to: output, shift: shift)], input: grid, region: needed))
                (region, output) = (needed, grid)
            }
        }
        return plans.reversed()
    }

    /// The pixels of an image that a range of sums reads; never empty, since a border pixel may be needed to replicate.
    private static func needed(_ range: Range<Int>, before: Int, after: Int, of extent: Int) -> Range<Int> {
        let lower = min(max(range.lowerBound - before, 0), extent - 1)
        return lower..<max(min(range.upperBound + after, extent), lower + 1)
    }

    /// How far the sums of a region read beyond the pixels there are.
    private static func margins(_ region: Region, before: Int, after: Int, needed: Region) -> Margins {
        Margins(
            top: needed.rows.lowerBound - (region.rows.lowerBound - before),
            bottom: region.rows.upperBound + after - needed.rows.upperBound,
            left: needed.columns.lowerBound - (region.columns.lowerBound - before),
            right: region.columns.upperBound + after - needed.columns.upperBound)
    }

    private func copy(_ image: UnsafePointer<Float>, to memory: FloatMemory, _ plan: LayerPlan) {
        let extent = extents[0]
        for channel in 0..<plan.input.channels {
            for row in plan.region.rows {
                let from = image + (channel * extent.rows + row) * extent.columns + plan.region.columns.lowerBound
                let place = plan.input.offset(channel: channel, row: row - plan.region.rows.lowerBound, column: 0)
                (memory.pointer + plan.input.origin + place).update(from: from, count: plan.region.columns.count)
            }
        }
    }

    private func finish(_ tile: Region, _ memory: FloatMemory, _ output: UnsafeMutablePointer<Float>) {
        let extent = extents[layers.count]
        let grid = finalGrid(tile)
        switch layers[layers.count - 1].kind {
        case .transposed(let transposed):
            transposed.scatter(
                phases: grid, in: memory.pointer, steps: (tile.rows, tile.columns), to: output,
                extent: (extent.rows, extent.columns))
        case .convolution(let convolution, _):
            for channel in 0..<convolution.outputs {
                for row in tile.rows {
                    let place = grid.offset(channel: channel, row: row - tile.rows.lowerBound, column: 0)
                    (output + (channel * extent.rows + row) * extent.columns + tile.columns.lowerBound)
                        .update(from: memory.pointer + grid.origin + place, count: tile.columns.count)
                }
            }
        }
    }
}
