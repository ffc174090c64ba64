// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// A shape cut into boxes that follow each other in row-major order, each of about `blockByteCount` at most.
package struct Boxes: Sequence, IteratorProtocol {
    package struct Box: Hashable {
        package var start: [Int]
        package var count: [Int]
    }

    private let extents: [Int]

    /// The axis that is cut: inner ones are whole, outer ones advance one by one.
    private let axis: Int

    /// The extent of a box along `axis`.
    private let length: Int

    private var following: [Int]?

    /// With `chunkRows`, boxes cut along the first axis hold whole chunks where that stays within four blocks.
    package init(_ shape: Shape, elementByteCount: Int, chunkRows: Int?, blockByteCount: Int) {
        extents = shape.extents
        var axis = 0
        while axis < extents.count - 1, extents[axis...].dropFirst().reduce(elementByteCount, *) > blockByteCount {
            axis += 1
        }
        self.axis = axis
        let innerByteCount = Swift.max(1, extents.dropFirst(axis + 1).reduce(elementByteCount, *))
        var length = Swift.max(1, blockByteCount / innerByteCount)
        if axis == 0, let chunkRows, chunkRows <= 4 * length {
            length = Swift.max(1, length / chunkRows) * chunkRows
        }
        self.length = length
        following = shape.count == 0 ? nil : [Int](repeating: 0, count: extents.count)
    }

    package mutating func next() -> Box? {
        guard let start = following else { return nil }
        if extents.isEmpty {
            following = nil
            return Box(start: [], count: [])
        }
        var count = [Int](repeating: 1, count: axis) + extents[axis...]
        count[axis] = Swift.min(length, extents[axis] - start[axis])
        following = successor(of: start, length: count[axis])
        return Box(start: start, count: count)
    }

    /// The start of the following box; `nil` after the last.
    private func successor(of start: [Int], length: Int) -> [Int]? {
        var start = start
        var axis = axis
        start[axis] += length
        while start[axis] == extents[axis] {
            if axis == 0 { return nil }
            start[axis] = 0
            axis -= 1
            start[axis] += 1
        }
        return start
    }
}
