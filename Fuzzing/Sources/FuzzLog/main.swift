// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import ContentStore
import Glibc
import PipelineRecords
import SystemPackage

// Logs are read by name, in a cache of its own, in memory where the system keeps such files.
let folders = CacheFolders(root: FilePath("/dev/shm/reprise-fuzz-\(getpid())-logs"))
let key = ActionKey(Digest(ofText: "key"))
let log = folders.log(of: key)
let printed = folders.root.appending("printed")
atexit { try? Files.removeTree(folders.root) }
do {
    try Files.makeFolder(folders.logs)
} catch {
    preconditionFailure("\(error)")
}

// An input is read as a kept log, and is kept as what a stage printed.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        do {
            try Files.replace(log, with: bytes)
            try check(byteLimit: 1 << 20)
            try check(byteLimit: 1 << 12)
            try Files.remove(log)
            try checkKept(bytes)
        } catch {
            preconditionFailure("\(error)")
        }
    })

/// What is read stays within its bound, and is some lines; or the log is told to be none.
func check(byteLimit: Int) throws {
    do throws(StoreError) {
        var readCount = 0
        _ = try StageLog.read(log) { piece in
            precondition(!piece.isEmpty && piece.count <= 1 << 16, "a piece is too long")
            readCount += piece.count
            return readCount < byteLimit
        }
        precondition(readCount < byteLimit + (1 << 16), "more is read than was asked for")
        let lines = try StageLog.lastLines(20, at: log, byteLimit: byteLimit)
        precondition((lines ?? []).count <= 21, "there are too many lines")
        precondition((lines ?? []).allSatisfy { $0.count <= 1001 || $0.hasPrefix("… ") }, "a line is too long")
    } catch {
        precondition(!error.description.isEmpty, "a refusal has no words")
    }
}

/// What was printed comes back; of nothing, nothing is kept.
func checkKept(_ bytes: [UInt8]) throws {
    try Files.replace(printed, with: bytes)
    try StageLog.keep(printed, of: key, in: folders)
    let text = try StageLog.text(at: log)
    precondition(text == (bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)), "a log does not come back")
    if !bytes.isEmpty { try Files.remove(log) }
}
