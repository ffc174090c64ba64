// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import SystemPackage

struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Tells how far two artifacts lie apart, in numbers; ends with 3 where they differ.",
        discussion: """
            Each of the two is a file, or PIPELINE:STAGE/OUTPUT, or PIPELINE:STAGE for all outputs of a stage. HDF5 \
            files are compared tensor by tensor, pictures pixel by pixel, JSON member by member and all else byte by \
            byte: the largest absolute difference with its place, how many values of the type lie between \
            the farthest two (ulp), the relative L2 norm, and of samples of 8 bits the PSNR with the peak 255. What no \
            content digest counts, such as layout and compression, is no difference. Nothing runs.
            """)

    @Argument(help: "A file, or PIPELINE:STAGE/OUTPUT.")
    var first: String

    @Argument(help: "What it is compared with.")
    var second: String

    @Option(help: "Where relative sources are looked up; REPRISE_DATA, or 'data', where it is left out.")
    var data: String?

    @Option(help: "The cache's folder; REPRISE_CACHE, or 'cache', where it is left out.")
    var cache: String?

    @Option(help: ArgumentHelp("The cache that the second is looked up in; that of the first where it is left out."))
    var otherCache: String?

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        let left = try await ComparedArtifacts(first, data: data, cache: cache)
        let right = try await ComparedArtifacts(second, data: data, cache: otherCache ?? cache)
        var differences: [(name: String, ArtifactDifference)] = []
        for (name, leftFile, rightFile) in try left.paired(with: right) {
            differences.append((name, try Self.difference(leftFile, rightFile)))
        }
        let isIdentical = differences.allSatisfy { $0.1.isIdentical }
        if json {
            let object: JSONValue = [
                "schema": 1, "first": .text(first), "second": .text(second), "identical": .boolean(isIdentical),
                "artifacts": .array(
                    differences.map { name, difference in
                        .object((difference.json.object ?? [:]).merging(["name": .text(name)]) { $1 })
                    }),
            ]
            Terminal.output.write(object.canonicalText + "\n")
        } else {
            for (name, difference) in differences { Terminal.output.show(Self.text(name, difference)) }
        }
        if !isIdentical { throw RepriseExit.differs }
    }

    private static func text(_ name: String, _ difference: ArtifactDifference) -> String {
        let head = name.isEmpty ? "" : name + ": "
        if difference.isIdentical {
            return head + (difference.hasSameBytes ? "identical\n" : "identical in content; the files' bytes differ\n")
        }
        return head + difference.findings.count.counted("difference") + "\n" + difference.text()
    }

    /// A file that is not what its first bytes say is the user's.
    private static func difference(_ left: FilePath, _ right: FilePath) throws -> ArtifactDifference {
        do {
            return try ArtifactDifference(left, right)
        } catch let error as StoreError {
            throw error
        } catch {
            throw ToolFailure("\(error)")
        }
    }
}

/// The files that one side of a comparison names.
private struct ComparedArtifacts {
    private let word: String
    /// By output; under an empty name where a file or one output is meant.
    private let files: [String: FilePath]

    init(_ word: String, data: String?, cache: String?) async throws {
        self.word = word
        if let status = try Files.status(FilePath(word)), status.kind == .file {
            files = ["": FilePath(word)]
            return
        }
        guard let colon = word.lastIndex(of: ":"), colon != word.startIndex else {
            throw UsageError(
                "there is no file '\(word)'", hint: "an output of a stage is written PIPELINE:STAGE/OUTPUT")
        }
        let session = try PipelineOptions.session(
            pipeline: String(word[..<colon]), data: data, cache: cache, overrides: [])
        let parts = word[word.index(after: colon)...].split(separator: "/", maxSplits: 1).map(String.init)
        guard let stage = parts.first, session.graph.node(named: stage) != nil else {
            throw session.unknownStage(parts.first ?? "")
        }
        let results = try await session.currentResults(of: [stage], hint: "'reprise run \(word[..<colon]) \(stage)'")
        let outputs = results.first { $0.stage == stage }?.entry.result.outputs ?? []
        if parts.count == 1 {
            files = try Dictionary(
                uniqueKeysWithValues: outputs.map { ($0.name, try session.objects.verifiedFile(of: $0.object)) })
            return
        }
        guard let output = outputs.first(where: { $0.name == parts[1] }) else {
            let names = outputs.map(\.name)
            throw UsageError(
                "stage '\(stage)' has no output '\(parts[1])'",
                hint: suggestion(for: parts[1], among: names) ?? "its outputs: \(names.joined(separator: ", "))")
        }
        files = ["": try session.objects.verifiedFile(of: output.object)]
    }

    /// The files of both sides that belong together; a single one belongs to a single one.
    func paired(with other: ComparedArtifacts) throws -> [(name: String, FilePath, FilePath)] {
        if let left = files.values.first, let right = other.files.values.first, files.count == 1, other.files.count == 1
        {
            return [("", left, right)]
        }
        guard Set(files.keys) == Set(other.files.keys) else {
            throw UsageError(
                "'\(word)' and '\(other.word)' have other outputs: \(names) and \(other.names)",
                hint: "PIPELINE:STAGE/OUTPUT names one of them")
        }
        return files.sorted { $0.key < $1.key }.compactMap { name, left in
            other.files[name].map { (name, left, $0) }
        }
    }

    private var names: String {
        files.keys.contains("") ? "one" : files.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
    }
}
