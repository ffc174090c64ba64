// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import ContentStore
import Glibc
import PipelineManifest
import PipelineRecords
import SystemPackage

// Archives are read by name, and taken into a cache of their own, in memory where the system keeps such files.
let archive = FilePath("/dev/shm/reprise-fuzz-\(getpid()).tar")
let folders = CacheFolders(root: FilePath("/dev/shm/reprise-fuzz-\(getpid())-cache"))
atexit {
    try? Files.remove(archive)
    try? Files.removeTree(folders.root)
}

// The input is the bytes of one result's entry and, after its first zero byte, those of the only object; the archive
// around them is right, since what is wrong with archives as such another program looks for.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        let entry = Array(bytes.prefix { $0 != 0 })
        let object = Array(bytes.dropFirst(entry.count + 1))
        do {
            try take(entry, object, isRaw: bytes)
            try Files.removeTree(folders.root)
        } catch {
            preconditionFailure("\(error)")
        }
    })

/// Takes an archive of an entry and an object, or of whatever bytes, into an empty cache.
func take(_ entry: [UInt8], _ object: [UInt8], isRaw bytes: [UInt8]) throws {
    let document = (try? JSONValue(parsing: entry))?["document"] ?? .null
    let key = Action(document: document).key
    let heading = #"{"pipeline":"p","results":{"\#(key)":["s"]},"schema":1}"#
    try ArchiveWriter.write(
        [
            ArchiveInput(name: "reprise-results.json", content: .bytes(Array(heading.utf8))),
            ArchiveInput(name: "results/\(key).json", content: .bytes(entry)),
            ArchiveInput(name: "objects/\(Digest(of: object))", content: .bytes(object)),
        ], to: archive)
    try check(key)
    try Files.replace(archive, with: bytes)
    try check(nil)
}

/// What is taken has its objects, with the content that it says; what is refused leaves no result.
func check(_ key: ActionKey?) throws {
    let objects = FileObjectStore(cache: folders.root)
    let actions = FileActionCache(cache: folders.root)
    do {
        let read = try ResultArchive(readingFrom: archive)
        _ = try read.take(into: folders) { path, _ in try FileDigest(ofFileAt: path).digest }
        for (key, result) in read.results {
            let found = try actions.result(for: key)
            precondition(found == result, "a result was not taken")
            for output in result.outputs {
                precondition(output.content == output.object, "another content was taken")
                let isHeld = try objects.holds(output.object, byteCount: output.byteCount)
                precondition(isHeld, "an object was not taken")
            }
        }
    } catch is ArchiveError {
        guard let key else { return }
        let found = try actions.result(for: key)
        precondition(found == nil, "a refused result is there")
    }
}
