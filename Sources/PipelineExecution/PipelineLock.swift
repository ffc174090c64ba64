// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import SystemPackage

/// What each stage's key and outputs were, in a small text file that belongs into version control.
///
///     reprise-lock 1
///
///     stage augment
///       key    91f0…
///       images 3c5d…
///
/// One block a stage, sorted by name, so that merges touch only what changed.
package struct PipelineLock: Hashable, Sendable {
    package struct StageLock: Hashable, Sendable {
        package let key: ActionKey
        /// Content digests by output.
        package let contents: [String: Digest]
    }

    package let stages: [String: StageLock]

    package init(stages: [String: StageLock]) {
        self.stages = stages
    }

    /// The lock of a run; stages without a result are not in it.
    package init(of records: [StageRecord]) {
        let ended = records.filter { $0.outcome.hasResult }
        stages = Dictionary(
            ended.compactMap { record in
                record.key.map { key in
                    let contents = record.outputs.map { ($0.name, $0.content) }
                    return (record.stage, StageLock(key: key, contents: Dictionary(uniqueKeysWithValues: contents)))
                }
            }, uniquingKeysWith: { first, _ in first })
    }

    private static let header = "reprise-lock 1"

    /// Whether a version control system left this line where it could not merge.
    private static func isConflictMark(_ line: Substring) -> Bool {
        ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].contains { line.hasPrefix($0) }
    }

    package var text: String {
        var text = Self.header + "\n"
        for (name, stage) in stages.sorted(by: { $0.key < $1.key }) {
            let width = max(3, stage.contents.keys.map(\.count).max() ?? 0)
            func line(_ name: String, _ digest: Digest) -> String {
                "  \(name)\(String(repeating: " ", count: width - name.count)) \(digest)\n"
            }
            text += "\nstage \(name)\n" + line("key", stage.key.digest)
            for (output, content) in stage.contents.sorted(by: { $0.key < $1.key }) { text += line(output, content) }
        }
        return text
    }

    /// Reads a lock; throws a `LockError` with the line that is not one of a lock's.
    package init(parsing text: String, file: FilePath) throws(LockError) {
        var stages: [String: StageLock] = [:]
        var current: (name: String, key: ActionKey?, contents: [String: Digest])?
        func finished() throws(LockError) {
            guard let block = current else { return }
            guard let key = block.key else {
                throw LockError(file: file, line: nil, "stage '\(block.name)' has no key")
            }
            stages[block.name] = StageLock(key: key, contents: block.contents)
        }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        if let line = lines.firstIndex(where: Self.isConflictMark) {
            throw LockError(
                file: file, line: line + 1, "it holds a merge conflict",
                hint: "run 'reprise lock' after taking both sides")
        }
        guard lines.first.map(String.init) == Self.header else {
            throw LockError(file: file, line: 1, "a lock begins with '\(Self.header)'")
        }
        for (index, line) in lines.enumerated().dropFirst() {
            let words = line.split(separator: " ")
            if words.isEmpty || line.hasPrefix("#") { continue }
            guard words.count == 2 else { throw LockError(file: file, line: index + 1, "not a line of a lock") }
            if !line.hasPrefix(" "), words[0] == "stage" {
                try finished()
                guard stages[String(words[1])] == nil else {
                    throw LockError(file: file, line: index + 1, "stage '\(words[1])' stands twice")
                }
                current = (String(words[1]), nil, [:])
                continue
            }
            guard let digest = Digest(hexadecimal: words[1]), current != nil else {
                throw LockError(file: file, line: index + 1, "not a line of a lock")
            }
            if words[0] == "key", current?.key == nil {
                current?.key = ActionKey(digest)
            } else if current?.contents.updateValue(digest, forKey: String(words[0])) != nil {
                throw LockError(file: file, line: index + 1, "output '\(words[0])' stands twice")
            }
        }
        try finished()
        self.stages = stages
    }
}

/// A lock file that cannot be understood.
package struct LockError: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: FilePath
    package let line: Int?
    package let reason: String
    package let hint: String?

    init(file: FilePath, line: Int?, _ reason: String, hint: String? = nil) {
        self.file = file
        self.line = line
        self.reason = reason
        self.hint = hint
    }

    package var description: String {
        "cannot read the lock '\(file)'\(line.map { ", line \($0)" } ?? ""): \(reason)"
    }
}

/// How a run's content stands to a lock.
package struct LockComparison: Sendable {
    package enum Difference: Hashable, Sendable {
        /// Outputs whose content is another, with both digests.
        case content(output: String, locked: Digest, here: Digest)
        /// An output that only one side has.
        case outputs
        case onlyHere
        case onlyInLock
    }

    package enum Verdict: Hashable, Sendable {
        case identical
        /// The same content under another key.
        case rekeyed
        case differs(Difference)
    }

    package struct Stage: Hashable, Sendable {
        package let name: String
        package let verdict: Verdict
        package let lockedKey: ActionKey?
        package let key: ActionKey?
    }

    /// In the graph's order, those with a result; then those that only the lock has, by name.
    package let stages: [Stage]
    /// The first stage in the graph's order that differs, and how; `nil` where all content is the same.
    package let first: (stage: String, difference: Difference)?
    /// Stages with the same content under another key: something changed that did not matter.
    package let rekeyed: [String]

    /// - Parameter records: in the graph's order.
    package init(_ lock: PipelineLock, records: [StageRecord]) {
        let here = PipelineLock(of: records)
        let known = Set(records.map(\.stage))
        var stages = records.compactMap { record in
            here.stages[record.stage].map { now in
                Stage(
                    name: record.stage, verdict: Self.verdict(locked: lock.stages[record.stage], here: now),
                    lockedKey: lock.stages[record.stage]?.key, key: now.key)
            }
        }
        for name in lock.stages.keys.sorted() where !known.contains(name) {
            stages.append(
                Stage(name: name, verdict: .differs(.onlyInLock), lockedKey: lock.stages[name]?.key, key: nil))
        }
        self.stages = stages
        first =
            stages.lazy.compactMap { stage in
                if case .differs(let difference) = stage.verdict { (stage.name, difference) } else { nil }
            }.first
        rekeyed = stages.filter { $0.verdict == .rekeyed }.map(\.name)
    }

    private static func verdict(locked: PipelineLock.StageLock?, here: PipelineLock.StageLock) -> Verdict {
        if let difference = difference(locked: locked, here: here) { return .differs(difference) }
        return locked?.key == here.key ? .identical : .rekeyed
    }

    private static func difference(locked: PipelineLock.StageLock?, here: PipelineLock.StageLock) -> Difference? {
        guard let locked else { return .onlyHere }
        if Set(locked.contents.keys) != Set(here.contents.keys) { return .outputs }
        for (output, content) in here.contents.sorted(by: { $0.key < $1.key }) {
            guard let before = locked.contents[output], before != content else { continue }
            return .content(output: output, locked: before, here: content)
        }
        return nil
    }
}

extension LockComparison.Difference: CustomStringConvertible {
    package var description: String {
        switch self {
        case .content(let output, let locked, let here):
            "its output '\(output)' has the content \(here.abbreviated), the lock says \(locked.abbreviated)"
        case .outputs: "it has other outputs than the lock says"
        case .onlyHere: "the lock does not know it"
        case .onlyInLock: "the lock has it and this pipeline has not"
        }
    }
}

extension PipelineLock {
    /// Reads a lock file.
    package init(readingFrom file: FilePath) throws {
        self = try PipelineLock(parsing: String(decoding: try Files.bytes(of: file), as: UTF8.self), file: file)
    }
}
