// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import SystemPackage
import Testing

/// All short interleavings of what a run does with its sources and of what somebody else does to them meanwhile: no
/// result is published under the key of other bytes, no answer is kept that a plan would not give, and nothing that is
/// remembered of a file is another file's.
struct ObservationSearchTests {
    /// What somebody does while a run is at work, in this order.
    static let stories: [[SimulatedFileSystem.Change]] = [
        [.link("/data", to: "/v2")],
        [.link("/data", to: "/v2"), .link("/data", to: "/v1")],
        [.link("/v1/texts/b", to: "/v2/texts/a"), .link("/v1/texts/b", to: "/elsewhere")],
        [.write("/v1/texts/a", "two"), .write("/v1/texts/a", "one")],
        [.write("/v1/texts/a", "two"), .date("/v1/texts/a", 1)],
        [.replace("/v1/texts/a", "two"), .replace("/v1/texts/a", "one")],
        [.rename("/v1/texts/a", to: "/kept"), .rename("/kept", to: "/v1/texts/a")],
        [.rename("/v1/texts", to: "/old"), .rename("/v2/texts", to: "/v1/texts")],
        [.rename("/v1", to: "/old"), .rename("/v2", to: "/v1")],
        [.remove("/v1/single")],
        [.remove("/v1/single"), .replace("/v1/single", "other")],
        [.replace("/v1/texts/c", "three"), .remove("/v1/texts/c")],
        [.write("/v1/single", "two"), .write("/v1/single", "one")],
    ]

    static let undatedStories: [[SimulatedFileSystem.Change]] = [
        [.writeUndated("/v1/texts/a", "two")],
        [.writeUndated("/v1/texts/a", "two"), .writeUndated("/v1/texts/a", "one")],
        [.writeUndated("/v1/single", "two"), .writeUndated("/v1/single", "one")],
    ]

    /// How a world is dated: how coarsely, how long before the run its files were written, and what is known of its
    /// clock.
    static let worlds: [(tick: Int64, age: Int64, clock: SimulatedClock.Knowledge)] = [
        (1, 3_600_000_000_000, .told), (4_000_000, 3_600_000_000_000, .told),
        (1_000_000_000, 3_600_000_000_000, .told), (2_000_000_000, 3_600_000_000_000, .told),
        (1_000_000_000, 1_000, .told), (2_000_000_000, 1_500_000_000, .told), (2_000_000_000, 2_500_000_000, .told),
        (1_000_000_000, 1_000, .silent), (1_000_000_000, 3_600_000_000_000, .silent),
    ]

    @Test(arguments: worlds)
    func `no interleaving gives a wrong result, a wrong memory or an answer that a plan would not give`(
        tick: Int64, age: Int64, clock: SimulatedClock.Knowledge
    ) throws {
        var search = ObservationSearch(tick: tick, age: age, clock: clock)
        for story in Self.stories { try search.tryAll(story) }
        #expect(search.faults == [], "of \(search.count) interleavings")
        #expect(search.count > 2000)
    }

    @Test func `where bytes change without a trace nothing is believed that was not read`() throws {
        var search = ObservationSearch(tick: 1, age: 3_600_000_000_000, clock: .undated)
        for story in Self.stories + Self.undatedStories { try search.tryAll(story) }
        #expect(search.faults == [], "of \(search.count) interleavings")
        #expect(search.count > 2000)
    }
}

/// Tries interleavings and gathers what went wrong.
private struct ObservationSearch {
    let tick: Int64
    let age: Int64
    let clock: SimulatedClock.Knowledge
    private(set) var count = 0
    /// The first of each kind.
    private(set) var faults: [String] = []

    init(tick: Int64, age: Int64, clock: SimulatedClock.Knowledge) {
        self.tick = tick
        self.age = age
        self.clock = clock
    }

    /// The changes of a story before any steps of a run that has work to do, and of one that has none.
    mutating func tryAll(_ story: [SimulatedFileSystem.Change]) throws {
        for isWarm in [false, true] {
            let undisturbed = try ObservedWorld(tick: tick, age: age, clock: clock, isWarm: isWarm)
            undisturbed.fileSystem.plan([])
            try undisturbed.run()
            let steps = undisturbed.fileSystem.steps
            for first in 0...steps {
                for second in story.count > 1 ? first...steps : first...first {
                    try tryOne(Array(zip([first, second], story)), isWarm: isWarm)
                }
            }
        }
    }

    private mutating func tryOne(
        _ changes: [(step: Int, change: SimulatedFileSystem.Change)], isWarm: Bool
    ) throws {
        count += 1
        let world = try ObservedWorld(tick: tick, age: age, clock: clock, isWarm: isWarm)
        world.fileSystem.plan(changes)
        try world.run()
        // What did not come to pass during the run comes after it.
        for (step, change) in changes where step >= world.fileSystem.steps { world.fileSystem.make(change) }
        world.fileSystem.plan([])
        let story = "\(isWarm ? "warm" : "cold"), tick \(tick), age \(age), \(clock): \(changes)"
        // At once, and when all is old.
        for pause in [0, 10_000_000_000] as [Int64] {
            world.fileSystem.wait(pause)
            for fault in try world.faults() where !faults.contains(where: { $0.hasPrefix(fault) }) {
                faults.append("\(fault), \(pause / 1_000_000_000) s later: \(story)")
            }
        }
    }
}

/// A small pipeline's sources in a simulated file system, and the cache of a run that reads them.
private final class ObservedWorld {
    let fileSystem: SimulatedFileSystem
    private let clock: SimulatedClock
    /// Digests that are remembered from run to run.
    private var memory: StatCache
    /// What a stage was given, by the key under which its result was published.
    private var results: [[Digest]: [[SourceContent.File]]] = [:]
    /// Kept answers: the key that was up to date, and all that was looked at.
    private var answers: [(key: [Digest], looks: [FileLook])] = []

    private static let names = ["texts", "single"]
    private static let graph = Result {
        try StageGraph.parse(
            SourceText(
                file: "p.yml",
                text: """
                    reprise: 1
                    sources:
                      texts: {path: texts}
                      single: {path: single}
                    stages:
                      one:
                        run: cat ${inputs.texts} ${inputs.single}
                        inputs: {texts: texts, single: single}
                        outputs: {o: o}

                    """), interfaces: [])
    }

    init(tick: Int64, age: Int64, clock knowledge: SimulatedClock.Knowledge, isWarm: Bool) throws {
        clock = SimulatedClock(knowledge)
        fileSystem = SimulatedFileSystem(tick: tick, clock: clock)
        memory = StatCache(at: "/nonexistent/stat", of: fileSystem)
        fileSystem.wait(1_000_000_000_000_000)
        for change: SimulatedFileSystem.Change in [
            .replace("/v1/texts/a", "one"), .replace("/elsewhere", "far"), .link("/v1/texts/b", to: "/elsewhere"),
            .replace("/v1/single", "one"), .replace("/v2/texts/a", "two"), .replace("/v2/texts/b", "far"),
            .replace("/v2/single", "two"), .link("/data", to: "/v1"),
        ] {
            fileSystem.make(change)
        }
        fileSystem.wait(age)
        guard isWarm else { return }
        try run()
        answers = []
    }

    /// What a run does: looks, decides, hands the stage its files, and publishes or keeps the answer.
    func run() throws {
        clock.begin(at: fileSystem.time)
        let lookedAt = LookedAt(clock: clock)
        guard let snapshot = LookedAt.$current.withValue(lookedAt, operation: { try? observed() }) else { return }
        let key = Self.key(snapshot)
        // It looks for results, and says what it found.
        fileSystem.goOn()
        if results[key] != nil {
            if let looks = lookedAt.settledLooks() { answers.append((key, looks)) }
            return
        }
        guard let given = try? Self.names.map({ try self.given(snapshot.sources[$0]) }) else { return }
        results[key] = given
    }

    private func observed() throws -> SourceSnapshot {
        let graph = try Self.graph.get()
        var observer = SourceObserver(
            graph: graph, needed: graph.stages(neededFor: []), dataFolder: "/data", manifestFolder: "/",
            memory: OneByOne(memory: memory), of: fileSystem)
        defer { memory = observer.memory.memory }
        return try observer.snapshot()
    }

    /// What the stage gets of a source: each file is hashed as it is copied, and refused where it is another.
    private func given(_ source: SourceContent?) throws -> [SourceContent.File] {
        try (source?.files ?? []).map { file in
            let bytes = try FileDigest(of: fileSystem.open(file.path), through: FileBuffer())
            guard bytes == file.bytes else { throw StageFailure.inputChanged(file: file.name, input: "") }
            return SourceContent.File(name: file.name, path: file.path, bytes: bytes, status: file.status)
        }
    }

    private static func key(_ snapshot: SourceSnapshot) -> [Digest] {
        names.compactMap { snapshot.sources[$0]?.bytes }
    }

    /// What is wrong now.
    func faults() throws -> [String] {
        var faults: [String] = []
        for (key, given) in results where key != Self.key(of: given) {
            faults.append("a result of other bytes than its key says")
        }
        let now = currentKey
        for (key, looks) in answers where looks.allSatisfy(isStill) && now != key {
            faults.append("an answer that no plan would give")
        }
        clock.begin(at: fileSystem.time)
        let planned = (try? observed()).map(Self.key)
        if planned != now { faults.append("a file taken for what it was") }
        return faults
    }

    private static func key(of given: [[SourceContent.File]]) -> [Digest] {
        zip(names, given).map { SourceContent(files: $1, isOneFile: $0 == "single").bytes }
    }

    private func isStill(_ look: FileLook) -> Bool {
        let now = fileSystem.currentStatus(look.place.path, followsLink: look.place.followsLink)
        return FileLookNumbers(now) == look.numbers
    }

    /// The key of what is there now, read plainly; `nil` where a source is missing.
    private var currentKey: [Digest]? {
        let texts = ["a", "b", "c"].compactMap { name in file(name, "/data/texts/\(name)") }
        guard let single = file("single", "/data/single"), !texts.isEmpty else { return nil }
        return Self.key(of: [texts, [single]])
    }

    private func file(_ name: String, _ path: String) -> SourceContent.File? {
        guard let text = fileSystem.text(FilePath(path)),
            let status = fileSystem.currentStatus(FilePath(path), followsLink: true)
        else { return nil }
        let bytes = FileDigest(digest: Digest(ofText: text), byteCount: text.utf8.count)
        return SourceContent.File(name: name, path: FilePath(path), bytes: bytes, status: status)
    }
}

/// Asks a memory for one file after another, so that the steps have one order.
private struct OneByOne: FileDigestMemory {
    var memory: StatCache

    mutating func digests(
        of files: [(path: FilePath, status: FileStatus)]
    ) -> [Result<HashedFile, StoreError>] {
        files.map { file in
            Result { () throws(StoreError) in try memory.digest(ofFileAt: file.path, status: file.status) }
        }
    }

    mutating func digest(ofFileAt path: FilePath, status: FileStatus) throws(StoreError) -> HashedFile {
        try memory.digest(ofFileAt: path, status: status)
    }
}
