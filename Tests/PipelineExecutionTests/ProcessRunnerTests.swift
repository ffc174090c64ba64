// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Stages as processes of their own; a script stands for `reprise exec ORDER`.
struct ProcessRunnerTests {
    private static func runner(_ script: FilePath) -> ProcessActionRunner {
        let status = FileStatus(kind: .file, byteCount: 0, device: 0, inode: 0, modificationTime: 0, changeTime: 0)
        return ProcessActionRunner(executable: script) {
            ProgramIdentity(digest: Digest(ofText: "script"), status: status)
        }
    }

    /// Runs the first stage with this script, which finds the attempt's folder in `$folder`.
    private func run(
        _ script: String, observer: any RunObserver = NoObserver(), _ check: (Project, Run) async throws -> Void
    ) async throws {
        try await Project.with { project in
            try project.write(
                "#!/bin/sh\n[ \"$1\" = exec ] || exit 9\nfolder=${2%/order.json}\n\(script)\n", to: "runner")
            #expect(chmod(project.path("runner").string, 0o755) == 0)
            let runner = Self.runner(project.path("runner"))
            try await check(project, try await project.run(["read-left"], runner: runner, observer: observer))
        }
    }

    private static let report = #"""
        printf text > "$folder/made/text"
        printf '{"contents":{"text":"%s"},"processorSeconds":0.5,"peakMemoryBytes":7}' \
          982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1 > "$folder/report.json"
        """#

    @Test func `a process does the work, tells its progress and leaves a log`() async throws {
        let events = EventLog()
        let script = #"""
            grep -q '"tool":"read"' "$2" || exit 8
            echo '{"counted":"images","done":1,"total":2}'
            echo 'not JSON'
            printf '{"counted":"ima'
            echo 'ges","done":2,"total":2}'
            echo 'a remark' >&2
            """# + "\n" + Self.report
        try await run(script, observer: events) { project, run in
            #expect(run.ran == ["read-left"], "\(run.outcome.failures)")
            #expect(try project.text(of: "read-left", in: run) == "text")
            let record = try #require(run.outcome.records.first)
            #expect(record.processorSeconds == 0.5)
            #expect(record.peakMemoryBytes == 7)
            let key = try #require(record.key)
            #expect(try StageLog.text(at: CacheFolders(root: project.path("cache")).log(of: key)) == "a remark\n")
            #expect(try project.names(in: "cache/work") == [])
        }
        #expect(
            events.lines == [
                "began 1", "1 read-left started: has not run before", "1 read-left 1 of 2 images",
                "1 read-left 2 of 2 images", "1 read-left ran",
            ])
    }

    @Test(arguments: [
        ("exit 0", "its process ended with exit code 0 and no report"),
        ("exit 5", "its process ended with exit code 5 and no report"),
        ("kill -SEGV $$", "its process crashed with signal 11"),
        ("kill -9 $$", "its process was killed, as happens when memory runs out"),
        (
            #"echo '{"failure":{"message":"the text is bad"}}' > "$folder/report.json"; exit 1"#, "the text is bad"
        ),
        (
            #"echo '{"diskFailure":"cannot write"}' > "$folder/report.json"; exit 1"#, "cannot write"
        ),
        (
            #"printf '{"contents":' > "$folder/report.json""#,
            "its process could not be run: not valid JSON at byte 12: a value was expected"
        ),
    ])
    func `a process that ends badly is a failed stage`(script: String, message: String) async throws {
        try await run(script) { project, run in
            #expect(run.stages(.failed) == ["read-left"])
            #expect(run.reason("read-left") == message)
            #expect(run.outcome.failures["read-left"]?.isStoreFault == (message == "cannot write"))
            let work = try project.names(in: "cache/work")
            #expect(work == [])
        }
    }

    @Test func `a report without the content of an output that has one is a failed stage`() async throws {
        let manifest = """
            reprise: 1
            stages:
              own: {run: [touch, outputs/o], outputs: {o: {path: o, format: png}}}

            """
        try await Project.with(manifest) { project in
            try project.write(
                "#!/bin/sh\ngrep -q '\"contents\":true' $2 || exit 8\n"
                    + #"echo '{"contents":{},"processorSeconds":0.0,"peakMemoryBytes":0}' > ${2%/order.json}/report.json"#
                    + "\n", to: "runner")
            #expect(chmod(project.path("runner").string, 0o755) == 0)
            let run = try await project.run(runner: Self.runner(project.path("runner")))
            #expect(run.reason("own") == "its report lacks the content of 'o'")
        }
    }

    @Test func `a runner that is not there is a failed stage`() async throws {
        try await Project.with { project in
            let runner = Self.runner(project.path("missing"))
            let run = try await project.run(["read-left"], runner: runner)
            #expect(run.reason("read-left")?.hasPrefix("its process could not be run: ") == true)
        }
    }

    @Test(.endsAtSomeTime)
    func `an interrupted run ends its processes`() async throws {
        try await Project.with { project in
            try project.write(
                "#!/bin/sh\necho '{\"counted\":\"x\",\"done\":0,\"total\":1}'\nexec sleep 300\n", to: "runner")
            #expect(chmod(project.path("runner").string, 0o755) == 0)
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            struct Starter: RunObserver {
                let begin: AsyncStream<Void>.Continuation
                func observe(_ event: RunEvent) { if case .progressed = event { begin.yield() } }
            }
            let task = Task {
                try await project.run(
                    ["read-left"], runner: Self.runner(project.path("runner")),
                    observer: Starter(begin: begin))
            }
            for await _ in begun { break }
            task.cancel()
            let run = try await task.value
            #expect(run.outcome.wasInterrupted)
            #expect(run.outcome.failures["read-left"] == .interrupted)
            #expect(try project.names(in: "cache/work").allSatisfy { !$0.hasSuffix(".claim") })
        }
    }
}
