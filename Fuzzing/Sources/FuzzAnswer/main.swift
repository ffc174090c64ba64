// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import ContentStore
import Glibc
import SystemPackage

// Kept answers are read by name: one file, in memory where the system keeps such files, for each input.
let cache = FilePath("/dev/shm/reprise-fuzz-\(getpid())-memo")
let question = Digest(ofText: "question")
let file = CachePath(root: cache).appending("memo").appending(question.description)
let memo = AnswerMemo(cache: cache)
atexit { try? Files.removeTree(cache) }
do {
    try Files.makeFolder(cache.appending("memo"))
} catch {
    preconditionFailure("\(error)")
}

// The input is the file without its seal, which every change would break; the whole input is also tried as it is.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        for bytes in [bytes, bytes + seal(of: bytes)] {
            do {
                try Files.replace(file, with: bytes, permissions: 0o600)
            } catch {
                preconditionFailure("\(error)")
            }
            guard let answer = memo.answer(to: question) else { continue }
            precondition(
                bytes.dropLast(32).suffix(answer.text.utf8.count).elementsEqual(answer.text.utf8), "another text")
            precondition(memo.answer(to: question) == answer, "a second look finds another answer")
        }
    })

/// As `AnswerMemo` computes it: of the bytes and of the question.
func seal(of bytes: [UInt8]) -> [UInt8] { Digest(of: bytes + Array(question.description.utf8)).bytes }
