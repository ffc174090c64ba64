// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import Reporting
import SystemPackage

struct CacheExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Packs the results of a pipeline into one archive that another machine's cache takes in.",
        discussion: """
            The archive is a tar file; the same results are the same bytes. Nothing runs: every stage has to be up to \
            date, and its outputs have to be there.
            """)

    @OptionGroup var options: PipelineOptions

    @Argument(help: "Stages to pack, with all they need; all where none is named.")
    var stages: [String] = []

    @Option(help: ArgumentHelp("The archive to write.", valueName: "file"))
    var to: String

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        let session = try options.session()
        let results = try await session.currentResults(of: stages, hint: "'reprise run \(options.pipeline)'")
        for (stage, entry) in results {
            for output in entry.result.outputs
            where try !session.objects.holds(output.object, byteCount: output.byteCount) {
                throw UsageError(
                    "the cache has lost '\(stage)/\(output.name)'",
                    hint: "'reprise cache verify --repair "
                        + ShellWord(options.pipeline).textInSingleQuotes + "' makes it again")
            }
        }
        let target = FilePath(to)
        do {
            try ResultArchive.write(
                results, ofPipeline: session.manifest.name, from: session.objects, to: target)
        } catch let error as ArchiveError {
            throw error.complaint
        }
        let byteCount = try Files.status(target)?.byteCount ?? 0
        if json {
            let object: JSONValue = [
                "schema": 1, "pipeline": .text(session.manifest.name), "results": .integer(results.count),
                "bytes": .integer(byteCount), "archive": .text(to),
            ]
            Terminal.output.write(object.canonicalText + "\n")
        } else {
            Terminal.output.write("wrote \(target): \(results.count.counted("result")), \(ByteCountText(byteCount))\n")
        }
    }
}

struct CacheImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Takes the results of an archive into the cache, so that a run here finds them.",
        discussion: """
            Every byte is checked before anything is taken, and the content of every tensor file and picture computed \
            anew: an archive that is damaged, not whole, or says another content than it holds leaves the cache as it \
            was. A result that the cache has already stays as it is. That its outputs are what the stages give, no \
            check can tell: 'reprise check --fresh' makes them again.
            """)

    @OptionGroup var options: CacheOptions

    @Argument(help: "An archive that 'reprise cache export' wrote.")
    var archive: String

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        let path = FilePath(archive)
        guard try Files.status(path)?.kind == .file else { throw UsageError("there is no archive '\(archive)'") }
        let taken: ResultArchive.Taken
        let pipeline: String
        do {
            let archive = try ResultArchive(readingFrom: path)
            taken = try archive.take(into: options.newFolders) { path, format in
                try Toolbox.standard.content(ofFileAt: path, format: format)
            }
            pipeline = archive.pipeline
        } catch let error as ArchiveError {
            throw error.complaint
        }
        if json {
            let object: JSONValue = [
                "schema": 1, "pipeline": .text(pipeline), "newResults": .integer(taken.newResultCount),
                "knownResults": .integer(taken.knownResultCount), "newObjects": .integer(taken.newObjectCount),
                "bytes": .integer(taken.byteCount),
            ]
            Terminal.output.write(object.canonicalText + "\n")
        } else {
            let known = taken.knownResultCount > 0 ? ", \(taken.knownResultCount) were there already" : ""
            Terminal.output.write(
                "took \(taken.newResultCount.counted("result")) of '\(visible(pipeline))' with "
                    + "\(taken.newObjectCount.counted("object")) "
                    + "(\(ByteCountText(taken.byteCount)))\(known)\n")
        }
    }
}

extension ArchiveError {
    /// The disk's faults are the disk's; a bad archive is its giver's.
    var complaint: any Error {
        switch self {
        case .store(let error): error
        case .changed, .changedWhileRead, .malformed: ToolFailure(description)
        }
    }
}

extension PipelineSession {
    /// The results that stages have now, in the graph's order, with those of all they need.
    ///
    /// - Parameter hint: the words of the command that brings them up to date.
    /// - Throws: a `UsageError` that names the first stage without one.
    func currentResults(
        of targets: [String], hint: String
    ) async throws -> [(stage: String, entry: ActionCacheEntry)] {
        let stages = try self.stages(named: targets)
        let plan = try planner(for: try await snapshot(for: stages)).plan(for: stages)
        return try plan.stages.map { planned in
            guard let key = planned.resolution.key, planned.resolution.result != nil,
                let entry = try actions.entry(for: key)
            else {
                throw UsageError(
                    "stage '\(planned.node.name)' is not up to date: \(planned.explanation)",
                    hint: "\(hint) brings it up to date")
            }
            return (planned.node.name, entry)
        }
    }
}
