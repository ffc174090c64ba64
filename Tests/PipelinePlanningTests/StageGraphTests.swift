// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import PipelinePlanning
import Testing

struct StageGraphTests {
    @Test func `stages come after all they read, ties as declared`() throws {
        let graph = try graph(wholePipeline)
        #expect(graph.names == ["load", "load-exam", "cut", "fit", "measure", "judge"])
        #expect(graph.stages(neededFor: []).map(\.name) == graph.names)
    }

    @Test func `independent stages stay in the order of the manifest`() throws {
        let names = ["c", "a", "d", "b"]
        let stages = names.map { "  \($0): {tool: load, inputs: s}\n" }.joined()
        #expect(try graph("reprise: 1\nsources: {s: {path: s}}\nstages:\n" + stages).names == names)
    }

    @Test func `a stage that becomes free early goes before one declared later`() throws {
        let text = """
            reprise: 1
            sources: {s: {path: s}}
            stages:
              first-cut: {tool: cut, inputs: last}
              middle: {tool: load, inputs: s}
              last: {tool: load, inputs: s}
              later: {tool: cut, inputs: middle}

            """
        #expect(try graph(text).names == ["middle", "last", "first-cut", "later"])
    }

    @Test func `a node knows its inputs and what is before it`() throws {
        let graph = try graph(wholePipeline)
        let measure = try #require(graph.node(named: "measure"))
        #expect(
            measure.inputs == [
                .init(
                    name: "images", isList: true,
                    origins: [.stage("load-exam", output: "images"), .stage("cut", output: "validation")]),
                .init(name: "model", isList: false, origins: [.stage("fit", output: "model")]),
            ])
        #expect(Array(measure.upstream) == ["load-exam", "cut", "fit"])
        #expect(try #require(graph.node(named: "load")).inputs.first?.origins == [.source("photos")])
        #expect(graph.node(named: "photos") == nil)
    }

    @Test func `the stages needed for some are these and all before them`() throws {
        let graph = try graph(wholePipeline)
        #expect(graph.stages(neededFor: ["cut"]).map(\.name) == ["load", "cut"])
        #expect(graph.stages(neededFor: ["fit", "load-exam"]).map(\.name) == ["load", "load-exam", "cut", "fit"])
        #expect(graph.stages(neededFor: ["judge"]).map(\.name) == graph.names)
    }

    @Test func `the order is that of a naive sort, for any graph`() throws {
        var random = SeededRandom(seed: 7)
        for _ in 0..<60 {
            let count = Int.random(in: 1...12, using: &random)
            var order = Array(0..<count)
            order.shuffle(using: &random)
            var upstream: [Int: [Int]] = [:]
            for (place, stage) in order.enumerated() where place > 0 {
                upstream[stage] = order[..<place].filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
            }
            var text = "reprise: 1\nsources: {s: {path: s}}\nstages:\n"
            for stage in 0..<count {
                let inputs = (upstream[stage] ?? []).map { "x\($0)" } + ["s"]
                text += "  x\(stage): {run: cp, inputs: {a: [\(inputs.joined(separator: ", "))]}, outputs: {o: o}}\n"
            }
            var naive: [Int] = []
            while naive.count < count {
                let next = (0..<count).first { stage in
                    !naive.contains(stage) && (upstream[stage] ?? []).allSatisfy(naive.contains)
                }
                naive.append(try #require(next))
            }
            #expect(try graph(text).names == naive.map { "x\($0)" })
        }
    }

    @Test func `a long chain is sorted without recursion`() throws {
        var text = "reprise: 1\nsources: {s: {path: s}}\nstages:\n  x0: {run: cp, inputs: {a: s}, outputs: {o: o}}\n"
        for stage in 1..<2000 {
            text += "  x\(stage): {run: cp, inputs: {a: x\(stage - 1)}, outputs: {o: o}}\n"
        }
        let graph = try graph(text)
        #expect(graph.names.last == "x1999")
        #expect(graph.stages(neededFor: ["x1000"]).count == 1001)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed on every machine.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }
}
