// SPDX-License-Identifier: Apache-2.0
//
// A whole image through a network, tile by tile. A tile of the output asks each layer for the pixels it needs, so tiles
// overlap in what they compute and never in what they write, and memory is bounded by the tile. A pixel's sum has the
// same taps in the same order in whatever tile it falls: the result does not depend on the tiles.

package import Tensors

extension Network {
    /// The most rows and columns of a tile, counted before the final upsampling.
    ///
    /// The first layers compute some ten rows and columns more than a tile has, so tiles are as wide as most images of
    /// the test sets, and low enough that a worker's memory stays within a few megabytes.
    package struct TileSize: Hashable, Sendable {
        package var rows, columns: Int

        package init(rows: Int = 36, columns: Int = 272) {
            precondition(rows > 0 && columns > 0, "a tile of \(rows)x\(columns) is empty")
            (self.rows, self.columns) = (rows, columns)
        }
    }

    /// The network's output for an image of (channels, rows, columns).
    ///
    /// All convolutions pad with `padding` (the authors replicate); the transposed convolution sees zeros beyond its
    /// input, and must be the last layer.
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
        let plans = pass.plans(for: tiles)
        // Two grids for each worker, in turn the input and the output of a layer.
        let count = plans.list.map(\.memoryCount).max() ?? 0
        let memory = (0..<2 * min(pool.threads, tiles.count)).map { _ in FloatMemory(count: count) }
        pool.parallelByWorker(tiles.count) { index, worker in
            pass.run(
                level, tiles[index], plans.list[plans.indices[index]], input: input.pointer, packed: packed,
                memory: (memory[2 * worker].pointer, memory[2 * worker + 1].pointer), output: output.pointer)
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

    /// As few tiles as the size allows, of nearly one size, so that no sliver is computed with all that it needs
    /// around.
    func tiles(_ size: Network.TileSize) -> [Region] {
        let rows = Self.parts(whole.rows, most: size.rows, unit: 1)
        let columns = Self.parts(whole.columns, most: size.columns, unit: min(size.columns, Grid.lanes))
        return rows.flatMap { rows in columns.map { Region(rows: rows, columns: $0) } }
    }

    /// A range in parts of one length but for the last, each at most `most` long; `unit` divides the length where it
    /// can.
    private static func parts(_ range: Range<Int>, most: Int, unit: Int) -> [Range<Int>] {
        let count = (range.count + most - 1) / most
        let even = (range.count + count - 1) / count
        let length = min((even + unit - 1) / unit * unit, most)
        return stride(from: range.lowerBound, to: range.upperBound, by: length).map {
            $0..<min($0 + length, range.upperBound)
        }
    }

    /// Weights, biases and slopes in the kernels' order, one array a layer and group of phases: they do not depend on
    /// the tile.
    func packed(_ values: [Float]) -> [[FloatMemory]] {
        let plan = plan(for: Region(rows: whole.rows.prefix(1), columns: whole.columns.prefix(1)))
        return values.withUnsafeBufferPointer { values in
            zip(layers, plan.layers).map { layer, plan in
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
    struct LayerPlan: Sendable {
        let sums: [WeightedSums]
        let input: Grid
    }

    /// What is done for a tile.
    ///
    /// Tiles away from the borders share one plan.
    struct TilePlan: Sendable {
        let layers: [LayerPlan]
        /// The last layer's sums: pixels, or planes of phases.
        let output: Grid

        var memoryCount: Int { layers.map(\.input.count).reduce(output.count, max) }
    }

    /// A plan for each different tile, and for each tile the place of its plan.
    func plans(for tiles: [Region]) -> (list: [TilePlan], indices: [Int]) {
        var list: [TilePlan] = []
        var places: [[Int]: Int] = [:]
        let indices = tiles.map { tile in
            let key = ([tile] + needed(for: tile)).flatMap { region in
                [
                    region.rows.lowerBound - tile.rows.lowerBound, region.rows.upperBound - tile.rows.lowerBound,
                    region.columns.lowerBound - tile.columns.lowerBound,
                    region.columns.upperBound - tile.columns.lowerBound,
                ]
            }
            if let place = places[key] { return place }
            list.append(plan(for: tile))
            places[key] = list.count - 1
            return list.count - 1
        }
        return (list, indices)
    }

    /// How far before and after its own place a layer's sum reads.
    private func reach(_ layer: LinearLayer) -> (before: Int, after: Int) {
        switch layer.kind {
        case .convolution(let convolution, _):
            (convolution.padding, convolution.kernel - 1 - convolution.padding)
        case .transposed(let transposed): (transposed.reach, 0)
        }
    }

    /// The part of each layer's input, in image coordinates, that a tile needs.
    private func needed(for tile: Region) -> [Region] {
        var regions: [Region] = []
        var region = tile
        for index in layers.indices.reversed() {
            let reach = reach(layers[index])
            region = Region(
                rows: Self.needed(region.rows, reach, of: extents[index].rows),
                columns: Self.needed(region.columns, reach, of: extents[index].columns))
            regions.append(region)
        }
        return regions.reversed()
    }

    private func plan(for tile: Region) -> TilePlan {
        let needed = needed(for: tile)
        let last = finalGrid(tile)
        var plans: [LayerPlan] = []
        var output = last
        for index in layers.indices.reversed() {
            let layer = layers[index]
            let (region, sums) = (needed[index], index + 1 < layers.count ? needed[index + 1] : tile)
            let shift = (
                rows: sums.rows.lowerBound - region.rows.lowerBound,
                columns: sums.columns.lowerBound - region.columns.lowerBound
            )
            let input = Grid(
                .image, channels: layer.inputs, height: region.rows.count, width: region.columns.count,
                margins: Self.margins(sums, reach(layer), needed: region))
            switch layer.kind {
            case .transposed(let transposed):
                plans.append(
                    LayerPlan(
                        sums: transposed.forward(
                            from: input, toPhases: output, firstStep: (shift.rows, shift.columns)), input: input))
            case .convolution(let convolution, _):
                plans.append(
                    LayerPlan(sums: [convolution.forward(from: input, to: output, shift: shift)], input: input))
            }
            output = input
        }
        return TilePlan(layers: plans.reversed(), output: last)
    }

    private func finalGrid(_ tile: Region) -> Grid {
        switch layers[layers.count - 1].kind {
        case .convolution(let convolution, _):
            Grid(.image, channels: convolution.outputs, height: tile.rows.count, width: tile.columns.count)
        case .transposed(let transposed): transposed.phaseGrid(rows: tile.rows.count, columns: tile.columns.count)
        }
    }

    /// The pixels of an image that a range of sums reads; never empty, since a border pixel may be needed to replicate.
    private static func needed(_ range: Range<Int>, _ reach: (before: Int, after: Int), of extent: Int) -> Range<Int> {
        let lower = min(max(range.lowerBound - reach.before, 0), extent - 1)
        return lower..<max(min(range.upperBound + reach.after, extent), lower + 1)
    }

    /// How far the sums of a region read beyond the pixels there are.
    private static func margins(_ sums: Region, _ reach: (before: Int, after: Int), needed: Region) -> Margins {
        Margins(
            top: needed.rows.lowerBound - (sums.rows.lowerBound - reach.before),
            bottom: sums.rows.upperBound + reach.after - needed.rows.upperBound,
            left: needed.columns.lowerBound - (sums.columns.lowerBound - reach.before),
            right: sums.columns.upperBound + reach.after - needed.columns.upperBound)
    }

    func run(
        _ level: SIMDLevel, _ tile: Region, _ plan: TilePlan, input image: UnsafePointer<Float>,
        packed: [[FloatMemory]], memory: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>),
        output: UnsafeMutablePointer<Float>
    ) {
        var (current, next) = memory
        copy(image, to: current, needed(for: tile)[0], plan.layers[0].input)
        for (index, layer) in layers.enumerated() {
            let part = plan.layers[index]
            let border: Border = if case .convolution(_, let border) = layer.kind { border } else { .zero }
            part.input.fillMargins(border, in: current)
            for (sums, packed) in zip(part.sums, packed[index]) {
                // The activated value takes the place of its sum, which is not needed again.
                sums.run(
                    level, packed: packed.pointer, input: current, output: next,
                    activated: layer.activation == nil ? nil : next)
            }
            swap(&current, &next)
        }
        finish(tile, plan.output, current, output)
    }

    private func copy(
        _ image: UnsafePointer<Float>, to memory: UnsafeMutablePointer<Float>, _ region: Region, _ grid: Grid
    ) {
        let extent = extents[0]
        for channel in 0..<grid.channels {
            for row in region.rows {
                let from = image + (channel * extent.rows + row) * extent.columns + region.columns.lowerBound
                let place = grid.offset(channel: channel, row: row - region.rows.lowerBound, column: 0)
                (memory + grid.origin + place).update(from: from, count: region.columns.count)
            }
        }
    }

    private func finish(
        _ tile: Region, _ grid: Grid, _ memory: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
    ) {
        let extent = extents[layers.count]
        switch layers[layers.count - 1].kind {
        case .transposed(let transposed):
            transposed.scatter(
                phases: grid, in: memory, steps: (tile.rows, tile.columns), to: output,
                extent: (extent.rows, extent.columns))
        case .convolution(let convolution, _):
            for channel in 0..<convolution.outputs {
                for row in tile.rows {
                    let place = grid.offset(channel: channel, row: row - tile.rows.lowerBound, column: 0)
                    (output + (channel * extent.rows + row) * extent.columns + tile.columns.lowerBound)
                        .update(from: memory + grid.origin + place, count: tile.columns.count)
                }
            }
        }
    }
}
