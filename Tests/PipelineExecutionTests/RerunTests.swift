// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelinePlanning
import SystemPackage
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What runs again and what does not, counted.
struct RerunTests {
    private static let stages = ["read-left", "read-right", "shout", "head", "both", "last"]

    @Test func `the first run runs every stage once, the second none`() async throws {
        try await Project.with { project in
            let events = EventLog()
            let first = try await project.run(observer: events)
            #expect(first.ran == Self.stages)
            #expect(first.counts == ["read": 2, "upper": 2, "first": 1, "join": 1])
            #expect(first.outcome.failures.isEmpty && !first.outcome.wasInterrupted)
            #expect(try project.text(of: "last", in: first) == "A: ONE\nTWO\nB: THREE\n!\n--\nA: FOUR")
            #expect(
                events.lines.prefix(3) == [
                    "began 6", "1 read-left started: has not run before", "1 read-left ran",
                ])
            let again = EventLog()
            let second = try await project.run(observer: again)
            #expect(second.stages(.hit) == Self.stages)
            #expect(second.counts == [:])
            #expect(second.plan.isUpToDate)
            #expect(second.contents == first.contents)
            #expect(again.lines == ["began 6"] + Self.stages.enumerated().map { "\($0 + 1) \($1) up to date" })
        }
    }

    @Test func `a comment, a rename and another order run nothing`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            try project.edit("name: demo", "# A comment\nname: other\ntitle: Something")
            try project.edit("shout", "cry")
            try project.edit("left: {path: left}", "links: {path: left, role: train}")
            try project.edit("inputs: left", "inputs: links")
            try project.edit("settings: {suffix: \"!\"}", "settings: { 'suffix': '!' }")
            let second = try await project.run()
            #expect(second.counts == [:])
            #expect(second.stages(.hit) == ["read-left", "read-right", "cry", "head", "both", "last"])
            #expect(second.contents["last/text"] == first.contents["last/text"])
        }
    }

    @Test func `moving the data folder and touching every file run nothing`() async throws {
        try await Project.with { project in
            _ = try await project.run()
            for name in ["left/a", "left/b", "right/a", "right/b"] {
                let path = project.path("data/" + name)
                let bytes = try Files.bytes(of: path)
                // Written anew: another inode, other times, the same bytes.
                try Files.remove(path)
                try Files.write(bytes, toNew: path)
                var times = [timespec(tv_sec: 7, tv_nsec: 0), timespec(tv_sec: 7, tv_nsec: 0)]
                #expect(utimensat(AT_FDCWD, path.string, &times, 0) == 0)
            }
            #expect(try await project.run().counts == [:])
            try Files.rename(project.path("data"), to: project.path("moved"))
            #expect(try await project.run(data: "moved").counts == [:])
            try Files.rename(project.path("moved/left"), to: project.path("elsewhere"))
            try project.edit("path: left", "path: \(project.path("elsewhere"))")
            #expect(try await project.run(data: "moved").counts == [:])
        }
    }

    @Test func `a changed setting runs its stage and what comes after, with the reason`() async throws {
        try await Project.with { project in
            _ = try await project.run()
            try project.edit("suffix: \"!\"", "suffix: \"?\"")
            let second = try await project.run()
            #expect(second.ran == ["shout", "both", "last"])
            #expect(second.counts == ["upper": 2, "join": 1])
            #expect(second.reason("shout") == "setting 'suffix' changed '!' -> '?'")
            #expect(second.reason("both")?.hasPrefix("input 'text' changed [") == true)
            try project.edit("suffix: \"?\"", "suffix: \"!\"")
            #expect(try await project.run().counts == [:], "the first results are still there")
        }
    }

    @Test func `a default written out runs nothing`() async throws {
        try await Project.with { project in
            _ = try await project.run()
            try project.edit("inputs: both}", "inputs: both, settings: {suffix: ''}}")
            #expect(try await project.run().counts == [:])
        }
    }

    @Test func `a changed file runs only what depends on it`() async throws {
        try await Project.with { project in
            _ = try await project.run()
            try project.write("THREE", to: "data/left/b")
            let second = try await project.run()
            // 'shout' has the same letters as before, so its output is and nothing more runs.
            #expect(second.ran == ["read-left", "shout"])
            try project.write("drei", to: "data/left/b")
            #expect(try await project.run().ran == ["read-left", "shout", "both", "last"])
        }
    }

    @Test func `an output that does not change ends the re-run there`() async throws {
        try await Project.with { project in
            _ = try await project.run()
            try project.write("four\nFIVE", to: "data/right/a")
            let second = try await project.run()
            #expect(second.ran == ["read-right", "head"])
            #expect(second.stages(.hit) == ["read-left", "shout", "both", "last"])
            #expect(second.counts == ["read": 1, "first": 1])
        }
    }

    @Test func `a file more or less or with another name is a change`() async throws {
        try await Project.with { project in
            _ = try await project.run()
            try project.write("new", to: "data/left/c")
            #expect(try await project.run().ran == ["read-left", "shout", "both", "last"])
            try Files.rename(project.path("data/left/c"), to: project.path("data/left/d"))
            #expect(try await project.run().ran == ["read-left", "shout", "both", "last"])
            try Files.remove(project.path("data/left/d"))
            #expect(try await project.run().counts == [:])
            try project.write("hidden", to: "data/left/.d")
            #expect(try await project.run().counts == [:])
        }
    }

    @Test func `only what is asked for runs, with what it needs`() async throws {
        try await Project.with { project in
            let head = try await project.run(["head"])
            #expect(head.summary == ["read-right ran", "head ran"])
            #expect(try await project.run().ran == ["read-left", "shout", "both", "last"])
        }
    }

    @Test func `two stages that are the same action run once`() async throws {
        try await Project.with { project in
            try project.edit(
                "  last:", "  shout-again: {tool: upper, inputs: read-left, settings: {suffix: '!'}}\n  last:")
            for jobs in [1, 4] {
                let run = try await project.run(cache: "cache\(jobs)", options: ExecutionOptions(jobs: jobs))
                #expect(run.counts["upper"] == 2)
                #expect(run.contents["shout-again/text"] == run.contents["shout/text"])
                let hit = try #require(run.stages(.hit).first)
                let maker = hit == "shout" ? "shout-again" : "shout"
                #expect(run.reason(hit) == "the same work as '\(maker)'")
                #expect(run.outcome.failures.isEmpty)
            }
        }
    }

    @Test func `a forced stage runs, and what comes after does not where its output is the same`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            let second = try await project.run(forced: ["shout"])
            #expect(second.ran == ["shout"])
            #expect(second.reason("shout") == "forced by hand")
            #expect(second.contents == first.contents)
        }
    }

    @Test func `fresh caches, jobs and threads give the same content`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            #expect(first.contents.count == 6)
            for (index, (jobs, threads)) in [(1, 2), (2, 1), (4, 3)].enumerated() {
                let options = ExecutionOptions(jobs: jobs, threads: threads)
                let other = try await project.run(cache: "cache-\(index)", options: options)
                #expect(other.ran == Self.stages)
                #expect(other.contents == first.contents)
                let keys = { (run: Run) in run.outcome.records.map(\.key) }
                #expect(keys(other) == keys(first))
            }
        }
    }

    @Test func `a changed claim, source role or note is nothing to stages that do not read it`() async throws {
        try await Project.with { project in
            _ = try await project.run()
            try project.edit("path: right}", "path: right, role: test}")
            try project.edit(
                "stages:",
                "claims:\n  - {name: a, model: m, metric: psnr, dataset: d, scale: 3, "
                    + "protocol: y-double, value: 1.0}\nstages:")
            #expect(try await project.run().counts == [:])
        }
    }
}
