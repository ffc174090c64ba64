// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import SystemPackage

extension PipelineSession {
    /// What prints the log of a stage, to be pasted into a shell.
    func logCommand(for stage: String) -> String {
        var words = ["reprise", "log", pipelineWord, stage]
        if folders.root.string != PipelineOptions.usualCache { words += ["--cache", folders.root.string] }
        return words.map(Self.shellWord).joined(separator: " ")
    }

    /// The pipeline as commands take it: the folder where the manifest has the usual name.
    private var pipelineWord: String {
        manifestFile.lastComponent?.string == "pipeline.yml" ? manifestFolder.string : manifestFile.string
    }

    /// The word as it is, or between quotes that double where a shell would take it for more.
    private static func shellWord(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./@=,+:%".utf8.contains(byte)
            }
        }
        if isPlain, !word.isEmpty { return word }
        let escaped = word.map { "\"$`\\".contains($0) ? "\\\($0)" : String($0) }.joined()
        return "\"\(escaped)\""
    }
}
