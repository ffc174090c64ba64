// SPDX-License-Identifier: Apache-2.0

import TensorStore
import Tensors

/// Compares two tensor files by name: groups and attributes, then the types, shapes and values of tensors.
struct TensorFileComparison {
    private let left: TensorFileReader
    private let right: TensorFileReader
    private(set) var findings: [ArtifactDifference.Finding] = []

    init(_ left: TensorFileReader, _ right: TensorFileReader) throws {
        self.left = left
        self.right = right
        try compareAttributes(of: nil)
        for group in left.groupNames.byteNames.intersection(right.groupNames.byteNames).sorted() {
            try compareAttributes(of: group.text)
        }
        let (before, after) = (left.datasetNames.byteNames, right.datasetNames.byteNames)
        for name in before.union(after).sorted() {
            if !after.contains(name) {
                findings.append(.onlyLeft("/" + name.text))
            } else if !before.contains(name) {
                findings.append(.onlyRight("/" + name.text))
            } else {
                try compareDatasets(name.text)
            }
        }
    }

    private mutating func compareAttributes(of object: String?) throws {
        func values(_ file: TensorFileReader) throws -> [ByteName: AttributeValue] {
            Dictionary(
                try file.attributes(of: object).map { (ByteName($0.name), $0.value) },
                uniquingKeysWith: { first, _ in first })
        }
        let (before, after) = (try values(left), try values(right))
        for name in Set(before.keys).union(after.keys).sorted() {
            let place = "/" + (object.map { $0 + ":" } ?? ":") + name.text
            switch (before[name], after[name]) {
            case (let before?, let after?) where before == after && before.byteNames == after.byteNames: continue
            case (let before?, let after?):
                findings.append(.other(place, left: before.shortText, right: after.shortText))
            case (_?, nil): findings.append(.onlyLeft(place))
            case (nil, _): findings.append(.onlyRight(place))
            }
        }
    }

    private mutating func compareDatasets(_ name: String) throws {
        try compareAttributes(of: name)
        let (leftType, rightType) = (try left.elementType(of: name), try right.elementType(of: name))
        let (leftShape, rightShape) = (try left.shape(of: name), try right.shape(of: name))
        guard leftType == rightType, leftShape == rightShape else {
            findings.append(
                .other("/" + name, left: "\(leftType) \(leftShape)", right: "\(rightType) \(rightShape)"))
            return
        }
        switch leftType {
        case .float32: try compareValues(name, leftShape, as: Float.self)
        case .float64: try compareValues(name, leftShape, as: Double.self)
        case .uint8: try compareValues(name, leftShape, as: UInt8.self)
        case .int32: try compareValues(name, leftShape, as: Int32.self)
        case .int64: try compareValues(name, leftShape, as: Int64.self)
        case .text: try compareTexts(name)
        }
    }

    /// A few mebibytes of rows at a time.
    private mutating func compareValues<Element: TensorElement & ComparedElement>(
        _ name: String, _ shape: Shape, as _: Element.Type
    ) throws {
        var comparison = ValueComparison<Element>(shape: shape.extents)
        if shape.rank == 0 {
            comparison.append(try left.read(name), try right.read(name))
        } else {
            let rowByteCount = max(1, shape.count / max(1, shape[0]) * MemoryLayout<Element>.stride)
            let step = max(1, (4 << 20) / rowByteCount)
            for start in stride(from: 0, to: shape[0], by: step) {
                let rows = start..<min(start + step, shape[0])
                comparison.append(try left.readRows(name, rows), try right.readRows(name, rows))
            }
        }
        if let difference = comparison.difference { findings.append(.values("/" + name, difference)) }
    }

    private mutating func compareTexts(_ name: String) throws {
        let (before, after) = (try left.readStrings(name), try right.readStrings(name))
        let differing = before.indices.filter { ByteName(before[$0]) != ByteName(after[$0]) }
        guard let first = differing.first else { return }
        findings.append(
            .texts(
                "/" + name, differingCount: differing.count, count: before.count, index: first, left: before[first],
                right: after[first]))
    }
}

extension AttributeValue {
    /// The texts, which are more than equal where their bytes are.
    fileprivate var byteNames: [ByteName] {
        switch self {
        case .text(let text): [ByteName(text)]
        case .texts(let texts): texts.map { ByteName($0) }
        case .integer, .number, .integers, .numbers: []
        }
    }

    /// At most about 60 characters.
    fileprivate var shortText: String {
        let text =
            switch self {
            case .text(let text): "'\(text)'"
            case .integer(let integer): String(integer)
            case .number(let number): String(number)
            case .texts(let texts): texts.map { "'\($0)'" }.joined(separator: ", ")
            case .integers(let integers): integers.map(String.init).joined(separator: ", ")
            case .numbers(let numbers): numbers.map { String($0) }.joined(separator: ", ")
            }
        return text.count > 60 ? text.prefix(57) + "..." : text
    }
}
