// SPDX-License-Identifier: Apache-2.0

extension Array where Element: Hashable {
    /// Each element once, in the order of first appearance: what a list in a manifest means that names something twice.
    var withoutRepetitions: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
