// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest
package import SystemPackage

/// One stage's work as it is handed to the process that does it: an action with the places of this machine filled in.
///
/// It is a file of JSON, `order.json` in the attempt's folder; the answer, a `WorkReport`, is written beside it.
package struct WorkOrder: Hashable, Sendable {
    /// An order holds three values a file of its inputs, and a source may have millions.
    package static let valueLimit = 1 << 24

    package enum Work: Hashable, Sendable {
        case tool(name: String, version: Int, settings: [String: JSONValue], claims: [JSONValue])
        /// Nothing but to take the contents of outputs that are there already, as a command left them: reading them is
        /// work of its own, for libraries that may crash over a damaged file.
        case contents
    }

    package struct Input: Hashable, Sendable {
        package let name: String
        package let isList: Bool
        package let artifacts: [ToolInput]
    }

    package struct Output: Hashable, Sendable {
        package let name: String
        package let format: ArtifactFormat
        package let path: FilePath
    }

    package let stage: String
    package let work: Work
    package let inputs: [Input]
    package let outputs: [Output]
    /// The folder of this attempt; nobody else uses it.
    package let folder: FilePath
    package let checkpointFolder: FilePath
    package let threads: Int
}

/// What became of a work order.
package enum WorkReport: Hashable, Sendable {
    /// The content digest of each output whose content is not its bytes, and what the work cost.
    case done(contents: [String: Digest], cost: WorkCost)
    case failed(ToolFailure, cost: WorkCost? = nil)
    /// The disk or the cache is at fault, not the stage.
    case diskFailed(String, cost: WorkCost? = nil)

    /// `nil` where that is not known, as of a process that crashed.
    package var cost: WorkCost? {
        switch self {
        case .done(_, let cost): cost
        case .failed(_, let cost), .diskFailed(_, let cost): cost
        }
    }
}

/// What a stage's process used.
package struct WorkCost: Hashable, Sendable {
    package let processorSeconds: Double
    package let peakMemoryBytes: Int
    /// Wall time of the tool or command alone, before its outputs' contents were taken; 0 where that is not known.
    package let workSeconds: Double

    package init(processorSeconds: Double, peakMemoryBytes: Int, workSeconds: Double = 0) {
        self.processorSeconds = processorSeconds
        self.peakMemoryBytes = peakMemoryBytes
        self.workSeconds = workSeconds
    }
}

/// A work order or report that is not what Reprise writes.
package struct WorkOrderError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}
