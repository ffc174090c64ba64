// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage
import Testing

struct PipelineLockTests {
    private static func record(
        _ stage: String, _ key: String, _ contents: [String: String], outcome: StageRecord.Outcome = .ran
    ) -> StageRecord {
        StageRecord(
            stage: stage, outcome: outcome, key: ActionKey(Digest(ofText: key)),
            outputs: contents.map { name, content in
                Artifact(
                    name: name, format: "file", content: Digest(ofText: content), object: Digest(ofText: "bytes"),
                    byteCount: 1)
            })
    }

    private static let records = [
        record("split", "1", ["train": "a", "validation": "b"]), record("augment", "2", ["images": "c"], outcome: .hit),
    ]

    private func complaint(_ text: String) -> String? {
        do {
            _ = try PipelineLock(parsing: text, file: "p.lock")
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `a lock has a block a stage, sorted by name`() {
        func digest(_ text: String) -> Digest { Digest(ofText: text) }
        #expect(
            PipelineLock(of: Self.records).text == """
                reprise-lock 1

                stage augment
                  key    \(digest("2"))
                  images \(digest("c"))

                stage split
                  key        \(digest("1"))
                  train      \(digest("a"))
                  validation \(digest("b"))

                """)
    }

    @Test func `a lock is read back from its text`() throws {
        let lock = PipelineLock(of: Self.records)
        #expect(try PipelineLock(parsing: lock.text, file: "p.lock") == lock)
        let windows = lock.text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        #expect(try PipelineLock(parsing: windows, file: "p.lock") == lock)
        let commented = lock.text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n# x\n")
        #expect(try PipelineLock(parsing: commented, file: "p.lock") == lock)
        let empty = PipelineLock(stages: [:])
        #expect(try PipelineLock(parsing: empty.text, file: "p.lock") == empty)
    }

    @Test func `outputs may have the words of the format as names`() throws {
        let lock = PipelineLock(of: [Self.record("stage", "k", ["key": "1", "stage": "2", "aaa": "3"])])
        #expect(try PipelineLock(parsing: lock.text, file: "p.lock") == lock)
    }

    @Test func `marks of a merge conflict are told with what to do`() throws {
        let text = PipelineLock(of: Self.records).text
        for mark in ["<<<<<<< HEAD", "=======", ">>>>>>> theirs", "||||||| base"] {
            do {
                _ = try PipelineLock(parsing: text + mark + "\n", file: "p.lock")
                Issue.record("'\(mark)' was read")
            } catch {
                #expect(error.description == "cannot read the lock 'p.lock', line 11: it holds a merge conflict")
                #expect(error.hint == "run 'reprise lock' after taking both sides")
            }
        }
    }

    @Test func `every stage has a verdict, in the graph's order`() {
        let lock = PipelineLock(of: [
            Self.record("split", "0", ["train": "a", "validation": "b"]), Self.record("augment", "2", ["images": "x"]),
            Self.record("gone", "4", [:]),
        ])
        let comparison = LockComparison(lock, records: Self.records)
        #expect(comparison.stages.map(\.name) == ["split", "augment", "gone"])
        #expect(
            comparison.stages.map(\.verdict) == [
                .rekeyed,
                .differs(.content(output: "images", locked: Digest(ofText: "x"), here: Digest(ofText: "c"))),
                .differs(.onlyInLock),
            ])
        #expect(comparison.stages[2].key == nil && comparison.stages[2].lockedKey == ActionKey(Digest(ofText: "4")))
    }

    @Test func `stages without a result are not in a lock`() {
        var failed = Self.record("train", "3", [:], outcome: .failed)
        failed.reason = "no"
        let skipped = StageRecord(stage: "compare", outcome: .skipped)
        #expect(PipelineLock(of: Self.records + [failed, skipped]) == PipelineLock(of: Self.records))
    }

    @Test func `bad lines are told with their number`() {
        let digest = Digest(ofText: "x").description
        let cases = [
            ("", "cannot read the lock 'p.lock', line 1: a lock begins with 'reprise-lock 1'"),
            ("reprise-lock 2\n", "cannot read the lock 'p.lock', line 1: a lock begins with 'reprise-lock 1'"),
            ("reprise-lock 1\nstage a b\n", "cannot read the lock 'p.lock', line 2: not a line of a lock"),
            ("reprise-lock 1\n  key \(digest)\n", "cannot read the lock 'p.lock', line 2: not a line of a lock"),
            ("reprise-lock 1\nstage a\n", "cannot read the lock 'p.lock': stage 'a' has no key"),
            ("reprise-lock 1\nstage a\nstage b\n", "cannot read the lock 'p.lock': stage 'a' has no key"),
            ("reprise-lock 1\nstage a\n  key 123\n", "cannot read the lock 'p.lock', line 3: not a line of a lock"),
            ("reprise-lock 1\n<<<<<<< HEAD\n", "cannot read the lock 'p.lock', line 2: it holds a merge conflict"),
            ("reprise-lock 1\nstage a\n=======\n", "cannot read the lock 'p.lock', line 3: it holds a merge conflict"),
            (
                "reprise-lock 1\nstage a\n  key \(digest)\nstage a\n  key \(digest)\n",
                "cannot read the lock 'p.lock', line 4: stage 'a' stands twice"
            ),
            (
                "reprise-lock 1\nstage a\n  key \(digest)\n  o \(digest)\n  o \(digest)\n",
                "cannot read the lock 'p.lock', line 5: output 'o' stands twice"
            ),
        ]
        for (text, expected) in cases { #expect(complaint(text) == expected) }
    }

    @Test func `a lock with any one byte changed is refused or is another lock`() throws {
        let lock = PipelineLock(of: [Self.records[1]])
        let bytes = Array(lock.text.utf8)
        // Blanks and line ends may be others.
        for index in bytes.indices where bytes[index] > 0x20 {
            var changed = bytes
            changed[index] ^= 1
            let other = try? PipelineLock(parsing: String(decoding: changed, as: UTF8.self), file: "p.lock")
            #expect(other != lock, "byte \(index)")
        }
    }

    // MARK: Comparing

    private func comparison(_ records: [StageRecord]) -> String {
        let comparison = LockComparison(PipelineLock(of: Self.records), records: records)
        let first = comparison.first.map { "\($0.stage): \($0.difference)" } ?? "the same"
        return ([first] + comparison.rekeyed.map { "rekeyed \($0)" }).joined(separator: "; ")
    }

    @Test func `the same content is no difference, under another key either`() {
        #expect(comparison(Self.records) == "the same")
        let rekeyed = [Self.record("split", "other", ["train": "a", "validation": "b"]), Self.records[1]]
        #expect(comparison(rekeyed) == "the same; rekeyed split")
    }

    @Test func `the first stage in the graph's order that differs is named, and its first output`() {
        let records = [
            Self.record("split", "1", ["train": "a", "validation": "x"]), Self.record("augment", "2", ["images": "y"]),
        ]
        let (here, locked) = (Digest(ofText: "x").abbreviated, Digest(ofText: "b").abbreviated)
        #expect(
            comparison(records)
                == "split: its output 'validation' has the content \(here), the lock says \(locked)")
        #expect(comparison(records.reversed()).hasPrefix("augment: "))
        let both = comparison([Self.record("split", "1", ["train": "x", "validation": "y"])])
        #expect(both.hasPrefix("split: its output 'train' "))
    }

    @Test func `stages and outputs that only one side has are differences`() {
        #expect(comparison(Self.records + [Self.record("new", "3", [:])]) == "new: the lock does not know it")
        #expect(comparison([Self.records[0]]) == "augment: the lock has it and this pipeline has not")
        #expect(
            comparison([Self.record("split", "1", ["train": "a"]), Self.records[1]])
                == "split: it has other outputs than the lock says")
    }

    @Test func `a stage that failed is not said to have other outputs`() {
        let failed = Self.record("split", "1", [:], outcome: .failed)
        #expect(comparison([failed, Self.records[1]]) == "the same")
    }
}
