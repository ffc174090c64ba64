// SPDX-License-Identifier: Apache-2.0
//
// One way through a network and back for 16 samples. All shapes, places in memory and lists of taps are worked out
// once, in `BatchPass`; `run` then only computes. Every group of 16 samples leaves its own gradient, so that groups can
// be computed by any thread in any order and added in a fixed one.

import Tensors

/// The plan of a pass over one group of 16 samples.
struct BatchPass: Sendable {
    let stages: [BatchStage]
    let parameterCount: Int
    let labelGrid: Grid
    let labelPlace: Int
    let scratchPlace: Int
    let loss: PixelLoss
    let memoryCount: Int  // floats of a worker's memory
    let packedCount: Int  // floats of the packed parameters of all stages

    /// `description` has the padding of training; the input has its channels and the given extent.
    init(_ description: NetworkDescription, height: Int, width: Int, loss: PixelLoss) {
        let layers = LinearLayer.list(description)
        var memory = 0
        func place(_ count: Int) -> Int {
            defer { memory += (count + Grid.lanes - 1) / Grid.lanes * Grid.lanes }
            return memory
        }
        var input = Grid(
            .batch, channels: description.inputs, height: height, width: width,
            margins: layers[0].inputMargins(height: height, width: width))
        var inputPlace = place(input.count)
        var stages: [BatchStage] = []
        var scratch = 2 * Grid.lanes  // the loss's scales and weights
        for (index, layer) in layers.enumerated() {
            let next = index + 1 < layers.count ? layers[index + 1] : nil
            let grids = Self.grids(layer, next, input)
            let sumsPlace = place(grids.output.count)
            let places = BatchStage.Places(
                input: inputPlace, sums: sumsPlace,
                output: layer.activation == nil ? sumsPlace : place(grids.output.count),
                gradient: place(grids.gradient.count))
            let stage = BatchStage(
                layer, grids: (input, grids.output, grids.gradient), places: places,
                previousGradient: stages.last?.gradient, next: next)
            scratch = max(
                scratch, stage.weightGradients.map(\.scratchCount).max() ?? 0,
                2 * layer.outputs * Grid.lanes + layer.outputs)
            stages.append(stage)
            (input, inputPlace) = (grids.output, places.output)
        }
        labelGrid = Grid(.batch, channels: input.channels, height: input.height, width: input.width)
        labelPlace = place(labelGrid.count)
        scratchPlace = place(scratch)
        memoryCount = memory
        parameterCount = description.parameterCount
        packedCount = stages.reduce(0) { $0 + $1.packedCount }
        self.loss = loss
        self.stages = stages
    }

    private static func grids(
        _ layer: LinearLayer, _ next: LinearLayer?, _ input: Grid
    ) -> (output: Grid, gradient: Grid) {
        let (rows, columns) = (layer.outputExtent(input.height), layer.outputExtent(input.width))
        let output = Grid(
            .batch, channels: layer.outputs, height: rows, width: columns,
            margins: layer.outputMargins.union(next?.inputMargins(height: rows, width: columns) ?? Margins()))
        let gradient = Grid(
            .batch, channels: layer.outputs, height: rows, width: columns,
            margins: layer.gradientMargins(height: input.height, width: input.width)
                .union(next?.inputGradientMargins(height: rows, width: columns) ?? Margins()))
        return (output, gradient)
    }

    /// Brings the parameters into the kernels' order; once for each change of the parameters.
    func pack(_ parameters: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
        var packed = packed
        for stage in stages {
            stage.pack(parameters, into: packed)
            packed += stage.packedCount
        }
    }

    /// What a group of samples is run with.
    struct Group {
        let inputs, labels: UnsafePointer<Float>  // row-major samples
        let count: Int  // of them, at most 16
        let parameters, packed: UnsafePointer<Float>
        let memory: UnsafeMutablePointer<Float>  // of the worker
        let lossScale: Float  // on the slope of each difference
        let gradient: UnsafeMutablePointer<Float>  // parameterCount floats, all written
        let loss: UnsafeMutablePointer<Float>  // 16 sums of what differences cost
    }

    /// The loss of a group and the gradient of its parameters.
    ///
    /// Returns the first stage whose output is not finite, or, where only the loss is not, the count of stages.
    func run(_ level: SIMDLevel, _ group: Group) -> Int? {
        if let failure = measure(level, group) { return failure }
        backward(level, group)
        return nil
    }

    /// The loss of a group alone, with the same result.
    func measure(_ level: SIMDLevel, _ group: Group) -> Int? {
        forward(level, group)
        compare(level, group)
        for lane in 0..<Grid.lanes where !group.loss[lane].isFinite { return firstNonFiniteStage(group.memory) }
        return nil
    }

    // MARK: Forward

    private func forward(_ level: SIMDLevel, _ group: Group) {
        let first = stages[0]
        let input = group.memory + first.places.input
        Elementwise.interleave(group.inputs, count: group.count, into: input, grid: first.input)
        if first.layer.border == .replicate { first.input.fillMargins(.replicate, in: input) }
        var packed = group.packed
        for stage in stages {
            sums(level, stage, packed, group.memory)
            if let border = stage.outputBorder {
                stage.output.fillMargins(border, in: group.memory + stage.places.output)
            }
            packed += stage.packedCount
        }
    }

    private func sums(
        _ level: SIMDLevel, _ stage: BatchStage, _ packed: UnsafePointer<Float>, _ memory: UnsafeMutablePointer<Float>
    ) {
        var packed = packed
        for sums in stage.forward {
            sums.run(
                level, packed: packed, input: memory + stage.places.input, output: memory + stage.places.sums,
                activated: stage.layer.activation == nil ? nil : memory + stage.places.output)
            packed += sums.packedCount
        }
    }

    private func compare(_ level: SIMDLevel, _ group: Group) {
        let last = stages[stages.count - 1]
        let labels = group.memory + labelPlace
        Elementwise.interleave(group.labels, count: group.count, into: labels, grid: labelGrid)
        let lanes = group.memory + scratchPlace
        for lane in 0..<Grid.lanes {
            lanes[lane] = lane < group.count ? group.lossScale : 0
            lanes[Grid.lanes + lane] = lane < group.count ? 1 : 0
            group.loss[lane] = 0
        }
        Elementwise.loss(
            level, loss, output: group.memory + last.places.output, outputGrid: last.output, labels: labels,
            labelGrid: labelGrid, gradient: group.memory + last.places.gradient, gradientGrid: last.gradient,
            scales: lanes, weights: lanes + Grid.lanes, sums: group.loss)
    }

    // MARK: Backward

    private func backward(_ level: SIMDLevel, _ group: Group) {
        var packed = group.packed + packedCount
        for index in stages.indices.reversed() {
            let stage = stages[index]
            packed -= stage.packedCount
            activationGradient(level, stage, group)
            weightGradient(level, stage, group)
            guard index > 0 else { return }
            inputGradient(
                level, stage, packed + stage.forwardPackedCount, to: stages[index - 1], group.memory)
        }
    }

    private func inputGradient(
        _ level: SIMDLevel, _ stage: BatchStage, _ packed: UnsafePointer<Float>, to previous: BatchStage,
        _ memory: UnsafeMutablePointer<Float>
    ) {
        let gradient = memory + previous.places.gradient
        var packed = packed
        for sums in stage.inputGradient {
            sums.run(level, packed: packed, input: memory + stage.places.gradient, output: gradient)
            packed += sums.packedCount
        }
        if stage.fold != Margins() { previous.gradient.foldMargins(stage.fold, in: gradient) }
        if stage.spoilsMargins { previous.gradient.fillMargins(.zero, in: gradient) }
    }

    private func weightGradient(_ level: SIMDLevel, _ stage: BatchStage, _ group: Group) {
        let memory = group.memory
        let (input, gradient) = (memory + stage.places.input, memory + stage.places.gradient)
        let (dense, shifted) =
            switch stage.layer.sums {
            case .convolution: (gradient, input)
            case .transposed: (input, gradient)
            }
        var weights = group.gradient + stage.layer.weights
        for products in stage.weightGradients {
            products.run(level, dense: dense, input: shifted, scratch: memory + scratchPlace, totals: weights)
            weights += products.totals
        }
    }

    private func activationGradient(_ level: SIMDLevel, _ stage: BatchStage, _ group: Group) {
        let memory = group.memory
        let gradient = memory + stage.places.gradient
        let scratch = memory + scratchPlace
        let biases = group.gradient + stage.layer.biases
        guard let activation = stage.layer.activation else {
            Elementwise.activationGradient(
                level, gradient: gradient, grid: stage.gradient, values: nil, scratch: scratch, biasTotals: biases,
                slopeTotals: nil)
            return
        }
        // Totals by channel, where there is no slope a channel that they are the gradient of.
        let totals = scratch + 2 * stage.output.channels * Grid.lanes
        var slopeTotals = totals
        if case .prelu(let slopes, .perChannel) = activation { slopeTotals = group.gradient + slopes }
        stage.layer.slopes(group.parameters).withUnsafeBufferPointer { slopes in
            guard let slopes = slopes.baseAddress else { return }
            Elementwise.activationGradient(
                level, gradient: gradient, grid: stage.gradient,
                values: (UnsafePointer(memory + stage.places.sums), stage.output, slopes), scratch: scratch,
                biasTotals: biases, slopeTotals: slopeTotals)
        }
        if case .prelu(let slopes, .perLayer) = activation {
            var total: Float = 0
            for channel in 0..<stage.output.channels { total += totals[channel] }
            group.gradient[slopes] = total
        }
    }

    private func firstNonFiniteStage(_ memory: UnsafePointer<Float>) -> Int {
        for (index, stage) in stages.enumerated() {
            let values = memory + stage.places.output + stage.output.origin
            for channel in 0..<stage.output.channels {
                for row in 0..<stage.output.height {
                    let line = values + stage.output.offset(channel: channel, row: row, column: 0)
                    for float in 0..<stage.output.width * Grid.lanes where !line[float].isFinite { return index }
                }
            }
        }
        return stages.count
    }
}
