// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest
package import PipelinePlanning
import SystemPackage

/// Does the work of a stage twice, each time from the beginning in a folder of its own, and compares what came of it
/// with each other and with the result that the cache has; nothing is stored.
package struct DeterminismCheck: Sendable {
    /// An output of which not all contents are the same.
    package struct Difference: Hashable, Sendable {
        package let output: String
        /// In the cache.
        package let stored: Digest
        package let first: Digest
        package let second: Digest
    }

    private let planner: Planner
    private let runner: any ActionRunner
    private let folders: CacheFolders
    private let threads: Int
    private let warden: Warden?

    package init(planner: Planner, runner: any ActionRunner, folders: CacheFolders, threads: Int, warden: Warden?) {
        self.planner = planner
        self.runner = runner
        self.folders = folders
        self.threads = threads
        self.warden = warden
    }

    /// The outputs of a stage that differ, in the order declared.
    ///
    /// - Parameter results: of this stage and of all that it reads.
    package func differences(
        of node: StageNode, results: [String: ActionResult]
    ) async throws(StageFailure) -> [Difference] {
        let work = StageWork(
            node: node, results: results, planner: planner, runner: runner,
            equipment: RunEquipment(planner: planner, warden: warden), threads: threads, onProgress: { _ in },
            onLine: nil)
        let threads = StageThreads()
        defer { threads.close() }
        do {
            return try await withTaskExecutorPreference(threads) { try await differences(work, results) }
        } catch {
            switch StageAttempt.obstacle(error) {
            case .failed(let failure): throw failure
            case .lostInputs(let producers):
                let names = producers.sorted().map { "'\($0)'" }.joined(separator: ", ")
                throw .tool(ToolFailure("the cache has lost what it reads of \(names)"))
            }
        }
    }

    private func differences(_ work: StageWork, _ results: [String: ActionResult]) async throws -> [Difference] {
        guard case .upToDate(let entry) = try planner.resolution(of: work.node, results: results) else {
            throw ToolFailure("it has no result to compare with")
        }
        let claim = try await ActionClaim.waiting(at: folders.claim(of: entry.action.key), onWait: {})
        defer { claim.release() }
        let first = try await contents(work, entry.action.key)
        let second = try await contents(work, entry.action.key)
        return work.node.stage.outputs.compactMap { output in
            guard let stored = entry.result.output(named: output.name)?.content, let one = first[output.name],
                let other = second[output.name], stored != one || one != other
            else { return nil }
            return Difference(output: output.name, stored: stored, first: one, second: other)
        }
    }

    /// The content of each output of one time, which leaves nothing behind.
    private func contents(_ work: StageWork, _ key: ActionKey) async throws -> [String: Digest] {
        let workFolder = folders.workFolder(of: key)
        let folder = workFolder.appending("attempt-" + String(UInt32.random(in: 0...UInt32.max), radix: 16))
        try Files.makeFolder(folder)
        defer { try? Files.removeTree(workFolder) }
        // What outlives failed attempts must not help the second time.
        let outputs = try await work.done(in: folder, keeping: folder.appending("kept")).outputs
        var contents: [String: Digest] = [:]
        for output in outputs {
            contents[output.name] = try output.content ?? FileDigest(ofFileAt: output.path).digest
        }
        return contents
    }
}
