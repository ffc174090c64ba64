// SPDX-License-Identifier: Apache-2.0

// Places the boxes of a directed graph in layers from top to bottom, after Sugiyama, Tagawa and Toda (1981):
//
//   1. A box lies one layer below the lowest of its inputs, or lower where that makes the edges no longer on the
//      whole: a source and what prepares it lie just above their first reader.
//   2. An edge that crosses layers gets a cell of its own in each, so that no box lies in its way.
//   3. The order within each layer follows the barycentres of the neighbours, up and down in turns, from several
//      beginnings; the order with the fewest crossings stays.
//   4. Each cell is drawn towards its neighbours, along straight chains most of all; where cells would overlap, the
//      positions of least squares that keep their distance are found by pooling adjacent violators.
//
// Every step is a fixed number of sums in a fixed order, so that one graph always gets one drawing.

/// Where the boxes of a graph lie and which way its edges take, in pixels.
package struct LayeredLayout {
    /// An edge by the places of its ends; `from` is the smaller.
    package struct Link: Hashable, Sendable {
        package let from: Int
        package let to: Int

        package init(from: Int, to: Int) {
            self.from = from
            self.to = to
        }
    }

    package struct Extent {
        package var width: Double
        package var height: Double

        package init(width: Double, height: Double) {
            self.width = width
            self.height = height
        }
    }

    package struct Box {
        /// The middle of the box.
        package var x: Double
        package var top: Double
        package var width: Double
        package var height: Double

        package var left: Double { x - width / 2 }
        package var right: Double { x + width / 2 }
        package var bottom: Double { top + height }
    }

    /// A way from the bottom of one box to the top of another: it runs straight down in each of `passages`.
    package struct Route {
        package struct Passage {
            package let x: Double
            package let top: Double
            package let bottom: Double
        }

        package var start: (x: Double, y: Double)
        package var passages: [Passage]
        package var end: (x: Double, y: Double)
    }

    /// One for each extent, in their order; the leftmost edge lies at 0, the topmost at 0.
    package private(set) var boxes: [Box] = []
    /// One for each edge, in their order.
    package private(set) var routes: [Route] = []
    package private(set) var width = 0.0
    package private(set) var height = 0.0

    package init(_ extents: [Extent], edges: [Link], boxGap: Double = 28, layerGap: Double = 46) {
        guard !extents.isEmpty else { return }
        var cells = LayerCells(extents, edges: edges)
        cells.order()
        let x = cells.positions(gap: boxGap)
        place(cells, at: x, count: extents.count, layerGap: layerGap)
        route(cells, edges: edges, at: x)
    }

    private mutating func place(_ cells: LayerCells, at x: [Double], count: Int, layerGap: Double) {
        var top = 0.0
        boxes = (0..<count).map { Box(x: x[$0], top: 0, width: cells.extents[$0].width, height: 0) }
        for layer in cells.layers {
            let height = layer.map { cells.extents[$0].height }.max() ?? 0
            for cell in layer where cell < count {
                boxes[cell].height = cells.extents[cell].height
                boxes[cell].top = top + ((height - boxes[cell].height) / 2).rounded()
            }
            top += height + layerGap
        }
        self.height = top - layerGap
        width = cells.layers.joined().map { x[$0] + cells.extents[$0].width / 2 }.max() ?? 0
    }

    private mutating func route(_ cells: LayerCells, edges: [Link], at x: [Double]) {
        let bands = cells.layers.map { layer in
            let tops = layer.filter { $0 < boxes.count }.map { boxes[$0].top }
            let bottoms = layer.filter { $0 < boxes.count }.map { boxes[$0].bottom }
            return (top: tops.min() ?? 0, bottom: bottoms.max() ?? 0)
        }
        let ports = cells.ports
        routes = edges.indices.map { edge in
            let passages = cells.chains[edge].dropFirst().dropLast().map { cell in
                Route.Passage(x: x[cell], top: bands[cells.layer[cell]].top, bottom: bands[cells.layer[cell]].bottom)
            }
            let (from, to) = (boxes[edges[edge].from], boxes[edges[edge].to])
            return Route(start: (from.x, from.bottom), passages: passages, end: (to.x + ports[edge], to.top))
        }
    }
}

/// Boxes, and the passages of edges through layers, as one kind of cell: first the boxes, then the passages.
private struct LayerCells {
    private(set) var extents: [LayeredLayout.Extent]
    private(set) var layer: [Int]
    /// The cells of each layer from left to right.
    private(set) var layers: [[Int]]
    /// For each edge its cells from top to bottom, its ends included.
    private(set) var chains: [[Int]]
    private var above: [[Int]]
    private var below: [[Int]]
    private let boxCount: Int

    init(_ extents: [LayeredLayout.Extent], edges: [LayeredLayout.Link]) {
        self.extents = extents
        boxCount = extents.count
        layer = LayerCells.layers(of: extents.count, edges: edges)
        chains = []
        above = extents.map { _ in [] }
        below = above
        for edge in edges {
            var chain = [edge.from]
            for passed in (layer[edge.from] + 1)..<max(layer[edge.to], layer[edge.from] + 1) {
                chain.append(self.extents.count)
                self.extents.append(.init(width: 10, height: 0))
                layer.append(passed)
                above.append([])
                below.append([])
            }
            chains.append(chain + [edge.to])
        }
        layers = Array(repeating: [], count: (layer.max() ?? 0) + 1)
        for cell in layer.indices { layers[layer[cell]].append(cell) }
        for chain in chains {
            for (upper, lower) in zip(chain, chain.dropFirst()) {
                above[lower].append(upper)
                below[upper].append(lower)
            }
        }
    }

    private static func layers(of count: Int, edges: [LayeredLayout.Link]) -> [Int] {
        var layer = Array(repeating: 0, count: count)
        for node in 0..<count {
            layer[node] = edges.filter { $0.to == node }.map { layer[$0.from] + 1 }.max() ?? 0
        }
        for node in (0..<count).reversed() {
            let readers = edges.filter { $0.from == node }.map { layer[$0.to] }
            let inputCount = edges.count { $0.to == node }
            if let first = readers.min(), readers.count >= inputCount { layer[node] = first - 1 }
        }
        let top = layer.min() ?? 0
        for node in 0..<count { layer[node] -= top }
        return layer
    }

    // MARK: Order

    /// Sorts each layer so that few edges cross.
    mutating func order() {
        let beginning = layers
        var best = layers
        var fewest = crossings
        var shuffle = Shuffle()
        for attempt in 0..<(extents.count > 200 ? 2 : 32) where fewest > 0 {
            layers = beginning
            if attempt > 0 { for index in layers.indices { shuffle.apply(to: &layers[index]) } }
            for sweep in 0..<12 where fewest > 0 {
                sweepOnce(down: sweep % 2 == 0)
                let count = crossings
                if count < fewest { (best, fewest) = (layers, count) }
            }
        }
        layers = best
    }

    private mutating func sweepOnce(down: Bool) {
        if down {
            for index in layers.indices.dropFirst() { sort(index, by: above) }
        } else {
            for index in layers.indices.dropLast().reversed() { sort(index, by: below) }
        }
    }

    private mutating func sort(_ index: Int, by neighbours: [[Int]]) {
        let place = places
        let barycentres = layers[index].map { cell in
            let linked = neighbours[cell]
            return linked.isEmpty
                ? Double(place[cell]) : Double(linked.reduce(0) { $0 + place[$1] }) / Double(linked.count)
        }
        let sorted = layers[index].indices.sorted { (barycentres[$0], $0) < (barycentres[$1], $1) }
        layers[index] = sorted.map { layers[index][$0] }
    }

    /// Each cell's place in its layer.
    private var places: [Int] {
        var places = layer
        for cells in layers {
            for (place, cell) in cells.enumerated() { places[cell] = place }
        }
        return places
    }

    private var crossings: Int {
        let place = places
        return layers.reduce(0) { sum, cells in
            let links = cells.flatMap { cell in below[cell].map { (upper: place[cell], lower: place[$0]) } }
            return sum
                + links.indices.reduce(0) { count, first in
                    count
                        + links[first...].count { second in
                            (links[first].upper - second.upper) * (links[first].lower - second.lower) < 0
                        }
                }
        }
    }

    // MARK: Positions

    /// Where each edge enters its box, from the box's middle: side by side in the order in which they come.
    var ports: [Double] {
        let place = places
        var ports = chains.map { _ in 0.0 }
        let incoming = Dictionary(grouping: chains.indices) { chains[$0].last ?? 0 }
        for (box, edges) in incoming where edges.count > 1 {
            let step = min(18, (extents[box].width - 24) / Double(edges.count - 1))
            let origins = edges.map { place[chains[$0].dropLast().last ?? box] }
            let sorted = edges.indices.sorted { (origins[$0], edges[$0]) < (origins[$1], edges[$1]) }
            let middle = Double(edges.count - 1) / 2
            for (index, edge) in sorted.enumerated() { ports[edges[edge]] = step * (Double(index) - middle) }
        }
        return ports
    }

    /// What a cell is drawn to: the middle of another one plus `offset`.
    private struct Pull {
        let cell: Int
        let offset: Double
        let weight: Double
    }

    /// For each cell its pulls from above and from below; each pull has one that answers it.
    private var pulls: (above: [[Pull]], below: [[Pull]]) {
        var up: [[Pull]] = extents.map { _ in [] }
        var down = up
        for (chain, port) in zip(chains, ports) {
            for (upper, lower) in zip(chain, chain.dropFirst()) {
                let offset = lower == chain.last ? port : 0
                let weight = weight(upper, lower)
                up[lower].append(Pull(cell: upper, offset: -offset, weight: weight))
                down[upper].append(Pull(cell: lower, offset: offset, weight: weight))
            }
        }
        return (up, down)
    }

    private func weight(_ upper: Int, _ lower: Int) -> Double {
        switch (upper < boxCount, lower < boxCount) {
        case (true, true): below[upper].count == 1 && above[lower].count == 1 ? 20 : 1
        case (false, false): 8
        default: 2
        }
    }

    /// The middle of each cell in whole pixels; the leftmost edge lies at 0.
    func positions(gap: Double) -> [Double] {
        var x = packed(gap: gap)
        let (above, below) = pulls
        let all = zip(above, below).map { $0 + $1 }
        for _ in 0..<4 {
            for cells in layers { align(cells, to: above, gap: gap, in: &x) }
            for cells in layers.reversed() { align(cells, to: below, gap: gap, in: &x) }
        }
        for _ in 0..<100 {
            for cells in layers { align(cells, to: all, gap: gap, in: &x) }
            for cells in layers.reversed() { align(cells, to: all, gap: gap, in: &x) }
        }
        let left = layers.joined().map { x[$0] - extents[$0].width / 2 }.min() ?? 0
        return x.map { ($0 - left).rounded() }
    }

    /// Every layer from left to right without wasted space, its middle at 0.
    private func packed(gap: Double) -> [Double] {
        var x = extents.map { _ in 0.0 }
        for cells in layers {
            for (left, right) in zip(cells, cells.dropFirst()) { x[right] = x[left] + distance(left, right, gap: gap) }
            let (first, last) = (cells.first.map { x[$0] }, cells.last.map { x[$0] })
            let middle = ((first ?? 0) + (last ?? 0)) / 2
            for cell in cells { x[cell] -= middle }
        }
        return x
    }

    /// From the middle of a cell to that of its right neighbour, at least.
    private func distance(_ left: Int, _ right: Int, gap: Double) -> Double {
        (extents[left].width + extents[right].width) / 2 + gap
    }

    /// Moves the cells of a layer to where they are drawn, as far as their distance allows.
    private func align(_ cells: [Int], to pulls: [[Pull]], gap: Double, in x: inout [Double]) {
        var offset = 0.0
        var offsets = [0.0]
        for (left, right) in zip(cells, cells.dropFirst()) {
            offset += distance(left, right, gap: gap)
            offsets.append(offset)
        }
        let wishes = zip(cells, offsets).map { cell, offset in
            let weight = pulls[cell].reduce(0) { $0 + $1.weight }
            guard weight > 0 else { return (position: x[cell] - offset, weight: 0.05) }
            let sum = pulls[cell].reduce(0) { $0 + (x[$1.cell] + $1.offset) * $1.weight }
            return (position: sum / weight - offset, weight: weight)
        }
        for ((cell, offset), position) in zip(zip(cells, offsets), risingFit(wishes)) { x[cell] = position + offset }
    }
}

/// Mixes arrays, always in the same way: the next number is the last one times 1103515245 plus 12345, modulo 2^31.
private struct Shuffle {
    private var state: UInt64 = 1

    mutating func apply(to cells: inout [Int]) {
        for last in cells.indices.dropFirst().reversed() {
            state = (state &* 1_103_515_245 &+ 12_345) % (1 << 31)
            cells.swapAt(last, Int(state >> 8) % (last + 1))
        }
    }
}

/// The numbers that never fall and lie nearest to `wishes` in weighted squares.
private func risingFit(_ wishes: [(position: Double, weight: Double)]) -> [Double] {
    var pools: [(position: Double, weight: Double, count: Int)] = []
    for wish in wishes {
        var pool = (position: wish.position, weight: wish.weight, count: 1)
        while let last = pools.last, last.position > pool.position {
            let weight = last.weight + pool.weight
            pool.position = (last.position * last.weight + pool.position * pool.weight) / weight
            pool.weight = weight
            pool.count += last.count
            pools.removeLast()
        }
        pools.append(pool)
    }
    return pools.flatMap { Array(repeating: $0.position, count: $0.count) }
}
