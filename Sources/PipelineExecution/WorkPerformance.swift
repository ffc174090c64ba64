// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Does the work of one order: the inside of `reprise exec`.
package struct WorkPerformance: Sendable {
    private let toolbox: Toolbox
    private let progress: @Sendable (StageProgress) -> Void
    private let remark: @Sendable (String) -> Void

    package init(
        toolbox: Toolbox, progress: @escaping @Sendable (StageProgress) -> Void,
        remark: @escaping @Sendable (String) -> Void
    ) {
        self.toolbox = toolbox
        self.progress = progress
        self.remark = remark
    }

    /// Never throws: whatever goes wrong is the report.
    package func report(on order: WorkOrder) -> WorkReport {
        let clock = ContinuousClock()
        let start = clock.now
        func cost() -> WorkCost { .ofThisProcess(workSeconds: (clock.now - start) / .seconds(1)) }
        do {
            if case .tool(let name, let version, let settings, let claims) = order.work {
                try run(try tool(name, version), settings, claims, order)
            }
            let workSeconds = (clock.now - start) / .seconds(1)
            return .done(contents: try contents(of: order), cost: .ofThisProcess(workSeconds: workSeconds))
        } catch let failure as ToolFailure {
            return .failed(failure, cost: cost())
        } catch let error as StoreError {
            return .diskFailed(error.description, cost: cost())
        } catch let diagnostics as Diagnostics {
            return .failed(ToolFailure(diagnostics.all.map(\.message).joined(separator: "; ")), cost: cost())
        } catch {
            return .failed(ToolFailure("\(error)"), cost: cost())
        }
    }

    /// - Parameter version: that the order's key was made of.
    private func tool(_ name: String, _ version: Int) throws(ToolFailure) -> any Tool {
        guard let tool = toolbox.tool(named: name) else {
            throw ToolFailure("this Reprise has no tool '\(name)'")
        }
        guard tool.interface.version == version else { throw ProgramIdentity.replaced }
        return tool
    }

    private func run(
        _ tool: any Tool, _ settings: [String: JSONValue], _ claims: [JSONValue], _ order: WorkOrder
    ) throws {
        let context = ToolContext(
            settings: ToolSettings(settings), claims: claims, threads: order.threads,
            checkpointFolder: order.checkpointFolder,
            inputs: Dictionary(uniqueKeysWithValues: order.inputs.map { ($0.name, $0.artifacts) }),
            outputs: Dictionary(uniqueKeysWithValues: order.outputs.map { ($0.name, $0.path) }),
            progress: progress, note: remark)
        try tool.run(context)
    }

    private func contents(of order: WorkOrder) throws -> [String: Digest] {
        var contents: [String: Digest] = [:]
        for output in order.outputs {
            guard let status = try Files.linkStatus(output.path) else {
                throw ToolFailure("it did not write its output '\(output.name)'")
            }
            guard status.kind == .file else {
                throw ToolFailure("its output '\(output.name)' is not a plain file")
            }
            // That of all others is their bytes, which are hashed once, on their way into the store.
            guard output.format.hasCanonicalContent else { continue }
            contents[output.name] = try toolbox.content(ofFileAt: output.path, format: output.format)
        }
        return contents
    }
}

extension WorkCost {
    /// What this process and those it has waited for used so far.
    static func ofThisProcess(workSeconds: Double) -> WorkCost {
        var seconds = 0.0
        var peak = 0
        #if canImport(Darwin)
            let kinds = [RUSAGE_SELF, RUSAGE_CHILDREN]
            let bytesPerUnit = 1
        #else
            let kinds = [__rusage_who_t(RUSAGE_SELF.rawValue), __rusage_who_t(RUSAGE_CHILDREN.rawValue)]
            let bytesPerUnit = 1024
        #endif
        for kind in kinds {
            var usage = rusage()
            guard getrusage(kind, &usage) == 0 else { continue }
            seconds += Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
            seconds += Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) / 1e6
            peak = max(peak, Int(usage.ru_maxrss) * bytesPerUnit)
        }
        return WorkCost(processorSeconds: seconds, peakMemoryBytes: peak, workSeconds: workSeconds)
    }
}
