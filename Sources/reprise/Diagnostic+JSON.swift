// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest

extension Diagnostic {
    /// The mistake for editors and CI services; `line` and `column` count from 1, `length` is in columns.
    var json: JSONValue {
        [
            "code": .text(code.rawValue), "file": .text(file), "line": .integer(location.line),
            "column": .integer(location.column), "length": .integer(location.length), "message": .text(message),
            "details": .array(details.map { .text($0) }), "hint": hint.map { .text($0) } ?? .null,
        ]
    }
}
