// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
package import SystemPackage
import TensorStore
import Tensors

/// How two files differ in what they mean: HDF5 files by tensor, PNG pictures by pixel, JSON by member, all else by
/// byte.
///
/// What no content digest counts is no difference: the layout of an HDF5 file, the compression of a picture, the space
/// in JSON.
package struct ArtifactDifference: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case tensors
        case picture
        case json
        case bytes
    }

    package enum Finding: Hashable, Sendable {
        /// A tensor, group or member that one side has.
        case onlyLeft(String)
        case onlyRight(String)
        /// Types, shapes, attributes, texts or JSON values, as text.
        case other(String, left: String, right: String)
        /// Strings of a list, with the first that differs.
        case texts(String, differingCount: Int, count: Int, index: Int, left: String, right: String)
        case values(String, ValueDifference)
        case bytes(firstOffset: Int, leftCount: Int, rightCount: Int)
    }

    package let kind: Kind
    /// In the order of names; empty where the content is the same.
    package let findings: [Finding]
    /// Whether the files agree byte for byte.
    package let hasSameBytes: Bool

    package var isIdentical: Bool { findings.isEmpty }

    /// Compares two files; their first bytes say what they are, and two of different kinds are compared by byte.
    ///
    /// - Throws: an error of the file system, or of a file that begins like HDF5 or PNG and is none.
    package init(_ left: FilePath, _ right: FilePath) throws {
        let (leftDigest, rightDigest) = (try FileDigest(ofFileAt: left), try FileDigest(ofFileAt: right))
        hasSameBytes = leftDigest == rightDigest
        kind = try Self.commonKind(left, right, largest: max(leftDigest.byteCount, rightDigest.byteCount))
        guard !hasSameBytes else {
            findings = []
            return
        }
        switch kind {
        case .tensors:
            findings = try TensorFileComparison(
                TensorFileReader(path: left.string), TensorFileReader(path: right.string)
            ).findings
        case .picture: findings = try Self.pictureFindings(left, right)
        case .json: findings = try Self.jsonFindings(left, right)
        case .bytes:
            let offset = try Self.firstDifference(left, right, byteCount: leftDigest.byteCount)
            findings = [
                .bytes(firstOffset: offset, leftCount: leftDigest.byteCount, rightCount: rightDigest.byteCount)
            ]
        }
    }

    private static let jsonLimit = 1 << 26

    private static func commonKind(_ left: FilePath, _ right: FilePath, largest: Int) throws -> Kind {
        let heads = try [left, right].map { path in
            var head: [UInt8] = []
            try Files.read(path, in: 0..<8) { head.append(contentsOf: $0) }
            return head
        }
        if heads.allSatisfy({ $0 == [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a] }) { return .tensors }
        if heads.allSatisfy({ $0 == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] }) { return .picture }
        let isBraced = heads.allSatisfy { head in
            head.first { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }.map { $0 == 0x7b || $0 == 0x5b } ?? false
        }
        guard isBraced, largest <= jsonLimit else { return .bytes }
        let isJSON = [left, right].allSatisfy { (try? JSONValue(parsing: try Files.bytes(of: $0))) != nil }
        return isJSON ? .json : .bytes
    }

    private static func pictureFindings(_ left: FilePath, _ right: FilePath) throws -> [Finding] {
        let (left, right) = (try Raster(png: Files.bytes(of: left)), try Raster(png: Files.bytes(of: right)))
        guard left.words == right.words else { return [.other("picture", left: left.words, right: right.words)] }
        let shape = [left.height, left.width, left.channelCount]
        switch (left.samples, right.samples) {
        case (.eight(let left), .eight(let right)):
            var comparison = ValueComparison<UInt8>(shape: shape)
            comparison.append(left, right)
            return comparison.difference.map { [.values("pixels", $0)] } ?? []
        case (.sixteen(let left), .sixteen(let right)):
            var comparison = ValueComparison<UInt16>(shape: shape)
            comparison.append(left, right)
            return comparison.difference.map { [.values("pixels", $0)] } ?? []
        default: return []
        }
    }

    private static func jsonFindings(_ left: FilePath, _ right: FilePath) throws -> [Finding] {
        var findings: [Finding] = []
        compare(
            try JSONValue(parsing: Files.bytes(of: left)), try JSONValue(parsing: Files.bytes(of: right)), at: "$",
            &findings)
        return findings
    }

    private static func compare(_ left: JSONValue, _ right: JSONValue, at place: String, _ findings: inout [Finding]) {
        switch (left, right) {
        case (.object(let before), .object(let after)):
            let (before, after) = (byName(before), byName(after))
            for name in Set(before.keys).union(after.keys).sorted() {
                let place = "\(place).\(name.text)"
                switch (before[name], after[name]) {
                case (let before?, let after?): compare(before, after, at: place, &findings)
                case (_?, nil): findings.append(.onlyLeft(place))
                case (nil, _): findings.append(.onlyRight(place))
                }
            }
        case (.array(let before), .array(let after)):
            for index in 0..<max(before.count, after.count) {
                let place = "\(place)[\(index)]"
                if index >= after.count {
                    findings.append(.onlyLeft(place))
                } else if index >= before.count {
                    findings.append(.onlyRight(place))
                } else {
                    compare(before[index], after[index], at: place, &findings)
                }
            }
        case (.text(let before), .text(let after)) where ByteName(before) != ByteName(after):
            findings.append(.other(place, left: left.shortText, right: right.shortText))
        case _ where left == right: return
        case (.number(let before), .number(let after)):
            var comparison = ValueComparison<Double>(shape: [])
            comparison.append([before], [after])
            if let difference = comparison.difference { findings.append(.values(place, difference)) }
        default: findings.append(.other(place, left: left.shortText, right: right.shortText))
        }
    }

    private static func byName(_ members: [String: JSONValue]) -> [ByteName: JSONValue] {
        Dictionary(uniqueKeysWithValues: members.map { (ByteName($0), $1) })
    }

    /// The offset of the first byte that differs or that one file lacks.
    private static func firstDifference(_ left: FilePath, _ right: FilePath, byteCount: Int) throws -> Int {
        var offset = 0
        while offset < byteCount {
            let range = offset..<min(offset + Files.bufferByteCount, byteCount)
            let pieces = try [left, right].map { path in
                var piece: [UInt8] = []
                try Files.read(path, in: range) { piece.append(contentsOf: $0) }
                return piece
            }
            if let index = zip(pieces[0], pieces[1]).enumerated().first(where: { $1.0 != $1.1 })?.offset {
                return offset + index
            }
            if pieces[0].count != pieces[1].count { return offset + min(pieces[0].count, pieces[1].count) }
            offset = range.upperBound
        }
        return byteCount
    }
}

extension Raster {
    /// For example `120x80, rgb with alpha, 8 bits`.
    fileprivate var words: String {
        "\(width)x\(height), \(colour == .grey ? "grey" : "rgb")\(hasAlpha ? " with alpha" : ""), "
            + "\(samples.bitDepth) bits"
    }
}

extension JSONValue {
    /// At most about 60 characters.
    fileprivate var shortText: String {
        let text = canonicalText
        return text.count > 60 ? text.prefix(57) + "..." : text
    }
}
