// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest
import Subprocess
package import SystemPackage

/// Has the work of one order done, here or elsewhere.
package protocol ActionRunner: Sendable {
    /// - Parameter log: takes the stage's remarks and whatever its programs print.
    func report(
        on order: WorkOrder, log: FilePath, progress: @escaping @Sendable (StageProgress) -> Void
    ) async throws -> WorkReport
}

/// Runs each stage as a process of its own, `reprise exec ORDER`: its own memory and processor account, its own
/// libhdf5, and a crash that is no more than a failed stage.
///
/// The child reports progress as lines of JSON on its standard output. It is handed the open end of a pipe as standard
/// input and ends itself when that closes, so no child outlives a killed parent.
package struct ProcessActionRunner: ActionRunner {
    private let executable: FilePath
    /// Which program that is; asked for with each order.
    private let identity: @Sendable () throws -> ProgramIdentity

    package init(executable: FilePath, identity: @escaping @Sendable () throws -> ProgramIdentity) {
        self.executable = executable
        self.identity = identity
    }

    package func report(
        on order: WorkOrder, log: FilePath, progress: @escaping @Sendable (StageProgress) -> Void
    ) async throws -> WorkReport {
        let orderFile = order.folder.appending("order.json")
        try Files.write(identity().json(with: order).canonicalBytes, toNew: orderFile)
        let status = try await run(orderFile, log: log, progress: progress)
        let reportFile = order.folder.appending("report.json")
        guard let bytes = try Files.plainFile(reportFile, limit: CacheLimits.workOrder) else {
            if case .exited(Self.diskFault) = status { return .diskFailed(try Self.lastWords(in: log)) }
            return .failed(ToolFailure(Self.ending(status)))
        }
        return try WorkReport(json: JSONValue(parsing: bytes))
    }

    private func run(
        _ orderFile: FilePath, log: FilePath, progress: @Sendable (StageProgress) -> Void
    ) async throws -> TerminationStatus {
        let logFile = try Self.opened(log)
        defer { try? logFile.close() }
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))
        ]
        let result = try await Subprocess.run(
            .path(executable),
            arguments: Arguments(executablePathOverride: "reprise", remainingValues: ["exec", orderFile.string]),
            platformOptions: options,
            input: .inputWriter, output: .sequence,
            error: .fileDescriptor(logFile, closeAfterSpawningProcess: false)
        ) { execution in
            var lines = LineSplitter()
            for try await piece in execution.standardOutput {
                let bytes = piece.withUnsafeBytes { Array($0) }
                for line in lines.lines(adding: bytes) {
                    if let json = try? JSONValue(parsing: line), let step = StageProgress(json: json) {
                        progress(step)
                    }
                }
            }
            try await execution.standardInputWriter.finish()
        }
        return result.terminationStatus
    }

    /// The exit code of `reprise exec` where it could not write its report.
    private static let diskFault: TerminationStatus.Code = 4

    /// What a process that could not write its report said at last, as far as the log could take it.
    private static func lastWords(in log: FilePath) throws(StoreError) -> String {
        let text = String(decoding: try Files.bytes(of: log), as: UTF8.self)
        guard let line = text.split(separator: "\n").last, line.hasPrefix("error: ") else {
            return "cannot write the report of its process"
        }
        return String(line.dropFirst("error: ".count))
    }

    private static func opened(_ log: FilePath) throws(StoreError) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                log, .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
        } catch {
            throw .cannot(action: "write", path: log, reason: error as? Errno ?? .ioError)
        }
    }

    private static func ending(_ status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "its process ended with exit code \(code) and no report"
        case .signaled(9): "its process was killed, as happens when memory runs out"
        case .signaled(let signal): "its process crashed with signal \(signal)"
        }
    }
}

/// Does the work in this process: for tests, and where processes cannot be started.
package struct InProcessActionRunner: ActionRunner {
    private let toolbox: Toolbox

    package init(toolbox: Toolbox) {
        self.toolbox = toolbox
    }

    package func report(
        on order: WorkOrder, log: FilePath, progress: @escaping @Sendable (StageProgress) -> Void
    ) async throws -> WorkReport {
        WorkPerformance(toolbox: toolbox, progress: progress, remark: { _ in }).report(on: order)
    }
}

extension StageProgress {
    /// A line that a stage's process prints.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "counted": .text(counted), "done": .integer(done), "total": .integer(total),
        ]
        if let remark { members["remark"] = .text(remark) }
        return .object(members)
    }

    fileprivate init?(json: JSONValue) {
        guard let counted = json["counted"]?.text, let done = json["done"]?.integer,
            let total = json["total"]?.integer
        else { return nil }
        self.init(counted, done: done, total: total, remark: json["remark"]?.text)
    }
}

/// Puts pieces of a stream together into lines.
private struct LineSplitter {
    private var rest: [UInt8] = []

    mutating func lines(adding piece: [UInt8]) -> [[UInt8]] {
        rest += piece
        var lines: [[UInt8]] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(Array(rest[..<end]))
            rest.removeFirst(end + 1)
        }
        return lines
    }
}
