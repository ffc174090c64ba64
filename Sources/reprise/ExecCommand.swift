// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import Dispatch
import PipelineExecution
import PipelineTools
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Does the work of one stage, as a process of its own; 'run' starts it.",
        discussion: """
            ACTION is the work order that 'run' writes into the stage's private folder. Progress goes to standard \
            output as lines of JSON, remarks to standard error, the report beside the order. The process ends itself \
            when its standard input closes, so that it does not outlive the run that started it.
            """)

    @Argument(help: "A work order, as 'run' writes it.")
    var action: String?

    @Flag(help: ArgumentHelp("Ends the commands of a run that is gone.", visibility: .hidden))
    var warden = false

    func validate() throws {
        if (action == nil) != warden { throw ValidationError("'exec' takes a work order") }
    }

    func run() async throws {
        guard let action else { return Warden.keep() }
        let file = FilePath(action)
        let (order, giver): (WorkOrder, ProgramIdentity)
        do {
            try AttemptLife.begin(order: file)
            let json = try JSONValue(parsing: try Files.bytes(of: file), valueLimit: WorkOrder.valueLimit)
            (order, giver) = (try WorkOrder(json: json), try ProgramIdentity(ofOrder: json))
        } catch {
            throw UsageError("cannot read the work order '\(action)': \(error)")
        }
        if isatty(STDIN_FILENO) == 0 { Self.endWithParent() }
        let performance = WorkPerformance(
            toolbox: .standard,
            progress: { Terminal.output.write($0.json.canonicalText + "\n") },
            remark: { Terminal.error.write($0 + "\n") })
        let isOurs = try OwnExecutable.program.isSame(as: giver)
        let report = isOurs ? performance.report(on: order) : .failed(ProgramIdentity.replaced)
        if case .failed(let failure, _) = report { Terminal.error.write("\(failure.message)\n") }
        try Files.replace(order.folder.appending("report.json"), with: report.json.canonicalBytes)
    }

    /// Ends this process and the programs it started when the other end of standard input closes.
    private static func endWithParent() {
        // Only as the leader of a group of our own: nobody else's processes are ours to end.
        guard getpgrp() == getpid() else { return }
        DispatchQueue.global().async {
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count > 0 || (count < 0 && errno == EINTR) { continue }
                kill(0, SIGKILL)
            }
        }
    }
}
