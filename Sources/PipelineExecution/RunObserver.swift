// SPDX-License-Identifier: Apache-2.0

package import PipelinePlanning

/// Is told what happens during a run, as it happens.
package protocol RunObserver: Sendable {
    func observe(_ event: RunEvent)

    /// Whether each line that a command prints is an event; else it goes to the log alone.
    var wantsLines: Bool { get }
}

extension RunObserver {
    package var wantsLines: Bool { false }
}

package enum RunEvent: Sendable {
    /// The run begins, with so many stages.
    case began(stageCount: Int)
    case upToDate(stage: String, position: Int)
    case started(stage: String, position: Int, reasons: [StaleReason])
    /// Another process is at the same action; this one waits and takes its result.
    case waitsForOther(stage: String)
    case progressed(stage: String, position: Int, StageProgress)
    /// A line that a command printed, secrets masked.
    case printed(stage: String, line: String)
    /// An attempt, counted from 1, failed, and there will be another.
    case failedAttempt(stage: String, position: Int, StageFailure, attempt: Int, secondsToNext: Double)
    case ended(StageRecord, position: Int)
}

/// Tells nobody.
package struct NoObserver: RunObserver {
    package init() {}
    package func observe(_ event: RunEvent) {}
}
