// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The runner's own cost, beside make and ninja: 1,000 `cp` stages that are all up to date, and the first run of 200.
///
/// make and ninja look at modification times, Reprise at contents; it also keeps each result and a record of each run.
struct RunnerBenchmark {
    private let workplace: Workplace
    private let reprise: URL

    init(_ workplace: Workplace, _ reprise: URL) { (self.workplace, self.reprise) = (workplace, reprise) }

    func run() throws {
        try measureNothingToDo(stages: 1000, rounds: 15)
        try measureFirstRun(stages: 200, rounds: 5)
    }

    private func measureNothingToDo(stages: Int, rounds: Int) throws {
        let folder = try workplace.folder.folder("nothing-to-do")
        defer { folder.remove() }
        let builds = try Build.all(reprise, stages: stages, jobs: workplace.threads, folder)
        for build in builds { try build.make() }
        let contestants = builds.map { build in Contestant(name: build.name, seconds: build.make) }
        show("Nothing to do, \(stages.formatted()) cp stages", contestants.standings(rounds: rounds))
    }

    private func measureFirstRun(stages: Int, rounds: Int) throws {
        let folder = try workplace.folder.folder("first-run")
        defer { folder.remove() }
        let contestants = try Build.all(reprise, stages: stages, jobs: workplace.threads, folder).map { build in
            Contestant(name: build.name) {
                try build.clear()
                return try build.make()
            }
        }
        show("First run of \(stages) cp stages, \(workplace.threads) at once", contestants.standings(rounds: rounds))
    }

    private func show(_ title: String, _ standings: [Standing]) {
        var table = Table(title, columns: ["milliseconds", "times"])
        for standing in standings {
            if let failure = standing.failure {
                table.add(standing.name, absent: failure)
            } else {
                table.add(standing.name, standing.median.map { $0 * 1000 }.brief, standing.times(standings[0]).times)
            }
        }
        for name in ["make", "ninja"] where Workplace.found(name) == nil { table.add(name, absent: "not installed") }
        table.show()
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

    /// Brings everything up to date and returns the seconds.
    @discardableResult
    func make() throws -> Double {
        try ChildProcess(program, arguments, output: output).seconds
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
            sources:
              input: {path: input.txt}
            stages:

            """
        // Each copy has a name of its own; else all would be one action, and run once.
        return (1...stages).reduce(into: head) { text, number in
            text += """
                  stage-\(number):
                    run: cp ${inputs.file}/input.txt ${outputs.copy}
                    inputs: {file: input}
                    outputs: {copy: copy-\(number).txt}

                """
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
