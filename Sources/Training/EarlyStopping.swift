// SPDX-License-Identifier: Apache-2.0

/// Ends a training when the validation loss of its epochs stops falling, as Keras' `EarlyStopping` with
/// `monitor="val_loss"` does.
package struct EarlyStopping: Hashable, Sendable {
    /// Epochs without improvement after which training ends.
    package let patience: Int
    /// An epoch improves if its loss plus this is less than the best one so far.
    package let leastImprovement: Double
    package private(set) var epochs = 0
    /// The loss of the best epoch, infinite before the first.
    package private(set) var best = Double.infinity
    package private(set) var wait = 0

    package init(patience: Int, leastImprovement: Double = 0) {
        precondition(patience >= 0 && leastImprovement >= 0, "early stopping cannot wait for less than nothing")
        self.patience = patience
        self.leastImprovement = leastImprovement
    }

    /// Where a restored training stood.
    package init(patience: Int, leastImprovement: Double, epochs: Int, best: Double, wait: Int) {
        self.init(patience: patience, leastImprovement: leastImprovement)
        (self.epochs, self.best, self.wait) = (epochs, best, wait)
    }

    /// Takes in the validation loss of the epoch that ended, and says whether it is the best one so far.
    package mutating func endEpoch(loss: Double) -> Bool {
        epochs += 1
        let improves = loss + leastImprovement < best
        if improves { best = loss }
        wait = improves ? 0 : wait + 1
        return improves
    }

    /// Whether the last epoch was one too many; never the first one.
    package var endsTraining: Bool { epochs > 1 && wait > 0 && wait >= patience }
}
