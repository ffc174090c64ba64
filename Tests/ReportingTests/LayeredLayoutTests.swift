// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct LayeredLayoutTests {
    /// Every graph of five boxes: each of the ten possible edges is there or not.
    @Test func `no box overlaps another and readers lie below what they read, in every small graph`() {
        let possible = (0..<5).flatMap { to in (0..<to).map { LayeredLayout.Link(from: $0, to: to) } }
        let extents = (0..<5).map { LayeredLayout.Extent(width: 60 + 20 * Double($0), height: $0 == 2 ? 48 : 36) }
        for mask in 0..<1024 {
            let edges = possible.indices.filter { mask >> $0 & 1 == 1 }.map { possible[$0] }
            check(LayeredLayout(extents, edges: edges), extents, edges)
        }
    }

    @Test func `large graphs keep their boxes apart too`() {
        let extents = (0..<60).map { LayeredLayout.Extent(width: 72 + Double($0 * 7 % 5) * 22, height: 36) }
        var edges: [LayeredLayout.Link] = []
        for to in 1..<60 {
            for from in Set([to * 5 / 7, to / 2, max(0, to - 1 - to % 3)]).sorted() {
                edges.append(LayeredLayout.Link(from: from, to: to))
            }
        }
        check(LayeredLayout(extents, edges: edges), extents, edges)
    }

    @Test func `a chain is straight`() {
        let extents = [72.0, 120, 90, 200].map { LayeredLayout.Extent(width: $0, height: 36) }
        let layout = LayeredLayout(extents, edges: (1..<4).map { .init(from: $0 - 1, to: $0) })
        #expect(layout.boxes.map(\.x) == [100, 100, 100, 100])
        #expect(layout.boxes.map(\.top) == [0, 82, 164, 246])
        #expect(layout.routes.map(\.end.x) == [100, 100, 100])
        #expect(layout.width == 200 && layout.height == 282)
    }

    @Test func `a source and what prepares it lie just above their reader`() {
        let extents = Array(repeating: LayeredLayout.Extent(width: 80, height: 36), count: 7)
        // 0 -> 1 -> 2 -> 3 -> 6 and 4 -> 5 -> 6
        let layout = LayeredLayout(
            extents,
            edges: [(0, 1), (1, 2), (2, 3), (3, 6), (4, 5), (5, 6)].map { .init(from: $0.0, to: $0.1) })
        #expect(layout.boxes[5].top == layout.boxes[3].top)
        #expect(layout.boxes[4].top == layout.boxes[2].top)
    }

    @Test func `three models scored on three sets cross no more than they must`() {
        let extents = Array(repeating: LayeredLayout.Extent(width: 80, height: 36), count: 8)
        // Two trees whose leaves are declared in turns.
        let layout = LayeredLayout(
            extents, edges: [(0, 2), (1, 3), (0, 4), (1, 5), (0, 6), (1, 7)].map { .init(from: $0.0, to: $0.1) })
        let left = [2, 4, 6].map { layout.boxes[$0].x }
        let right = [3, 5, 7].map { layout.boxes[$0].x }
        #expect((left.max() ?? 0) < (right.min() ?? 0) || (right.max() ?? 0) < (left.min() ?? 0))
    }

    private func check(
        _ layout: LayeredLayout, _ extents: [LayeredLayout.Extent], _ edges: [LayeredLayout.Link],
        location: SourceLocation = #_sourceLocation
    ) {
        var faults: [String] = []
        for (index, box) in layout.boxes.enumerated() {
            if box.left < 0 || box.top < 0 || box.right > layout.width || box.bottom > layout.height {
                faults.append("box \(index) is outside")
            }
            if box.width != extents[index].width || box.height != extents[index].height {
                faults.append("box \(index) has another extent")
            }
            for (other, second) in layout.boxes.enumerated() where other > index && overlap(box, second) {
                faults.append("boxes \(index) and \(other) overlap")
            }
        }
        for (edge, route) in zip(edges, layout.routes) {
            let (from, to) = (layout.boxes[edge.from], layout.boxes[edge.to])
            if from.bottom >= to.top { faults.append("\(edge) does not lead down") }
            if route.start != (from.x, from.bottom) { faults.append("\(edge) does not start at its box") }
            if route.end.y != to.top || route.end.x < to.left || route.end.x > to.right {
                faults.append("\(edge) does not end at its box")
            }
            for passage in route.passages {
                for (index, box) in layout.boxes.enumerated()
                where passage.x > box.left && passage.x < box.right && passage.top < box.bottom
                    && box.top < passage.bottom
                { faults.append("\(edge) runs through box \(index)") }
            }
        }
        #expect(layout.boxes.count == extents.count && layout.routes.count == edges.count, sourceLocation: location)
        #expect(faults.isEmpty, "edges \(edges)", sourceLocation: location)
    }

    private func overlap(_ a: LayeredLayout.Box, _ b: LayeredLayout.Box) -> Bool {
        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
    }
}
