// SPDX-License-Identifier: Apache-2.0
//
// A whole image through a network, tile by tile. A tile of the output asks each layer for the pixels it needs, so tiles
// overlap in what they compute and never in what they write, and memory is bounded by the tile. A pixel's sum has the
// same taps in the same order in whatever tile it falls: the result does not depend on the tiles.

package import Tensors

extension Network {
    /// The most rows and columns of a tile, counted before the upsampling of the last layer.
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
    /// Convolutions without a padding of their own pad with `padding` (the authors replicate).
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
        let pass = ImagePass(padded, height: height, width: width)
        let output = FloatMemory(count: description.outputs * rows * columns)
        let packed = pass.packed(values)
        let input = FloatMemory(count: image.values.count)
        for (place, value) in image.values.enumerated() { input.pointer[place] = value }
        let tiles = pass.tiles(tile)
        let plans = pass.plans(for: tiles)
        let count = plans.list.map(\.memoryCount).max() ?? 0
        let memory = (0..<min(pool.threads, tiles.count)).map { _ in ImagePass.Memory(count: count) }
        pool.parallelByWorker(tiles.count) { index, worker in
            pass.run(
                level, tiles[index], plans.list[plans.indices[index]], input: input.pointer, packed: packed,
                memory: memory[worker], output: output.pointer)
        }
        return Tensor(shape: [description.outputs, rows, columns], values: Array(output.buffer))
    }
}

/// A rectangle of pixels.
struct Region: Hashable, Sendable {
    var rows, columns: Range<Int>
}

/// The plan of an image's way through a network.
struct ImagePass: Sendable {
    private let layers: [LinearLayer]
    /// The image's extent before each layer, and after the last.
    private let extents: [(rows: Int, columns: Int)]

    init(_ description: NetworkDescription, height: Int, width: Int) {
        layers = LinearLayer.list(description)
        var extents = [(rows: height, columns: width)]
        for (index, layer) in layers.enumerated() {
            let last = extents[index]
            extents.append((layer.outputExtent(last.rows), layer.outputExtent(last.columns)))
        }
        self.extents = extents
    }

    /// As few tiles of the output as the size allows, of nearly one size, so that no sliver is computed with all that
    /// it needs around.
    func tiles(_ size: Network.TileSize) -> [Region] {
        let extent = extents[layers.count]
        let rows = outputParts(extent.rows, most: size.rows, unit: 1)
        let columns = outputParts(extent.columns, most: size.columns, unit: min(size.columns, Grid.lanes))
        return rows.flatMap { rows in columns.map { Region(rows: rows, columns: $0) } }
    }

    /// The parts of the output along one side; those of a transposed convolution hold whole steps.
    private func outputParts(_ extent: Int, most: Int, unit: Int) -> [Range<Int>] {
        switch layers[layers.count - 1].sums {
        case .convolution: return Self.parts(0..<extent, most: most, unit: unit)
        case .transposed(let transposed):
            return Self.parts(transposed.steps(0..<extent), most: most, unit: unit)
                .map { transposed.kept($0, of: extent) }
        }
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

    /// Weights, biases and slopes in the kernels' order, one array a layer with one part for each of its sums: they do
    /// not depend on the tile.
    func packed(_ values: [Float]) -> [[FloatMemory]] {
        let plan = plan(for: geometry(of: Region(rows: 0..<1, columns: 0..<1)))
        return values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return [] }
            return zip(layers, plan.layers).map { layer, plan in
                layer.slopes(start).withUnsafeBufferPointer { slopes in
                    plan.sums.map { sums in
                        let memory = FloatMemory(count: sums.packedCount)
                        sums.pack(
                            weights: start + layer.weights, biases: start + layer.biases, slopes: slopes.baseAddress,
                            into: memory.pointer)
                        return memory
                    }
                }
            }
        }
    }

    // MARK: What a tile needs

    /// Where a layer's part of a tile lies within itself: all that its sums depend on.
    private struct LayerGeometry: Hashable {
        /// Rows and columns of the input, without margins.
        let height, width: Int
        let margins: Margins
        /// How far the place of the first sum lies after the input's first pixel.
        let rowShift, columnShift: Int
        /// Rows and columns of the sums: pixels of a convolution, steps of a transposed convolution.
        let rows, columns: Int
    }

    /// The input pixels of each layer that a tile needs, and last the tile itself.
    private func regions(of tile: Region) -> [Region] {
        var regions = [tile]
        for index in layers.indices.reversed() {
            let reads = read(by: regions[regions.count - 1], index)
            regions.append(
                Region(
                    rows: Self.existing(reads.rows, of: extents[index].rows),
                    columns: Self.existing(reads.columns, of: extents[index].columns)))
        }
        return regions.reversed()
    }

    private func geometry(of tile: Region) -> [LayerGeometry] {
        let regions = regions(of: tile)
        return layers.indices.map { index in
            let (input, output) = (regions[index], regions[index + 1])
            let reads = read(by: output, index)
            let sums = places(of: output, index)
            return LayerGeometry(
                height: input.rows.count, width: input.columns.count,
                margins: Margins(
                    top: input.rows.lowerBound - reads.rows.lowerBound,
                    bottom: reads.rows.upperBound - input.rows.upperBound,
                    left: input.columns.lowerBound - reads.columns.lowerBound,
                    right: reads.columns.upperBound - input.columns.upperBound),
                rowShift: sums.first.row - input.rows.lowerBound,
                columnShift: sums.first.column - input.columns.lowerBound, rows: sums.rows, columns: sums.columns)
        }
    }

    /// The input pixels that a layer's outputs read, those beyond the image included.
    private func read(by output: Region, _ index: Int) -> Region {
        func read(_ range: Range<Int>) -> Range<Int> {
            switch layers[index].sums {
            case .convolution(let convolution):
                let lower = range.lowerBound * convolution.stride - convolution.padding
                return lower..<lower + (range.count - 1) * convolution.stride + convolution.kernel
            case .transposed(let transposed):
                let steps = transposed.steps(range)
                return steps.lowerBound - transposed.reach..<steps.upperBound
            }
        }
        return Region(rows: read(output.rows), columns: read(output.columns))
    }

    /// The place of a layer's first sum, in input pixels, and how many rows and columns of sums there are.
    private func places(of output: Region, _ index: Int) -> (first: (row: Int, column: Int), rows: Int, columns: Int) {
        switch layers[index].sums {
        case .convolution(let convolution):
            let stride = convolution.stride
            return (
                (output.rows.lowerBound * stride, output.columns.lowerBound * stride), output.rows.count,
                output.columns.count
            )
        case .transposed(let transposed):
            let (rows, columns) = (transposed.steps(output.rows), transposed.steps(output.columns))
            return ((rows.lowerBound, columns.lowerBound), rows.count, columns.count)
        }
    }

    /// The pixels of a range that an image has; never empty, since a border pixel may be needed to replicate.
    private static func existing(_ range: Range<Int>, of extent: Int) -> Range<Int> {
        let lower = min(max(range.lowerBound, 0), extent - 1)
        return lower..<max(min(range.upperBound, extent), lower + 1)
    }

    // MARK: Plans

    /// One layer's part of a tile.
    struct LayerPlan: Sendable {
        let input: Grid
        /// What a strided convolution reads; nil for others.
        let phases: ColumnPhases?
        let sums: [WeightedSums]
        /// What the sums are written to: pixels, or planes of phases.
        let output: Grid

        var memoryCount: Int { max(input.count, phases?.planes.count ?? 0, output.count) }
    }

    /// What is done for a tile.
    ///
    /// Tiles away from the borders share one plan.
    struct TilePlan: Sendable {
        let layers: [LayerPlan]

        var memoryCount: Int { layers.map(\.memoryCount).max() ?? 0 }
    }

    /// A plan for each different tile, and for each tile the place of its plan.
    func plans(for tiles: [Region]) -> (list: [TilePlan], indices: [Int]) {
        var list: [TilePlan] = []
        var places: [[LayerGeometry]: Int] = [:]
        let indices = tiles.map { tile in
            let geometry = geometry(of: tile)
            if let place = places[geometry] { return place }
            list.append(plan(for: geometry))
            places[geometry] = list.count - 1
            return list.count - 1
        }
        return (list, indices)
    }

    private func plan(for geometry: [LayerGeometry]) -> TilePlan {
        let inputs = zip(layers, geometry).map { layer, part in
            Grid(.image, channels: layer.inputs, height: part.height, width: part.width, margins: part.margins)
        }
        return TilePlan(
            layers: layers.indices.map { index in
                let (input, part) = (inputs[index], geometry[index])
                switch layers[index].sums {
                case .transposed(let transposed):
                    let planes = transposed.phaseGrid(rows: part.rows, columns: part.columns)
                    let sums = transposed.forward(
                        from: input, toPhases: planes, firstStep: (part.rowShift, part.columnShift))
                    return LayerPlan(input: input, phases: nil, sums: sums, output: planes)
                case .convolution(let convolution):
                    let output =
                        index + 1 < layers.count
                        ? inputs[index + 1]
                        : Grid(.image, channels: convolution.outputs, height: part.rows, width: part.columns)
                    let phases =
                        convolution.stride == 1 ? nil : ColumnPhases(of: input, stride: convolution.stride)
                    let sums = convolution.forward(
                        from: input, to: output, shift: (part.rowShift, part.columnShift), phases: phases)
                    return LayerPlan(input: input, phases: phases, sums: sums, output: output)
                }
            })
    }

    // MARK: Running

    /// A worker's memory: in turn the input and the output of a layer, and what lies between them.
    struct Memory: Sendable {
        fileprivate let first, second, between: FloatMemory

        init(count: Int) {
            first = FloatMemory(count: count)
            second = FloatMemory(count: count)
            between = FloatMemory(count: count)
        }
    }

    func run(
        _ level: SIMDLevel, _ tile: Region, _ plan: TilePlan, input image: UnsafePointer<Float>,
        packed: [[FloatMemory]], memory: Memory, output: UnsafeMutablePointer<Float>
    ) {
        let regions = regions(of: tile)
        var (current, next) = (memory.first.pointer, memory.second.pointer)
        let between = memory.between.pointer
        copy(image, to: current, regions[0], plan.layers[0].input)
        for (index, layer) in layers.enumerated() {
            let part = plan.layers[index]
            part.input.fillMargins(layer.border, in: current)
            if let phases = part.phases { phases.split(current, to: between) }
            let input = part.phases == nil ? current : between
            let isTransposed = if case .transposed = layer.sums { true } else { false }
            let sums = isTransposed ? between : next
            for (weighted, packed) in zip(part.sums, packed[index]) {
                // The activated value takes the place of its sum, which is not needed again.
                weighted.run(
                    level, packed: packed.pointer, input: input, output: sums,
                    activated: layer.activation == nil ? nil : sums)
            }
            let isLast = index + 1 == layers.count
            if case .transposed(let transposed) = layer.sums {
                let target = isLast ? place(tile, output) : place(plan.layers[index + 1].input, next)
                transposed.scatter(
                    phases: part.output, in: between, rows: regions[index + 1].rows,
                    columns: regions[index + 1].columns, to: target.pointer, channelStride: target.channel,
                    rowStride: target.row)
            } else if isLast {
                copy(part.output, next, tile, to: output)
            }
            swap(&current, &next)
        }
    }

    private typealias Target = (pointer: UnsafeMutablePointer<Float>, channel: Int, row: Int)

    /// The first pixel of a tile in the whole output.
    private func place(_ tile: Region, _ output: UnsafeMutablePointer<Float>) -> Target {
        let extent = extents[layers.count]
        return (
            output + tile.rows.lowerBound * extent.columns + tile.columns.lowerBound, extent.rows * extent.columns,
            extent.columns
        )
    }

    /// The first pixel of a layer's input.
    private func place(_ grid: Grid, _ memory: UnsafeMutablePointer<Float>) -> Target {
        (memory + grid.origin, grid.channelStride, grid.rowStride)
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

    private func copy(
        _ grid: Grid, _ memory: UnsafePointer<Float>, _ tile: Region, to output: UnsafeMutablePointer<Float>
    ) {
        let target = place(tile, output)
        for channel in 0..<grid.channels {
            for row in 0..<tile.rows.count {
                let from = memory + grid.origin + grid.offset(channel: channel, row: row, column: 0)
                (target.pointer + channel * target.channel + row * target.row)
                    .update(from: from, count: tile.columns.count)
            }
        }
    }
}
