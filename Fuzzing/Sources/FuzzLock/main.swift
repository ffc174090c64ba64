// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import Glibc
import PipelineRecords
import SystemPackage

// A text is a lock, which comes back from its text, or is told to be none.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        do throws(LockError) {
            let lock = try PipelineLock(parsing: text, file: "pipeline.lock")
            let again = try PipelineLock(parsing: lock.text, file: "again.lock")
            precondition(again == lock, "a lock does not come back")
        } catch {
            precondition(error.file == "pipeline.lock" && !error.reason.isEmpty, "\(error)")
        }
    })
