// SPDX-License-Identifier: Apache-2.0

/// An image's planes taken apart by columns: for each channel `stride` planes, the p-th with every stride-th column
/// from column p on.
///
/// The columns that a strided convolution reads for neighbouring outputs are neighbours here. Margins are taken along.
package struct ColumnPhases: Hashable, Sendable {
    package let stride: Int
    /// The planes, those of one channel one after another.
    package let planes: Grid
    private let source: Grid

    package init(of source: Grid, stride: Int) {
        precondition(source.layout == .image && stride > 0, "only images are taken apart by columns")
        self.source = source
        self.stride = stride
        let (rows, columns) = (source.margins.vertical + source.height, source.margins.horizontal + source.width)
        planes = Grid(
            .image, channels: source.channels * stride, height: rows, width: (columns + stride - 1) / stride)
    }

    /// Where a pixel of the source lies, relative to the planes' memory; rows and columns may lie in the margins.
    package func offset(channel: Int, row: Int, column: Int) -> Int {
        let (place, phase) = (column + source.margins.left).quotientAndRemainder(dividingBy: stride)
        return planes.origin
            + planes.offset(channel: channel * stride + phase, row: row + source.margins.top, column: place)
    }

    package func split(_ memory: UnsafePointer<Float>, to planesMemory: UnsafeMutablePointer<Float>) {
        let columns = source.margins.horizontal + source.width
        for channel in 0..<source.channels {
            for row in -source.margins.top..<source.height + source.margins.bottom {
                let from =
                    memory + source.origin + source.offset(channel: channel, row: row, column: -source.margins.left)
                for phase in 0..<stride {
                    let to = planesMemory + offset(channel: channel, row: row, column: phase - source.margins.left)
                    for (place, column) in Swift.stride(from: phase, to: columns, by: stride).enumerated() {
                        to[place] = from[column]
                    }
                }
            }
        }
    }
}
