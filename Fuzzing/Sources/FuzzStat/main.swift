// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import ContentStore
import Glibc

let newRow = StatTable.Row(
    status: FileStatus(kind: .file, byteCount: 3, device: 1, inode: 2, modificationTime: 3, changeTime: 4),
    bytes: FileDigest(digest: Digest(ofText: "new"), byteCount: 3), isSettled: true,
    firstSeen: Uptime(start: 1, nanoseconds: 2), seenAt: 5)

// The input is a table without its seal, which every change would break; the whole input is also tried as it is.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        for bytes in [bytes, bytes + Digest(of: bytes).bytes] {
            guard let table = StatTable(sealed: bytes) else { continue }
            precondition(table.sealedBytes == bytes, "a table does not come back")
            check(table, name: String(decoding: bytes.dropLast(32).suffix(8), as: UTF8.self))
        }
    })

/// Every name can be looked for, what is put in is found, and what is written again is right.
func check(_ table: StatTable, name: String) {
    let found = [name, "", "a", "b/c", "\u{e9}"].map { table[$0] }
    precondition(table.count > 0 || found.allSatisfy { $0 == nil }, "an empty table holds a row")
    let merged = table.merged(with: [name: newRow], seenSince: .min)
    precondition(merged.count <= table.count + 1, "rows come from nowhere")
    precondition(merged[name] == newRow, "a new row is not found")
    let again = StatTable(sealed: merged.sealedBytes)
    precondition(again?.count == merged.count && again?[name] == newRow, "a written table is not read")
    let same = again?.merged(with: [:], seenSince: .min)
    precondition(same?.sealedBytes == merged.sealedBytes, "a row is lost")
    precondition(merged.merged(with: [:], seenSince: .max).count <= merged.count, "old rows are more than all")
}
