// SPDX-License-Identifier: Apache-2.0

package import ContentStore

/// What is known of a stage: whether it must run, and why.
package enum Resolution: Hashable, Sendable {
    /// The cache has its result.
    case upToDate(ActionCacheEntry)
    /// It must run, for reasons that are never empty.
    case stale(Action, [StaleReason])
    /// Its key depends on what these stages give, which must run first.
    case undetermined(waitingFor: [String])

    package var result: ActionResult? {
        if case .upToDate(let entry) = self { entry.result } else { nil }
    }

    package var key: ActionKey? {
        switch self {
        case .upToDate(let entry): entry.action.key
        case .stale(let action, _): action.key
        case .undetermined: nil
        }
    }
}

/// One stage of a plan.
package struct PlannedStage: Sendable {
    package let node: StageNode
    package let resolution: Resolution
    /// Outputs that the result names and the cache has lost; nobody needs them yet.
    package let absentOutputs: [String]
}

/// What a run would do, as a value: `plan` prints it, `run` begins with it.
package struct Plan: Sendable {
    /// In topological order.
    package let stages: [PlannedStage]

    package var isUpToDate: Bool {
        stages.allSatisfy { if case .upToDate = $0.resolution { true } else { false } }
    }
}
