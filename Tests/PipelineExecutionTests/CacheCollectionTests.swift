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

/// What goes and what stays when a cache is made smaller.
struct CacheCollectionTests {
    private static let hour: Int64 = 3_600_000_000_000

    private func collection(
        _ project: Project, hoursLater: Int64, _ policy: CacheCollection.Policy = CacheCollection.Policy(),
        locks: [FilePath] = [], keptRunCount: Int = 1
    ) throws -> CacheCollection {
        let folders = CacheFolders(root: project.path("cache"))
        let survey = try CacheSurvey(of: folders)
        return try CacheCollection(
            of: survey, roots: CacheRoots(of: survey, lockFiles: locks, keptRunCount: keptRunCount), policy: policy,
            now: try Files.fileTime(in: folders.root) + hoursLater * Self.hour)
    }

    /// The results among what goes, by their words.
    private func results(_ collection: CacheCollection) -> [String] {
        collection.items.compactMap { item in
            if case .result = item.subject { item.words } else { nil }
        }.sorted()
    }

    /// Two runs, of which the second left three results of the first behind.
    private func withTwoRuns(_ body: (Project, _ first: Run) async throws -> Void) async throws {
        try await Project.with { project in
            let first = try await project.run()
            try project.edit(#"suffix: "!""#, #"suffix: "?""#)
            _ = try await project.run()
            try await body(project, first)
        }
    }

    @Test func `what is younger than an hour stays`() async throws {
        try await withTwoRuns { (project, _) async throws in
            #expect(try collection(project, hoursLater: 0).items == [])
            #expect(try collection(project, hoursLater: 0, keptRunCount: 0).items == [])
        }
    }

    @Test func `unfinished work is as old as what was last written in it`() async throws {
        try await Project.with { project in
            let folders = CacheFolders(root: project.path("cache"))
            try folders.prepare()
            let work = folders.workFolder(of: ActionKey(Digest(ofText: "work")))
            try Files.makeFolder(work.appending("checkpoint"))
            try Files.write([1, 2, 3], toNew: work.appending("checkpoint").appending("state"))
            let old = [timespec(tv_sec: 1_000_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000_000, tv_nsec: 0)]
            for folder in [work.appending("checkpoint"), work] {
                #expect(folder.filePath.withPlatformString { utimensat(AT_FDCWD, $0, old, 0) } == 0)
            }
            let policy = CacheCollection.Policy(maximumAge: 7 * 24 * Self.hour)
            #expect(try collection(project, hoursLater: 2, policy).items == [])
            #expect(try collection(project, hoursLater: 8 * 24, policy).items.map(\.byteCount) == [3])
        }
    }

    @Test func `earlier logs are seen, and go with the newest`() async throws {
        try await withTwoRuns { project, first in
            let folders = CacheFolders(root: project.path("cache"))
            let key = try #require(first.outcome.records.first { $0.stage == "shout" }?.key)
            for before in 0..<3 { try Files.write([1, 2], toNew: folders.log(of: key, before: before)) }
            #expect(try CacheSurvey(of: folders).logs[key]?.map(\.status.byteCount) == [2, 2, 2])
            let found = try collection(project, hoursLater: 2)
            #expect(found.items.filter { $0.subject == .log(key) }.count == 3)
            #expect(try found.delete().keptCount == 0)
            #expect(try Files.names(in: folders.logs) == [])
        }
    }

    @Test func `what only older runs used goes, with its objects and logs, and runs again when asked for`() async throws
    {
        try await withTwoRuns { project, first in
            let folders = CacheFolders(root: project.path("cache"))
            for key in first.outcome.records.compactMap(\.key) { try Files.write([1, 2], toNew: folders.log(of: key)) }
            let found = try collection(project, hoursLater: 2)
            #expect(results(found) == ["demo:both", "demo:last", "demo:shout"])
            #expect(found.items.filter { $0.words.hasSuffix(", log") }.count == 3)
            #expect(found.keptByteCount + found.freedByteCount == found.byteCount)
            #expect(try found.delete().keptCount == 0)
            #expect(try collection(project, hoursLater: 2).items == [])
            let again = try await project.run()
            #expect(again.outcome.records.allSatisfy { $0.outcome == .hit })
            try project.edit(#"suffix: "?""#, #"suffix: "!""#)
            let back = try await project.run()
            #expect(
                back.outcome.records.filter { $0.outcome == .ran }.map(\.stage).sorted() == ["both", "last", "shout"])
        }
    }

    @Test func `what a failed attempt wrote goes, and its checkpoints stay`() async throws {
        try await Project.with { project in
            project.workshop.before("first") { context in
                try Files.replace(context.checkpointFolder.appending("epoch"), with: [3])
                throw ToolFailure("no")
            }
            let run = try await project.run(options: ExecutionOptions(keepsGoing: true))
            let key = try #require(run.outcome.records.first { $0.stage == "head" }?.key)
            // What a tool half wrote is of no use to anybody; what a command wrote is kept.
            #expect(try project.names(in: "cache/work/\(key)") == ["checkpoint"])
            let kept = CacheFolders(root: project.path("cache")).failedWork(of: key).appending("outputs")
            try Files.makeFolder(kept)
            try Files.write([1, 2, 3], toNew: kept.appending("text"))
            #expect(try collection(project, hoursLater: 0).items == [])
            let found = try collection(project, hoursLater: 2)
            #expect(found.items.map(\.subject) == [.failedWork(key)])
            #expect(found.items.map(\.words) == ["demo:head, what a failed attempt wrote"])
            #expect(found.items.map(\.reason) == ["no run reads it"])
            #expect(found.freedByteCount == 3)
            let policy = CacheCollection.Policy(maximumAge: 3 * Self.hour)
            #expect(try collection(project, hoursLater: 2, policy).items == [])
            let old = try collection(project, hoursLater: 4, policy).items.filter { $0.subject == .work(key) }
            #expect(old.map(\.byteCount) == [4])
            #expect(try found.delete().keptCount == 0)
            #expect(try project.names(in: "cache/work") == [key.description])
            #expect(try project.names(in: "cache/work/\(key)") == ["checkpoint"])
        }
    }

    @Test func `a dry run removes nothing`() async throws {
        try await withTwoRuns { project, _ in
            let before = try StoreListing(cache: project.path("cache"))
            _ = try collection(project, hoursLater: 2)
            let after = try StoreListing(cache: project.path("cache"))
            #expect(before.objects == after.objects && before.results == after.results)
        }
    }

    @Test func `more runs keep more, and none keeps nothing`() async throws {
        try await withTwoRuns { (project, _) async throws in
            #expect(results(try collection(project, hoursLater: 2, keptRunCount: 2)) == [])
            #expect(results(try collection(project, hoursLater: 2, keptRunCount: 0)).count == 9)
        }
    }

    @Test func `results that a lock names stay`() async throws {
        try await withTwoRuns { project, first in
            let lock = PipelineLock(of: first.outcome.records)
            try project.write(lock.text, to: "old.lock")
            #expect(results(try collection(project, hoursLater: 2, locks: [project.path("old.lock")])) == [])
            let part = lock.stages.filter { $0.key == "shout" }
            try project.write(PipelineLock(stages: part).text, to: "part.lock")
            let found = try collection(project, hoursLater: 2, locks: [project.path("part.lock")])
            #expect(results(found) == ["demo:both", "demo:last"])
            try project.write("<<<<<<< ours\n" + lock.text, to: "bad.lock")
            #expect(throws: LockError.self) {
                _ = try collection(project, hoursLater: 2, locks: [project.path("bad.lock")])
            }
        }
    }

    @Test func `an age spares what was used since, a size what fits`() async throws {
        try await withTwoRuns { project, _ in
            var policy = CacheCollection.Policy(maximumAge: 3 * Self.hour)
            #expect(results(try collection(project, hoursLater: 2, policy)) == [])
            #expect(results(try collection(project, hoursLater: 4, policy)).count == 3)
            let whole = try collection(project, hoursLater: 2).byteCount
            policy = CacheCollection.Policy(maximumByteCount: whole)
            #expect(results(try collection(project, hoursLater: 2, policy)) == [])
            policy = CacheCollection.Policy(maximumByteCount: whole - 1)
            #expect(results(try collection(project, hoursLater: 2, policy)).count == 1)
            policy = CacheCollection.Policy(maximumByteCount: 0)
            #expect(results(try collection(project, hoursLater: 2, policy)).count == 3, "roots stay")
        }
    }

    @Test func `old records go with an age, but never those of the last run`() async throws {
        try await withTwoRuns { project, _ in
            let found = try collection(project, hoursLater: 4, CacheCollection.Policy(maximumAge: 3 * Self.hour))
            #expect(found.items.filter { $0.words == "demo, record of a run" }.count == 1)
            #expect(try found.delete().keptCount == 0)
            #expect(try RunHistory(of: CacheFolders(root: project.path("cache"))).records.count == 1)
        }
    }

    @Test func `an action that somebody is at keeps its result, and what it was made beside`() async throws {
        try await withTwoRuns { project, first in
            let key = try #require(first.outcome.records.first { $0.stage == "last" }?.key)
            let claim = CacheFolders(root: project.path("cache")).claim(of: key)
            let descriptor = open(claim.filePath.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            // The grace reaches back from when the action began, which is now.
            #expect(results(try collection(project, hoursLater: 2)) == [])
            // A process that another test started meanwhile may have the file open too.
            flock(descriptor, LOCK_UN)
            close(descriptor)
            #expect(results(try collection(project, hoursLater: 2)).count == 3)
        }
    }

    @Test func `what was used after the look stays`() async throws {
        try await withTwoRuns { project, first in
            let found = try collection(project, hoursLater: 2)
            let key = try #require(first.outcome.records.first { $0.stage == "shout" }?.key)
            let actions = FileActionCache(cache: project.path("cache"))
            let entry = try #require(try actions.entry(for: key))
            try actions.publish(entry)
            #expect(try found.delete().keptCount >= 1)
            #expect(try actions.entry(for: key) == entry)
            let object = try #require(entry.result.outputs.first)
            #expect(try FileObjectStore(cache: project.path("cache")).holds(object.object, byteCount: object.byteCount))
        }
    }

    @Test func `objects that no result names go, damaged files too, and shared ones stay`() async throws {
        try await Project.with { project in
            let cache = project.path("cache")
            try CacheFolders(root: cache).prepare()
            let (store, actions) = (FileObjectStore(cache: cache), FileActionCache(cache: cache))
            let (shared, stray, bad) = (try store.insert([1]), try store.insert([2, 2]), try store.insert([3, 3, 3]))
            try Files.setPermissions(store.path(of: bad.digest), 0o644)
            try Files.replace(store.path(of: bad.digest), with: [4])
            #expect(throws: StoreError.self) { _ = try store.bytes(of: bad.digest) }
            var keys: [ActionKey] = []
            for number in 0..<2 {
                let artifact = Artifact(
                    name: "o", format: "file", content: shared.digest, object: shared.digest, byteCount: 1)
                let entry = ActionCacheEntry(
                    action: Action(document: ["n": .integer(number)]), result: ActionResult(outputs: [artifact]))
                try actions.publish(entry)
                keys.append(entry.action.key)
            }
            let lock = PipelineLock(of: [StageRecord(stage: "s", outcome: .hit, key: keys[0])])
            try project.write(lock.text, to: "p.lock")
            let found = try collection(project, hoursLater: 2, locks: [project.path("p.lock")])
            #expect(found.items.map(\.words) == ["a damaged file", "an object", "(a command, of no recorded run)"])
            #expect(
                found.items.map(\.reason) == [
                    "it was set aside", "no result names it", "no lock and no last run needs it",
                ])
            #expect(try found.delete().keptCount == 0)
            #expect(try !store.holds(stray.digest, byteCount: 2))
            #expect(try store.holds(shared.digest, byteCount: 1))
            #expect(try actions.entry(for: keys[0]) != nil && actions.entry(for: keys[1]) == nil)
        }
    }
}
