// SPDX-License-Identifier: Apache-2.0

extension GraphDrawing {
    /// The graph as a tree in text; see `text(look:colour:)`.
    package var text: String { text() }

    /// A line for each node: a stage hangs below that of its inputs which is furthest from the sources, and the last
    /// column names all that it reads.
    ///
    ///     stage        kind    state       roles  reads
    ///     ─────────────────────────────────────────────
    ///     t91          source              train
    ///     └ images             up to date  train  t91
    ///       └ patches          stale       train  images
    package func text(look: TextLook = .drawn, colour: Bool = false) -> String {
        var table = TextTable(["stage", "kind", "state", "roles", "reads"].map { .init($0) })
        for (node, branches) in treeOrder(look) {
            let state = nodes[node].state
            table.append([
                .init(branches + nodes[node].label), .init(nodes[node].remark), .init(state.words, style: state.style),
                .init(nodes[node].roles.joined(separator: ", ")), .init(reads(of: node)),
            ])
        }
        return table.withoutEmptyColumns.text(look: look, colour: colour)
    }

    /// Each node once, with the branches that lead to it.
    private func treeOrder(_ look: TextLook) -> [(node: Int, branches: String)] {
        let parents = self.parents
        var children: [[Int]] = nodes.map { _ in [] }
        for (node, parent) in parents.enumerated() {
            if let parent { children[parent].append(node) }
        }
        var order: [(node: Int, branches: String)] = []
        func add(_ node: Int, branches: String, trunk: String) {
            order.append((node, branches))
            for child in children[node] {
                let isLast = child == children[node].last
                add(
                    child, branches: trunk + (isLast ? look.lastBranch : look.branch),
                    trunk: trunk + (isLast ? look.emptyTrunk : look.trunk))
            }
        }
        for node in nodes.indices where parents[node] == nil { add(node, branches: "", trunk: "") }
        return order
    }

    /// For each node that of its inputs which is furthest from the sources, the first of them; nil where there is none.
    private var parents: [Int?] {
        var depths = nodes.map { _ in 0 }
        return nodes.indices.map { node in
            let inputs = ends.filter { $0.to == node }.map(\.from)
            guard let deepest = inputs.map({ depths[$0] }).max() else { return nil }
            depths[node] = deepest + 1
            return inputs.first { depths[$0] == deepest }
        }
    }

    /// `split/train, set5`: each input once, in the order of the edges.
    private func reads(of node: Int) -> String {
        var names: [String] = []
        for (edge, ends) in zip(edges, ends) where ends.to == node {
            let name = nodes[ends.from].label + (edge.label.isEmpty ? "" : "/\(edge.label)")
            if !names.contains(name) { names.append(name) }
        }
        return names.joined(separator: ", ")
    }
}

extension GraphDrawing.Node {
    /// What a stage made by a tool of its own name does not need.
    fileprivate var remark: String {
        switch kind {
        case .source: detail.isEmpty ? "source" : "source, \(detail)"
        case .stage: detail == label ? "" : detail
        case .command: detail.isEmpty || detail == label ? "command" : "command, \(detail)"
        }
    }
}
