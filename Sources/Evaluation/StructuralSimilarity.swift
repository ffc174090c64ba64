// SPDX-License-Identifier: Apache-2.0

/// The SSIM of Wang, Bovik, Sheikh and Simoncelli (2004) for one channel of 0...255: Gaussian window of 11x11 with
/// standard deviation 1.5, K = (0.01, 0.03), L = 255, the mean over the positions where the window fits.
///
/// Every weighted sum is taken from 0 in the order of its taps, columns first, product and sum rounded apart; the map
/// is added row by row. So the result has the same bits however many positions are worked on at once.
enum StructuralSimilarity {
    private typealias Lanes = SIMD4<Double>

    /// The window's height and width.
    static let leastExtent = 11

    /// exp(-x^2 / (2 * 1.5^2)) for x = -5...5, divided by its sum; the window is the product of two of these.
    private static let window: [Double] = {
        let half = [
            0.0038659201394728076, 0.028565500784550377, 0.1353352832366127, 0.41111229050718745, 0.8007374029168081,
            1,
        ]
        let window = half + half.dropLast().reversed()
        let sum = window.reduce(0, +)
        return window.map { $0 / sum }
    }()

    /// The five sums over a window: of a, b, a*a, b*b and a*b.
    private struct Sums {
        var a = Lanes.zero
        var b = Lanes.zero
        var aa = Lanes.zero
        var bb = Lanes.zero
        var ab = Lanes.zero

        @inline(__always)
        mutating func add(_ weight: Double, _ x: Lanes, _ y: Lanes) {
            add(weight, x, y, x * x, y * y, x * y)
        }

        @inline(__always)
        mutating func add(_ weight: Double, _ x: Lanes, _ y: Lanes, _ xx: Lanes, _ yy: Lanes, _ xy: Lanes) {
            a += weight * x
            b += weight * y
            aa += weight * xx
            bb += weight * yy
            ab += weight * xy
        }

        /// The SSIM of each position.
        @inline(__always)
        var similarity: Lanes {
            let c1 = Lanes(repeating: (0.01 * 255) * (0.01 * 255))
            let c2 = Lanes(repeating: (0.03 * 255) * (0.03 * 255))
            let (squareA, squareB) = (a * a, b * b)
            let variances: Lanes = (aa - squareA) + (bb - squareB)
            let covariance: Lanes = ab - a * b
            let means: Lanes = (2 * a) * b + c1
            let magnitudes: Lanes = squareA + squareB + c1
            return means * (2 * covariance + c2) / (magnitudes * (variances + c2))
        }
    }

    /// The SSIM of two channels of (height, width), both extents at least `leastExtent`.
    static func value(_ a: [Double], _ b: [Double], _ height: Int, _ width: Int) -> Double {
        let (rows, columns) = (height - leastExtent + 1, width - leastExtent + 1)
        // Columns are taken four at a time; what the last ones see beyond the row is 0 and counts for nothing.
        let length = (width + 3) / 4 * 4 + 4
        var sum = 0.0
        window.withUnsafeBufferPointer { window in
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    withUnsafeTemporaryAllocation(of: Double.self, capacity: 5 * length) { lines in
                        lines.initialize(repeating: 0)
                        for row in 0..<rows {
                            weighRows(a, b, from: row * width, width: width, window, into: lines, length)
                            sum = added(to: sum, lines, length, columns, window)
                        }
                    }
                }
            }
        }
        return sum / Double(rows * columns)
    }

    /// The vertical pass: five lines of `width` sums, `length` apart, over eleven rows from `start` on.
    @inline(__always)
    private static func weighRows(
        _ a: UnsafeBufferPointer<Double>, _ b: UnsafeBufferPointer<Double>, from start: Int, width: Int,
        _ window: UnsafeBufferPointer<Double>, into lines: UnsafeMutableBufferPointer<Double>, _ length: Int
    ) {
        let whole = width - width % 4
        for column in stride(from: 0, to: whole, by: 4) {
            var sums = Sums()
            for tap in 0..<leastExtent {
                let place = start + tap * width + column
                sums.add(window[tap], lanes(a, place), lanes(b, place))
            }
            store(sums, lines, column, length)
        }
        guard whole < width else { return }
        var sums = Sums()
        for tap in 0..<leastExtent {
            var (x, y) = (Lanes.zero, Lanes.zero)
            for lane in 0..<width - whole {
                x[lane] = a[start + tap * width + whole + lane]
                y[lane] = b[start + tap * width + whole + lane]
            }
            sums.add(window[tap], x, y)
        }
        store(sums, lines, whole, length)
    }

    /// The horizontal pass: adds the SSIM of a row's positions to `sum`, from left to right.
    @inline(__always)
    private static func added(
        to sum: Double, _ lines: UnsafeMutableBufferPointer<Double>, _ length: Int, _ columns: Int,
        _ window: UnsafeBufferPointer<Double>
    ) -> Double {
        let lines = UnsafeBufferPointer(lines)
        var sum = sum
        for column in stride(from: 0, to: columns, by: 4) {
            var sums = Sums()
            for tap in 0..<leastExtent {
                let place = column + tap
                sums.add(
                    window[tap], lanes(lines, place), lanes(lines, place + length), lanes(lines, place + 2 * length),
                    lanes(lines, place + 3 * length), lanes(lines, place + 4 * length))
            }
            let similarity = sums.similarity
            for lane in 0..<min(4, columns - column) { sum += similarity[lane] }
        }
        return sum
    }

    @inline(__always)
    private static func lanes(_ values: UnsafeBufferPointer<Double>, _ place: Int) -> Lanes {
        guard let start = values.baseAddress else { return .zero }
        return UnsafeRawPointer(start + place).loadUnaligned(as: Lanes.self)
    }

    @inline(__always)
    private static func store(
        _ sums: Sums, _ lines: UnsafeMutableBufferPointer<Double>, _ column: Int, _ length: Int
    ) {
        guard let start = lines.baseAddress else { return }
        func store(_ values: Lanes, line: Int) {
            UnsafeMutableRawPointer(start + line * length + column).storeBytes(of: values, as: Lanes.self)
        }
        store(sums.a, line: 0)
        store(sums.b, line: 1)
        store(sums.aa, line: 2)
        store(sums.bb, line: 3)
        store(sums.ab, line: 4)
    }
}
