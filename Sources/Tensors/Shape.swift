// SPDX-License-Identifier: Apache-2.0

/// The extents of a tensor, outermost first; `[]` is a scalar.
package struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    package let extents: [Int]

    /// Every extent is at least 0 and the product fits in `Int`; anything else is a programmer's error.
    package init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 >= 0 }, "a shape has a negative extent: \(extents)")
        self.extents = extents
    }

    package init(arrayLiteral elements: Int...) {
        self.init(elements)
    }

    package var rank: Int { extents.count }

    /// The number of elements: the product of the extents, 1 for a scalar.
    package var count: Int { extents.reduce(1, *) }

    package subscript(axis: Int) -> Int { extents[axis] }

    /// For example `16x1x7x7`.
    package var description: String { extents.map(String.init).joined(separator: "x") }
}
