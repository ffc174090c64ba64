// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Synchronization
import SystemPackage
import Testing

/// What a stage is given is what its key says, also where files change while they are laid out and are as before when
/// the stage ends.
struct GivenBytesTests {
    private static func manifest(_ stage: String) -> String {
        let indented = stage.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n    ")
        return """
            reprise: 1
            name: given
            sources: {left: {path: left}, one: {path: left/a}}
            stages:
              own:
                \(indented)

            """
    }

    /// Does something when a stage is about to be given its files.
    private struct AtStart: RunObserver {
        let action: @Sendable () throws -> Void

        func observe(_ event: RunEvent) {
            guard case .started = event else { return }
            #expect(throws: Never.self) { try action() }
        }
    }

    /// The stage's file `name` holds other bytes while the stage's files are laid out; its command puts them back.
    private func check(_ stage: String, changing name: String, _ original: String, gives expected: String) async throws
    {
        try await Project.with(Self.manifest(stage)) { project in
            try project.edit("PROJECT", project.folder.string)
            try project.write(original, to: "saved")
            try project.write(original, to: name)
            let changed = try await project.run(
                observer: AtStart { try project.write("other", to: name) })
            #expect(changed.stages(.failed) == ["own"])
            #expect(changed.reason("own") == "'\(project.path(name))' changed while the stage read it")
            try project.write(original, to: name)
            let run = try await project.run()
            #expect(run.ran == ["own"])
            #expect(try project.text(of: "own", "o", in: run) == expected)
        }
    }

    @Test func `a file of a folder that is another while it is copied fails the stage, and nothing is kept`()
        async throws
    {
        try await check(
            """
            shell: cp PROJECT/saved PROJECT/data/left/a; cat inputs/x/* > outputs/o
            inputs: {x: left}
            outputs: {o: o}
            """, changing: "data/left/a", "one\n", gives: "one\nthree")
    }

    @Test func `a source of one file that is another while it is copied fails the stage, and nothing is kept`()
        async throws
    {
        try await check(
            """
            shell: cp PROJECT/saved PROJECT/data/left/a; cat inputs/x > outputs/o
            inputs: {x: one}
            outputs: {o: o}
            """, changing: "data/left/a", "one\n", gives: "one\n")
    }

    @Test func `code that is another while it is copied fails the stage, and nothing is kept`() async throws {
        try await check(
            """
            shell: cp PROJECT/saved PROJECT/go.sh; sh go.sh > outputs/o
            code: [go.sh]
            outputs: {o: o}
            """, changing: "go.sh", "echo 1\n", gives: "1\n")
    }

    @Test func `a file that is gone, or something else, while it is copied fails the stage`() async throws {
        let stage = """
            shell: cat inputs/x > outputs/o
            inputs: {x: one}
            outputs: {o: o}
            """
        let changes: [@Sendable (FilePath) throws -> Void] = [
            { try Files.remove($0) },
            {
                try Files.remove($0)
                try Files.makeFolder($0)
            },
        ]
        for change in changes {
            try await Project.with(Self.manifest(stage)) { project in
                let file = project.path("data/left/a")
                let run = try await project.run(observer: AtStart { try change(file) })
                #expect(run.reason("own") == "'\(file)' changed while the stage read it")
            }
        }
    }

    @Test func `a tool is not given other bytes than its key says`() async throws {
        try await Project.with { project in
            let file = project.path("data/left/b")
            project.workshop.before("read") { context in
                guard context.input("files").files.contains(where: { $0.path == file }) else { return }
                try project.write("other", to: "data/left/b")
            }
            let run = try await project.run(["shout"])
            #expect(run.reason("read-left") == "'\(file)' changed while the stage read it")
            #expect(run.outcome.results["read-left"] == nil)
        }
    }

    // MARK: Programs

    /// Runs a stage whose command touches its program, and puts it back, in its first `count` attempts.
    private func run(touchingFor count: Int) async throws -> (run: Run, starts: Int) {
        let stage = """
            shell: echo x >> PROJECT/starts; [ $(wc -l < PROJECT/starts) -gt \(count) ] ||
              { cp PROJECT/tools/program PROJECT/kept; echo >> PROJECT/tools/program;
              cp PROJECT/kept PROJECT/tools/program; }; echo done > outputs/o
            outputs: {o: o}
            programs: [tools/program]
            """
        return try await Project.with(Self.manifest(stage)) { project in
            try project.edit("PROJECT", project.folder.string)
            try project.write("#!/bin/sh\n", to: "tools/program")
            try Files.setPermissions(project.path("tools/program"), 0o755)
            let run = try await project.run()
            return (run, try Files.bytes(of: project.path("starts")).count / 2)
        }
    }

    @Test func `a program that is touched while a stage runs has the stage run once more`() async throws {
        let (run, starts) = try await run(touchingFor: 1)
        #expect(run.ran == ["own"], "\(run.outcome.failures)")
        #expect(starts == 2)
    }

    @Test func `a program that is touched each time fails the stage`() async throws {
        let (run, starts) = try await run(touchingFor: 9)
        #expect(try #require(run.reason("own")).hasSuffix("tools/program' changed while the stage read it"))
        #expect(starts == 3)
    }

    // MARK: Reading

    @Test func `a file is handed over with the bytes that it has to have, or not at all`() async throws {
        try await Project.with { project in
            let path = project.path("data/left/b")
            let bytes = Array("three".utf8)
            let right = FileDigest(digest: Digest(of: bytes), byteCount: 5)
            let other = FileDigest(digest: Digest(ofText: "other"), byteCount: 5)
            let failure = ToolFailure(
                "'\(path)' changed while the stage read it", hint: "run again once nothing writes to the data")
            let (good, bad) = (
                ToolInput.File(name: "b", path: path, bytes: right), ToolInput.File(name: "b", path: path, bytes: other)
            )
            #expect(try good.contents() == bytes)
            #expect(throws: failure) { try bad.contents() }
            try good.copy(toNew: project.path("copy"), permissions: 0o444)
            #expect(try Files.bytes(of: project.path("copy")) == bytes)
            #expect(throws: failure) { try bad.copy(toNew: project.path("other"), permissions: 0o444) }
        }
    }
}
