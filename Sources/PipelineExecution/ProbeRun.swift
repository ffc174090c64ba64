// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelinePlanning
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

    /// Bytes that count, of its standard output.
    private static let outputLimit = 1 << 22
    /// Bytes that are kept of what it says otherwise, the last ones.
    private static let remarkLimit = 1 << 16
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
    func outputs(of stages: [StageNode]) async throws -> [String: [ProbeOutput]] {
        let probes = stages.map { (node: $0, probes: self.probes(of: $0)) }.filter { !$0.probes.isEmpty }
        var distinct: [Probe] = []
        var known: Set<Probe> = []
        for probe in probes.flatMap(\.probes) where known.insert(probe).inserted { distinct.append(probe) }
        let results = try await results(of: distinct)
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

    /// A probe is the leader of a process group, which Ctrl-C does not reach unless it is passed on.
    private func results(of probes: [Probe]) async throws -> [Probe: Result<ProbeOutput, Failure>] {
        if probes.isEmpty { return [:] }
        let threads = StageThreads()
        defer { threads.close() }
        let results: [Probe: Result<ProbeOutput, Failure>]? = await Interruption.ending {
            await withTaskExecutorPreference(threads) {
                let results = await severalResults(of: probes)
                return Task.isCancelled ? nil : results
            }
        }
        guard let results else { throw CancellationError() }
        return results
    }

    private func severalResults(of probes: [Probe]) async -> [Probe: Result<ProbeOutput, Failure>] {
        await withTaskGroup(of: (Probe, Result<ProbeOutput, Failure>).self) { group in
            var results: [Probe: Result<ProbeOutput, Failure>] = [:]
            for (index, probe) in probes.enumerated() {
                if index >= Self.widestCount, let (done, result) = await group.next() { results[done] = result }
                group.addTask { (probe, await result(of: probe)) }
            }
            for await (done, result) in group { results[done] = result }
            return results
        }
    }

    private func result(of probe: Probe) async -> Result<ProbeOutput, Failure> {
        var variables = ProcessEnvironment.ofCommands.merging(["HOME": "/nonexistent", "TMPDIR": "/tmp"]) { $1 }
        for variable in probe.environment { variables[variable.name] = variable.value }
        let word = probe.words.first ?? ""
        guard let program = programs.program(called: word, path: variables["PATH"] ?? "", beside: probe.folder) else {
            return .failure(
                Failure(
                    message: "could not be run: there is no program '\(word)'",
                    hint: "programs are looked up in PATH, and those with a '/' in the manifest's folder"))
        }
        let launch = CommandProcess.Launch(
            program: program.absolute, arguments: [program.string] + probe.words.dropFirst(),
            environment: variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            folder: probe.folder.absolute)
        do throws(Errno) {
            return try await result(of: launch)
        } catch {
            let reason = error.description
            return .failure(Failure(message: "could not be run: \(reason.prefix(1).lowercased() + reason.dropFirst())"))
        }
    }

    private func result(of launch: CommandProcess.Launch) async throws(Errno) -> Result<ProbeOutput, Failure> {
        let (excess, tellExcess) = AsyncStream.makeStream(of: Void.self)
        let output = try PrintedOutput(limit: Self.outputLimit, keeping: .none) { tellExcess.yield() }
        let remarks: PrintedOutput
        do throws(Errno) {
            remarks = try PrintedOutput(limit: Self.remarkLimit, keeping: .end)
        } catch {
            output.programHasStarted()
            throw error
        }
        var launch = launch
        (launch.output, launch.errors) = (output.descriptor, remarks.descriptor)
        let started = Result { () throws(Errno) in try CommandProcess(launch, warden: nil) }
        for stream in [output, remarks] { stream.programHasStarted() }
        let ending: CommandProcess.Ending? =
            if case .success(let process) = started {
                await Self.ending(of: process, unless: excess, tellExcess)
            } else { nil }
        let (printed, said) = (await output.finish(), await remarks.finish() ?? [])
        _ = try started.get()
        guard let printed, let ending else { return .failure(Self.excess) }
        guard ending == .exited(0) else { return .failure(Self.failure(ending, said)) }
        return .success(ProbeOutput(printed))
    }

    /// Waits for the program, and ends it where it prints too much.
    private static func ending(
        of process: CommandProcess, unless excess: AsyncStream<Void>, _ tellExcess: AsyncStream<Void>.Continuation
    ) async -> CommandProcess.Ending? {
        await withTaskGroup(of: CommandProcess.Ending?.self) { group in
            group.addTask {
                let (ending, _) = await process.ending()
                tellExcess.finish()
                return ending
            }
            group.addTask {
                for await _ in excess { break }
                return nil
            }
            var ending: CommandProcess.Ending?
            for await one in group {
                ending = ending ?? one
                // What has ended is not hurt by it.
                group.cancelAll()
            }
            return ending
        }
    }

    private static let excess = Failure(
        message: "printed more than \(outputLimit >> 20) MiB",
        hint: "what it prints counts into the stage's key; let it print what matters, or a digest of it")

    private static func failure(_ ending: CommandProcess.Ending, _ said: [UInt8]) -> Failure {
        let lines = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(toldCount)
        return Failure(
            message: "\(ending)", details: lines.map { "it said: \($0)" },
            hint: "what it prints counts into the stage's key, so it has to end with exit code 0")
    }
}
