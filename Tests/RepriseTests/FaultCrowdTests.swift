// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Many runs at once on one cache.
@Suite struct FaultCrowdTests {
    @Test func `eight runs at once execute each stage once and end well with the same content`() throws {
        let whole = try UndisturbedRun.shared.get()
        let project = try FaultProject()
        try checkEnds(try crowd(in: project, of: { _ in "faults.yml" }), in: project)
        #expect(try project.starts() == Dictionary(FaultProject.counted.map { ($0, 1) }) { $1 })
        try checkRest(of: project, whole)
    }

    @Test func `eight pipelines that share stages execute each shared stage once`() throws {
        let whole = try UndisturbedRun.shared.get()
        let project = try FaultProject()
        for index in 0..<8 { try project.files.write(Data(other(index).utf8), to: "other\(index).yml") }
        try checkEnds(try crowd(in: project, of: { "other\($0).yml" }), in: project)
        var expected = Dictionary(FaultProject.counted.map { ($0, 1) }) { $1 }
        for index in 0..<8 { expected["own\(index)"] = 1 }
        #expect(try project.starts() == expected)
        try project.reprise("lock", "faults.yml", "-q")
        #expect(try project.files.text("faults.lock") == whole.lock)
        #expect(try project.starts() == expected)
    }

    @Test(arguments: [1, 2, 3])
    func `of eight runs at once one that is killed disturbs no other`(seed: Int) throws {
        let whole = try UndisturbedRun.shared.get()
        let project = try FaultProject()
        var numbers = SeededNumbers(seed: seed)
        let moment = Double.random(in: 0.1...0.9, using: &numbers) * whole.seconds
        let runs = try crowd(in: project, of: { _ in "faults.yml" })
        Thread.sleep(forTimeInterval: moment)
        kill(runs[0].processIdentifier, SIGKILL)
        runs[0].waitUntilEnded()
        try checkEnds(Array(runs.dropFirst()), in: project)
        // What the killed one was at, or had not got to the disk, is done again, once.
        let starts = try project.starts()
        #expect(starts.values.allSatisfy { $0 <= 2 }, "\(starts)")
        #expect(starts.count == FaultProject.counted.count)
        try checkRest(of: project, whole)
    }

    private func crowd(in project: FaultProject, of pipeline: (Int) -> String) throws -> [Process] {
        try (0..<8).map { index in
            try project.started(["run", pipeline(index), "--jobs", "2", "-q"], name: "run\(index)")
        }
    }

    private func checkEnds(_ runs: [Process], in project: FaultProject) throws {
        for run in runs { run.waitUntilEnded() }
        let codes = runs.map(\.terminationStatus)
        let errors = try (0..<8).map { try project.files.text("run\($0).errors") }
        #expect(codes == runs.map { _ in 0 }, "\(errors)")
        #expect(errors == errors.map { _ in "" })
    }

    private func checkRest(of project: FaultProject, _ whole: UndisturbedRun) throws {
        let starts = try project.starts()
        try project.reprise("lock", "faults.yml", "-q")
        #expect(try project.files.text("faults.lock") == whole.lock)
        #expect(try project.starts() == starts, "all was done")
        #expect(try project.kept().symmetricDifference(whole.kept) == [])
        #expect(try project.lastingOrphans() == [])
    }

    /// The shared stages under other names of the pipeline, one of them with another name, and one stage of its own.
    private func other(_ index: Int) -> String {
        FaultProject.manifest.replacingOccurrences(of: "name: faults", with: "name: other\(index)") + """
              own:
                shell: count own\(index); cat ${inputs.text} > ${outputs.text}
                inputs: {text: all}
                outputs: {text: text}

            """
    }
}
