// SPDX-License-Identifier: Apache-2.0

/// When and how far the learning rate falls because the training loss no longer does.
///
/// The meaning of each value is that of Keras' `ReduceLROnPlateau` with `monitor="loss"`.
package struct PlateauRule: Hashable, Sendable {
    /// What the rate is multiplied by, below 1.
    package var factor: Double
    /// Epochs without improvement after which the rate falls.
    package var patience: Int
    /// An epoch improves if its loss is less than the best one so far less this.
    package var leastImprovement: Double
    /// Epochs after a fall that do not count as waiting.
    package var cooldown: Int
    /// What the learning rate does not fall below.
    package var leastRate: Double

    /// Keras' values where left out.
    package init(
        factor: Double = 0.1, patience: Int = 10, leastImprovement: Double = 1e-4, cooldown: Int = 0,
        leastRate: Double = 0
    ) {
        precondition(factor > 0 && factor < 1, "a factor of \(factor) lets no rate fall")
        precondition(patience >= 0 && cooldown >= 0, "a plateau cannot be waited for less than no epoch")
        self.factor = factor
        self.patience = patience
        self.leastImprovement = leastImprovement
        self.cooldown = cooldown
        self.leastRate = leastRate
    }
}

/// What a plateau schedule remembers from epoch to epoch: `on_epoch_end` of Keras' `ReduceLROnPlateau` (Keras 3.15),
/// but for the rate, which Keras holds in single precision.
struct PlateauWatch: Hashable, Sendable {
    let rule: PlateauRule
    /// The learning rate now.
    private(set) var rate: Double
    private(set) var best = Double.infinity
    private(set) var wait = 0
    private(set) var cooldown = 0

    init(_ rule: PlateauRule, rate: Double) {
        self.rule = rule
        self.rate = rate
    }

    /// Takes in the mean loss of the epoch that ended.
    mutating func endEpoch(loss: Double) {
        if cooldown > 0 {
            cooldown -= 1
            wait = 0
        }
        if loss < best - rule.leastImprovement {
            best = loss
            wait = 0
        } else if cooldown == 0 {
            wait += 1
            if wait >= rule.patience { lowerRate() }
        }
    }

    private mutating func lowerRate() {
        guard rate > rule.leastRate else { return }
        rate = max(rate * rule.factor, rule.leastRate)
        cooldown = rule.cooldown
        wait = 0
    }
}

extension PlateauWatch {
    var integers: [String: Int] { ["plateau-wait": wait, "plateau-cooldown": cooldown] }

    /// A best loss that is not there yet is left out.
    var numbers: [String: Double] {
        best.isFinite ? ["plateau-rate": rate, "plateau-best": best] : ["plateau-rate": rate]
    }

    /// Nil where a value is missing.
    init?(_ rule: PlateauRule, integers: [String: Int], numbers: [String: Double]) {
        guard let wait = integers["plateau-wait"], let cooldown = integers["plateau-cooldown"],
            let rate = numbers["plateau-rate"]
        else { return nil }
        self.init(rule, rate: rate)
        self.wait = wait
        self.cooldown = cooldown
        best = numbers["plateau-best"] ?? .infinity
    }
}
