// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution

struct LockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Writes the key and the content of every stage beside the manifest.",
        discussion: """
            The lock of 'x3.yml' is 'x3.lock': a small text file for version control. Stages that are not up to date \
            are run first.
            """)

    @OptionGroup var options: PipelineOptions
    @OptionGroup var execution: ExecutionFlags

    func run() async throws {
        let session = try options.session()
        let ended = try await PipelineRun(session: session, execution: execution).run(session.stages(named: []))
        try ended.complain(in: session)
        let lock = PipelineLock(of: ended.outcome.records)
        try Files.replace(session.lockFile, with: Array(lock.text.utf8))
        Terminal.output.write("wrote \(session.lockFile): \(lock.stages.count) stages\n")
    }
}
