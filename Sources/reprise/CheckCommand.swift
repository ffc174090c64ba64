// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compares every stage's content with the lock; ends with 3 where one differs.",
        discussion: """
            Stages that are not up to date are run first; with a new '--cache' that is all of them, so that every bit \
            is made again. The first stage that differs is named, in the order of the graph: what comes after it \
            follows from it.
            """)

    @OptionGroup var options: PipelineOptions
    @OptionGroup var execution: ExecutionFlags

    func run() async throws {
        let session = try options.session()
        let lock: PipelineLock
        do {
            lock = try PipelineLock(readingFrom: session.lockFile)
        } catch let error as LockError {
            throw error
        } catch {
            throw UsageError(
                "there is no lock '\(session.lockFile)'", hint: "'reprise lock \(options.pipeline)' writes one")
        }
        let ended = try await PipelineRun(session: session, execution: execution).run(session.stages(named: []))
        try ended.complain(in: session)
        let comparison = LockComparison(lock, records: ended.outcome.records)
        if let first = comparison.first {
            Terminal.output.write("stage '\(first.stage)' differs from \(session.lockFile): \(first.difference)\n")
            throw RepriseExit.differs
        }
        Terminal.output.write("identical: \(lock.stages.count) stages have the content of \(session.lockFile)\n")
        if !comparison.rekeyed.isEmpty {
            let names = comparison.rekeyed.map { "'\($0)'" }.joined(separator: ", ")
            Terminal.output.write("keys differ, though not the content: \(names)\n")
        }
    }
}
