// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import SystemPackage

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Runs what changed whenever a file of the pipeline does; Ctrl-C ends it.",
        discussion: """
            The manifest, what it includes, sources, catalogues and declared code are watched. A mistake in the \
            manifest or a failed stage is told, and watching goes on.
            """)

    @OptionGroup var options: PipelineOptions

    @Argument(help: "Stages to bring up to date.", completion: StageCompletion.names)
    var stages: [String] = []

    @OptionGroup var execution: ExecutionFlags

    func run() async throws {
        // A pipeline that is not there is a mistake of the command line, and nothing to wait for.
        _ = try? options.session()
        guard try Files.status(FilePath(options.pipeline)) != nil else {
            _ = try options.session()
            return
        }
        // For as long as it watches: Ctrl-C ends it also between a run and the waiting.
        let ended: Result<Void, any Error> = await Interruption.ending {
            do {
                return .success(try await watch())
            } catch {
                return .failure(error)
            }
        }
        try ended.get()
    }

    private func watch() async throws {
        var told: Diagnostics?
        // What the manifest included when it was read last, and where its mistakes are.
        var parts: Set<FilePath> = []
        while true {
            // Of a faulty manifest nothing else is known, and what else changes in its folder mends nothing.
            var watched = WatchedFiles(roots: [try manifest()] + parts)
            var known = watched.look()
            do {
                let session = try session(&parts)
                let nodes = try session.stages(named: stages)
                watched = WatchedFiles(of: session, stages: nodes)
                // Looked at before anything is hashed: a change during the run is one since this look.
                known = watched.look()
                try await bringUpToDate(session)
                told = nil
            } catch let exit as ExitCode where exit == RepriseExit.interrupted {
                throw exit
            } catch is ExitCode {
                // Told already.
            } catch let mistakes as Diagnostics where mistakes == told {
                try await watched.waitForChange(since: known)
                continue
            } catch {
                told = error as? Diagnostics
                Complaint.tell(error)
            }
            if !execution.quiet { Terminal.complain("watching \(known.count) files; Ctrl-C ends it") }
            try await watched.waitForChange(since: known)
        }
    }

    /// Reads the manifest, and notes the files that it is made of, as far as they are known.
    private func session(_ parts: inout Set<FilePath>) throws -> PipelineSession {
        do {
            let session = try options.session()
            parts = Set(session.lookedAt)
            return session
        } catch let mistakes as Diagnostics {
            parts.formUnion(mistakes.all.map { FilePath($0.file) })
            throw mistakes
        }
    }

    private func manifest() throws(StoreError) -> FilePath {
        let path = FilePath(options.pipeline)
        return try Files.status(path)?.kind == .folder ? path.appending("pipeline.yml") : path
    }

    private func bringUpToDate(_ session: PipelineSession) async throws {
        let (ended, results) = try await PipelineRun(session: session, execution: execution)
            .runForResults(try session.stages(named: stages))
        Terminal.output.write(results.text(ended, in: session, colour: Terminal.output.isColoured))
        try ended.complain(in: session)
        try results.complain()
    }
}
