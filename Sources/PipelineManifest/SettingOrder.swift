// SPDX-License-Identifier: Apache-2.0

/// The manifest's settings sorted so that each comes after those it refers to.
struct SettingOrder {
    /// Positions in the manifest; without the settings that refer to themselves and those that refer to such.
    let sorted: [Int]
    /// Settings each of which refers to the next, and the last to the first.
    let rings: [[Int]]

    init(_ entries: [YAMLEntry]) {
        let positions = Dictionary(
            zip(entries.map(\.key.value), entries.indices), uniquingKeysWith: { first, _ in first })
        let references = entries.map { entry in
            var found: [Int] = []
            Self.collect(from: entry.value, positions, &found)
            return found
        }
        var search = Search(references)
        for position in entries.indices { search.visit(from: position) }
        sorted = search.sorted
        rings = search.rings
    }

    private static func collect(from node: YAMLNode, _ positions: [String: Int], _ found: inout [Int]) {
        switch node.content {
        case .scalar(let written, _):
            guard written.utf8.contains(UInt8(ascii: "$")) else { return }
            found += Template(written).references.compactMap { positions[$0] }
        case .list(let elements): for element in elements { collect(from: element, positions, &found) }
        case .map(let entries): for entry in entries { collect(from: entry.value, positions, &found) }
        case .empty, .refused: return
        }
    }
}

/// A search in depth with a stack of its own: a manifest can have a chain of settings longer than a thread's stack.
private struct Search {
    private enum State {
        case unseen
        case open
        case done
        /// In a ring, or refers to one that is.
        case lost
    }

    private(set) var sorted: [Int] = []
    private(set) var rings: [[Int]] = []
    private let references: [[Int]]
    private var states: [State]

    init(_ references: [[Int]]) {
        self.references = references
        states = [State](repeating: .unseen, count: references.count)
    }

    mutating func visit(from start: Int) {
        guard states[start] == .unseen else { return }
        var path = [(position: start, next: 0, isLost: false)]
        states[start] = .open
        while let top = path.last {
            guard top.next < references[top.position].count else {
                path.removeLast()
                states[top.position] = top.isLost ? .lost : .done
                if top.isLost {
                    if !path.isEmpty { path[path.count - 1].isLost = true }
                } else {
                    sorted.append(top.position)
                }
                continue
            }
            path[path.count - 1].next += 1
            let target = references[top.position][top.next]
            switch states[target] {
            case .unseen:
                states[target] = .open
                path.append((target, 0, false))
            case .open:
                let ring = path.map(\.position).drop { $0 != target }
                if !path[path.count - 1].isLost { rings.append(Array(ring)) }
                path[path.count - 1].isLost = true
            case .lost: path[path.count - 1].isLost = true
            case .done: continue
            }
        }
    }
}
