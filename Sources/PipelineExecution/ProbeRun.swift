// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelinePlanning
import Subprocess
import SystemPackage

/// Runs the probes of command stages: programs whose output stands for what is installed.
///
/// A probe sees what its stage's command sees of the environment, with a home that is not there, and runs in the
/// folder of the file that its stage stands in. The same probe of several stages runs once.
struct ProbeRun: Sendable {
    private struct Probe: Hashable, Sendable {
        let words: [String]
        let environment: [EnvironmentVariable]
        let folder: FilePath
    }

    private struct Failure: Error {
        /// Goes on after "a probe of stage '…'".
        let message: String
        var details: [String] = []
        var hint: String?
    }

    /// Bytes of each of its two streams.
    private static let outputLimit = 1 << 22
    /// Probes at once; most of them wait for a disk.
    private static let widestCount = 8

    /// So many of the last lines of what a failed probe said are told.
    private static let toldCount = 5

    let manifest: Manifest
    /// Where the manifest lies.
    let folder: FilePath
    let programs = ProgramSearch()

    /// The outputs of each stage's probes, in the order declared, by the stage's name; throws `Diagnostics` that name
    /// every probe that failed.
    func outputs(of stages: [StageNode]) async throws -> [String: [String]] {
        let probes = stages.map { (node: $0, probes: self.probes(of: $0)) }.filter { !$0.probes.isEmpty }
        var distinct: [Probe] = []
        var known: Set<Probe> = []
        for probe in probes.flatMap(\.probes) where known.insert(probe).inserted { distinct.append(probe) }
        let results = await results(of: distinct)
        var failures: [Diagnostic] = []
        // The instances of a group have one probe, at one place.
        var toldPlaces: Set<SourceLocation> = []
        for (node, probes) in probes {
            for (probe, place) in zip(probes, places(of: node)) {
                guard case .failure(let failure)? = results[probe], toldPlaces.insert(place).inserted else { continue }
                failures.append(diagnostic(of: failure, in: node, at: place))
            }
        }
        if !failures.isEmpty { throw Diagnostics(failures) }
        return Dictionary(
            probes.map { node, probes in (node.name, probes.compactMap { try? results[$0]?.get() }) },
            uniquingKeysWith: { first, _ in first })
    }

    private func probes(of node: StageNode) -> [Probe] {
        guard case .command(let command) = node.stage.work else { return [] }
        let folder = command.folder(below: folder)
        return command.probes.map { Probe(words: $0.value, environment: command.environment, folder: folder) }
    }

    private func places(of node: StageNode) -> [SourceLocation] {
        guard case .command(let command) = node.stage.work else { return [] }
        return command.probes.map(\.location)
    }

    private func diagnostic(of failure: Failure, in node: StageNode, at place: SourceLocation) -> Diagnostic {
        Diagnostic(
            .probeFailed, in: manifest.source, at: place, "a probe of stage '\(node.name)' \(failure.message)",
            details: failure.details, hint: failure.hint)
    }

    private func results(of probes: [Probe]) async -> [Probe: Result<String, Failure>] {
        await withTaskGroup(of: (Probe, Result<String, Failure>).self) { group in
            var results: [Probe: Result<String, Failure>] = [:]
            for (index, probe) in probes.enumerated() {
                if index >= Self.widestCount, let (done, result) = await group.next() { results[done] = result }
                group.addTask { (probe, await result(of: probe)) }
            }
            for await (done, result) in group { results[done] = result }
            return results
        }
    }

    private func result(of probe: Probe) async -> Result<String, Failure> {
        var variables = ProcessEnvironment.ofCommands.merging(["HOME": "/nonexistent", "TMPDIR": "/tmp"]) { $1 }
        for variable in probe.environment { variables[variable.name] = variable.value }
        let word = probe.words.first ?? ""
        guard let program = programs.program(called: word, path: variables["PATH"] ?? "", beside: probe.folder) else {
            return .failure(
                Failure(
                    message: "could not be run: there is no program '\(word)'",
                    hint: "programs are looked up in PATH, and those with a '/' in the manifest's folder"))
        }
        var environment: [Environment.Key: String] = [:]
        for (name, value) in variables { if let key = Environment.Key(rawValue: name) { environment[key] = value } }
        do {
            let result = try await Subprocess.run(
                .path(program), arguments: Arguments(Array(probe.words.dropFirst())),
                environment: .custom(environment), workingDirectory: probe.folder,
                output: .string(limit: Self.outputLimit, encoding: UTF8.self),
                error: .string(limit: Self.outputLimit, encoding: UTF8.self))
            let ending = CommandProcess.Ending(result.terminationStatus)
            guard ending == .exited(0) else {
                let lines = result.standardError.split(whereSeparator: \.isNewline).suffix(Self.toldCount)
                return .failure(
                    Failure(
                        message: "\(ending)", details: lines.map { "it said: \($0)" },
                        hint: "what it prints counts into the stage's key, so it has to end with exit code 0"))
            }
            return .success(result.standardOutput)
        } catch {
            return .failure(Failure(message: "could not be run: \(error)"))
        }
    }
}

extension CommandProcess.Ending {
    fileprivate init(_ status: TerminationStatus) {
        switch status {
        case .exited(let code): self = .exited(Int(code))
        case .signaled(let signal): self = .signalled(Int(signal))
        }
    }
}
