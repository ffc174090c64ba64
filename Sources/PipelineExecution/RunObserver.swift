// SPDX-License-Identifier: Apache-2.0

package import PipelinePlanning

/// Is told what happens during a run, as it happens.
package protocol RunObserver: Sendable {
    func observe(_ event: RunEvent)
}

package enum RunEvent: Sendable {
    /// The run begins, with so many stages.
    case began(stageCount: Int)
    case upToDate(stage: String, position: Int)
    case started(stage: String, position: Int, reasons: [StaleReason])
    /// Another process is at the same action; this one waits and takes its result.
    case waitsForOther(stage: String)
    case progressed(stage: String, position: Int, StageProgress)
    case ended(StageRecord, position: Int)
}

/// Tells nobody.
package struct NoObserver: RunObserver {
    package init() {}
    package func observe(_ event: RunEvent) {}
}
