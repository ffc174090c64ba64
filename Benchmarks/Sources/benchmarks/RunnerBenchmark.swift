// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The runner's own cost, beside make, ninja and DVC: `cp` stages that are all up to date, and their first run.
///
/// make and ninja look at modification times, Reprise and DVC at contents; Reprise also keeps each result and a record
/// of each run.
struct RunnerBenchmark {
    private let workplace: Workplace
    private let reprise: URL

    init(_ workplace: Workplace, _ reprise: URL) { (self.workplace, self.reprise) = (workplace, reprise) }

    func run() throws {
        try measureFirstRun(stages: 1000, rounds: 2)
        try measureNothingToDo(stages: 1000, rounds: 21, withDVC: true)
        try measureNothingToDo(stages: 10_000, rounds: 7, withDVC: false)
    }

    private func measureNothingToDo(stages: Int, rounds: Int, withDVC: Bool) throws {
        let folder = try workplace.folder.folder("nothing-to-do")
        defer { folder.remove() }
        let builds = try Build.all(reprise, stages: stages, jobs: workplace.threads, folder)
        for build in builds { try build.make() }
        // An answer is kept once the files that it depends on are two seconds old.
        Thread.sleep(forTimeInterval: 3)
        for build in builds { try build.make() }
        var number = 0
        var contestants = builds.map { build in Contestant(name: build.name) { try build.make().seconds } }
        if let first = builds.first {
            contestants.append(
                Contestant(name: "Reprise, asked anew") {
                    number += 1
                    return try first.make(["--set", "number=\(number)"]).seconds
                })
        }
        let standings = contestants.standings(rounds: rounds)
        var table = table("Nothing to do, \(stages.formatted()) cp stages", standings)
        for build in builds {
            table.remark("\(build.name): \(try build.make().peakMemoryBytes / 1_000_000) MB at most")
        }
        table.remark("asked anew: a setting was changed that no stage uses, so all is read and decided again")
        if withDVC, let dvc = Workplace.dvc {
            let seconds = try DVC(dvc, stages: stages, folder).secondsOfNothingToDo()
            let times = standings.first?.median.map { (seconds / $0).brief } ?? "-"
            table.remark("DVC, median of three: \((seconds * 1000).brief) ms, \(times)x")
        } else if withDVC {
            table.remark("DVC: not installed")
        }
        table.show()
    }

    private func measureFirstRun(stages: Int, rounds: Int) throws {
        let folder = try workplace.folder.folder("first-run")
        defer { folder.remove() }
        let contestants = try Build.all(reprise, stages: stages, jobs: workplace.threads, folder).map { build in
            Contestant(name: build.name) {
                try build.clear()
                return try build.make().seconds
            }
        }
        let title = "First run of \(stages.formatted()) cp stages, \(workplace.threads) at once"
        table(title, contestants.standings(rounds: rounds, patience: 120)).show()
    }

    private func table(_ title: String, _ standings: [Standing]) -> Table {
        var table = Table(title, columns: ["milliseconds", "times"])
        for standing in standings {
            if let failure = standing.failure {
                table.add(standing.name, absent: failure)
            } else {
                table.add(standing.name, standing.median.map { $0 * 1000 }.brief, standing.times(standings[0]).times)
            }
        }
        for name in ["make", "ninja"] where Workplace.found(name) == nil { table.add(name, absent: "not installed") }
        return table
    }
}

/// The same stages for one of the programs.
private struct Build {
    let name: String
    let program: URL
    let arguments: [String]
    /// What a first run must not find, beside the file that says what the program said.
    let products: TemporaryFolder
    let output: String

    /// Brings everything up to date.
    @discardableResult
    func make(_ more: [String] = []) throws -> ChildProcess {
        try ChildProcess(program, arguments + more, output: output)
    }

    func clear() throws {
        products.remove()
        try FileManager.default.createDirectory(at: products.url, withIntermediateDirectories: false)
    }

    /// Those that are installed; Reprise is the first.
    static func all(_ reprise: URL, stages: Int, jobs: Int, _ folder: TemporaryFolder) throws -> [Build] {
        try folder.write(String(repeating: "content\n", count: 128), to: "input.txt")
        let jobs = String(jobs)
        let cache = try folder.folder("cache")
        let manifest = try folder.write(manifest(stages), to: "stages.yml")
        var builds = [
            Build(
                name: "Reprise", program: reprise,
                arguments: [
                    "run", manifest, "--quiet", "--jobs", jobs, "--data", folder.url.path, "--cache", cache.url.path,
                ],
                products: cache, output: folder.path("reprise.txt"))
        ]
        if let make = Workplace.found("make") {
            let products = try folder.folder("make")
            let file = try folder.write(makefile(stages), to: "Makefile")
            builds.append(
                Build(
                    name: "make", program: make, arguments: ["-s", "-C", folder.url.path, "-f", file, "-j", jobs],
                    products: products, output: folder.path("make.txt")))
        }
        if let ninja = Workplace.found("ninja") {
            let products = try folder.folder("ninja")
            let file = try folder.write(ninjaFile(stages), to: "build.ninja")
            builds.append(
                Build(
                    name: "ninja", program: ninja,
                    arguments: ["--quiet", "-C", folder.url.path, "-f", file, "-j", jobs],
                    products: products, output: folder.path("ninja.txt")))
        }
        return builds
    }

    private static func manifest(_ stages: Int) -> String {
        let head = """
            reprise: 1
            name: stages
            settings: {number: 0}
            sources:
              input: {path: input.txt}
            stages:

            """
        // Each copy has a name of its own; else all would be one action, and run once. The lines are short, since a
        // manifest has at most a megabyte.
        return (1...stages).reduce(into: head) { text, number in
            text += "  s\(number): {run: 'cp ${inputs.f} ${outputs.o}', "
            text += "inputs: {f: input}, outputs: {o: c\(number)}}\n"
        }
    }

    private static func makefile(_ stages: Int) -> String {
        (1...stages).reduce(into: "all:" + (1...stages).map { " make/\($0).txt" }.joined() + "\n") { text, number in
            text += "make/\(number).txt: input.txt\n\tcp input.txt make/\(number).txt\n"
        }
    }

    private static func ninjaFile(_ stages: Int) -> String {
        (1...stages).reduce(into: "builddir = ninja\nrule copy\n  command = cp $in $out\n") { text, number in
            text += "build ninja/\(number).txt: copy input.txt\n"
        }
    }
}

/// DVC with the same stages; it takes seconds where the others take milliseconds, so it runs but three times.
///
/// Its own first run takes more than ten minutes: it writes its lock anew after each stage. So it runs one stage, and
/// the others' copies and their places in its lock are made like that one's; it has to find nothing to do then.
private struct DVC {
    private let program: URL
    private let folder: TemporaryFolder
    private let stages: ClosedRange<Int>
    private let settings = ["DVC_NO_ANALYTICS": "1"]

    init(_ program: URL, stages: Int, _ parent: TemporaryFolder) throws {
        self.program = program
        self.stages = 1...stages
        folder = try parent.folder("dvc")
        try folder.write(String(repeating: "content\n", count: 128), to: "input.txt")
        let text = self.stages.reduce(into: "stages:\n") { text, number in
            text += "  s\(number): {cmd: cp input.txt c\(number), deps: [input.txt], outs: [c\(number)]}\n"
        }
        try folder.write(text, to: "dvc.yaml")
    }

    /// The median of three runs.
    func secondsOfNothingToDo() throws -> Double {
        try call(["init", "--no-scm", "--quiet"])
        try call(["repro", "--quiet", "s1"])
        try completeLock()
        try reproduceNothing()
        return try (0..<3).map { _ in try reproduceNothing() }.sorted()[1]
    }

    private func completeLock() throws {
        let lock = try String(contentsOfFile: folder.path("dvc.lock"), encoding: .utf8)
        guard let start = lock.range(of: "  s1:\n")?.lowerBound else {
            throw BenchmarkError.peer("DVC's lock has no stage 's1': \(lock)")
        }
        var text = lock
        for number in stages.dropFirst() {
            text += lock[start...].replacingOccurrences(of: "  s1:\n", with: "  s\(number):\n")
                .replacingOccurrences(of: " c1\n", with: " c\(number)\n")
            try FileManager.default.copyItem(atPath: folder.path("c1"), toPath: folder.path("c\(number)"))
        }
        try folder.write(text, to: "dvc.lock")
    }

    @discardableResult
    private func reproduceNothing() throws -> Double {
        let seconds = try call(["repro"])
        let words = try String(contentsOfFile: folder.path("said.txt"), encoding: .utf8)
        let unchanged = words.components(separatedBy: "didn't change, skipping").count - 1
        guard unchanged == stages.count, words.contains("Data and pipelines are up to date.") else {
            throw BenchmarkError.peer("DVC found something to do: \(words.suffix(500))")
        }
        return seconds
    }

    @discardableResult
    private func call(_ arguments: [String]) throws -> Double {
        try ChildProcess(
            program, ["--cd", folder.url.path] + arguments, output: folder.path("said.txt"), environment: settings
        ).seconds
    }
}
