// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest
package import PipelinePlanning
package import SystemPackage

/// The files that decide what runs, watched by their status: manifest, sources, catalogues and code.
///
/// A look hashes nothing. That a status changed is only a reason to ask the planner again, and never one to run a
/// stage.
package struct WatchedFiles: Sendable {
    private let roots: [FilePath]

    /// Files and folders, the latter with all below them.
    package init(roots: [FilePath]) {
        self.roots = roots
    }

    /// What these stages of a pipeline are made of.
    package init(of session: PipelineSession, stages: [StageNode]) {
        var roots = session.lookedAt
        let used = Set(stages.flatMap(\.inputs).flatMap(\.origins))
        for source in session.manifest.sources where used.contains(.source(source.name.value)) {
            roots.append(session.dataFolder.pushing(FilePath(source.path.value)))
            if let catalogue = source.catalogue {
                roots.append(session.manifestFolder.pushing(FilePath(catalogue.value.file)))
            }
        }
        for node in stages {
            guard case .command(let command) = node.stage.work else { continue }
            let folder = command.folder(below: session.manifestFolder)
            roots += command.code.map { folder.pushing(FilePath(FilePattern.fixedFolder(of: $0.value))) }
        }
        self.roots = roots
    }

    /// The status of each file as it is now; what cannot be looked at counts as absent.
    package func look() -> [FilePath: FileStatus] {
        var statuses: [FilePath: FileStatus] = [:]
        for root in roots {
            guard let status = try? Files.status(root) else { continue }
            if status.kind != .folder {
                statuses[root] = status
                continue
            }
            for (name, status) in (try? FolderListing(root))?.files ?? [] {
                statuses[root.pushing(FilePath(name))] = status
            }
        }
        return statuses
    }

    /// Waits until a look differs from `known` and nothing has changed for a moment after that.
    ///
    /// - Throws: `CancellationError`.
    package func waitForChange(since known: [FilePath: FileStatus]) async throws {
        let clock = ContinuousClock()
        var settled = known
        while true {
            let start = clock.now
            let now = look()
            // An editor that writes several files is let finish.
            if now != known, now == settled { return }
            settled = now
            // Large folders are looked at less often, so that watching costs little.
            try await Task.sleep(for: max(.milliseconds(250), (clock.now - start) * 20))
        }
    }
}
