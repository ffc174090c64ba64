// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import Testing

struct PlannerTests {
    /// A pipeline with all its results in the cache and all their objects in the store.
    private struct Finished {
        let graph: StageGraph
        let cache = MemoryActionCache()
        var objects = NamedObjects()
        var actions: [String: Action] = [:]
        var results: [String: ActionResult] = [:]

        init(_ text: String = wholePipeline) throws {
            graph = try PipelinePlanningTests.graph(text)
            for node in graph.stages(neededFor: []) {
                let resolution = try planner().resolution(of: node, results: results)
                guard case .stale(let action, _) = resolution else { continue }
                let result = node.result()
                cache.publish(ActionCacheEntry(action: action, result: result))
                objects.held.formUnion(result.outputs.map(\.object))
                actions[node.name] = action
                results[node.name] = result
            }
        }

        func planner(
            _ other: StageGraph? = nil, snapshot: SourceSnapshot = .of("photos", "exam"),
            earlier: [String: Action] = [:], forced: Set<String> = []
        ) -> Planner {
            Planner(
                graph: other ?? graph, snapshot: snapshot, cache: cache, objects: objects, earlier: { earlier[$0] },
                forced: forced)
        }
    }

    /// A plan, a line a stage.
    private func lines(_ planner: Planner) throws -> [String] {
        let plan = try planner.plan(for: planner.graph.stages(neededFor: []))
        let isUpToDate = plan.stages.allSatisfy { $0.resolution.result != nil }
        #expect(plan.isUpToDate == isUpToDate)
        return plan.stages.map { stage in
            let absent = stage.absentOutputs.isEmpty ? "" : ", absent: \(stage.absentOutputs.joined(separator: ", "))"
            switch stage.resolution {
            case .upToDate: return "\(stage.node.name): up to date\(absent)"
            case .stale(_, let reasons):
                return "\(stage.node.name): " + reasons.map(\.description).joined(separator: "; ")
            case .undetermined(let names): return "\(stage.node.name): after \(names.joined(separator: ", "))"
            }
        }
    }

    @Test func `with an empty cache the first stages run and the others wait to be known`() throws {
        let planner = Planner(
            graph: try graph(wholePipeline), snapshot: .of("photos", "exam"), cache: MemoryActionCache(),
            objects: NamedObjects())
        #expect(
            try lines(planner) == [
                "load: has not run before", "load-exam: has not run before", "cut: after load", "fit: after cut",
                "measure: after load-exam, cut, fit", "judge: after measure",
            ])
    }

    @Test func `with all results there is nothing to do`() throws {
        let finished = try Finished()
        #expect(
            try lines(finished.planner())
                == ["load", "load-exam", "cut", "fit", "measure", "judge"].map { "\($0): up to date" })
    }

    @Test func `a changed setting is told, and what comes after waits`() throws {
        let finished = try Finished()
        let changed = try graph(wholePipeline.split(separator: "0.001").joined(separator: "0.0001"))
        #expect(
            try lines(finished.planner(changed, earlier: finished.actions)) == [
                "load: up to date", "load-exam: up to date", "cut: up to date",
                "fit: setting 'learning-rate' changed 0.001 -> 0.0001", "measure: after fit", "judge: after measure",
            ])
    }

    @Test func `a changed source is told by the input that reads it`() throws {
        let finished = try Finished()
        var snapshot = SourceSnapshot.of("photos", "exam")
        let before = try #require(snapshot.sources["exam"]?.content.abbreviated)
        snapshot.sources["exam"] = SourceSnapshot.content("other")
        let after = try #require(snapshot.sources["exam"]?.content.abbreviated)
        #expect(
            try lines(finished.planner(snapshot: snapshot, earlier: finished.actions)) == [
                "load: up to date", "load-exam: input 'files' changed \(before) -> \(after)", "cut: up to date",
                "fit: up to date", "measure: after load-exam", "judge: after measure",
            ])
    }

    @Test func `a forced stage runs although nothing changed`() throws {
        let finished = try Finished()
        #expect(
            try lines(finished.planner(forced: ["cut"])).filter { !$0.hasSuffix("up to date") } == [
                "cut: forced by hand", "fit: after cut", "measure: after cut, fit", "judge: after measure",
            ])
    }

    @Test func `a result that is gone from the cache is told as that`() throws {
        let finished = try Finished()
        let planner = Planner(
            graph: finished.graph, snapshot: .of("photos", "exam"), cache: MemoryActionCache(),
            objects: NamedObjects(), earlier: { [actions = finished.actions] in actions[$0] })
        #expect(try lines(planner).first == "load: its result is no longer in the cache")
    }

    @Test func `a lost object that nothing needs is named and nothing runs`() throws {
        var finished = try Finished()
        let object = try #require(finished.results["cut"]?.output(named: "train")?.object)
        finished.objects.held.remove(object)
        let lines = try lines(finished.planner())
        #expect(lines[2] == "cut: up to date, absent: train")
        #expect(lines.filter { $0.hasSuffix("up to date") }.count == 5)
    }

    @Test func `a lost object that a stale stage reads is made again, and what that needs, too`() throws {
        var finished = try Finished()
        for (stage, output) in [("load", "images"), ("cut", "train"), ("load-exam", "images")] {
            let object = try #require(finished.results[stage]?.output(named: output)?.object)
            finished.objects.held.remove(object)
        }
        let changed = try graph(wholePipeline.split(separator: "0.001").joined(separator: "0.0001"))
        #expect(
            try lines(finished.planner(changed, earlier: finished.actions)) == [
                "load: 'load/images' is absent from the cache and stage 'cut' needs it",
                "load-exam: up to date, absent: images",
                "cut: 'cut/train' is absent from the cache and stage 'fit' needs it",
                "fit: setting 'learning-rate' changed 0.001 -> 0.0001", "measure: after fit", "judge: after measure",
            ])
    }

    @Test func `what is known of a waiting stage is told before its inputs are`() throws {
        let finished = try Finished()
        let changed = try graph(wholePipeline.split(separator: "0.001").joined(separator: "0.0001, epochs: 11"))
        let planner = finished.planner(changed, earlier: finished.actions)
        func known(_ stage: String) throws -> [String] {
            try planner.knownReasons(of: try #require(changed.node(named: stage))).map(\.description)
        }
        #expect(
            try known("fit")
                == ["setting 'epochs' changed 10 -> 11", "setting 'learning-rate' changed 0.001 -> 0.0001"])
        #expect(try known("measure") == [])
        let fit = try #require(finished.graph.node(named: "fit"))
        #expect(try finished.planner().knownReasons(of: fit) == [.neverRan])
    }

    @Test func `a renamed stage has its result`() throws {
        let finished = try Finished()
        let renamed = try graph(wholePipeline.split(separator: "load-exam").joined(separator: "exam-images"))
        let lines = try lines(finished.planner(renamed, earlier: finished.actions))
        #expect(lines.allSatisfy { $0.hasSuffix("up to date") })
        #expect(lines[1] == "exam-images: up to date")
    }
}
