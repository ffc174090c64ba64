// SPDX-License-Identifier: Apache-2.0

import Tensors

/// Values between -1 and 1 that are the same in every run; about one in eight is zero.
func randomValues(_ count: Int, seed: UInt64) -> [Float] {
    var random = CounterRandom(seed: seed, purpose: RandomPurpose(rawValue: 1000), sample: UInt64(count))
    return (0..<count).map { _ in
        let value = Float(random.nextUniform() * 2 - 1)
        return random.next(below: 8) == 0 ? 0 : value
    }
}

/// 16 samples of (channels, height, width) in the lanes of a grid with a border.
func laneMemory(_ samples: [Float], _ grid: Grid, border: Border = .zero) -> FloatMemory {
    let memory = FloatMemory(count: grid.count)
    samples.withUnsafeBufferPointer { samples in
        guard let start = samples.baseAddress else { return }
        Elementwise.interleave(start, count: Grid.lanes, into: memory.pointer, grid: grid)
    }
    grid.fillMargins(border, in: memory.pointer)
    return memory
}

/// One sample of a grid in the batch layout, row-major.
func sample(_ lane: Int, of memory: FloatMemory, _ grid: Grid) -> [Float] {
    (0..<grid.channels * grid.height * grid.width).map { index in
        let (channel, row) = (index / (grid.height * grid.width), index / grid.width % grid.height)
        return memory.pointer[grid.origin + grid.offset(channel: channel, row: row, column: index % grid.width) + lane]
    }
}

/// The bits, so that -0 and 0 differ.
func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

func bits(_ values: UnsafeMutableBufferPointer<Float>) -> [UInt32] { values.map(\.bitPattern) }
