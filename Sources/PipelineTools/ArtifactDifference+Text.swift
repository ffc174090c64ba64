// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import Evaluation

extension ArtifactDifference {
    /// How far the two lie apart, on one line: that of the values that are farthest apart, or what else differs.
    ///
    ///     largest difference 3.1e-05 in '/conv1/weight' at [3, 0, 2, 1], 12 ulp, 211 of 1568 values differ
    package var summary: String {
        guard let first = findings.first else { return "the content is the same" }
        var farthest: (place: String, difference: ValueDifference)?
        for case .values(let place, let difference) in findings
        where difference.largest?.difference ?? -1 > farthest?.difference.largest?.difference ?? -1 {
            farthest = (place, difference)
        }
        let rest = findings.count > 1 ? "; \(findings.count) differences in all" : ""
        guard let farthest else { return first.text + rest }
        return Finding.values(farthest.place, farthest.difference).text + rest
    }

    /// A line a finding, at most `limit` of them.
    package func text(limit: Int = 40) -> String {
        var lines = findings.prefix(limit).map { "  " + $0.text }
        if findings.count > limit { lines.append("  and \(findings.count - limit) more") }
        return lines.map { $0 + "\n" }.joined()
    }

    package var json: JSONValue {
        [
            "kind": .text(kind.rawValue), "identical": .boolean(isIdentical), "sameBytes": .boolean(hasSameBytes),
            "findings": .array(findings.map(\.json)),
        ]
    }
}

extension ArtifactDifference.Finding {
    var text: String {
        switch self {
        case .onlyLeft(let place): "'\(place)' is in the first only"
        case .onlyRight(let place): "'\(place)' is in the second only"
        case .other(let place, let left, let right): "'\(place)': \(left) -> \(right)"
        case .texts(let place, let differingCount, let count, let index, let left, let right):
            "'\(place)': \(differingCount) of \(count) texts differ, first [\(index)]: '\(left)' -> '\(right)'"
        case .values(let place, let difference): difference.text(place: place)
        case .bytes(let offset, let left, let right):
            "first different byte at \(offset)" + (left == right ? ", of \(left)" : "; \(left) bytes -> \(right) bytes")
        }
    }

    var json: JSONValue {
        switch self {
        case .onlyLeft(let place): ["place": .text(place), "difference": "only-first"]
        case .onlyRight(let place): ["place": .text(place), "difference": "only-second"]
        case .other(let place, let left, let right):
            ["place": .text(place), "difference": "other", "first": .text(left), "second": .text(right)]
        case .texts(let place, let differingCount, let count, let index, let left, let right):
            [
                "place": .text(place), "difference": "texts", "differing": .integer(differingCount),
                "count": .integer(count), "index": .integer(index), "first": .text(left), "second": .text(right),
            ]
        case .values(let place, let difference): difference.json(place: place)
        case .bytes(let offset, let left, let right):
            [
                "place": "bytes", "difference": "bytes", "offset": .integer(offset), "firstCount": .integer(left),
                "secondCount": .integer(right),
            ]
        }
    }
}

extension ValueDifference {
    fileprivate func text(place: String) -> String {
        let counts = count == 1 ? "" : ", \(differingCount) of \(count) values differ"
        guard let largest else { return "'\(place)': NaN on one side\(counts)" }
        let at = shape.isEmpty ? "" : " at [\(largest.index.map(String.init).joined(separator: ", "))]"
        var text = "largest difference \(short(largest.difference)) in '\(place)'\(at): "
        text += "\(exact(largest.left)) -> \(exact(largest.right))"
        if let largestULP { text += ", \(largestULP) ulp" }
        text += counts
        if let relativeL2, count > 1 { text += ", relative L2 \(short(relativeL2))" }
        if let psnr { text += ", PSNR \(psnr.formatted(decimals: 2)) dB" }
        if undefinedCount > 0 { text += ", \(undefinedCount) NaN on one side" }
        return text
    }

    /// Integers without a point; else the shortest text that reads back as the number, as float32 where it is one.
    private func exact(_ number: Double) -> String {
        if let integer = Int(exactly: number) { return String(integer) }
        return Double(Float(number)) == number ? String(Float(number)) : String(number)
    }

    /// Four digits that count: `213`, `0.3406`, `3.052e-05`.
    private func short(_ number: Double) -> String {
        guard number.isFinite, Int(exactly: number) == nil else { return exact(number) }
        var (mantissa, exponent) = (abs(number), 0)
        while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        if (-4...5).contains(exponent) { return number.formatted(decimals: max(0, 3 - exponent)) }
        let sign = number < 0 ? "-" : ""
        return "\(sign)\(mantissa.formatted(decimals: 3))e\(exponent)"
    }

    /// Numbers that JSON does not have are `null`.
    fileprivate func json(place: String) -> JSONValue {
        func number(_ value: Double?) -> JSONValue { value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }
        return [
            "place": .text(place), "difference": "values", "shape": .array(shape.map { .integer($0) }),
            "count": .integer(count), "differing": .integer(differingCount), "nan": .integer(undefinedCount),
            "largest": number(largest?.difference),
            "index": largest.map { .array($0.index.map { .integer($0) }) } ?? .null,
            "first": number(largest?.left), "second": number(largest?.right),
            "ulp": largestULP.flatMap { Int(exactly: $0) }.map { .integer($0) } ?? .null,
            "relativeL2": number(relativeL2), "psnr": number(psnr),
        ]
    }
}
