// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest

/// One place at which two values of key documents differ: a word, a line, a member, or all of it.
struct ValueChange {
    /// For example `line 3 of the script`.
    let subject: String
    /// Nil where there was nothing.
    let old: JSONValue?
    /// Nil where there is nothing any more.
    let new: JSONValue?

    /// The places at which two values differ: texts of several lines are compared line by line, mappings and long
    /// lists member by member; never empty where their canonical texts differ.
    static func all(of subject: String, from old: JSONValue?, to new: JSONValue?) -> [ValueChange] {
        switch (old, new) {
        case (.text(let before)?, .text(let after)?): lines(of: subject, from: before, to: after)
        case (.array(let before)?, .array(let after)?) where !isShort(old) || !isShort(new):
            elements(from: before, to: after) { "element \($0 + 1) of \(subject)" }
        case (.object(let before)?, .object(let after)?): members(of: subject, from: before, to: after)
        default: [ValueChange(subject: subject, old: old, new: new)]
        }
    }

    /// As above, for a list whose elements have names by their place, which counts from 0.
    static func elements(
        from old: [JSONValue], to new: [JSONValue], subject: (_ place: Int) -> String
    ) -> [ValueChange] {
        ListDifference(from: old.map(\.canonicalBytes), to: new.map(\.canonicalBytes)).places.flatMap { before, after in
            all(
                of: subject(after ?? before ?? 0), from: before.map { old[$0] }, to: after.map { new[$0] })
        }
    }

    private static func members(
        of subject: String, from old: [String: JSONValue], to new: [String: JSONValue]
    ) -> [ValueChange] {
        let changes = Set(old.keys).union(new.keys).sorted().flatMap { name -> [ValueChange] in
            guard old[name]?.canonicalBytes != new[name]?.canonicalBytes else { return [] }
            return all(of: "'\(visible(name))' of \(subject)", from: old[name], to: new[name])
        }
        // Names that are other bytes for the same letters are one name to Swift.
        return changes.isEmpty ? [ValueChange(subject: subject, old: .object(old), new: .object(new))] : changes
    }

    private static func lines(of subject: String, from old: String, to new: String) -> [ValueChange] {
        var (before, after) = (old, new)
        if before.utf8.last == newline, after.utf8.last == newline {
            before.unicodeScalars.removeLast()
            after.unicodeScalars.removeLast()
        }
        guard before.utf8.dropLast().contains(newline) || after.utf8.dropLast().contains(newline) else {
            return [ValueChange(subject: subject, old: .text(before), new: .text(after))]
        }
        let (beforeLines, afterLines) = (lines(of: before), lines(of: after))
        return ListDifference(from: beforeLines, to: afterLines).places.map { before, after in
            ValueChange(
                subject: "line \((after ?? before ?? 0) + 1) of \(subject)",
                old: before.map { .text(String(decoding: beforeLines[$0], as: UTF8.self)) },
                new: after.map { .text(String(decoding: afterLines[$0], as: UTF8.self)) })
        }
    }

    private static let newline = UInt8(ascii: "\n")

    private static func lines(of text: String) -> [[UInt8]] {
        text.utf8.split(separator: newline, omittingEmptySubsequences: false).map { Array($0) }
    }

    /// Whether a value is taken in at one glance.
    private static func isShort(_ value: JSONValue?) -> Bool { ValueText(value).length <= 40 }
}

extension ValueChange: CustomStringConvertible {
    /// For example `line 3 of the script changed 'sort' -> 'sort -r'`; what stands on both sides of the arrow is
    /// never the same.
    var description: String {
        let (before, after) = ValueText.pair(old, new)
        return "\(subject) changed \(before) -> \(after)"
    }
}
