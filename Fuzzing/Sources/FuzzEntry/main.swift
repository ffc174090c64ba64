// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import ContentStore
import Glibc
import PipelinePlanning
import SystemPackage

// The action cache reads files by name: one file, in memory where the system keeps such files, for each input.
let cache = FilePath("/dev/shm/reprise-fuzz-\(getpid())")
let actions = FileActionCache(cache: cache)
atexit { try? Files.removeTree(cache) }

exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        guard let value = try? JSONValue(parsing: bytes) else { return }
        // A value comes back from both of its texts, and its canonical text is one.
        let canonical = value.canonicalBytes
        let again = try? JSONValue(parsing: canonical)
        precondition(again == value && again?.canonicalBytes == canonical, "a value does not come back")
        precondition((try? JSONValue(parsing: Array(value.indentedText.utf8))) == value, "a text is not indented well")

        let document = value["document"] ?? value
        check(KeyDifference(from: document, to: value["result"] ?? value), document)
        check(Action(document: document), in: bytes)
    })

/// Two equal documents have no difference, and each difference has words.
func check(_ difference: KeyDifference, _ document: JSONValue) {
    precondition(KeyDifference(from: document, to: document).reasons.isEmpty, "a document differs from itself")
    precondition(difference.reasons.allSatisfy { !$0.description.isEmpty }, "a difference has no words")
}

/// What lies in the place of an action's entry is that entry or none.
func check(_ action: Action, in bytes: [UInt8]) {
    let name = action.key.description
    let folder = cache.appending("actions").appending(String(name.prefix(2)))
    let file = folder.appending(String(name.dropFirst(2)) + ".json")
    do {
        try Files.makeFolder(folder)
        try Files.replace(file, with: bytes)
        if let entry = try actions.entry(for: action.key) {
            precondition(entry.action == action, "an entry of another action is taken")
            try actions.publish(entry)
            let again = try actions.entry(for: action.key)
            precondition(again == entry, "an entry does not come back")
        }
        try Files.removeTree(folder)
    } catch {
        preconditionFailure("\(error)")
    }
}
