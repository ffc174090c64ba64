// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
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

/// Lost and damaged objects, failures, interruptions and what they leave.
struct LossTests {
    // MARK: The cache

    @Test func `a lost object runs nothing until something needs it, then only what makes it`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            try Files.remove(project.object(of: "shout", in: first))
            let second = try await project.run()
            #expect(second.counts == [:])
            #expect(second.outcome.absentOutputs == ["shout/text"])

            try project.write("vier", to: "data/right/a")
            let third = try await project.run()
            #expect(third.ran == ["read-right", "shout", "head", "both", "last"])
            #expect(third.counts == ["read": 1, "first": 1, "join": 1, "upper": 2])
            #expect(third.reason("shout") == "'shout/text' is absent from the cache and stage 'both' needs it")
            #expect(third.outcome.absentOutputs == [])
            #expect(third.contents["shout/text"] == first.contents["shout/text"])
        }
    }

    @Test(arguments: [1, 2, 4])
    func `what makes a lost object makes what it needs itself`(jobs: Int) async throws {
        try await Project.with { project in
            let first = try await project.run()
            try Files.remove(project.object(of: "shout", in: first))
            try Files.remove(project.object(of: "read-left", in: first))
            try Files.remove(project.object(of: "last", in: first))
            try project.write("vier", to: "data/right/a")
            let second = try await project.run(options: ExecutionOptions(jobs: jobs))
            #expect(second.ran == ["read-left", "read-right", "shout", "head", "both", "last"])
            #expect(second.counts == ["read": 2, "first": 1, "join": 1, "upper": 2])
            #expect(
                second.reason("read-left") == "'read-left/text' is absent from the cache and stage 'shout' needs it")
        }
    }

    @Test func `an object that a person wants is made again`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            try Files.remove(project.object(of: "shout", in: first))
            let second = try await project.run(["shout"], wanted: ["shout"])
            #expect(second.ran == ["shout"])
            #expect(second.reason("shout") == "'shout/text' is absent from the cache and what you asked for needs it")
            #expect(try project.text(of: "shout", in: second) == "A: ONE\nTWO\nB: THREE\n!")
        }
    }

    @Test(arguments: [1, 3])
    func `a flipped bit in an object that is read is noticed, set aside and made again`(jobs: Int) async throws {
        try await Project.with { project in
            let first = try await project.run()
            try project.damage("shout", in: first)
            #expect(try await project.run().counts == [:], "nothing reads it")
            try project.write("vier", to: "data/right/a")
            let second = try await project.run(options: ExecutionOptions(jobs: jobs))
            #expect(second.ran == ["read-right", "shout", "head", "both", "last"])
            #expect(second.counts == ["read": 1, "first": 1, "join": 1, "upper": 2])
            #expect(try project.names(in: "cache/objects/damaged").count == 1)
            #expect(try project.text(of: "last", in: second) == "A: ONE\nTWO\nB: THREE\n!\n--\nA: VIER")

            let fresh = try await project.run(cache: "fresh")
            #expect(fresh.contents == second.contents)
        }
    }

    @Test(.endsAtSomeTime)
    func `a file where damaged objects go makes room for them`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            try project.damage("shout", in: first)
            try project.write("", to: "cache/objects/damaged")
            try project.write("vier", to: "data/right/a")
            let second = try await project.run()
            #expect(second.ran == ["read-right", "shout", "head", "both", "last"])
            #expect(try project.names(in: "cache/objects/damaged").count == 1)
        }
    }

    @Test func `an entry of the cache that is damaged is made again`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            let key = try #require(first.outcome.records.first { $0.stage == "shout" }?.key).description
            try project.write("{}", to: "cache/actions/\(key.prefix(2))/\(key.dropFirst(2)).json")
            let second = try await project.run()
            #expect(second.ran == ["shout"])
            #expect(second.contents == first.contents)
            #expect(try await project.run().counts == [:])
        }
    }

    @Test(.enabled(if: geteuid() != 0, "whoever may write everywhere is refused nothing"))
    func `a cache that cannot be written fails the stage as the disk's fault`() async throws {
        try await Project.with { project in
            try project.session().folders.prepare()
            let objects = project.path("cache/objects")
            try Files.makeFolder(objects)
            try Files.setPermissions(objects, 0o500)
            let run = try await project.run()
            #expect(run.summary.first == "read-left failed")
            #expect(run.outcome.failures["read-left"]?.isStoreFault == true)
            #expect(run.reason("read-left")?.hasPrefix("cannot ") == true)
        }
    }

    @Test func `a folder of the cache that turns into a link during a run is not followed`() async throws {
        try await Project.with { project in
            let (objects, elsewhere) = (project.path("cache/objects"), project.path("elsewhere"))
            try Files.makeFolder(elsewhere)
            project.workshop.before("read") { _ in
                try Files.removeTree(objects)
                try Files.symbolicLink(at: objects, to: elsewhere)
            }
            let run = try await project.run(["read-left"])
            #expect(run.ran == ["read-left"])
            #expect(try project.text(of: "read-left", in: run) == "a: one\ntwo\nb: three\n")
            #expect(try Files.names(in: elsewhere) == [])
            #expect(try Files.linkStatus(objects)?.kind == .folder)
        }
    }

    @Test func `a folder of the cache that is a link is told, and nothing runs`() async throws {
        try await Project.with { project in
            let (objects, elsewhere) = (project.path("cache/objects"), project.path("elsewhere"))
            try Files.makeFolder(elsewhere)
            try Files.makeFolder(project.path("cache"))
            try Files.symbolicLink(at: objects, to: elsewhere)
            await #expect(throws: StoreError.link(path: objects)) { try await project.run(["read-left"]) }
            #expect(project.workshop.counts == [:])
            #expect(try Files.names(in: elsewhere) == [])
        }
    }

    @Test func `what makes a lost object and fails skips what needs it`() async throws {
        try await Project.with { project in
            let first = try await project.run()
            try Files.remove(project.object(of: "read-left", in: first))
            try project.edit("suffix: \"!\"", "suffix: \"?\"")
            try project.edit("  last:", "  other: {tool: first, inputs: read-left}\n  last:")
            project.workshop.before("read") { _ in throw ToolFailure("no") }
            for jobs in [1, 2] {
                let run = try await project.run(options: ExecutionOptions(jobs: jobs, keepsGoing: true))
                #expect(
                    run.summary == [
                        "read-left failed", "read-right hit", "shout skipped", "head hit", "both skipped",
                        "other skipped",
                        "last skipped",
                    ])
            }
            project.workshop.before("read", nil)
            #expect(try await project.run().ran == ["read-left", "shout", "both", "other", "last"])
        }
    }

    // MARK: Failures

    @Test func `a failing stage skips what needs it, keeps what is done, and the next run goes on from there`()
        async throws
    {
        try await Project.with { project in
            project.workshop.before("first") { _ in
                throw ToolFailure("the text is bad", at: .input("text"), hint: "mend it")
            }
            let first = try await project.run(options: ExecutionOptions(keepsGoing: true))
            #expect(
                first.summary == [
                    "read-left ran", "read-right ran", "shout ran", "head failed", "both skipped", "last skipped",
                ])
            #expect(first.reason("head") == "the text is bad")
            #expect(first.reason("both") == "what it needs did not end well")
            let failure = try #require(first.outcome.failures["head"])
            let session = try project.session()
            let stage = try #require(session.graph.node(named: "head")?.stage)
            #expect(
                DiagnosticText().text(of: failure.diagnostic(of: stage, in: session.manifest)).hasSuffix(
                    """
                    p.yml:10:31: stage 'head' failed: the text is bad
                        head: {tool: first, inputs: read-right}
                                                    ^^^^^^^^^^
                    hint: mend it

                    """))
            project.workshop.before("first", nil)
            #expect(try await project.run().ran == ["head", "both", "last"])
        }
    }

    @Test func `without keep-going nothing more starts after a failure`() async throws {
        try await Project.with { project in
            project.workshop.before("read") { context in
                if context.input("files").files.first?.path.string.contains("left") == true { throw ToolFailure("no") }
            }
            let run = try await project.run()
            #expect(
                run.summary == ["read-left failed"]
                    + ["read-right", "shout", "head", "both", "last"].map { "\($0) skipped" })
            #expect(run.counts == ["read": 1])
            #expect(
                ["read-right", "shout", "head", "both", "last"].map { run.reason($0) } == [
                    "the run had stopped", "what it needs did not end well", "the run had stopped",
                    "what it needs did not end well", "what it needs did not end well",
                ])
        }
    }

    @Test func `a stage that lost its result says why it failed in its record and not in a lock`() async throws {
        try await Project.with { project in
            project.workshop.before("first") { _ in throw ToolFailure("no") }
            let run = try await project.run(options: ExecutionOptions(keepsGoing: true))
            let lock = PipelineLock(of: run.outcome.records)
            #expect(lock.stages.keys.sorted() == ["read-left", "read-right", "shout"])
        }
    }

    @Test func `an output that is not written, or not as a file, is a failure`() async throws {
        try await Project.with { project in
            try project.edit("tool: first", "tool: forget")
            let run = try await project.run()
            #expect(run.reason("head") == "it did not write its output 'other'")
            project.workshop.before("forget") { try Files.makeFolder($0.output("other")) }
            #expect(try await project.run().reason("head") == "its output 'other' is not a plain file")
        }
    }

    @Test func `a file that changes while a stage reads it fails the stage, and the next run is right`() async throws {
        try await Project.with { project in
            let (changed, file) = (project.path("data/left/b"), "data/left/b")
            project.workshop.before("read") { context in
                guard context.input("files").files.contains(where: { $0.path == changed }) else { return }
                try project.write("changed", to: file)
            }
            let run = try await project.run(options: ExecutionOptions(keepsGoing: true))
            #expect(run.stages(.failed) == ["read-left"])
            #expect(run.reason("read-left") == "'\(changed)' changed while the stage read it")
            #expect(try project.names(in: "cache/work").allSatisfy { !$0.hasSuffix(".claim") })
            project.workshop.before("read", nil)
            let next = try await project.run()
            #expect(next.ran == ["read-left", "shout", "both", "last"])
            #expect(try project.text(of: "shout", in: next) == "A: ONE\nTWO\nB: CHANGED\n!")
        }
    }

    @Test func `an object that is overwritten while a tool reads it fails the stage, and the next run is right`()
        async throws
    {
        try await Project.with { project in
            project.workshop.before("upper") { context in
                let object = context.input("text").path
                try Files.setPermissions(object, 0o600)
                let descriptor = object.withPlatformString { open($0, O_WRONLY | O_TRUNC | O_CLOEXEC) }
                defer { close(descriptor) }
                #expect(write(descriptor, "torn", 4) == 4)
            }
            let run = try await project.run(options: ExecutionOptions(keepsGoing: true))
            #expect(run.stages(.failed) == ["shout"])
            #expect(try #require(run.reason("shout")).hasSuffix("' changed while the stage read it"))
            project.workshop.before("upper", nil)
            let next = try await project.run()
            #expect(next.ran == ["read-left", "shout", "both", "last"])
            #expect(try project.text(of: "shout", in: next) == "A: ONE\nTWO\nB: THREE\n!")
        }
    }

    @Test func `a file that is only touched meanwhile is no change`() async throws {
        try await Project.with { project in
            project.workshop.before("read") { _ in
                let bytes = try Files.bytes(of: project.path("data/left/b"))
                try Files.replace(project.path("data/left/b"), with: bytes)
            }
            let run = try await project.run()
            #expect(run.stages(.failed) == [])
        }
    }

    @Test func `a file that is gone afterwards fails the stage`() async throws {
        try await Project.with { project in
            project.workshop.before("read") { _ in try Files.remove(project.path("data/left/a")) }
            let run = try await project.run()
            #expect(run.stages(.failed) == ["read-left"])
        }
    }

    // MARK: Determinism

    @Test func `a tool that gives other content when forced is not deterministic, and its first result stays`()
        async throws
    {
        try await Project.with { project in
            try project.edit("tool: first", "tool: clock")
            let first = try await project.run()
            let second = try await project.run(forced: ["head"])
            #expect(second.stages(.failed) == ["head"])
            let (before, now) = (Digest(ofText: "time 1").abbreviated, Digest(ofText: "time 2").abbreviated)
            #expect(second.reason("head") == "its output 'text' has other content than before: \(before) -> \(now)")
            let third = try await project.run()
            #expect(third.counts == [:])
            #expect(third.contents == first.contents)
        }
    }

    @Test func `a tool that gives other content when its object is made again is not deterministic`() async throws {
        try await Project.with { project in
            try project.edit("tool: first", "tool: clock")
            let first = try await project.run()
            try Files.remove(project.object(of: "head", in: first))
            try project.edit("suffix: \"!\"", "suffix: \"?\"")
            let second = try await project.run()
            #expect(second.stages(.failed) == ["head"])
            guard case .notDeterministic? = second.outcome.failures["head"] else {
                Issue.record("\(second.outcome.failures)")
                return
            }
        }
    }

    // MARK: Two at once, and after a kill

    @Test func `two runs at once do each action once`() async throws {
        try await Project.with { project in
            async let one = project.run(options: ExecutionOptions(jobs: 2))
            async let other = project.run(options: ExecutionOptions(jobs: 2))
            let runs = try await [one, other]
            #expect(project.workshop.counts == ["read": 2, "upper": 2, "first": 1, "join": 1])
            #expect(runs[0].contents == runs[1].contents)
            #expect(runs.allSatisfy { $0.outcome.failures.isEmpty })
            #expect(runs.flatMap(\.ran).sorted() == ["both", "head", "last", "read-left", "read-right", "shout"])
            #expect(try project.names(in: "cache/work") == [])
        }
    }

    @Test func `one that waits for another's result takes it`() async throws {
        try await Project.with { project in
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            // The first run starts the second while its own stage holds the claim.
            project.workshop.before("read") { _ in open.yield() }
            let events = EventLog()
            async let first = project.run(["read-left"])
            async let second = Task {
                for await _ in gate { break }
                return try await project.run(["read-left"], observer: events)
            }.value
            let runs = try await [first, second]
            #expect(runs[0].ran == ["read-left"])
            #expect(runs[1].stages(.hit) == ["read-left"])
            let isWait = events.lines.contains { $0.contains("started") }
            #expect(runs[1].reason("read-left") == (isWait ? "made by another run meanwhile" : ""))
            #expect(project.workshop.counts == ["read": 1])
        }
    }

    @Test func `nothing is left in the work folder after a success`() async throws {
        try await Project.with { project in
            _ = try await project.run(options: ExecutionOptions(jobs: 3))
            #expect(try project.names(in: "cache/work") == [])
            #expect(
                try project.names(in: "cache") == [
                    ".gitignore", "CACHEDIR.TAG", "actions", "memo", "objects", "runs", "stat", "work",
                ])
        }
    }

    @Test func `a failure without a checkpoint leaves nothing`() async throws {
        try await Project.with { project in
            project.workshop.before("first") { _ in throw ToolFailure("no") }
            let run = try await project.run()
            #expect(run.stages(.failed) == ["head"])
            #expect(try project.names(in: "cache/work") == [])
            // As versions before this one left them.
            try Files.makeFolder(project.path("cache/work/\(String(repeating: "a", count: 64))/checkpoint"))
            let session = try project.session()
            #expect(try CacheSurvey(of: session.folders).unfinishedWork() == [])
            DeadWork.clear(in: session.folders, actions: session.actions)
            #expect(try project.names(in: "cache/work") == [])
        }
    }

    @Test func `what a failed tool cost is recorded`() async throws {
        try await Project.with { project in
            project.workshop.before("first") { _ in throw ToolFailure("no") }
            let run = try await project.run()
            let record = try #require(run.outcome.records.first { $0.stage == "head" })
            #expect(record.outcome == .failed)
            #expect(record.processorSeconds > 0 && record.peakMemoryBytes > 100_000 && record.workSeconds > 0)
        }
    }

    @Test func `a failure leaves the checkpoints of its action and nothing else, until it succeeds`() async throws {
        try await Project.with { project in
            project.workshop.before("first") { context in
                try Files.replace(context.checkpointFolder.appending("epoch"), with: [3])
                throw ToolFailure("no")
            }
            let run = try await project.run()
            let key = try #require(run.outcome.records.first { $0.stage == "head" }?.key).description
            #expect(try project.names(in: "cache/work") == [key])
            #expect(try project.names(in: "cache/work/\(key)") == ["checkpoint"])
            project.workshop.before("first") { context in
                guard try Files.bytes(of: context.checkpointFolder.appending("epoch")) == [3] else {
                    throw ToolFailure("the checkpoint is gone")
                }
            }
            #expect(try await project.run(options: ExecutionOptions(keepsGoing: true)).stages(.failed) == [])
            #expect(try project.names(in: "cache/work") == [])
        }
    }

    @Test func `attempts of the dead are cleared by whoever runs the action next`() async throws {
        try await Project.with { project in
            project.workshop.before("first") { _ in throw ToolFailure("no") }
            let run = try await project.run()
            let key = try #require(run.outcome.records.first { $0.stage == "head" }?.key).description
            try project.write("half", to: "cache/work/\(key)/attempt-dead/made/text")
            try project.write("kept", to: "cache/work/\(key)/checkpoint/epoch")
            _ = try await project.run()
            #expect(try project.names(in: "cache/work/\(key)") == ["checkpoint"])
            #expect(try project.names(in: "cache/work/\(key)/checkpoint") == ["epoch"])

            try project.write("half", to: "cache/work/\(key)/attempt-dead/made/text")
            try project.write("", to: "cache/work/\(key).claim")
            let session = try project.session()
            DeadWork.clear(in: session.folders, actions: session.actions)
            #expect(try project.names(in: "cache/work") == [key])
            #expect(try project.names(in: "cache/work/\(key)") == ["checkpoint"])
        }
    }

    @Test func `what is left of an action that has a result is cleared whole`() async throws {
        try await Project.with { project in
            let run = try await project.run()
            let key = try #require(run.outcome.records.first { $0.stage == "head" }?.key).description
            try project.write("old", to: "cache/work/\(key)/checkpoint/epoch")
            let session = try project.session()
            DeadWork.clear(in: session.folders, actions: session.actions)
            #expect(try project.names(in: "cache/work") == [])
            // A stage that was forced and failed has a result too.
            try project.write("old", to: "cache/work/\(key)/checkpoint/epoch")
            try project.write("half", to: "cache/work/\(key)/failed/text")
            DeadWork.clear(in: session.folders, actions: session.actions)
            #expect(try project.names(in: "cache/work/\(key)") == ["failed"])
        }
    }

    @Test func `an interrupted run starts nothing more and the next one goes on`() async throws {
        try await Project.with { project in
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            let (asked, ask) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                for await _ in gate { break }
                return try await project.run()
            }
            project.workshop.before("first") { _ in
                task.cancel()
                ask.yield()
            }
            open.yield()
            for await _ in asked { break }
            let run = try await task.value
            #expect(run.outcome.wasInterrupted)
            #expect(run.counts["join"] == nil)
            #expect(Set(run.stages(.skipped)).isSuperset(of: ["both", "last"]))
            #expect(try project.names(in: "cache/work").allSatisfy { !$0.hasSuffix(".claim") })
            project.workshop.before("first", nil)
            let next = try await project.run()
            #expect(next.outcome.failures.isEmpty && !next.outcome.wasInterrupted)
            #expect(next.counts["join"] == 1)
            let fresh = try await project.run(cache: "fresh")
            #expect(next.contents == fresh.contents)
        }
    }
}
