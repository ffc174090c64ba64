// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage

/// The way of one stage that must run: claim its action, have its work done, again where the manifest asks for that,
/// check, store, hand over for publication.
///
/// Everything is made beside the cache and enters it by rename: objects first, then the result that names them.
/// Whenever the process dies on the way, the cache holds nothing it did not hold before, and the next attempt clears
/// the folder.
struct StageAttempt: Sendable {
    enum Obstacle: Error {
        /// Objects of these stages are absent or damaged, and have to be made again first.
        case lostInputs(Set<String>)
        /// A file that the work uses in place was touched meanwhile; what it read of it nobody knows.
        case touched(file: String)
        case failed(StageFailure)
    }

    struct Ending: Sendable {
        let record: StageRecord
        let result: Result<ActionResult, Obstacle>
    }

    let work: StageWork
    let action: Action
    let reasons: [StaleReason]
    let folders: CacheFolders
    let onWait: @Sendable () -> Void
    /// Is told of an attempt that failed and is tried again: its number, and the seconds until then.
    let onRetry: @Sendable (_ failure: StageFailure, _ attempt: Int, _ seconds: Double) -> Void

    private let account = CostAccount()

    private var node: StageNode { work.node }
    private var limits: StageLimits { node.stage.limits }
    private var planner: Planner { work.planner }

    func run() async -> Ending {
        let clock = ContinuousClock()
        let start = clock.now
        var record = StageRecord(
            stage: node.name, outcome: .ran, reason: reasons.text,
            key: action.key)
        do {
            let result = try await claimedResult(&record)
            record.outputs = result.outputs
            record.note(account.total, wallTime: clock.now - start)
            return Ending(record: record, result: .success(result))
        } catch {
            record.note(account.total, wallTime: clock.now - start)
            return Ending(record: record, result: .failure(Self.obstacle(error)))
        }
    }

    static func obstacle(_ error: any Error) -> Obstacle {
        if Task.isCancelled { return .failed(.interrupted) }
        switch error {
        case let error as Obstacle: return error
        case let error as StageFailure: return .failed(error)
        case let error as ToolFailure: return .failed(.tool(error))
        case let error as StoreError: return .failed(.store(error))
        case is CancellationError: return .failed(.interrupted)
        default: return .failed(.tool(ToolFailure("its process could not be run: \(error)")))
        }
    }

    private func claimedResult(_ record: inout StageRecord) async throws -> ActionResult {
        let claim = try await ActionClaim.waiting(at: folders.claim(of: action.key), onWait: onWait)
        defer { withExtendedLifetime(claim) {} }
        if let entry = try resultOfAnother() {
            record.outcome = .hit
            record.reason = origin
            claim.release()
            return entry.result
        }
        // The claim is ours, so whoever left attempts here is dead. What cannot be removed the next run tells.
        var leftovers = Leftovers()
        if claim.isHeld { DeadWork.clear(folders.workFolder(of: action.key), hasResult: false, &leftovers) }
        let site = try WorkSite(of: action.key, holding: claim, in: folders)
        let result = try await triedResult(&record, at: site)
        try checkAgainstEarlier(result)
        work.equipment.note(maker: node.name, of: action.key)
        work.equipment.committer.commit(
            ActionCacheEntry(action: action, result: result), of: node.name, workedAt: site)
        return result
    }

    /// Whose result it is that was not there when this stage was started.
    private var origin: String {
        if let maker = work.equipment.maker(of: action.key) { return StageRecord.reason(forWorkOf: maker) }
        // Its result was known all the time, and what it had lost may be what another stage made too.
        let wasKnown = reasons.contains { if case .objectAbsent = $0 { true } else { false } }
        return wasKnown ? "what it had lost is there again" : "made by another run meanwhile"
    }

    /// What another process published, or another stage of this run, before this one got its claim.
    private func resultOfAnother() throws -> ActionCacheEntry? {
        if reasons.contains(.forced) { return nil }
        guard let entry = try planner.cache.entry(for: action.key), entry.result.fits(node.stage.outputs),
            try planner.absentOutputs(of: entry.result).isEmpty
        else { return nil }
        return entry
    }

    /// The result of the first attempt that ends well, after as many as the manifest grants.
    private func triedResult(_ record: inout StageRecord, at site: WorkSite) async throws -> ActionResult {
        var pause = limits.backoff
        while true {
            record.attempts += 1
            do {
                return try await untouchedResult(&record, at: site)
            } catch {
                guard record.attempts <= limits.retries, case .failed(let failure) = Self.obstacle(error),
                    failure.mayPass
                else { throw error }
                onRetry(failure, record.attempts, pause)
            }
            try await Task.sleep(for: .seconds(pause))
            pause *= 2
        }
    }

    /// So often the work is done again because a file that it uses in place was touched.
    private static let maximumTouches = 2

    /// The result of an attempt during which nobody touched a file that is used in place.
    private func untouchedResult(_ record: inout StageRecord, at site: WorkSite) async throws -> ActionResult {
        for touches in 0... {
            do {
                return try await attemptedResult(&record, at: site)
            } catch Obstacle.touched(let file) where touches >= Self.maximumTouches {
                throw StageFailure.inputChanged(file: file, input: "")
            } catch Obstacle.touched {
                continue
            }
        }
        preconditionFailure("a range without an end has none")
    }

    private func attemptedResult(_ record: inout StageRecord, at site: WorkSite) async throws -> ActionResult {
        let folder = try site.newAttempt()
        // Another user's stays.
        try? Files.removeTree(folders.failedWork(of: action.key))
        do {
            let outputs = try await loggedWork(in: folder.filePath, keeping: site.folder.filePath)
            record.scorings = scorings
            return try stored(outputs)
        } catch {
            // Before anything goes, since that makes room.
            let error = explained(error)
            if !isDiskFull { keepWork(in: folder, of: error) }
            // The log and the checkpoints stay; what was half made goes, however it ended.
            try? Files.removeTree(folder)
            try? DeadWork.removeIfBare(site.folder)
            throw error
        }
    }

    /// Whether the cache's disk has no room for anything worth keeping.
    private var isDiskFull: Bool {
        DiskRoom(at: folders.root)?.takes(fewerThan: 1 << 20) == true
    }

    /// A program that meets a full disk says so in its own way, or not at all.
    private func explained(_ error: any Error) -> any Error {
        guard case .failed(.tool(let failure)) = Self.obstacle(error), isDiskFull else { return error }
        return ToolFailure(
            failure.message, at: failure.place, details: failure.details,
            hint: "the disk of '\(folders.root)' has less than 1 MiB left, which may be why")
    }

    /// Keeps what the stage wrote where it is the stage that failed, and nobody ended it.
    private func keepWork(in folder: CachePath, of error: any Error) {
        // What a tool has half written nobody can read; what a command wrote may be hours of somebody's work.
        guard case .command = node.stage.work, case .failed(let failure) = Self.obstacle(error),
            failure != .interrupted, !failure.isStoreFault
        else { return }
        let code = Set((planner.snapshot.code[node.name]?.files ?? []).map(\.name))
        // What cannot be kept is lost, as it would be without this.
        try? FailedWork.keep(of: folder, besides: code, at: folders.failedWork(of: action.key))
    }

    private func loggedWork(in folder: FilePath, keeping kept: FilePath) async throws -> [StageWork.Output] {
        let log = folder.appending("log")
        let outputs: [StageWork.Output]
        do {
            outputs = try await limited { try await work.done(in: folder, keeping: kept, charging: account) }
        } catch {
            try? StageLog.keep(log, of: action.key, in: folders)
            throw error
        }
        try StageLog.keep(log, of: action.key, in: folders)
        return outputs
    }

    /// Ends the work when its time is over.
    private func limited<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        guard let timeout = limits.timeout else { return try await work() }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: .seconds(timeout))
                return nil
            }
            defer { group.cancelAll() }
            if let value = try await group.next() ?? nil { return value }
            group.cancelAll()
            _ = try? await group.next()
            throw StageFailure.tool(
                ToolFailure(
                    "it did not end within \(Self.text(ofSeconds: timeout))",
                    hint: "a longer 'timeout', or none, gives it more time"))
        }
    }

    /// As a manifest would say it: `90s`, `30m`, `2h`, `1d`.
    private static func text(ofSeconds seconds: Double) -> String {
        for (unit, length) in [("d", 86400.0), ("h", 3600.0), ("m", 60.0)]
        where seconds >= length && seconds.truncatingRemainder(dividingBy: length) == 0 {
            return "\(Int(seconds / length))\(unit)"
        }
        return seconds == seconds.rounded() ? "\(Int(seconds))s" : "\(seconds)s"
    }

    private func stored(_ outputs: [StageWork.Output]) throws -> ActionResult {
        ActionResult(
            outputs: try outputs.map { output in
                let isLikeFolder = try output.format != .folder && FolderLikeness.isFound(inFileAt: output.path)
                let object = try work.equipment.insert(movingFileAt: output.path)
                return Artifact(
                    name: output.name, format: output.format.rawValue, content: output.content ?? object.digest,
                    object: object.digest, byteCount: object.byteCount, isLikeFolder: isLikeFolder)
            })
    }

    /// A result that is made again must be the result of before: keys downstream were made of it.
    ///
    /// Only a command that is forced by hand may give another one, as programs that nobody made deterministic do.
    private func checkAgainstEarlier(_ result: ActionResult) throws {
        if case .command = node.stage.work, reasons.contains(.forced) { return }
        guard let earlier = try planner.cache.entry(for: action.key)?.result, earlier.fits(node.stage.outputs)
        else { return }
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
                let artifact = work.results[producer]?.output(named: output)
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

extension StageRecord {
    /// What all its attempts cost, and the time from the first one's beginning to the last one's end.
    fileprivate mutating func note(_ cost: WorkCost, wallTime: Duration) {
        seconds = wallTime.seconds
        processorSeconds = cost.processorSeconds
        peakMemoryBytes = cost.peakMemoryBytes
        workSeconds = cost.workSeconds
    }
}

extension Duration {
    /// With three decimals: records are for people, and the nanoseconds of a stage mean nothing.
    fileprivate var seconds: Double {
        (Double(components.seconds) * 1000 + Double(components.attoseconds / 1_000_000_000_000_000)) / 1000
    }
}
