// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Somebody who can write to a cache attacks it at random.
///
/// Whatever he does, nothing outside the cache is touched, no command is run that the user did not name, nothing hangs,
/// and what `check` calls identical is.
@Suite struct FaultAttackTests {
    /// So many attacked caches, each with up to four things changed and three commands run on it.
    private static let rounds = FaultEffort.isWhole ? 1000 : 30

    @Test func `an attacked cache harms nobody`() throws {
        let site = try AttackSite()
        for round in 0..<Self.rounds {
            let story = try site.round(seed: round)
            try #require(site.faults == [], "round \(round): \(story)")
        }
        #expect(site.forgedCount > 5)
    }
}

/// A project with a cache that is attacked, beside a folder that nobody may touch.
private final class AttackSite {
    private let project: FaultProject
    private let expected: [String: Data]
    private let victim: URL
    private let pristine: URL
    private let untouched: [String: String]
    private(set) var faults: [String] = []
    /// How many results were forged.
    private(set) var forgedCount = 0

    /// Commands that read or mend a cache; those of `run` end the list.
    private static let commands: [[String]] = [
        ["plan", "faults.yml"], ["why", "faults.yml", "both"], ["history"], ["history", "--json"],
        ["log", "faults.yml", "top"], ["show", "faults.yml", "images"], ["cache", "stats"], ["cache", "verify", "-q"],
        ["cache", "verify", "--repair", "-q"], ["cache", "verify", "--repair", "-q", "faults.yml"], ["cache", "gc"],
        ["cache", "gc", "--delete"], ["cache", "gc", "--delete", "--max-size", "1kB"],
        ["cache", "export", "faults.yml", "--to", "results.tar"], ["report", "faults.yml"],
        ["lock", "--check", "faults.yml"], ["check", "faults.yml", "-q"], ["run", "faults.yml", "-q"],
        ["run", "faults.yml", "-q", "--force", "both"],
    ]

    init() throws {
        project = try FaultProject()
        let folder = project.folder
        victim = folder.appendingPathComponent("victim")
        pristine = folder.appendingPathComponent("pristine")
        for name in ["victim/thesis", "victim/deep/data", "victim/objects/ab"] {
            try project.files.write(Data("years of work".utf8), to: name)
        }
        // What a forged record names: a pipeline whose commands nobody asked for.
        try project.files.write(
            Data(
                """
                reprise: 1
                name: faults
                stages:
                  top:
                    shell: echo harm > '\(folder.path)/harm'; touch outputs/text
                    outputs: {text: text}

                """.utf8), to: "evil.yml")
        let outcome = try project.reprise("lock", "faults.yml", "-q")
        try #require(outcome.code == 0, "\(outcome.errors)")
        // A second run, so that there are records, logs and kept answers to attack.
        try project.files.write(Data("one\ntwo\nmore\n".utf8), to: "data/texts/a")
        try project.reprise("run", "faults.yml", "-q")
        try project.files.write(Data("one\ntwo\n".utf8), to: "data/texts/a")
        try project.reprise("run", "faults.yml", "-q")
        expected = try Self.exported(project)
        try FileManager.default.copyItem(at: project.cache, to: pristine)
        untouched = try Self.contents(of: victim)
    }

    /// One attack on a cache that was well, and what came of it.
    func round(seed: Int) throws -> String {
        var numbers = SeededNumbers(seed: seed)
        try CommandLineProject.removeTree(project.cache.path)
        try FileManager.default.copyItem(at: pristine, to: project.cache)
        var story: [String] = []
        let attack = CacheAttack(cache: project.cache, victim: victim, folder: project.folder)
        for _ in 0..<Int.random(in: 1...4, using: &numbers) {
            // What was struck before may be in the way.
            let strike = (try? attack.strike(&numbers)) ?? "a strike that failed"
            if strike.hasPrefix("the result ") { forgedCount += 1 }
            story.append(strike)
        }
        for _ in 0..<3 {
            guard let command = Self.commands.randomElement(using: &numbers) else { continue }
            let shift = [nil, nil, 1_000_000, -1_000_000].randomElement(using: &numbers) ?? nil
            story.append(
                "reprise \(command.joined(separator: " "))\(shift.map { " with the clock off by \($0)" } ?? "")")
            try run(command, clockShift: shift)
        }
        try settle()
        return story.joined(separator: "; ")
    }

    /// Runs one command, which must end by itself and say what it means.
    private func run(_ command: [String], clockShift: Int?) throws {
        let environment = clockShift.map { FaultLayer.environment(clockShift: $0) } ?? [:]
        let process = try project.started(command, name: "attacked", environment: environment)
        if !process.waitUntilEnded(seconds: 300) { faults.append("'\(command)' did not end") }
        let errors = (try? project.files.text("attacked.errors")) ?? ""
        if process.terminationReason != .exit || ![0, 1, 2, 3, 4].contains(process.terminationStatus) {
            faults.append("'\(command)' ended with \(process.terminationStatus): \(errors.suffix(2000))")
        }
        let isIdentical = command.first == "check" && process.terminationStatus == 0
        if isIdentical, try Self.exported(project) != expected { faults.append("'check' was wrong") }
        try checkOutside(after: command)
    }

    private func checkOutside(after command: [String]) throws {
        if try Self.contents(of: victim) != untouched {
            faults.append("'\(command)' touched what is outside the cache")
        }
        if FileManager.default.fileExists(atPath: project.folder.appendingPathComponent("harm").path) {
            faults.append("'\(command)' ran a command that nobody named")
        }
    }

    /// Whatever the commands did, a check that makes all anew is right.
    private func settle() throws {
        try CommandLineProject.removeTree(project.cache.path)
        let outcome = try project.reprise("check", "faults.yml", "-q")
        if outcome.code != 0 { faults.append("a check anew ended with \(outcome.code): \(outcome.errors)") }
        try checkOutside(after: ["check"])
    }

    private static func exported(_ project: FaultProject) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for stage in ["all", "turned", "split"] {
            try CommandLineProject.removeTree(project.folder.path + "/out")
            let outcome = try project.reprise("export", "faults.yml", stage, "--to", "out", "-q")
            guard outcome.code == 0 else { return [:] }
            for name in FileManager.default.enumerator(atPath: project.folder.path + "/out")?.allObjects ?? [] {
                guard let name = name as? String else { continue }
                files["\(stage)/\(name)"] = try? Data(contentsOf: project.folder.appendingPathComponent("out/\(name)"))
            }
        }
        return files
    }

    /// Names, kinds, permissions and bytes of all in a folder, and of the folder.
    private static func contents(of folder: URL) throws -> [String: String] {
        var contents: [String: String] = [:]
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        for name in names + ["."] {
            let path = folder.appendingPathComponent(name).path
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            let bytes = (try? Data(contentsOf: URL(fileURLWithPath: path))).map { $0.base64EncodedString() } ?? "-"
            let mode = attributes[.posixPermissions] as? Int ?? 0
            let time = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            contents[name] = "\(attributes[.type] ?? "") \(mode) \(time) \(bytes)"
        }
        return contents
    }
}

/// What an attacker does to a cache.
private struct CacheAttack {
    let cache: URL
    let victim: URL
    let folder: URL

    /// Does one thing at random and says what.
    func strike(_ numbers: inout SeededNumbers) throws -> String {
        switch Int.random(in: 0..<8, using: &numbers) {
        case 0: return try forgeResult(&numbers)
        case 1: return try forgeRecord(&numbers)
        case 2: return try forgeBytes(&numbers)
        case 3: return try plantDeepTree(&numbers)
        default: return try plant(&numbers)
        }
    }

    /// Fixed places, places of this cache's keys and objects, and names that only housekeeping makes.
    private func place(_ numbers: inout SeededNumbers) throws -> String {
        let names = FileManager.default.enumerator(atPath: cache.path)?.compactMap { $0 as? String } ?? []
        let key = try keys().randomElement(using: &numbers) ?? String(repeating: "ab", count: 32)
        let fixed = [
            "work", "objects", "actions", "runs", "runs/logs", "runs/latest", "memo", "stat", "objects/damaged",
            "actions/damaged", "work/\(key)", "work/\(key).claim", "work/\(key)/attempt-1",
            "work/\(key)/attempt-1/order.json", "work/\(key)/failed", "work/\(key)/checkpoint", "work/import-1",
            ".stat.17-2lv39s2zl8aih", "runs/zzz.json", "runs/logs/\(key).gz", "CACHEDIR.TAG", ".gitignore",
            "memo/\(key)", "objects/ff", "actions/ff",
        ]
        let pool = Bool.random(using: &numbers) ? fixed : names.sorted()
        return pool.randomElement(using: &numbers) ?? "work"
    }

    private func keys() throws -> [String] {
        let names =
            FileManager.default.enumerator(atPath: cache.appendingPathComponent("actions").path)?
            .compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted()
            .map { $0.replacingOccurrences(of: "/", with: "").replacingOccurrences(of: ".json", with: "") }
    }

    /// Puts something of another kind where the cache expects something.
    private func plant(_ numbers: inout SeededNumbers) throws -> String {
        let name = try place(&numbers)
        let path = cache.appendingPathComponent(name).path
        let kinds = [
            "link to a folder", "link to a file", "link to itself", "dangling link", "pipe", "folder", "full folder",
            "empty file", "short file", "random bytes", "huge file", "file that nobody may read",
        ]
        let kind = kinds.randomElement(using: &numbers) ?? "pipe"
        // What lies above it may have been struck before.
        guard isPlain(path) else { return "nothing at \(name)" }
        let old = smallFile(path)
        try CommandLineProject.removeTree(path)
        run("/bin/mkdir", "-p", (path as NSString).deletingLastPathComponent)
        switch kind {
        case "link to a folder": symlink(victim.path, path)
        case "link to a file": symlink(victim.path + "/thesis", path)
        case "link to itself": symlink(path, path)
        case "dangling link": symlink(victim.path + "/new", path)
        case "pipe": mkfifo(path, 0o666)
        case "folder": mkdir(path, 0o777)
        case "full folder":
            mkdir(path, 0o777)
            symlink(victim.path, path + "/link")
            mkfifo(path + "/pipe", 0o666)
        case "empty file": try write(Data(), path)
        case "short file": try write(old.map { $0.prefix($0.count / 2) } ?? Data("x".utf8), path)
        case "random bytes":
            try write(Data((0..<999).map { _ in UInt8.random(in: 0...255, using: &numbers) }), path)
        case "huge file":
            try write(Data("{".utf8), path)
            truncate(path, 3 << 30)
        default:
            try write(old ?? Data("x".utf8), path)
            chmod(path, 0)
        }
        return "\(kind) at \(name)"
    }

    /// The bytes of a plain file of less than a mebibyte.
    private func smallFile(_ path: String) -> Data? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            let size = attributes?[.size] as? Int, size < 1 << 20
        else { return nil }
        return try? Data(contentsOf: URL(fileURLWithPath: path))
    }

    /// Whether a path leads nowhere but below the cache.
    private func isPlain(_ path: String) -> Bool {
        var parent = (path as NSString).deletingLastPathComponent
        while parent.count > cache.path.count {
            if (try? FileManager.default.destinationOfSymbolicLink(atPath: parent)) != nil { return false }
            parent = (parent as NSString).deletingLastPathComponent
        }
        return true
    }

    private func write(_ bytes: Data, _ path: String) throws { try bytes.write(to: URL(fileURLWithPath: path)) }

    private func run(_ program: String, _ arguments: String...) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        guard (try? process.run()) != nil else { return }
        process.waitUntilExit()
    }

    /// A result with another's object, or with other digests, and a seal that holds.
    private func forgeResult(_ numbers: inout SeededNumbers) throws -> String {
        let keys = try keys()
        guard let key = keys.randomElement(using: &numbers), let other = keys.randomElement(using: &numbers),
            let entry = entry(key), let source = entry2(other), var text = String(data: entry, encoding: .utf8),
            let documentEnd = text.range(of: ",\"result\":"), let sealStart = text.range(of: ",\"seal\":\"")
        else { return "nothing to forge" }
        let document = String(text[text.index(text.startIndex, offsetBy: 12)..<documentEnd.lowerBound])
        var result = String(text[documentEnd.upperBound..<sealStart.lowerBound])
        let word = ["object", "content", "bytes", "format"].randomElement(using: &numbers) ?? "object"
        guard let mine = value(word, in: result), let theirs = value(word, in: source) else {
            return "nothing to forge"
        }
        result = result.replacingOccurrences(of: mine, with: theirs)
        let seal = try CommandLineProject.sha256(of: "[\(document),\(result)]")
        text = "{\"document\":\(document),\"result\":\(result),\"seal\":\"\(seal)\"}"
        let path = cache.path + "/actions/\(key.prefix(2))/\(key.dropFirst(2)).json"
        guard isPlain(path) else { return "nothing at \(key)" }
        unlink(path)
        try write(Data(text.utf8), path)
        return "the result \(key.prefix(8)) with the \(word) of \(other.prefix(8))"
    }

    private func entry(_ key: String) -> Data? {
        smallFile(cache.path + "/actions/\(key.prefix(2))/\(key.dropFirst(2)).json")
    }

    private func entry2(_ key: String) -> String? {
        guard let data = entry(key), let text = String(data: data, encoding: .utf8),
            let start = text.range(of: ",\"result\":")
        else { return nil }
        return String(text[start.upperBound...])
    }

    /// The first member of this name as it stands there, with its name.
    private func value(_ name: String, in text: String) -> String? {
        guard let start = text.range(of: "\"\(name)\":") else { return nil }
        let rest = text[start.lowerBound...]
        guard let end = rest.firstIndex(where: { $0 == "," || $0 == "}" }) else { return nil }
        return String(rest[..<end])
    }

    /// A record that names somebody else's manifest, folder and lock, or has escape sequences in its words.
    private func forgeRecord(_ numbers: inout SeededNumbers) throws -> String {
        let runs = cache.appendingPathComponent("runs")
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: runs.path)) ?? []).sorted()
        guard isPlain(runs.path + "/x"), let name = names.last(where: { $0.hasSuffix(".json") }),
            let text = try? String(contentsOf: runs.appendingPathComponent(name), encoding: .utf8)
        else { return "no record to forge" }
        let changes: [(String, String)] = [
            ("\"faults.yml\"", "\"\(folder.path)/evil.yml\""), ("\"faults.yml\"", "\"/dev/zero\""),
            ("\"faults.yml\"", "\"\(victim.path)/thesis\""), ("\"faults\"", "\"\\u001b[2J\\u001b]0;x\\u0007\""),
            ("\"top\"", "\"\\u001b[31mtop\""),
        ]
        guard let (old, new) = changes.randomElement(using: &numbers) else { return "no record to forge" }
        try write(
            Data(text.replacingOccurrences(of: old, with: new).utf8), runs.appendingPathComponent(name).path)
        // Its objects are gone, so that somebody wants them made again.
        if Bool.random(using: &numbers) {
            run("/bin/sh", "-c", "rm -rf \"$0\"/objects/[0-7]*", cache.path)
        }
        return "a record with \(new) for \(old)"
    }

    /// Changes a byte of any file.
    private func forgeBytes(_ numbers: inout SeededNumbers) throws -> String {
        let name = try place(&numbers)
        let path = cache.appendingPathComponent(name).path
        guard isPlain(path), var bytes = smallFile(path), !bytes.isEmpty else { return "no bytes at \(name)" }
        let place = Int.random(in: 0..<bytes.count, using: &numbers)
        bytes[place] ^= 1
        unlink(path)
        try write(bytes, path)
        return "byte \(place) of \(name)"
    }

    /// Folders in folders, deeper than any path can name.
    private func plantDeepTree(_ numbers: inout SeededNumbers) throws -> String {
        let key = try keys().randomElement(using: &numbers) ?? String(repeating: "ab", count: 32)
        let path = cache.appendingPathComponent("work").appendingPathComponent("\(key)/attempt-9").path
        guard isPlain(path) else { return "no deep tree" }
        run("/bin/mkdir", "-p", path)
        try CommandLineProject.makeDeepTree(in: path, levels: 2000, name: String(repeating: "d", count: 30))
        return "a deep tree at work/\(key.prefix(8))"
    }
}
