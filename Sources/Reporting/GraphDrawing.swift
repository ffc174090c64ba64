// SPDX-License-Identifier: Apache-2.0

/// A pipeline's stages and what they hand each other, ready to be drawn as text, DOT, Mermaid or SVG.
package struct GraphDrawing: Hashable, Sendable {
    package enum Kind: Hashable, Sendable, CaseIterable {
        case source
        /// A stage carried out by a tool.
        case stage
        /// A stage carried out by a program of the author's.
        case command
    }

    package enum State: Hashable, Sendable, CaseIterable {
        case upToDate
        case stale
        case undetermined
        /// Nothing is said of it.
        case none
    }

    package struct Node: Hashable, Sendable {
        /// Not shown; different for each node.
        package let id: String
        package let label: String
        package let kind: Kind
        package let state: State
        /// What the samples may be used for, for example `train`.
        package let roles: [String]
        /// More in small type, for example the name of the tool.
        package let detail: String

        package init(
            id: String, label: String, kind: Kind, state: State = .none, roles: [String] = [], detail: String = ""
        ) {
            self.id = id
            self.label = label
            self.kind = kind
            self.state = state
            self.roles = roles
            self.detail = detail
        }
    }

    package struct Edge: Hashable, Sendable {
        package let from: String
        package let to: String
        /// Which output it carries, where the stage has several: `train`; else empty.
        package let label: String

        package init(from: String, to: String, label: String = "") {
            self.from = from
            self.to = to
            self.label = label
        }
    }

    package let nodes: [Node]
    package let edges: [Edge]
    /// The nodes at the ends of each edge, by their places in `nodes`; `from` comes before `to`.
    let ends: [LayeredLayout.Link]

    /// The nodes come in topological order: every edge leads from an earlier to a later one.
    package init(nodes: [Node], edges: [Edge]) {
        var places: [String: Int] = [:]
        for (place, node) in nodes.enumerated() {
            let earlier = places.updateValue(place, forKey: node.id)
            precondition(earlier == nil, "two nodes of a graph are called '\(node.id)'")
        }
        self.nodes = nodes
        self.edges = edges
        ends = edges.map { edge in
            guard let from = places[edge.from], let to = places[edge.to], from < to else {
                preconditionFailure("no edge leads from '\(edge.from)' to '\(edge.to)' in topological order")
            }
            return LayeredLayout.Link(from: from, to: to)
        }
    }
}

extension GraphDrawing.State {
    /// As `plan` calls it; empty for `none`.
    var words: String {
        switch self {
        case .upToDate: "up to date"
        case .stale: "stale"
        case .undetermined: "undetermined"
        case .none: ""
        }
    }

    var style: TextStyle {
        switch self {
        case .upToDate: .good
        case .stale: .caution
        case .undetermined: .faint
        case .none: .plain
        }
    }

    /// The colours of a box.
    var fill: String {
        switch self {
        case .upToDate: "#e6f4ea"
        case .stale: "#fdf0d5"
        case .undetermined: "#f4f5f7"
        case .none: "#f3f6fa"
        }
    }

    var stroke: String {
        switch self {
        case .upToDate: "#2e8555"
        case .stale: "#b7791f"
        case .undetermined: "#8c95a3"
        case .none: "#6b7a90"
        }
    }
}

extension GraphDrawing.Node {
    /// The second line of a box: tool and roles; empty where there is nothing to say.
    var subtitle: String {
        ([detail == label ? "" : detail] + [roles.joined(separator: ", ")]).filter { !$0.isEmpty }
            .joined(separator: " · ")
    }
}
