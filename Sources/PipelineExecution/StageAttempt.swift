// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage

/// One attempt at an action: claim it, lay its work out in a private folder, have it done, check, store, publish.
///
/// Everything is made beside the cache and enters it by rename: objects first, then the result that names them.
/// Whenever the process dies on the way, the cache holds nothing it did not hold before, and the next attempt clears
/// the folder.
struct StageAttempt: Sendable {
    enum Obstacle: Error {
        /// Objects of these stages are absent or damaged, and have to be made again first.
        case lostInputs(Set<String>)
        case failed(StageFailure)
    }

    struct Ending: Sendable {
        let record: StageRecord
        let result: Result<ActionResult, Obstacle>
    }

    let node: StageNode
    let action: Action
    let reasons: [StaleReason]
    let results: [String: ActionResult]
    let planner: Planner
    let runner: any ActionRunner
    let folders: CacheFolders
    let threads: Int
    let onWait: @Sendable () -> Void
    let onProgress: @Sendable (StageProgress) -> Void

    func run() async -> Ending {
        let clock = ContinuousClock()
        let start = clock.now
        var record = StageRecord(
            stage: node.name, outcome: .ran, reason: reasons.map(\.description).joined(separator: "; "),
            key: action.key)
        do {
            let result = try await claimedResult(&record)
            record.outputs = result.outputs
            record.seconds = (clock.now - start).seconds
            return Ending(record: record, result: .success(result))
        } catch {
            record.seconds = (clock.now - start).seconds
            return Ending(record: record, result: .failure(obstacle(error)))
        }
    }

    private func obstacle(_ error: any Error) -> Obstacle {
        if Task.isCancelled { return .failed(.interrupted) }
        switch error {
        case let error as Obstacle: return error
        case let error as StageFailure: return .failed(error)
        case let error as StoreError: return .failed(.store(error))
        case is CancellationError: return .failed(.interrupted)
        default: return .failed(.tool(ToolFailure("its process could not be run: \(error)")))
        }
    }

    private func claimedResult(_ record: inout StageRecord) async throws -> ActionResult {
        let claim = try await ActionClaim.waiting(at: folders.claim(of: action.key), onWait: onWait)
        if let entry = try resultOfAnother() {
            record.outcome = .hit
            record.reason = ""
            claim.release()
            return entry.result
        }
        let result = try await freshResult(&record)
        try checkAgainstEarlier(result)
        try planner.objects.sync()
        try planner.cache.publish(ActionCacheEntry(action: action, result: result))
        try? Files.removeTree(folders.workFolder(of: action.key))
        claim.release()
        return result
    }

    /// What another process published while this one waited for its claim.
    private func resultOfAnother() throws -> ActionCacheEntry? {
        if reasons.contains(.forced) { return nil }
        guard let entry = try planner.cache.entry(for: action.key),
            try planner.absentOutputs(of: entry.result).isEmpty
        else { return nil }
        return entry
    }

    private func freshResult(_ record: inout StageRecord) async throws -> ActionResult {
        let order = try order(inputs: try verifiedInputs())
        do {
            return try await result(of: order, &record)
        } catch {
            // The log and the checkpoints stay; what was half made goes, however it ended.
            try? Files.removeTree(order.folder)
            throw error
        }
    }

    private func result(of order: WorkOrder, _ record: inout StageRecord) async throws -> ActionResult {
        let log = order.folder.appending("log")
        let report = try await runner.report(on: order, log: log, progress: onProgress)
        try StageLog.keep(log, at: folders.log(of: action.key))
        switch report {
        case .failed(let failure):
            try Task.checkCancellation()
            throw StageFailure.tool(failure)
        case .diskFailed(let message):
            throw StageFailure.disk(message)
        case .done(let contents, let cost):
            record.processorSeconds = cost.processorSeconds
            record.peakMemoryBytes = cost.peakMemoryBytes
            record.workSeconds = cost.workSeconds
            record.scorings = scorings
            try checkSourcesUnchanged()
            return try stored(order, contents)
        }
    }

    /// The files of all inputs, each object verified on this occasion.
    private func verifiedInputs() throws -> [WorkOrder.Input] {
        var lost: Set<String> = []
        var inputs: [WorkOrder.Input] = []
        for input in node.inputs {
            var artifacts: [ToolInput] = []
            for origin in input.origins {
                switch origin {
                case .source(let name): artifacts.append(sourceInput(name))
                case .stage(let producer, let output):
                    do throws(StoreError) {
                        artifacts.append(try storedInput(producer, output))
                    } catch .absent, .damaged {
                        lost.insert(producer)
                    }
                }
            }
            inputs.append(WorkOrder.Input(name: input.name, isList: input.isList, artifacts: artifacts))
        }
        if !lost.isEmpty { throw Obstacle.lostInputs(lost) }
        return inputs
    }

    private func sourceInput(_ name: String) -> ToolInput {
        let files = planner.snapshot.sources[name]?.files ?? []
        let catalogue = planner.snapshot.catalogues[name]?.files.first
        return ToolInput(
            format: .folder, files: files.map { ToolInput.File(name: $0.name, path: $0.path) },
            catalogue: catalogue.map { ToolInput.File(name: $0.name, path: $0.path) })
    }

    private func storedInput(_ producer: String, _ output: String) throws(StoreError) -> ToolInput {
        guard let artifact = results[producer]?.output(named: output),
            let format = ArtifactFormat(rawValue: artifact.format)
        else { preconditionFailure("stage '\(node.name)' started before '\(producer)' gave its '\(output)'") }
        let path = try planner.objects.verifiedFile(of: artifact.object)
        return ToolInput(format: format, files: [ToolInput.File(name: output, path: path)])
    }

    private func order(inputs: [WorkOrder.Input]) throws -> WorkOrder {
        let work = folders.workFolder(of: action.key)
        let checkpoint = work.appending("checkpoint")
        // The claim is ours, so whoever left attempts here is dead.
        try DeadWork.clear(work, hasResult: false)
        let folder = work.appending("attempt-" + String(UInt32.random(in: 0...UInt32.max), radix: 16))
        try Files.makeFolder(folder.appending("made"))
        try Files.makeFolder(checkpoint)
        let outputs = node.stage.outputs.map { output in
            WorkOrder.Output(
                name: output.name, format: output.format, path: folder.appending("made").appending(output.name))
        }
        return WorkOrder(
            stage: node.name, work: orderedWork, inputs: inputs, outputs: outputs, folder: folder,
            checkpointFolder: checkpoint, threads: threads)
    }

    private var orderedWork: WorkOrder.Work {
        switch node.stage.work {
        case .tool(let interface, _):
            .tool(
                name: interface.name,
                settings: Dictionary(
                    uniqueKeysWithValues: node.stage.settings.map { ($0.name, JSONValue($0.value)) }),
                claims: interface.readsClaims ? planner.graph.manifest.claims.map(\.json) : [])
        case .command(let command):
            .command(
                CommandOrder(
                    arguments: command.arguments, shell: command.shell, environment: command.environment,
                    code: (planner.snapshot.code[node.name]?.files ?? []).map {
                        ToolInput.File(name: $0.name, path: $0.path)
                    },
                    outputPaths: Dictionary(
                        uniqueKeysWithValues: node.stage.outputs.map { ($0.name, $0.path ?? $0.name) })))
        }
    }

    /// A file that changed under the stage's eyes would make the result a lie about its inputs.
    private func checkSourcesUnchanged() throws {
        for (input, written) in zip(node.inputs, node.stage.inputs) {
            for case .source(let name) in input.origins {
                let sources = [planner.snapshot.sources[name], planner.snapshot.catalogues[name]]
                for file in sources.compactMap({ $0?.files }).joined() {
                    try checkUnchanged(file, input: written.name)
                }
            }
        }
        for file in planner.snapshot.code[node.name]?.files ?? [] { try checkUnchanged(file, input: "") }
    }

    private func checkUnchanged(_ file: SourceContent.File, input: String) throws {
        let now = try Files.status(file.path)
        if now == file.status { return }
        // Touched and yet the same bytes is no change.
        if now != nil, try FileDigest(ofFileAt: file.path) == file.bytes { return }
        throw StageFailure.inputChanged(file: file.path.string, input: input)
    }

    private func stored(_ order: WorkOrder, _ contents: [String: Digest]) throws -> ActionResult {
        var artifacts: [Artifact] = []
        for output in order.outputs {
            guard let content = contents[output.name] else {
                throw StageFailure.tool(ToolFailure("its report lacks the content of '\(output.name)'"))
            }
            let object = try planner.objects.insert(movingFileAt: output.path)
            artifacts.append(
                Artifact(
                    name: output.name, format: output.format.rawValue, content: content, object: object.digest,
                    byteCount: object.byteCount))
        }
        return ActionResult(outputs: artifacts)
    }

    /// A result that is made again must be the result of before: keys downstream were made of it.
    ///
    /// Only a command that is forced by hand may give another one, as programs that nobody made deterministic do.
    private func checkAgainstEarlier(_ result: ActionResult) throws {
        if case .command = node.stage.work, reasons.contains(.forced) { return }
        guard let earlier = try planner.cache.entry(for: action.key)?.result else { return }
        for output in result.outputs {
            guard let before = earlier.output(named: output.name), before.content != output.content else { continue }
            throw StageFailure.notDeterministic(output: output.name, before: before.content, now: output.content)
        }
    }

    /// The test sets behind a stage that gives scores.
    private var scorings: [TestScoring] {
        guard node.stage.outputs.contains(where: { $0.format == .scores }) else { return [] }
        var images: [Digest] = []
        var models: [Digest] = []
        for origin in node.inputs.flatMap(\.origins) {
            guard case .stage(let producer, let output) = origin,
                let artifact = results[producer]?.output(named: output)
            else { continue }
            switch ArtifactFormat(rawValue: artifact.format) {
            case .images where planner.graph.roles(of: origin).contains(.test): images.append(artifact.content)
            case .model: models.append(artifact.content)
            default: continue
            }
        }
        return images.flatMap { set in
            models.isEmpty
                ? [TestScoring(images: set, model: nil)] : models.map { TestScoring(images: set, model: $0) }
        }
    }
}

extension Duration {
    /// With three decimals: records are for people, and the nanoseconds of a stage mean nothing.
    fileprivate var seconds: Double {
        (Double(components.seconds) * 1000 + Double(components.attoseconds / 1_000_000_000_000_000)) / 1000
    }
}
