// SPDX-License-Identifier: Apache-2.0

import Tensors

/// How far two arrays of one type and shape lie apart.
///
/// Values count by their bits: 0 and -0 differ, by nothing; equal NaNs do not.
package struct ValueDifference: Hashable, Sendable {
    package let shape: [Int]
    package let count: Int
    package let differingCount: Int
    /// Values that are NaN on one side at least and differ; they are in no other figure.
    package let undefinedCount: Int
    /// The largest absolute difference with the place of its first value and both values; `nil` where all that differs
    /// is NaN.
    package let largest: Largest?
    /// How many values that the type can hold lie between the two that are farthest apart so; `nil` for integers.
    package let largestULP: UInt64?
    /// ||left - right|| / ||left||, over values that are numbers on both sides; `nil` where the left are all 0.
    package let relativeL2: Double?
    /// Of samples of 8 bits, in dB with the peak 255; `nil` for other types.
    package let psnr: Double?

    package struct Largest: Hashable, Sendable {
        package let difference: Double
        /// Along each axis, from 0.
        package let index: [Int]
        package let left: Double
        package let right: Double
    }
}

/// A type of numbers whose values can be compared one by one.
protocol ComparedElement: Equatable {
    var number: Double { get }
    /// The place of a floating-point value among all of its type, in their order; `nil` for integers.
    var ordinal: Int64? { get }
    func isSame(as other: Self) -> Bool
    static var isSample: Bool { get }
}

extension UInt8: ComparedElement {
    var number: Double { Double(self) }
    var ordinal: Int64? { nil }
    func isSame(as other: Self) -> Bool { self == other }
    static var isSample: Bool { true }
}

extension UInt16: ComparedElement {
    var number: Double { Double(self) }
    var ordinal: Int64? { nil }
    func isSame(as other: Self) -> Bool { self == other }
    static var isSample: Bool { false }
}

extension Int32: ComparedElement {
    var number: Double { Double(self) }
    var ordinal: Int64? { nil }
    func isSame(as other: Self) -> Bool { self == other }
    static var isSample: Bool { false }
}

extension Int64: ComparedElement {
    var number: Double { Double(self) }
    var ordinal: Int64? { nil }
    func isSame(as other: Self) -> Bool { self == other }
    static var isSample: Bool { false }
}

extension Float: ComparedElement {
    var number: Double { Double(self) }
    /// Both zeros have the place 0.
    var ordinal: Int64? {
        let magnitude = Int64(bitPattern & 0x7fff_ffff)
        return sign == .minus ? -magnitude : magnitude
    }
    func isSame(as other: Self) -> Bool { bitPattern == other.bitPattern }
    static var isSample: Bool { false }
}

extension Double: ComparedElement {
    var number: Double { self }
    /// Both zeros have the place 0.
    var ordinal: Int64? {
        let magnitude = Int64(bitPattern: bitPattern & 0x7fff_ffff_ffff_ffff)
        return sign == .minus ? -magnitude : magnitude
    }
    func isSame(as other: Self) -> Bool { bitPattern == other.bitPattern }
    static var isSample: Bool { false }
}

/// Takes two arrays in piece by piece, in row-major order.
struct ValueComparison<Element: ComparedElement> {
    private let shape: [Int]
    private var count = 0
    private var differingCount = 0
    private var undefinedCount = 0
    private var largest: (difference: Double, offset: Int, left: Double, right: Double)?
    private var largestULP: UInt64 = 0
    private var squaredDifferences = 0.0
    private var squares = 0.0

    init(shape: [Int]) {
        self.shape = shape
    }

    /// Both pieces have the same length.
    mutating func append(_ left: [Element], _ right: [Element]) {
        for (left, right) in zip(left, right) { append(left, right) }
    }

    private mutating func append(_ left: Element, _ right: Element) {
        defer { count += 1 }
        let (leftNumber, rightNumber) = (left.number, right.number)
        let isDefined = !leftNumber.isNaN && !rightNumber.isNaN
        if isDefined { squares += leftNumber * leftNumber }
        if left.isSame(as: right) { return }
        differingCount += 1
        guard isDefined else {
            undefinedCount += 1
            return
        }
        let difference = leftNumber == rightNumber ? 0 : abs(leftNumber - rightNumber)
        squaredDifferences += difference * difference
        if let leftPlace = left.ordinal, let rightPlace = right.ordinal {
            largestULP = max(largestULP, leftPlace.distanceMagnitude(to: rightPlace))
        }
        if difference > largest?.difference ?? -1 { largest = (difference, count, leftNumber, rightNumber) }
    }

    /// `nil` where no value differs.
    var difference: ValueDifference? {
        guard differingCount > 0 else { return nil }
        let mean = squaredDifferences / Double(max(1, count))
        return ValueDifference(
            shape: shape, count: count, differingCount: differingCount, undefinedCount: undefinedCount,
            largest: largest.map {
                ValueDifference.Largest(
                    difference: $0.difference, index: index($0.offset), left: $0.left, right: $0.right)
            }, largestULP: hasOrdinals && largest != nil ? largestULP : nil,
            relativeL2: squares > 0 ? (squaredDifferences / squares).squareRoot() : nil,
            psnr: Element.isSample ? 10 * Elementary.log10(255 * 255 / mean) : nil)
    }

    private var hasOrdinals: Bool { Element.self == Float.self || Element.self == Double.self }

    private func index(_ offset: Int) -> [Int] {
        var rest = offset
        return Array(
            shape.reversed().map { extent in
                defer { rest /= max(1, extent) }
                return rest % max(1, extent)
            }.reversed())
    }
}

extension Int64 {
    /// How far apart two places are; it fits in 64 bits without a sign.
    fileprivate func distanceMagnitude(to other: Int64) -> UInt64 {
        self < other ? UInt64(bitPattern: other &- self) : UInt64(bitPattern: self &- other)
    }
}
