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

    @Option(help: ArgumentHelp("Shows the log that was kept so many before the newest.", valueName: "count"))
    var earlier = 0

    func validate() throws {
        guard 0...StageLog.earlierCount ~= earlier else {
            throw UsageError("'--earlier \(earlier)': \(StageLog.earlierCount) logs are kept beside the newest")
        }
    }

    func run() async throws {
        let session = try options.session()
        let stage = try session.stage(named: stage).name
        let history = try RunHistory(of: session.folders)
        guard let key = history.latestKey(of: stage, inPipeline: session.manifest.name) else {
            throw UsageError("there is no log of stage '\(stage)'", hint: "a log is kept when a stage has run here")
        }
        var rest: [UInt8] = []
        let found = try StageLog.read(session.folders.log(of: key, before: earlier)) { show($0, &rest) }
        Terminal.output.show(String(decoding: rest, as: UTF8.self))
        guard found || earlier == 0 else {
            throw UsageError("there are not so many earlier logs of stage '\(stage)'")
        }
        // Of a stage that prints nothing no log is kept.
        if !found { Terminal.output.write("stage '\(stage)' printed nothing\n") }
    }

    /// Passes a piece on as it is, and to a terminal by whole lines, of which it follows nothing.
    ///
    /// - Returns: whether anybody reads on.
    private func show(_ piece: ArraySlice<UInt8>, _ rest: inout [UInt8]) -> Bool {
        guard Terminal.output.isTerminal else { return Terminal.output.write(piece) }
        rest += piece
        let lines = rest.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
        let end = lines ?? (rest.count > Self.longestLine ? rest.count : 0)
        Terminal.output.show(String(decoding: rest[..<end], as: UTF8.self))
        rest.removeFirst(end)
        return true
    }

    /// In bytes; a longer one is shown before it has ended.
    private static let longestLine = 1 << 16
}
