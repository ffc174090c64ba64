// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineRecords
import SystemPackage

private let digest = Digest(ofText: "seed")

/// Tables of no name, of one and of some, without their seals.
var statSeeds: [(name: String, bytes: [UInt8])] {
    let names = [
        "none": [], "one": ["a"], "some": ["", "a", "b/c", "\u{e9}", "long/" + String(repeating: "x", count: 99)],
    ]
    return names.map { name, names in
        let rows = names.enumerated().map { index, name in (name, row(Int64(index))) }
        let table = StatTable().merged(with: Dictionary(uniqueKeysWithValues: rows), seenSince: 0)
        return (name, table.sealedBytes.dropLast(32))
    }
}

private func row(_ number: Int64) -> StatTable.Row {
    let status = FileStatus(
        kind: .file, byteCount: Int(number), device: 1, inode: 2, modificationTime: number, changeTime: -number)
    return StatTable.Row(
        status: status, bytes: FileDigest(digest: digest, byteCount: Int(number)), isSettled: number % 2 == 0,
        firstSeen: number % 3 == 0 ? nil : Uptime(start: 9, nanoseconds: number), seenAt: number)
}

/// Takes every status for settled.
private struct TrustingClock: FileClock {
    let uptime: Uptime? = nil

    func trust(in status: FileStatus, at path: FilePath) -> StatusTrust { .since(.max) }
}

/// Kept answers that depend on nothing, on what is not there and on what is, without their seals.
func answerSeeds(in folder: String) throws -> [(name: String, bytes: [UInt8])] {
    let cache = FilePath(folder).appending("answers")
    let question = Digest(ofText: "question")
    let memo = AnswerMemo(cache: cache)
    let places = [("nothing", []), ("absent", ["/absent", "/absent/too"]), ("some", ["/", "/usr", "/absent"])]
    defer { try? Files.removeTree(cache) }
    return try places.map { name, places in
        let lookedAt = LookedAt(clock: TrustingClock())
        for place in places {
            let path = FilePath(place)
            lookedAt.note(path, as: try Files.status(path))
            if place == "/" { lookedAt.note(path, followsLink: false, as: try Files.status(path)) }
        }
        try memo.keep(AnswerMemo.Answer(text: "all \u{e9}\n", exitCode: 3), to: question, lookedAt: lookedAt)
        let file = cache.appending("memo").appending(question.description)
        return (name, try Files.bytes(of: file).dropLast(32))
    }
}

/// Bodies of the file that keeps the newest key of each stage.
var latestSeeds: [(name: String, bytes: [UInt8])] {
    let keys: JSONValue = ["train": .text(digest.description), "split": .text(digest.description)]
    let bodies: [(name: String, body: JSONValue)] = [
        ("none", ["keys": [:], "records": .text(digest.description), "schema": 2, "seconds": [:], "sequence": 0]),
        (
            "some",
            [
                "keys": keys, "records": .text(digest.description), "schema": 2,
                "seconds": ["train": .number(1.5), "split": 2, "\u{e9}": .number(1e300)], "sequence": 12,
            ]
        ),
    ]
    return bodies.map { ($0.name, $0.body.canonicalBytes) }
}

/// Logs as they are kept: of no byte more than a few, of many equal ones, in two parts; and what is none.
func logSeeds(in folder: String) throws -> [(name: String, bytes: [UInt8])] {
    let folders = CacheFolders(root: FilePath(folder).appending("logs"))
    let key = ActionKey(digest)
    let printed = folders.root.appending("printed")
    defer { try? Files.removeTree(folders.root) }
    try Files.makeFolder(folders.logs)
    func kept(_ bytes: [UInt8]) throws -> [UInt8] {
        try Files.replace(printed, with: bytes)
        try StageLog.keep(printed, of: key, in: folders)
        return try Files.bytes(of: folders.log(of: key).filePath)
    }
    let lines = try kept(Array("epoch 1\nepoch 2\r\nna\u{ef}ve\n".utf8))
    return [
        ("lines", lines), ("two", lines + lines), ("torn", lines.dropLast(9)), ("garbage", lines + [1, 2, 3]),
        ("plain", Array("not compressed\n".utf8)), ("many", try kept(Array(repeating: 65, count: 3 << 20))),
        ("short", try kept([10])),
    ]
}
