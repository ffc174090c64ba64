// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest
package import PipelinePlanning
package import SystemPackage

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
        /// How far the two times lie apart, or where they agree, the first and the cache; `nil` where nobody can say.
        package let distance: String?
    }

    /// Says how far two files lie apart.
    package typealias Comparison = @Sendable (_ left: FilePath, _ right: FilePath) -> String?

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
        of node: StageNode, results: [String: ActionResult], comparison: Comparison
    ) async throws(StageFailure) -> [Difference] {
        let work = StageWork(
            node: node, results: results, planner: planner, runner: runner,
            equipment: RunEquipment(planner: planner, warden: warden), threads: threads, onProgress: { _ in },
            onLine: nil)
        let threads = StageThreads()
        defer { threads.close() }
        do {
            return try await withTaskExecutorPreference(threads) {
                try await differences(work, results, comparison)
            }
        } catch {
            switch StageAttempt.obstacle(error) {
            case .failed(let failure): throw failure
            case .touched(let file): throw .inputChanged(file: file, input: "")
            case .lostInputs(let producers):
                let names = producers.sorted().map { "'\($0)'" }.joined(separator: ", ")
                throw .tool(ToolFailure("the cache has lost what it reads of \(names)"))
            }
        }
    }

    private func differences(
        _ work: StageWork, _ results: [String: ActionResult], _ comparison: Comparison
    ) async throws -> [Difference] {
        guard case .upToDate(let entry) = try planner.resolution(of: work.node, results: results) else {
            throw ToolFailure("it has no result to compare with")
        }
        let claim = try await ActionClaim.waiting(at: folders.claim(of: entry.action.key), onWait: {})
        let site = try WorkSite(of: entry.action.key, holding: claim, in: folders)
        defer {
            try? Files.removeTree(site.folder)
            site.release()
        }
        let first = try await done(work, at: site)
        let second = try await done(work, at: site)
        return work.node.stage.outputs.compactMap { output in
            guard let stored = entry.result.output(named: output.name), let one = first[output.name],
                let other = second[output.name], stored.content != one.content || one.content != other.content
            else { return nil }
            let distance: String? =
                if one.content != other.content {
                    comparison(one.path, other.path)
                } else {
                    (try? planner.objects.verifiedFile(of: stored.object)).flatMap { comparison($0, one.path) }
                }
            return Difference(
                output: output.name, stored: stored.content, first: one.content, second: other.content,
                distance: distance)
        }
    }

    /// What came of one time, in a folder of its own: each output's file and content.
    private func done(
        _ work: StageWork, at site: WorkSite
    ) async throws -> [String: (path: FilePath, content: Digest)] {
        let folder = try site.newAttempt().filePath
        // What outlives failed attempts must not help the second time.
        let outputs = try await work.done(
            in: folder, keeping: folder.appending("kept"), charging: CostAccount())
        var made: [String: (path: FilePath, content: Digest)] = [:]
        for output in outputs {
            made[output.name] = (output.path, try output.content ?? FileDigest(ofFileAt: output.path).digest)
        }
        return made
    }
}
