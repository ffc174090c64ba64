// SPDX-License-Identifier: Apache-2.0

import OrderedCollections

extension StageGraph {
    /// These stages and all that read, over however many others, what comes of them.
    package func downstream(of stages: some Sequence<String>) -> Set<String> {
        var downstream = Set(stages)
        for node in nodes.values where !node.upstream.isDisjoint(with: downstream) { downstream.insert(node.name) }
        return downstream
    }
}
