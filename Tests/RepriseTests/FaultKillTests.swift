// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Whenever a run is killed, the next one ends as if nothing had been.
@Suite struct FaultKillTests {
    /// 300 moments where all is tried, else 60; a tenth of them each time.
    private static let killCount = FaultEffort.isWhole ? 30 : 6

    @Test(arguments: 1...10)
    func `a run that is killed at any moment is ended by the next one, each stage once, and nothing is left`(
        seed: Int
    ) throws {
        let whole = try UndisturbedRun.shared.get()
        let project = try FaultProject()
        var numbers = SeededNumbers(seed: seed)
        var kills = 0
        while kills < Self.killCount {
            try project.clear()
            // Some runs are killed again while they clear up after the one before.
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                let moment = Double.random(in: 0...whole.seconds, using: &numbers)
                guard try project.killed("run", "faults.yml", "-q", after: moment) else { break }
                kills += 1
            }
            // Else the next run meets what still dies.
            let isOver = Bool.random(using: &numbers)
            if isOver { #expect(try project.lastingOrphans() == []) }
            try checkNextRun(project, whole, isOver: isOver)
        }
    }

    /// - Parameter isOver: whether all processes of the killed runs are dead.
    private func checkNextRun(_ project: FaultProject, _ whole: UndisturbedRun, isOver: Bool) throws {
        let missing = try project.planned()
        let before = try project.starts()
        let outcome = try project.reprise("lock", "faults.yml", "-q")
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.errors == "")
        #expect(try project.files.text("faults.lock") == whole.lock)
        let after = try project.starts()
        for stage in FaultProject.counted {
            let count = after[stage, default: 0] - before[stage, default: 0]
            if !missing.contains(stage) {
                #expect(count == 0, "'\(stage)' had a result and ran again")
            } else if isOver {
                #expect(count == 1, "'\(stage)' ran \(count) times")
            }
        }
        #expect(try project.lastingOrphans() == [])
        #expect(try project.kept().symmetricDifference(whole.kept) == [])
    }
}
