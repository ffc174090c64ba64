// SPDX-License-Identifier: Apache-2.0

import Tensors

extension TensorFileReader {
    /// Reads rows `range` along the first axis into `target`, which has room for exactly these.
    package func readRows<Element: TensorElement>(
        _ name: String, _ range: Range<Int>, into target: UnsafeMutableBufferPointer<Element>
    ) throws {
        try HDF5.locked {
            let dataset = try open(name)
            try dataset.check(is: Element.self)
            dataset.checkRows(range, targetCount: target.count, rowCount: range.count)
            try dataset.readRows(range, into: target.baseAddress)
        }
    }

    package func readRows<Element: TensorElement>(
        _ name: String, _ range: Range<Int>, as _: Element.Type = Element.self
    ) throws -> [Element] {
        let count = range.count * (try shape(of: name).rowElementCount)
        return try [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            try readRows(name, range, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initializedCount = count
        }
    }

    /// Reads rows by index along the first axis, in any order and with repetitions, such as a random batch.
    ///
    /// Neighbouring rows that also come one after the other in the file are read at once; the file is read forwards.
    package func readRows<Element: TensorElement>(
        _ name: String, indices: [Int], into target: UnsafeMutableBufferPointer<Element>
    ) throws {
        try HDF5.locked {
            let dataset = try open(name)
            try dataset.check(is: Element.self)
            for index in indices {
                dataset.checkRows(index..<(index + 1), targetCount: target.count, rowCount: indices.count)
            }
            let rowElementCount = dataset.shape.rowElementCount
            for run in RowRun.runs(of: indices) {
                let start = target.baseAddress.map { $0 + run.position * rowElementCount }
                try dataset.readRows(run.rows, into: start)
            }
        }
    }

    package func readRows<Element: TensorElement>(
        _ name: String, indices: [Int], as _: Element.Type = Element.self
    ) throws -> [Element] {
        let count = indices.count * (try shape(of: name).rowElementCount)
        return try [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            try readRows(name, indices: indices, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initializedCount = count
        }
    }
}

/// Consecutive rows of the file that are wanted at consecutive places.
struct RowRun: Hashable {
    var rows: Range<Int>
    let position: Int

    /// The runs that together yield `indices`, in the order of the file.
    static func runs(of indices: [Int]) -> [RowRun] {
        let order = indices.indices.sorted { (indices[$0], $0) < (indices[$1], $1) }
        var runs: [RowRun] = []
        for position in order {
            let row = indices[position]
            if let last = runs.last, last.rows.upperBound == row, last.position + last.rows.count == position {
                runs[runs.count - 1].rows = last.rows.lowerBound..<(row + 1)
            } else {
                runs.append(RowRun(rows: row..<(row + 1), position: position))
            }
        }
        return runs
    }
}

extension Shape {
    /// The number of elements of one row along the first axis.
    var rowElementCount: Int { extents.dropFirst().reduce(1, *) }
}

extension Dataset {
    fileprivate func checkRows(_ range: Range<Int>, targetCount: Int, rowCount: Int) {
        precondition(shape.rank > 0, "'\(name)' is a scalar and has no rows")
        precondition(
            range.lowerBound >= 0 && range.upperBound <= shape[0],
            "rows \(range) are outside the \(shape[0]) of '\(name)'")
        precondition(
            targetCount == rowCount * shape.rowElementCount,
            "\(rowCount) rows of '\(name)' do not fill \(targetCount) elements")
    }

    fileprivate func readRows(_ range: Range<Int>, into target: UnsafeMutableRawPointer?) throws {
        if range.isEmpty || shape.rowElementCount == 0 { return }
        let start = [range.lowerBound] + [Int](repeating: 0, count: shape.rank - 1)
        try readBox(start: start, count: [range.count] + shape.extents.dropFirst(), into: target)
    }
}
