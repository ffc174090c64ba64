// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelinePlanning

struct LockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Writes the key and the content of every stage beside the manifest.",
        discussion: """
            The lock of 'x3.yml' is 'x3.lock': a small text file for version control, a block a stage. Stages that are \
            not up to date are run first. After a merge that left marks of a conflict, 'lock' writes it anew.
            """)

    @OptionGroup var options: PipelineOptions
    @OptionGroup var execution: ExecutionFlags

    @Flag(help: "Runs and writes nothing; ends with 3 where the lock is not that of the results that are there.")
    var check = false

    func run() async throws {
        let session = try options.session()
        if check { return try await compare(session) }
        let ended = try await PipelineRun(session: session, execution: execution).run(session.stages(named: []))
        try ended.complain(in: session)
        let lock = PipelineLock(of: ended.outcome.records)
        try Files.replace(session.lockFile, with: Array(lock.text.utf8))
        Terminal.output.write("wrote \(session.lockFile): \(lock.stages.count) stages\n")
    }

    private func compare(_ session: PipelineSession) async throws {
        let lock = try session.readLock()
        let stages = try session.stages(named: [])
        let plan = try session.planner(for: try await session.snapshot(for: stages)).plan(for: stages)
        if let open = plan.stages.first(where: { $0.resolution.result == nil }) {
            Terminal.output.write("stage '\(open.node.name)' is not up to date: \(open.explanation)\n")
            throw RepriseExit.differs
        }
        let records = plan.stages.map { planned in
            StageRecord(
                stage: planned.node.name, outcome: .hit, key: planned.resolution.key,
                outputs: planned.resolution.result?.outputs ?? [])
        }
        let now = PipelineLock(of: records)
        if now == lock {
            Terminal.output.write("\(session.lockFile) is that of the results: \(lock.stages.count) stages\n")
            return
        }
        let comparison = LockComparison(lock, records: records)
        if let first = comparison.first {
            Terminal.output.write("stage '\(first.stage)' differs from \(session.lockFile): \(first.difference)\n")
        } else {
            let names = comparison.rekeyed.map { "'\($0)'" }.joined(separator: ", ")
            Terminal.output.write("keys differ from \(session.lockFile), though not the content: \(names)\n")
        }
        throw RepriseExit.differs
    }
}
