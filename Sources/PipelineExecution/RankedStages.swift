// SPDX-License-Identifier: Apache-2.0

/// Numbers of which the smallest is at hand: a binary heap.
struct RankedStages: Sendable {
    private var ranks: [Int] = []

    var first: Int? { ranks.first }
    var isEmpty: Bool { ranks.isEmpty }
    var count: Int { ranks.count }
    /// In no order.
    var all: [Int] { ranks }

    mutating func insert(_ rank: Int) {
        ranks.append(rank)
        var child = ranks.count - 1
        while child > 0, ranks[child] < ranks[(child - 1) / 2] {
            ranks.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        ranks.swapAt(0, ranks.count - 1)
        ranks.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < ranks.count && ranks[child] < ranks[least] {
                least = child
            }
            if least == parent { return }
            ranks.swapAt(parent, least)
            parent = least
        }
    }
}
