// SPDX-License-Identifier: Apache-2.0

extension GraphDrawing {
    /// The graph in the DOT language of Graphviz.
    package var dot: String {
        var lines = [
            "digraph pipeline {",
            #"    graph [rankdir=TB, nodesep=0.35, ranksep=0.45, fontname="Helvetica"];"#,
            ##"    node [fontname="Helvetica", fontsize=12, shape=box, style="rounded,filled"];"##,
            ##"    edge [fontname="Helvetica", fontsize=10, color="#6b7a90", arrowsize=0.7];"##,
        ]
        for (place, node) in nodes.enumerated() {
            let label = [node.label, node.subtitle].filter { !$0.isEmpty }.map(dotText).joined(separator: #"\n"#)
            lines.append(
                #"    n\#(place) [label="\#(label)", \#(node.dotShape), "#
                    + #"fillcolor="\#(node.state.fill)", color="\#(node.state.stroke)"];"#)
        }
        for (edge, ends) in zip(edges, ends) {
            let label = edge.label.isEmpty ? "" : #" [label="\#(dotText(edge.label))"]"#
            lines.append("    n\(ends.from) -> n\(ends.to)\(label);")
        }
        return (lines + ["}"]).map { $0 + "\n" }.joined()
    }

    /// The graph as a Mermaid flowchart, as GitHub draws it in a fence of `mermaid`.
    package var mermaid: String {
        var lines = ["flowchart TD"]
        for (place, node) in nodes.enumerated() {
            let label = [node.label, node.subtitle].filter { !$0.isEmpty }.map(mermaidText).joined(separator: "<br>")
            let shape = node.mermaidShape
            lines.append("    n\(place)\(shape.open)\"\(label)\"\(shape.close)")
        }
        for (edge, ends) in zip(edges, ends) {
            let label = edge.label.isEmpty ? "" : "|\"\(mermaidText(edge.label))\"|"
            lines.append("    n\(ends.from) -->\(label) n\(ends.to)")
        }
        for state in statesInUse {
            let members = nodes.indices.filter { nodes[$0].state == state }.map { "n\($0)" }
            let dashes = state == .undetermined ? ",stroke-dasharray:4 3" : ""
            lines.append(
                "    classDef \(state.className) fill:\(state.fill),stroke:\(state.stroke),color:#1f2933\(dashes)")
            lines.append("    class \(members.joined(separator: ",")) \(state.className)")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The states that say something and that a node has, in the order of their declaration.
    var statesInUse: [State] {
        State.allCases.filter { state in state != .none && nodes.contains { $0.state == state } }
    }
}

/// The inside of a quoted string of DOT.
private func dotText(_ text: String) -> String {
    text.onOneLine.reduce(into: "") { escaped, character in
        if character == "\"" || character == "\\" { escaped.append("\\") }
        escaped.append(character)
    }
}

/// The inside of a quoted label of Mermaid: all that could end it, or mean something in it, as an entity.
private func mermaidText(_ text: String) -> String {
    text.onOneLine.unicodeScalars.reduce(into: "") { escaped, scalar in
        switch scalar {
        case "\"", "#", "&", "<", ">", "|", "`", ";", "\\", "*", "_", "[", "]", "{", "}": escaped += "#\(scalar.value);"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
}

extension GraphDrawing.Node {
    fileprivate var dotShape: String {
        switch (kind, state) {
        case (.source, _): #"shape=ellipse, style="filled""#
        case (.stage, .undetermined): #"style="rounded,filled,dashed""#
        case (.stage, _): #"style="rounded,filled""#
        case (.command, .undetermined): #"shape=component, style="filled,dashed""#
        case (.command, _): #"shape=component, style="filled""#
        }
    }

    fileprivate var mermaidShape: (open: String, close: String) {
        switch kind {
        case .source: ("([", "])")
        case .stage: ("(", ")")
        case .command: ("[[", "]]")
        }
    }
}

extension GraphDrawing.State {
    fileprivate var className: String {
        switch self {
        case .upToDate: "uptodate"
        case .stale: "stale"
        case .undetermined: "undetermined"
        case .none: "plain"
        }
    }
}
