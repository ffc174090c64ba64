// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage

/// The work of a stage, done once in a private folder: verified inputs, the tool or command, checks of what came of it.
///
/// It takes nothing into the store and publishes nothing.
struct StageWork: Sendable {
    /// One output as it lies in the private folder.
    struct Output: Sendable {
        let name: String
        let format: ArtifactFormat
        let path: FilePath
        /// Canonical; `nil` where the content is the bytes.
        let content: Digest?
    }

    let node: StageNode
    /// Those of the stages that this one reads.
    let results: [String: ActionResult]
    let planner: Planner
    let runner: any ActionRunner
    let equipment: RunEquipment
    let threads: Int
    let onProgress: @Sendable (StageProgress) -> Void
    let onLine: (@Sendable (String) -> Void)?

    /// Does the work.
    ///
    /// - Parameters:
    ///   - folder: the attempt's, which is there and empty; what the stage prints is in its `log`.
    ///   - keptFolder: outlives failed attempts at the same action.
    ///   - account: is charged however the work ends.
    /// - Throws: `StageAttempt.Obstacle` where inputs are lost or programs were touched, `StageFailure`,
    ///   `ToolFailure`, `StoreError`.
    func done(
        in folder: FilePath, keeping keptFolder: FilePath, charging account: CostAccount
    ) async throws -> [Output] {
        let programs = try ProgramsInPlace(planner.snapshot.programs[node.name] ?? [])
        let outputs: [Output]
        let disks = equipment.disks.watch(places(below: folder))
        defer { disks.end() }
        do {
            switch node.stage.work {
            case .tool(let interface, _): outputs = try await toolOutputs(interface, folder, keptFolder, account, disks)
            case .command(let command): outputs = try await commandOutputs(command, folder, keptFolder, account, disks)
            }
        } catch let error as StoreError {
            // What looks like a fault of the disk may be a source that somebody moved away meanwhile.
            try checkSourcesUnchanged()
            throw error
        }
        try checkSourcesUnchanged()
        try programs.checkUntouched()
        return outputs
    }

    /// Where the work writes, on disks that may differ.
    private func places(below folder: FilePath) -> [FilePath] {
        guard case .command(let command) = node.stage.work,
            let temporary = command.environment.last(where: { $0.name == "TMPDIR" })
        else { return [folder] }
        return [folder, folder.absolute.appending("command").pushing(FilePath(temporary.value))]
    }

    // MARK: Tools

    private func toolOutputs(
        _ interface: ToolInterface, _ folder: FilePath, _ keptFolder: FilePath, _ account: CostAccount,
        _ disks: WatchedDisks
    ) async throws -> [Output] {
        let unpacked = folder.appending("unpacked")
        let inputs = try verified(
            each: { (origin) throws(StoreError) in try toolInput(origin, unpacked) },
            as: { WorkOrder.Input(name: $0.name, isList: $0.isList, artifacts: $1) })
        let madeFolder = folder.appending("made")
        let checkpoint = keptFolder.appending(CacheFolders.checkpoint)
        try Files.makeFolder(madeFolder)
        try Files.makeFolder(checkpoint)
        let work = WorkOrder.Work.tool(
            name: interface.name, version: interface.version,
            settings: Dictionary(uniqueKeysWithValues: node.stage.settings.map { ($0.name, JSONValue($0.value)) }),
            claims: interface.readsClaims ? planner.graph.manifest.claims.map(\.json) : [])
        let outputs = node.stage.outputs.map {
            WorkOrder.Output(name: $0.name, format: $0.format, path: madeFolder.appending($0.name))
        }
        let order = WorkOrder(
            stage: node.name, work: work, inputs: inputs, outputs: outputs, folder: folder,
            checkpointFolder: checkpoint, threads: threads)
        let report = try await report(on: order)
        if let cost = report.cost { account.add(cost) }
        switch report {
        case .done: try disks.check()
        // Its process may have found no room to say so.
        case .diskFailed: try disks.checkRoom()
        case .failed: break
        }
        let made = try self.outputs(of: order, as: report)
        try checkObjectsUnchanged()
        return made
    }

    /// Has an order carried out by the runner.
    private func report(on order: WorkOrder) async throws -> WorkReport {
        try await runner.report(on: order, log: order.folder.appending("log"), progress: onProgress)
    }

    private func outputs(of order: WorkOrder, as report: WorkReport) throws -> [Output] {
        switch report {
        case .failed(let failure, _):
            try Task.checkCancellation()
            throw StageFailure.tool(failure)
        case .diskFailed(let message, _): throw StageFailure.disk(message)
        case .done(let contents, _):
            return try order.outputs.map { output in
                let content = contents[output.name]
                if output.format.hasCanonicalContent, content == nil {
                    throw ToolFailure("its report lacks the content of '\(output.name)'")
                }
                return Output(name: output.name, format: output.format, path: output.path, content: content)
            }
        }
    }

    /// - Parameter unpacked: where folders that commands wrote are laid out.
    private func toolInput(_ origin: ArtifactOrigin, _ unpacked: FilePath) throws(StoreError) -> ToolInput {
        switch origin {
        case .source(let name):
            let catalogue = planner.snapshot.catalogues[name]?.files.first
            return ToolInput(
                format: .folder, files: sourceFiles(name),
                catalogue: catalogue.map { ToolInput.File($0) })
        case .stage(let producer, let output):
            let (artifact, format) = artifact(producer, output)
            let path = try equipment.verifiedFile(of: artifact.object)
            guard format == .folder else {
                return ToolInput(format: format, files: [ToolInput.File(name: output, path: path)])
            }
            // Of its own for each, since two inputs may be the same folder.
            let folder = Files.temporarySibling(of: unpacked)
            return ToolInput(format: format, files: try FolderPacking.unpack(path, into: folder))
        }
    }

    // MARK: Commands

    private func commandOutputs(
        _ command: Command, _ folder: FilePath, _ keptFolder: FilePath, _ account: CostAccount, _ disks: WatchedDisks
    ) async throws -> [Output] {
        let inputs = try verified(
            each: commandInput, as: { CommandOrder.Input(name: $0.name, isList: $0.isList, artifacts: $1) })
        let order = CommandOrder(
            command: command, inputs: inputs,
            code: (planner.snapshot.code[node.name]?.files ?? []).map { ToolInput.File($0) },
            outputs: node.stage.outputs, folder: folder.absolute,
            resumeFolder: keptFolder.absolute.appending(CacheFolders.resume))
        let run = CommandRun(order: order, programs: equipment.programs, warden: equipment.warden, onLine: onLine)
        let laidOut = try await run.run(charging: account)
        try disks.check()
        try laidOut.checkUnchanged(in: planner.objects, by: equipment.clock)
        let paths = try CommandOutputs(of: order).files()
        let outputs = zip(node.stage.outputs, paths).map { output, path in
            WorkOrder.Output(name: output.name, format: output.format, path: path)
        }
        return try await withContents(outputs, folder, keptFolder)
    }

    private func commandInput(_ origin: ArtifactOrigin) throws(StoreError) -> CommandOrder.Artifact {
        switch origin {
        case .source(let name):
            let files = sourceFiles(name)
            if planner.snapshot.sources[name]?.isOneFile == true, let file = files.first { return .file(file) }
            return .files(files)
        case .stage(let producer, let output):
            let (artifact, format) = artifact(producer, output)
            let path = try equipment.verifiedFile(of: artifact.object)
            return format == .folder ? .packedFolder(path) : .object(artifact.object, path: path)
        }
    }

    /// What has a content of its own is read by a process of its own.
    private func withContents(
        _ outputs: [WorkOrder.Output], _ folder: FilePath, _ keptFolder: FilePath
    ) async throws -> [Output] {
        let canonical = outputs.filter(\.format.hasCanonicalContent)
        var contents: [String: Digest] = [:]
        if !canonical.isEmpty {
            let order = WorkOrder(
                stage: node.name, work: .contents, inputs: [], outputs: canonical, folder: folder,
                checkpointFolder: keptFolder, threads: threads)
            for output in try self.outputs(of: order, as: await report(on: order)) {
                contents[output.name] = output.content
            }
        }
        return outputs.map {
            Output(name: $0.name, format: $0.format, path: $0.path, content: contents[$0.name])
        }
    }

    // MARK: Inputs

    /// The node's inputs, each object verified on this occasion.
    private func verified<Read, Input>(
        each artifact: (ArtifactOrigin) throws(StoreError) -> Read, as input: (StageNode.Input, [Read]) -> Input
    ) throws -> [Input] {
        var lost: Set<String> = []
        var inputs: [Input] = []
        for nodeInput in node.inputs {
            var artifacts: [Read] = []
            for origin in nodeInput.origins {
                do throws(StoreError) {
                    artifacts.append(try artifact(origin))
                } catch .absent, .damaged {
                    if case .stage(let producer, _) = origin { lost.insert(producer) }
                }
            }
            inputs.append(input(nodeInput, artifacts))
        }
        if !lost.isEmpty { throw StageAttempt.Obstacle.lostInputs(lost) }
        return inputs
    }

    private func sourceFiles(_ name: String) -> [ToolInput.File] {
        (planner.snapshot.sources[name]?.files ?? []).map { ToolInput.File($0) }
    }

    private func artifact(_ producer: String, _ output: String) -> (artifact: Artifact, format: ArtifactFormat) {
        guard let artifact = results[producer]?.output(named: output),
            let format = ArtifactFormat(rawValue: artifact.format)
        else { preconditionFailure("stage '\(node.name)' started before '\(producer)' gave its '\(output)'") }
        return (artifact, format)
    }

    /// Looks once more at the objects that a tool read: one that somebody wrote to would make the result a lie.
    ///
    /// A command has files of its own, which are checked by themselves.
    private func checkObjectsUnchanged() throws {
        for (input, written) in zip(node.inputs, node.stage.inputs) {
            for case .stage(let producer, let output) in input.origins {
                let object = artifact(producer, output).artifact.object
                do throws(StoreError) {
                    _ = try equipment.verifiedFile(of: object)
                } catch .absent, .damaged {
                    throw StageFailure.inputChanged(
                        file: planner.objects.path(of: object).string, input: written.name)
                }
            }
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
}

extension ToolInput.File {
    /// A file that counted into a key, to be read as it was then.
    fileprivate init(_ file: SourceContent.File) {
        self.init(name: file.name, path: file.path, bytes: file.bytes)
    }
}
