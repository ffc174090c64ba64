// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution
import PipelineManifest
import PipelinePlanning

struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Shows what a stage printed when it last ran, also where it failed.")

    @OptionGroup var options: PipelineOptions

    @Argument(help: "The stage whose log to show.", completion: StageCompletion.names)
    var stage: String

    func run() async throws {
        let session = try options.session()
        guard session.graph.node(named: stage) != nil else { throw session.unknownStage(stage) }
        let history = try RunHistory(of: session.folders)
        guard let key = history.latestKey(of: stage, inPipeline: session.manifest.name),
            let log = try StageLog.text(at: session.folders.log(of: key))
        else {
            throw UsageError("there is no log of stage '\(stage)'", hint: "a log is kept when a stage has run here")
        }
        Terminal.output.write(log.isEmpty ? "stage '\(stage)' printed nothing\n" : log)
    }
}
