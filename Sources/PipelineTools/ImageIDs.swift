// SPDX-License-Identifier: Apache-2.0

/// Numbers of images as a list of ranges: `1-700, 705`.
struct ImageIDs: Hashable {
    struct Fault: Error, Hashable {
        /// What cannot be read, for example `7-`.
        let word: String
    }

    /// Sorted, without overlaps, and not adjacent.
    let ranges: [ClosedRange<Int>]

    init(_ text: String) throws(Fault) {
        var ranges: [ClosedRange<Int>] = []
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            let word = piece.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            ranges.append(try Self.range(String(word)))
        }
        self.init(joining: ranges)
    }

    private init(joining ranges: [ClosedRange<Int>]) {
        var joined: [ClosedRange<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound + 1 {
                joined[joined.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        self.ranges = joined
    }

    private static func range(_ word: String) throws(Fault) -> ClosedRange<Int> {
        let bounds = word.split(separator: "-", omittingEmptySubsequences: false).map { number(String($0)) }
        switch bounds.count {
        case 1: if let only = bounds[0] { return only...only }
        case 2: if let lower = bounds[0], let upper = bounds[1], lower <= upper { return lower...upper }
        default: break
        }
        throw Fault(word: word)
    }

    func contains(_ id: Int) -> Bool { ranges.contains { $0.contains(id) } }

    /// What is left without these.
    func removing(_ ids: some Sequence<Int>) -> ImageIDs? {
        let gone = Set(ids).filter(contains).sorted()
        var left: [ClosedRange<Int>] = []
        for range in ranges {
            var start = range.lowerBound
            for id in gone where range.contains(id) {
                if start < id { left.append(start...id - 1) }
                start = id + 1
            }
            if start <= range.upperBound { left.append(start...range.upperBound) }
        }
        return left.isEmpty ? nil : ImageIDs(joining: left)
    }

    /// One range a text: `7`, `13-19`.
    var texts: [String] {
        ranges.map { $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    }

    /// The number of an image: the first run of digits in the last part of its name, without leading zeros.
    ///
    /// `0801` is 801, `img_003` 3, `t12` 12, `0801x4` 801 and `b2/img_014` 14. A name without digits has none, and
    /// neither has one whose first run is longer than 15 digits.
    static func id(ofName name: String) -> Int? {
        let last = name.utf8.split(separator: UInt8(ascii: "/")).last ?? name.utf8[...]
        let digits = last.drop { !isDigit($0) }.prefix { isDigit($0) }
        return number(String(decoding: digits, as: UTF8.self))
    }

    /// Nil for what is not 1 to 15 digits.
    private static func number(_ text: String) -> Int? {
        (1...15).contains(text.utf8.count) && text.utf8.allSatisfy(isDigit) ? Int(text) : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
