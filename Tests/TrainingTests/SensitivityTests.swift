// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing
import Training

/// What a comparison of bits must tell: without these, runs that ignored their data would compare as equal.
@Suite struct SensitivityTests {
    private static let description = NetworkDescription.fsrcnn(d: 7, s: 4, m: 2, scale: 3)
    private let inputs = randomTensor([40, 1, 9, 9], seed: 1)
    private let labels = randomTensor([40, 1, 13, 13], seed: 2)

    /// The parameters after three steps of 20 samples; `order` gives the samples that are read for those asked for.
    private func trained(
        _ inputs: Tensor, _ labels: Tensor, order: @escaping ([Int]) -> [Int] = { $0 }
    ) throws -> [UInt32] {
        let trainer = Trainer(
            network: Network(description: Self.description, seed: 3),
            configuration: TrainingConfiguration(batchSize: 20, steps: 3, seed: 9), pool: WorkerPool(threads: 2),
            level: .best)
        let source = ReorderedSource(patches: MemoryPatchSource(inputs: inputs, labels: labels), order: order)
        while !trainer.isFinished { try trainer.step(source) }
        return bits(trainer.network.parameters)
    }

    private func changed(_ tensor: Tensor, at place: Int, by difference: Float) -> Tensor {
        var tensor = tensor
        tensor.values[place] += difference
        return tensor
    }

    @Test func `the same patches in the same order give the same bits`() throws {
        #expect(try trained(inputs, labels) == trained(inputs, labels))
    }

    @Test(arguments: [0, 40, 39 * 81 + 80, 17 * 81 + 4])
    func `one grey level in one pixel of one input changes the bits`(place: Int) throws {
        #expect(try trained(changed(inputs, at: place, by: 1 / 255), labels) != trained(inputs, labels))
    }

    @Test(arguments: [0, 84, 39 * 169 + 168, 17 * 169 + 6])
    func `one grey level in one pixel of one label changes the bits`(place: Int) throws {
        #expect(try trained(inputs, changed(labels, at: place, by: 1 / 255)) != trained(inputs, labels))
    }

    @Test func `two samples that change places in a batch change the bits`() throws {
        let wanted = try trained(inputs, labels)
        for (first, second) in [(0, 1), (3, 12), (15, 16), (18, 19)] {
            let found = try trained(inputs, labels) { samples in
                var samples = samples
                samples.swapAt(first, second)
                return samples
            }
            #expect(found != wanted, "samples \(first) and \(second)")
        }
    }
}

/// Reads other samples than it is asked for.
private struct ReorderedSource: PatchSource {
    let patches: MemoryPatchSource
    let order: ([Int]) -> [Int]

    var count: Int { patches.count }
    var inputShape: Shape { patches.inputShape }
    var labelShape: Shape { patches.labelShape }

    func read(
        indices: [Int], inputs: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Float>
    ) {
        patches.read(indices: order(indices), inputs: inputs, labels: labels)
    }
}
