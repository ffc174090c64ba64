// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import SystemPackage

extension PipelineSession {
    /// What prints the log of a stage, to be pasted into a shell.
    func logCommand(for stage: String) -> String { commandLine("log", [stage], settings: []) }

    /// What makes a stage and all that depends on it anew, with this session's data and settings.
    func forceCommand(for stage: String) -> String {
        var settings: [String] = []
        if dataFolder.string != PipelineOptions.usualData { settings += ["--data", dataFolder.string] }
        for (name, value) in overrides { settings += ["--set", "\(name)=\(value)"] }
        return commandLine("run", ["--force-downstream", stage], settings: settings)
    }

    private func commandLine(_ command: String, _ words: [String], settings: [String]) -> String {
        var line = ["reprise", command, pipelineWord] + words + settings
        if folders.root.string != PipelineOptions.usualCache { line += ["--cache", folders.root.string] }
        return line.map { ShellWord($0).textInSingleQuotes }.joined(separator: " ")
    }

    /// The pipeline as commands take it: the folder where the manifest has the usual name.
    private var pipelineWord: String {
        manifestFile.lastComponent?.string == "pipeline.yml" ? manifestFolder.string : manifestFile.string
    }
}
