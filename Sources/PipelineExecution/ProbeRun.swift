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

    private static let outputLimit = 1 << 22
    /// Probes at once; most of them wait for a disk.
    private static let widestCount = 8

    /// Where the manifest lies.
    let folder: FilePath
    let programs = ProgramSearch()

    /// The outputs of each stage's probes, in the order declared, by the stage's name; throws a `UsageError` for the
    /// first probe that fails.
    func outputs(of stages: [StageNode]) async throws -> [String: [String]] {
        let probes = stages.map { (stage: $0.name, probes: self.probes(of: $0)) }.filter { !$0.probes.isEmpty }
        var distinct: [Probe] = []
        var known: Set<Probe> = []
        for probe in probes.flatMap(\.probes) where known.insert(probe).inserted { distinct.append(probe) }
        let results = await results(of: distinct)
        for probe in distinct { if case .failure(let error)? = results[probe] { throw error } }
        return Dictionary(
            probes.map { stage, probes in (stage, probes.compactMap { try? results[$0]?.get() }) },
            uniquingKeysWith: { first, _ in first })
    }

    private func probes(of node: StageNode) -> [Probe] {
        guard case .command(let command) = node.stage.work else { return [] }
        let folder = command.folder(below: folder)
        return command.probes.map { Probe(words: $0, environment: command.environment, folder: folder) }
    }

    private func results(of probes: [Probe]) async -> [Probe: Result<String, UsageError>] {
        await withTaskGroup(of: (Probe, Result<String, UsageError>).self) { group in
            var results: [Probe: Result<String, UsageError>] = [:]
            for (index, probe) in probes.enumerated() {
                if index >= Self.widestCount, let (done, result) = await group.next() { results[done] = result }
                group.addTask { (probe, await result(of: probe)) }
            }
            for await (done, result) in group { results[done] = result }
            return results
        }
    }

    private func result(of probe: Probe) async -> Result<String, UsageError> {
        let name = probe.words.joined(separator: " ")
        var variables = ProcessEnvironment.ofCommands.merging(["HOME": "/nonexistent", "TMPDIR": "/tmp"]) { $1 }
        for variable in probe.environment { variables[variable.name] = variable.value }
        let word = probe.words.first ?? ""
        guard let program = programs.program(called: word, path: variables["PATH"] ?? "", beside: probe.folder) else {
            return .failure(UsageError("the probe '\(name)' could not be run: there is no program '\(word)'"))
        }
        var environment: [Environment.Key: String] = [:]
        for (name, value) in variables { if let key = Environment.Key(rawValue: name) { environment[key] = value } }
        do {
            let result = try await Subprocess.run(
                .path(program), arguments: Arguments(Array(probe.words.dropFirst())),
                environment: .custom(environment), workingDirectory: probe.folder,
                output: .string(limit: Self.outputLimit, encoding: UTF8.self), error: .discarded)
            guard result.terminationStatus.isSuccess else {
                return .failure(UsageError("the probe '\(name)' did not end well: \(result.terminationStatus)"))
            }
            return .success(result.standardOutput)
        } catch {
            return .failure(UsageError("the probe '\(name)' could not be run: \(error)"))
        }
    }
}
