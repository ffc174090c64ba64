// SPDX-License-Identifier: Apache-2.0

import PipelineManifest

/// Stages sorted so that each comes after those it reads (Kahn), ties in the order of declaration.
struct TopologicalOrder {
    let sorted: [ResolvedStage]
    let cycles: [StageCycle]

    init(_ stages: [ResolvedStage]) {
        var index: [String: Int] = [:]
        for (position, stage) in stages.enumerated() { index[stage.name] = position }
        var downstream = [[Int]](repeating: [], count: stages.count)
        var waitsFor = [Int](repeating: 0, count: stages.count)
        for (position, stage) in stages.enumerated() {
            for producer in Set(stage.upstream) {
                guard let producerPosition = index[producer] else { continue }
                downstream[producerPosition].append(position)
                waitsFor[position] += 1
            }
        }
        var ready = PositionHeap(stages.indices.filter { waitsFor[$0] == 0 })
        var sorted: [ResolvedStage] = []
        while let position = ready.popFirst() {
            sorted.append(stages[position])
            for next in downstream[position] {
                waitsFor[next] -= 1
                if waitsFor[next] == 0 { ready.insert(next) }
            }
        }
        self.sorted = sorted
        let rest = stages.indices.filter { waitsFor[$0] > 0 }.map { stages[$0] }
        cycles = StageCycle.all(among: rest)
    }
}

/// Stages each of which reads the next, the last reading the first.
struct StageCycle {
    let stages: [ResolvedStage]

    /// Cycles without a stage in common, one after another until the stages left have none.
    static func all(among stages: [ResolvedStage]) -> [StageCycle] {
        var cycles: [StageCycle] = []
        var rest = waiting(stages)
        while let cycle = first(among: rest) {
            cycles.append(cycle)
            let names = Set(cycle.stages.map(\.name))
            rest = waiting(rest.filter { !names.contains($0.name) })
        }
        return cycles
    }

    /// The stages of which each waits, directly or not, for a cycle among these.
    private static func waiting(_ stages: [ResolvedStage]) -> [ResolvedStage] {
        let index = Dictionary(zip(stages.map(\.name), stages.indices), uniquingKeysWith: { first, _ in first })
        var downstream = [[Int]](repeating: [], count: stages.count)
        var waitsFor = [Int](repeating: 0, count: stages.count)
        for (position, stage) in stages.enumerated() {
            for producer in Set(stage.upstream.compactMap { index[$0] }) {
                downstream[producer].append(position)
                waitsFor[position] += 1
            }
        }
        var free = stages.indices.filter { waitsFor[$0] == 0 }
        while let position = free.popLast() {
            for next in downstream[position] {
                waitsFor[next] -= 1
                if waitsFor[next] == 0 { free.append(next) }
            }
        }
        return stages.indices.filter { waitsFor[$0] > 0 }.map { stages[$0] }
    }

    /// A cycle among stages of which each waits, directly or not, for one; `nil` when there are none.
    private static func first(among rest: [ResolvedStage]) -> StageCycle? {
        let byName = Dictionary(rest.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        guard var current = rest.first else { return nil }
        var path: [ResolvedStage] = []
        var place: [String: Int] = [:]
        while place[current.name] == nil {
            place[current.name] = path.count
            path.append(current)
            guard let next = current.upstream.lazy.compactMap({ byName[$0] }).first else { return nil }
            current = next
        }
        return StageCycle(stages: Array(path[(place[current.name] ?? 0)...]))
    }

    func diagnostic(in manifest: Manifest) -> Diagnostic {
        let names = stages.map(\.name)
        let ring = (names + names.prefix(1)).map { "'\($0)'" }.joined(separator: " needs ")
        let reader = stages[0].stage
        let wanted = names.count > 1 ? names[1] : names[0]
        let reference = reader.inputs.flatMap(\.references).first { $0.value.producer == wanted }
        return Diagnostic(
            .cycle, in: manifest.source, at: reference?.location ?? reader.name.location,
            "stage '\(names[0])' needs its own output: \(ring)")
    }
}

/// A binary min-heap of positions: the smallest comes first.
private struct PositionHeap {
    private var positions: [Int]

    /// Ascending positions are a heap already.
    init(_ ascending: [Int]) {
        positions = ascending
    }

    mutating func insert(_ position: Int) {
        positions.append(position)
        var child = positions.count - 1
        while child > 0, positions[child] < positions[(child - 1) / 2] {
            positions.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> Int? {
        guard let first = positions.first, let last = positions.popLast() else { return nil }
        guard !positions.isEmpty else { return first }
        positions[0] = last
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < positions.count }
            guard let smallest = children.min(by: { positions[$0] < positions[$1] }),
                positions[smallest] < positions[parent]
            else { return first }
            positions.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
