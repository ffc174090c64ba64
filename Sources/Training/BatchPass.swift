// SPDX-License-Identifier: Apache-2.0
//
// One way through a network and back for 16 samples. All shapes, places in memory and lists of taps are worked out
// once, in `BatchPass`; `run` then only computes. Every group of 16 samples leaves its own gradient, so that groups can
// be computed by any thread in any order and added in a fixed one.

import Tensors

/// A convolution or transposed convolution with the activation that may follow it, and where its grids lie in a
/// worker's memory.
struct BatchStage: Sendable {
    enum Kind: Sendable {
        case convolution(Convolution, Border)
        case transposed(TransposedConvolution)
    }

    struct Activation: Sendable {
        let slopes: Int  // place among the parameters
        let sharing: SlopeSharing
    }

    let name: String
    let kind: Kind
    let weights, biases: Int  // places among the parameters
    let activation: Activation?
    let input, output, gradient: Grid
    let inputPlace, sumsPlace, outputPlace, gradientPlace: Int  // places in the memory
    /// What to set the output's margins to after the sums, where the sums or a replicated border need it.
    let outputBorder: Border?
    let forward: [WeightedSums]
    let inputGradient: WeightedSums?
    let weightGradient: PixelProducts
}

/// The plan of a pass over one group of 16 samples.
struct BatchPass: Sendable {
    let stages: [BatchStage]
    let parameterCount: Int
    let labelGrid: Grid
    let labelPlace: Int
    let scratchPlace: Int
    let memoryCount: Int  // floats of a worker's memory
    let packedCount: Int  // floats of the packed weights of all stages

    /// `description` has the padding of training; the input has its channels and the given extent.
    init(_ description: NetworkDescription, height: Int, width: Int) {
        let linear = LinearLayer.list(description)
        var memory = 0
        func place(_ count: Int) -> Int {
            defer { memory += (count + 15) / 16 * 16 }
            return memory
        }
        var input = Grid(
            .batch, channels: description.inputs, height: height, width: width,
            margins: linear[0].inputMargins(height: height, width: width))
        var inputPlace = place(input.count)
        var stages: [BatchStage] = []
        var scratch = 0
        for (index, layer) in linear.enumerated() {
            let next = index + 1 < linear.count ? linear[index + 1] : nil
            let (rows, columns) = (layer.outputExtent(input.height), layer.outputExtent(input.width))
            let output = Grid(
                .batch, channels: layer.outputs, height: rows, width: columns,
                margins: layer.outputMargins.union(next?.inputMargins(height: rows, width: columns) ?? Margins()))
            let gradient = Grid(
                .batch, channels: layer.outputs, height: rows, width: columns,
                margins: layer.gradientMargins(height: input.height, width: input.width)
                    .union(next?.foldedMargins ?? Margins()))
            let sumsPlace = place(output.count)
            let outputPlace = layer.activation == nil ? sumsPlace : place(output.count)
            let gradientPlace = place(gradient.count)
            let stage = layer.stage(
                grids: (input, output, gradient), places: (inputPlace, sumsPlace, outputPlace, gradientPlace),
                previousGradient: stages.last?.gradient, next: next)
            scratch = max(scratch, stage.weightGradient.scratchCount, 2 * layer.outputs * Grid.lanes + layer.outputs)
            stages.append(stage)
            (input, inputPlace) = (output, outputPlace)
        }
        labelGrid = Grid(.batch, channels: input.channels, height: input.height, width: input.width)
        labelPlace = place(labelGrid.count)
        scratchPlace = place(scratch)
        memoryCount = memory
        parameterCount = description.parameterCount
        packedCount = stages.reduce(0) { $0 + $1.packedCount }
        self.stages = stages
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
        let lossScale: Float  // on the gradient of each squared difference
        let gradient: UnsafeMutablePointer<Float>  // parameterCount floats, all written
        let loss: UnsafeMutablePointer<Float>  // 16 sums of squared differences
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
        squaredError(level, group)
        for lane in 0..<Grid.lanes where !group.loss[lane].isFinite { return firstNonFiniteStage(group.memory) }
        return nil
    }

    private func forward(_ level: SIMDLevel, _ group: Group) {
        let memory = group.memory
        let first = stages[0]
        Elementwise.interleave(group.inputs, count: group.count, into: memory + first.inputPlace, grid: first.input)
        if case .convolution(_, .replicate) = first.kind {
            first.input.fillMargins(.replicate, in: memory + first.inputPlace)
        }
        var packed = group.packed
        for stage in stages {
            var part = packed
            for sums in stage.forward {
                sums.run(
                    level, packed: part, input: memory + stage.inputPlace, output: memory + stage.sumsPlace,
                    activated: stage.activation == nil ? nil : memory + stage.outputPlace)
                part += sums.packedCount
            }
            if let border = stage.outputBorder {
                stage.output.fillMargins(border, in: memory + stage.outputPlace)
            }
            packed += stage.packedCount
        }
    }

    private func squaredError(_ level: SIMDLevel, _ group: Group) {
        let last = stages[stages.count - 1]
        let labels = group.memory + labelPlace
        Elementwise.interleave(group.labels, count: group.count, into: labels, grid: labelGrid)
        let lanes = group.memory + scratchPlace
        for lane in 0..<Grid.lanes {
            lanes[lane] = lane < group.count ? group.lossScale : 0
            lanes[Grid.lanes + lane] = lane < group.count ? 1 : 0
            group.loss[lane] = 0
        }
        Elementwise.squaredError(
            level, output: group.memory + last.outputPlace, outputGrid: last.output, labels: labels,
            labelGrid: labelGrid, gradient: group.memory + last.gradientPlace, gradientGrid: last.gradient,
            scales: lanes,
            weights: lanes + Grid.lanes, sums: group.loss)
    }

    private func backward(_ level: SIMDLevel, _ group: Group) {
        let memory = group.memory
        let scratch = memory + scratchPlace
        var packed = group.packed + packedCount
        for index in stages.indices.reversed() {
            let stage = stages[index]
            packed -= stage.packedCount
            activationGradient(level, stage, group)
            let dense: UnsafePointer<Float>, shifted: UnsafePointer<Float>
            switch stage.kind {
            case .convolution:
                (dense, shifted) = (
                    UnsafePointer(memory + stage.gradientPlace), UnsafePointer(memory + stage.inputPlace)
                )
            case .transposed:
                (dense, shifted) = (
                    UnsafePointer(memory + stage.inputPlace), UnsafePointer(memory + stage.gradientPlace)
                )
            }
            stage.weightGradient.run(
                level, dense: dense, input: shifted, scratch: scratch, totals: group.gradient + stage.weights)
            guard index > 0, let inputGradient = stage.inputGradient else { continue }
            let previous = stages[index - 1]
            inputGradient.run(
                level, packed: packed + stage.forwardPackedCount, input: memory + stage.gradientPlace,
                output: memory + previous.gradientPlace)
            if case .convolution(let convolution, .replicate) = stage.kind, convolution.padding > 0 {
                previous.gradient.foldMargins(depth: convolution.padding, in: memory + previous.gradientPlace)
                previous.gradient.fillMargins(.zero, in: memory + previous.gradientPlace)
            }
        }
    }

    private func activationGradient(_ level: SIMDLevel, _ stage: BatchStage, _ group: Group) {
        let memory = group.memory
        let scratch = memory + scratchPlace
        let biases = group.gradient + stage.biases
        guard let activation = stage.activation else {
            Elementwise.activationGradient(
                level, gradient: memory + stage.gradientPlace, grid: stage.gradient, values: nil, scratch: scratch,
                biasTotals: biases, slopeTotals: nil)
            return
        }
        // The packed slopes of a transposed convolution are repeated by phase, so they are taken from the parameters.
        let channels = stage.output.channels
        let slopes = scratch + 2 * channels * Grid.lanes
        for channel in 0..<channels {
            slopes[channel] = group.parameters[activation.slopes + (activation.sharing == .perLayer ? 0 : channel)]
        }
        switch activation.sharing {
        case .perChannel:
            Elementwise.activationGradient(
                level, gradient: memory + stage.gradientPlace, grid: stage.gradient,
                values: (UnsafePointer(memory + stage.sumsPlace), stage.output, UnsafePointer(slopes)),
                scratch: scratch,
                biasTotals: biases, slopeTotals: group.gradient + activation.slopes)
        case .perLayer:
            // The totals by channel take the slopes' place, which is not read again.
            Elementwise.activationGradient(
                level, gradient: memory + stage.gradientPlace, grid: stage.gradient,
                values: (UnsafePointer(memory + stage.sumsPlace), stage.output, UnsafePointer(slopes)),
                scratch: scratch,
                biasTotals: biases, slopeTotals: slopes)
            var total: Float = 0
            for channel in 0..<channels { total += slopes[channel] }
            group.gradient[activation.slopes] = total
        }
    }

    private func firstNonFiniteStage(_ memory: UnsafePointer<Float>) -> Int {
        for (index, stage) in stages.enumerated() {
            let values = memory + stage.outputPlace + stage.output.origin
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

extension BatchStage {
    var forwardPackedCount: Int { forward.reduce(0) { $0 + $1.packedCount } }
    var packedCount: Int { forwardPackedCount + (inputGradient?.packedCount ?? 0) }

    func pack(_ parameters: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
        var packed = packed
        let channels = output.channels
        let slopes = (0..<channels).map { channel in
            activation.map { parameters[$0.slopes + ($0.sharing == .perLayer ? 0 : channel)] } ?? 0
        }
        for sums in forward {
            slopes.withUnsafeBufferPointer { slopes in
                sums.pack(
                    weights: parameters + weights, biases: parameters + biases, slopes: slopes.baseAddress, into: packed
                )
            }
            packed += sums.packedCount
        }
        inputGradient?.pack(weights: parameters + weights, biases: nil, slopes: nil, into: packed)
    }
}
