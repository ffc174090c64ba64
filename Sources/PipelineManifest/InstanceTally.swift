// SPDX-License-Identifier: Apache-2.0

/// In which instances of a stage a mistake was found, of which one is told.
package struct InstanceTally: Hashable, Sendable {
    private let first: String
    private let instanceCount: Int
    private var count = 1
    private var isSame = true
    /// The instance that was counted last.
    package private(set) var last: String

    /// - Parameter first: for example `train@scale=2`, one of `instanceCount`.
    package init(first: String, of instanceCount: Int) {
        self.first = first
        self.instanceCount = instanceCount
        last = first
    }

    /// Counts one more instance, each once.
    ///
    /// - Parameter isSame: whether what is told of the first is true of this one word for word.
    package mutating func count(_ name: String, isSame: Bool) {
        guard name != last else { return }
        last = name
        count += 1
        self.isSame = self.isSame && isSame
    }

    /// Which instance the mistake was found in, and in how many more; nothing where all have it.
    package var details: [String] {
        if isSame, count == instanceCount { return [] }
        return ["so in \(quoted(first))" + (count > 1 ? " and \(count - 1) more of its kind" : "")]
    }
}
