// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import Glibc
import PipelineManifest

// A text is a catalogue or has mistakes, which can be shown; a catalogue written anew is the same catalogue.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        do throws(Diagnostics) {
            let catalogue = try Catalogue.parse(SourceText(file: "catalogue", text: text))
            let again = try Catalogue.parse(SourceText(file: "again", text: catalogue.text))
            precondition(again == catalogue, "a catalogue does not come back from its text")
        } catch {
            precondition(!DiagnosticText().text(of: error).isEmpty, "mistakes have no words")
        }
    })
