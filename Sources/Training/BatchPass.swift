// SPDX-License-Identifier: Apache-2.0
//
// One way through a network and back for 16 samples. All shapes, places in memory and lists of taps are worked out
// once, in `BatchPass`; `run` then only computes. Every group of 16 samples leaves its own gradient, so that groups can
// be computed by any thread in any order and added in a fixed one.
//
// Where a layer's output does not fit the nearer caches, it is streamed: the layer makes a few rows, and the next layer
// takes them up at once, before they are gone; likewise on the way back. That changes when a row is made and never how:
// every sum over rows is made in the order of the rows, in however many parts.

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
                gradient: place(grids.gradient.count), laneSums: place(2 * layer.outputs * Grid.lanes))
            let stage = BatchStage(
                layer, grids: (input, grids.output, grids.gradient), places: places,
                previousGradient: stages.last?.gradient, next: next)
            scratch = max(scratch, stage.weightGradients.reduce(0) { $0 + $1.scratchCount }, layer.outputs)
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
        var index = 0
        while index < stages.count {
            let stage = stages[index]
            let nextPacked = packed + stage.packedCount
            guard streamsForward(index) else {
                sums(level, stage, packed, 0..<stage.forward[0].rows, group.memory)
                fillOutputMargins(stage, group.memory)
                (index, packed) = (index + 1, nextPacked)
                continue
            }
            let next = stages[index + 1]
            var done = 0
            for strip in Self.strips(of: stage.output) {
                sums(level, stage, packed, strip, group.memory)
                let ready = next.rowsReady(after: strip.upperBound)
                sums(level, next, nextPacked, done..<ready, group.memory)
                done = ready
            }
            fillOutputMargins(next, group.memory)
            (index, packed) = (index + 2, nextPacked + next.packedCount)
        }
    }

    private func sums(
        _ level: SIMDLevel, _ stage: BatchStage, _ packed: UnsafePointer<Float>, _ rows: Range<Int>,
        _ memory: UnsafeMutablePointer<Float>
    ) {
        var packed = packed
        for sums in stage.forward {
            sums.run(
                level, packed: packed, input: memory + stage.places.input, output: memory + stage.places.sums,
                activated: stage.layer.activation == nil ? nil : memory + stage.places.output, rows: rows)
            packed += sums.packedCount
        }
    }

    private func fillOutputMargins(_ stage: BatchStage, _ memory: UnsafeMutablePointer<Float>) {
        guard let border = stage.outputBorder else { return }
        stage.output.fillMargins(border, in: memory + stage.places.output)
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
        var isStreamed = false  // whether the stage's own gradients were made with the stage after it
        for index in stages.indices.reversed() {
            let stage = stages[index]
            packed -= stage.packedCount
            if !isStreamed {
                begin(stage, group.memory)
                addGradients(level, stage, 0..<stage.output.height, group)
                addProducts(level, stage, 0..<stage.weightGradients[0].rows, group.memory)
                finish(level, stage, group)
            }
            guard index > 0 else { return }
            let gradientPacked = packed + stage.forwardPackedCount
            isStreamed = streamsBackward(index)
            if isStreamed {
                streamBackward(level, stage, gradientPacked, to: stages[index - 1], group)
            } else {
                inputGradient(level, stage, gradientPacked, to: stages[index - 1], group.memory)
            }
        }
    }

    /// The gradients of the stage before, a few rows of its output's gradient at a time.
    private func streamBackward(
        _ level: SIMDLevel, _ stage: BatchStage, _ packed: UnsafePointer<Float>, to previous: BatchStage,
        _ group: Group
    ) {
        begin(previous, group.memory)
        for strip in Self.strips(of: previous.gradient) {
            inputGradientSums(level, stage, packed, strip, to: previous, group.memory)
            addGradients(level, previous, strip, group)
            addProducts(level, previous, strip, group.memory)
        }
        finish(level, previous, group)
    }

    private func inputGradient(
        _ level: SIMDLevel, _ stage: BatchStage, _ packed: UnsafePointer<Float>, to previous: BatchStage,
        _ memory: UnsafeMutablePointer<Float>
    ) {
        inputGradientSums(level, stage, packed, nil, to: previous, memory)
        let gradient = memory + previous.places.gradient
        if stage.fold != Margins() { previous.gradient.foldMargins(stage.fold, in: gradient) }
        if stage.spoilsMargins { previous.gradient.fillMargins(.zero, in: gradient) }
    }

    private func inputGradientSums(
        _ level: SIMDLevel, _ stage: BatchStage, _ packed: UnsafePointer<Float>, _ rows: Range<Int>?,
        to previous: BatchStage, _ memory: UnsafeMutablePointer<Float>
    ) {
        var packed = packed
        for sums in stage.inputGradient {
            sums.run(
                level, packed: packed, input: memory + stage.places.gradient,
                output: memory + previous.places.gradient, rows: rows)
            packed += sums.packedCount
        }
    }

    private func begin(_ stage: BatchStage, _ memory: UnsafeMutablePointer<Float>) {
        (memory + stage.places.laneSums).update(repeating: 0, count: 2 * stage.output.channels * Grid.lanes)
        let scratch = stage.weightGradients.reduce(0) { $0 + $1.scratchCount }
        (memory + scratchPlace).update(repeating: 0, count: scratch)
    }

    /// Some rows back through the activation and the bias.
    private func addGradients(_ level: SIMDLevel, _ stage: BatchStage, _ rows: Range<Int>, _ group: Group) {
        let memory = group.memory
        let gradient = memory + stage.places.gradient
        guard stage.layer.activation != nil else {
            Elementwise.activationGradient(
                level, gradient: gradient, grid: stage.gradient, rows: rows, values: nil,
                laneSums: memory + stage.places.laneSums)
            return
        }
        stage.layer.slopes(group.parameters).withUnsafeBufferPointer { slopes in
            guard let slopes = slopes.baseAddress else { return }
            Elementwise.activationGradient(
                level, gradient: gradient, grid: stage.gradient, rows: rows,
                values: (UnsafePointer(memory + stage.places.sums), stage.output, slopes),
                laneSums: memory + stage.places.laneSums)
        }
    }

    /// Some rows of the weights' gradient: of the output's gradient, or of the input of a transposed convolution.
    private func addProducts(
        _ level: SIMDLevel, _ stage: BatchStage, _ rows: Range<Int>, _ memory: UnsafeMutablePointer<Float>
    ) {
        let (input, gradient) = (memory + stage.places.input, memory + stage.places.gradient)
        let (dense, shifted) =
            switch stage.layer.sums {
            case .convolution: (gradient, input)
            case .transposed: (input, gradient)
            }
        var scratch = memory + scratchPlace
        for products in stage.weightGradients {
            products.add(level, rows: rows, dense: dense, input: shifted, to: scratch)
            scratch += products.scratchCount
        }
    }

    /// Brings the sums of all rows to the group's gradient.
    private func finish(_ level: SIMDLevel, _ stage: BatchStage, _ group: Group) {
        var scratch = group.memory + scratchPlace
        var weights = group.gradient + stage.layer.weights
        for products in stage.weightGradients {
            products.total(level, scratch, to: weights)
            scratch += products.scratchCount
            weights += products.totals
        }
        let channels = stage.output.channels
        let laneSums = group.memory + stage.places.laneSums
        Elementwise.laneTotals(
            level, laneSums + channels * Grid.lanes, count: channels, to: group.gradient + stage.layer.biases)
        switch stage.layer.activation {
        case nil, .relu: break
        case .prelu(let slopes, .perChannel):
            Elementwise.laneTotals(level, laneSums, count: channels, to: group.gradient + slopes)
        case .prelu(let slopes, .perLayer):
            // The weights' sums are done with, and have room for a total a channel.
            let totals = group.memory + scratchPlace
            Elementwise.laneTotals(level, laneSums, count: channels, to: totals)
            var total: Float = 0
            for channel in 0..<channels { total += totals[channel] }
            group.gradient[slopes] = total
        }
    }

    // MARK: Streaming

    /// From this size on an output (with its activation and gradient, three times as much) is streamed, in bytes.
    private static let streamedSize = 512 * 1024
    /// Bytes of the rows of an output that are made at once.
    private static let stripSize = 160 * 1024

    private func streamsForward(_ index: Int) -> Bool {
        let stage = stages[index]
        return index + 1 < stages.count && stage.makesRows && stage.outputBorder == nil
            && stage.output.count * MemoryLayout<Float>.size >= Self.streamedSize
    }

    private func streamsBackward(_ index: Int) -> Bool {
        let previous = stages[index - 1]
        return previous.makesRows && stages[index].makesGradientRows
            && previous.gradient.count * MemoryLayout<Float>.size >= Self.streamedSize
    }

    private static func strips(of grid: Grid) -> [Range<Int>] {
        let row = grid.channels * grid.width * Grid.lanes * MemoryLayout<Float>.size
        let rows = max(stripSize / row, 1)
        return stride(from: 0, to: grid.height, by: rows).map { $0..<min($0 + rows, grid.height) }
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
