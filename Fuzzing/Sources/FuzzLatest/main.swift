// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import ContentStore
import Glibc
import PipelineRecords
import SystemPackage

// The file is read by name, in a cache of its own without any record, in memory where the system keeps such files.
let folders = CacheFolders(root: FilePath("/dev/shm/reprise-fuzz-\(getpid())-latest"))
let file = folders.latestStages.appending(Digest(ofText: "p").description)
atexit { try? Files.removeTree(folders.root) }
do {
    try Files.makeFolder(folders.latestStages)
} catch {
    preconditionFailure("\(error)")
}

// The input is the file's body, which is given its seal and is said to be drawn from no record; the whole input is also
// tried as it is.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        do {
            try check(bytes)
            if let body = try? JSONValue(parsing: bytes) { try check(sealed(body).canonicalBytes) }
        } catch {
            preconditionFailure("\(error)")
        }
    })

func sealed(_ body: JSONValue) -> JSONValue {
    var members = body.object ?? [:]
    if members["records"]?.text != nil { members["records"] = .text(Digest(ofText: "").description) }
    let body: JSONValue = members.isEmpty ? body : .object(members)
    return ["body": body, "seal": .text(Digest(of: body.canonicalBytes).description)]
}

/// What is read is read again, and a run's own stages are added to it.
func check(_ bytes: [UInt8]) throws {
    try Files.replace(file, with: bytes)
    let stages = try LatestStages(ofPipeline: "p", in: folders)
    let again = try LatestStages(ofPipeline: "p", in: folders)
    precondition(
        again.keys == stages.keys && again.seconds == stages.seconds && again.sequence == stages.sequence,
        "a second reading finds other stages")
    try add(to: stages)
}

func add(to earlier: LatestStages) throws {
    var stages = earlier
    let key = ActionKey(Digest(ofText: "key"))
    let record = RunRecord(
        id: "20261121T101500.123456Z-01a2b3c4", pipeline: "p", manifest: "p.yml", seconds: 2, environment: [:],
        overrides: [:], forced: [], note: nil,
        stages: [StageRecord(stage: "new", outcome: .ran, key: key, seconds: 1.5)], sequence: 7)
    try RunHistory.save(record, in: folders)
    stages.add(record, in: folders)
    let kept = try LatestStages(ofPipeline: "p", in: folders)
    try Files.remove(folders.runs.appending(record.id + ".json"))
    precondition(kept.keys == stages.keys && kept.keys["new"] == key, "a run's keys are lost")
    precondition(kept.seconds == stages.seconds && kept.seconds["new"] == 1.5, "a run's times are lost")
    precondition(kept.sequence == stages.sequence, "a run's place is lost")
    precondition(stages.sequence == max(7, earlier.sequence), "the newest run is another")
}
