// SPDX-License-Identifier: Apache-2.0

import Tensors

/// The order in which training sees its samples: epoch after epoch, each a new permutation of all samples, a function
/// of the seed and the epoch.
///
/// A batch may hold the end of one epoch and the start of the next; nothing is left out.
struct SampleOrder {
    let count: Int
    let seed: UInt64
    private var epoch = -1
    private var permutation: [Int] = []

    init(count: Int, seed: UInt64) {
        precondition(count > 0, "training needs at least one sample")
        self.count = count
        self.seed = seed
    }

    /// The samples at places `start..<start + length` of the endless sequence.
    mutating func samples(from start: Int, length: Int) -> [Int] {
        (start..<start + length).map { place in
            prepare(epoch: place / count)
            return permutation[place % count]
        }
    }

    private mutating func prepare(epoch wanted: Int) {
        guard wanted != epoch else { return }
        var random = CounterRandom(seed: seed, purpose: .sampleOrder, sample: UInt64(wanted))
        permutation = random.permutation(count)
        epoch = wanted
    }
}
