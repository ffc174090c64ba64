// SPDX-License-Identifier: Apache-2.0

/// Rows and columns beyond each edge of a plane.
package struct Margins: Hashable, Sendable {
    package var top, bottom, left, right: Int

    package init(top: Int, bottom: Int, left: Int, right: Int) {
        (self.top, self.bottom, self.left, self.right) = (max(top, 0), max(bottom, 0), max(left, 0), max(right, 0))
    }

    package init(_ all: Int = 0) {
        self.init(top: all, bottom: all, left: all, right: all)
    }

    package var vertical: Int { top + bottom }
    package var horizontal: Int { left + right }

    /// The larger of the two at each edge.
    package func union(_ other: Margins) -> Margins {
        Margins(
            top: max(top, other.top), bottom: max(bottom, other.bottom),
            left: max(left, other.left), right: max(right, other.right))
    }
}

/// What stands beyond the edges of a plane.
package enum Border: String, Hashable, Sendable {
    case zero, replicate
}

/// How planes with margins lie in memory, for the kernels.
///
///     batch  [channel][row][column][16 samples]     a vector is one pixel of 16 samples
///     image  [channel][row][column]                 a vector is 16 columns; rows have room for the last vector
package struct Grid: Hashable, Sendable {
    package enum Layout: Hashable, Sendable {
        case batch, image
    }

    /// The samples or columns that a vector holds.
    package static let lanes = 16

    package let layout: Layout
    package let channels, height, width: Int
    package let margins: Margins
    /// Floats from one row to the next.
    package let rowStride: Int
    /// Floats from one channel to the next.
    package let channelStride: Int
    /// Floats from the start of the memory to row 0, column 0 of channel 0.
    package let origin: Int
    /// Floats that the memory must hold.
    package let count: Int

    package init(_ layout: Layout, channels: Int, height: Int, width: Int, margins: Margins = Margins()) {
        precondition(channels > 0 && height > 0 && width > 0, "a grid of \(channels)x\(height)x\(width) is empty")
        self.layout = layout
        (self.channels, self.height, self.width, self.margins) = (channels, height, width, margins)
        let held = layout == .batch ? width : Self.vectors(width) * Self.lanes
        let pixel = layout == .batch ? Self.lanes : 1
        rowStride = (margins.left + held + margins.right) * pixel
        channelStride = Self.spread(rowStride * (margins.top + height + margins.bottom))
        origin = margins.top * rowStride + margins.left * pixel
        // The last vectors of a row may reach past the end.
        count = channelStride * channels + (layout == .image ? 4 * Self.lanes : 0)
    }

    /// Floats from one pixel to the next in a row.
    package var pixelStride: Int { layout == .batch ? Self.lanes : 1 }

    /// Vectors in a row, without margins.
    package var columns: Int { layout == .batch ? width : Self.vectors(width) }

    /// An odd number of cache lines, so that the same pixel of many channels does not fall into one set of the caches.
    private static func spread(_ floats: Int) -> Int {
        let lines = (floats + lanes - 1) / lanes
        return (lines | 1) * lanes
    }

    private static func vectors(_ width: Int) -> Int { (width + lanes - 1) / lanes }

    /// The place of a pixel relative to `origin`; rows and columns may lie in the margins.
    package func offset(channel: Int, row: Int, column: Int) -> Int {
        channel * channelStride + row * rowStride + column * pixelStride
    }

    /// Sets the margins of all channels: to zero, or to the nearest pixel.
    package func fillMargins(_ border: Border, in memory: UnsafeMutablePointer<Float>) {
        guard margins != Margins() else { return }
        for channel in 0..<channels {
            let plane = memory + origin + channel * channelStride
            switch border {
            case .zero: zeroMargins(of: plane)
            case .replicate: replicateMargins(of: plane)
            }
        }
    }

    private func zeroMargins(of plane: UnsafeMutablePointer<Float>) {
        let start = -margins.left * pixelStride
        for row in -margins.top..<0 { (plane + row * rowStride + start).update(repeating: 0, count: rowStride) }
        for row in 0..<height {
            let line = plane + row * rowStride
            (line + start).update(repeating: 0, count: -start)
            (line + width * pixelStride).update(repeating: 0, count: rowStride + start - width * pixelStride)
        }
        for row in height..<height + margins.bottom {
            (plane + row * rowStride + start).update(repeating: 0, count: rowStride)
        }
    }

    private func replicateMargins(of plane: UnsafeMutablePointer<Float>) {
        let start = -margins.left * pixelStride
        for row in 0..<height {
            let line = plane + row * rowStride
            for float in 0..<margins.left * pixelStride { line[start + float] = line[float % pixelStride] }
            let end = line + width * pixelStride
            for float in 0..<margins.right * pixelStride { end[float] = end[float % pixelStride - pixelStride] }
        }
        let first = plane + start
        let last = first + (height - 1) * rowStride
        for row in 0..<margins.top { (first - (row + 1) * rowStride).update(from: first, count: rowStride) }
        for row in 0..<margins.bottom { (last + (row + 1) * rowStride).update(from: last, count: rowStride) }
    }

    /// Adds what stands in the nearest margin pixels, as many as `depth` says, to the edge pixel they were copied from
    /// (the way back through a replicated border): columns before rows, left before right and top before bottom, the
    /// nearest first.
    package func foldMargins(_ depth: Margins, in memory: UnsafeMutablePointer<Float>) {
        precondition(depth.union(margins) == margins, "margins too thin to fold")
        for channel in 0..<channels {
            let plane = memory + origin + channel * channelStride
            for row in -depth.top..<height + depth.bottom { foldColumns(depth, of: plane + row * rowStride) }
            let last = plane + (height - 1) * rowStride
            for step in 1..<max(depth.top, depth.bottom) + 1 {
                for float in 0..<width * pixelStride {
                    if step <= depth.top { plane[float] += plane[float - step * rowStride] }
                    if step <= depth.bottom { last[float] += last[float + step * rowStride] }
                }
            }
        }
    }

    private func foldColumns(_ depth: Margins, of row: UnsafeMutablePointer<Float>) {
        let last = row + (width - 1) * pixelStride
        for step in 1..<max(depth.left, depth.right) + 1 {
            for lane in 0..<pixelStride {
                if step <= depth.left { row[lane] += row[lane - step * pixelStride] }
                if step <= depth.right { last[lane] += last[lane + step * pixelStride] }
            }
        }
    }
}
