// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The tutorial's pipeline on its stand-in, still smaller, from nothing to a verdict.
@Suite struct StandInTests {
    @Test func `the stand-in of DIV2K goes the whole way in RGB, and compares with nothing`() throws {
        let manifest = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("pipelines/fsrcnn-div2k/stand-in.yml")
        let project = try CommandLineProject(["stand-in.yml": try String(contentsOf: manifest, encoding: .utf8)])
        let small = ["crop=48", "input=12", "passes=2", "test-passes=2", "steps=60"].flatMap { ["--set", $0] }
        let run = try project.run(["run", "stand-in.yml", "-q", "--json"] + small, environment: [:])
        #expect(run.code == 0, "\(run.errors)")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let stages = try #require(object["stages"] as? [[String: Any]])
        #expect(stages.count == 9 && stages.allSatisfy { $0["outcome"] as? String == "ran" })

        let deviations = try #require(object["deviations"] as? [[String: Any]])
        #expect(deviations.map { $0["verdict"] as? String } == ["not-comparable"])
        let scores = try #require(object["scores"] as? [[String: Any]])
        let names = ["bicubic", "FSRCNN"]
        let found = names.map { name in scores.first { $0["model"] as? String == name } }
        for score in found {
            #expect(
                score?["protocol"] as? String == "pillow-rgb+crops-48" && score?["dataset"] as? String == "Stand-in")
            #expect((10...60).contains(score?["value"] as? Double ?? 0), "\(score ?? [:])")
        }
        let model = try project.run(["show", "stand-in.yml", "train/model", "-q"] + small, environment: [:])
        #expect(model.output.contains("24,683 parameters in all"), "\(model.output)")

        let again = try project.run(["run", "stand-in.yml"] + small, environment: [:])
        #expect(again.output.contains("Nothing to do: all 9 stages are up to date."), "\(again.output)")
        // Another end of the training makes no sample anew; and since the best network is still the one of an epoch
        // before, what comes after it is up to date.
        let longer = small.dropLast() + ["steps=61"]
        let rerun = try project.run(["run", "stand-in.yml", "-q", "--json"] + longer, environment: [:])
        let later = try JSONSerialization.jsonObject(with: Data(rerun.output.utf8)) as? [String: Any]
        let ran = (later?["stages"] as? [[String: Any]] ?? []).filter { $0["outcome"] as? String == "ran" }
        #expect(ran.compactMap { $0["name"] as? String } == ["train"])
    }
}
