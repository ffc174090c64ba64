// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import ContentStore
import Glibc
import PipelineRecords

// What can be read of a record comes back from the record that is written of it.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        guard let json = try? JSONValue(parsing: bytes), let record = RunRecord(json: json) else { return }
        let text = Array(record.json.indentedText.utf8)
        let again = (try? JSONValue(parsing: text)).flatMap { RunRecord(json: $0) }
        precondition(again == record, "a record does not come back")
    })
