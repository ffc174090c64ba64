// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What another user left in a cache and this one may not remove or claim: it stops nobody.
///
/// Root alone can try it.
@Suite(.enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: setpriv)))
struct LeftoverTests {
    private static let other = 65_534

    private let project: CommandLineProject
    private let key: String

    private var work: URL { project.folder.appendingPathComponent("cache/work") }

    /// A project of another user's, in which a stage of root's was killed.
    init() throws {
        project = try CommandLineProject(WordsPipeline.files)
        let run = try project.reprise("run", "words.yml", "-q", "--json")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let stages = try #require(object["stages"] as? [[String: Any]])
        key = try #require(stages.first { $0["name"] as? String == "upper" }?["key"] as? String)
        // The program lies where only root may go.
        let program = project.folder.appendingPathComponent("reprise")
        try FileManager.default.copyItem(at: CommandLineProject.executable, to: program)
        for name in try FileManager.default.subpathsOfDirectory(atPath: project.folder.path) + ["."] {
            #expect(lchown(project.folder.appendingPathComponent(name).path, uid_t(Self.other), 0) == 0)
        }
        try project.write(Data("half\n".utf8), to: "cache/work/\(key)/attempt-1/made/text")
        for name in ["", "/attempt-1", "/attempt-1/made"] {
            #expect(chmod(work.appendingPathComponent(key + name).path, 0o755) == 0)
        }
    }

    private func reprise(_ arguments: String...) throws -> CommandLineProject.Outcome {
        let program = project.folder.appendingPathComponent("reprise").path
        return try project.run(
            ["--reuid", "\(Self.other)", "--clear-groups", program] + arguments, environment: [:],
            program: URL(fileURLWithPath: setpriv))
    }

    private var warning: String {
        """
        warning: cannot remove 'cache/work/\(key)/attempt-1': operation not permitted
        hint: it only takes room; its owner can remove it, or 'sudo rm -r' does

        """
    }

    @Test func `a run tells what it cannot remove, works beside it and leaves nothing of its own`() throws {
        let idle = try reprise("run", "words.yml", "-q")
        #expect(idle.code == 0 && idle.errors == warning, "\(idle.errors)")
        let forced = try reprise("run", "words.yml", "-q", "--force", "upper")
        #expect(forced.code == 0 && forced.errors == warning, "\(forced.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: work.path) == [key])
        #expect(try project.text("cache/work/\(key)/attempt-1/made/text") == "half\n")
    }

    @Test func `a claim that cannot be had is done without`() throws {
        try project.write(Data(), to: "cache/work/\(key).claim")
        #expect(chmod(work.appendingPathComponent(key + ".claim").path, 0o600) == 0)
        let forced = try reprise("run", "words.yml", "-q", "--force", "upper")
        #expect(forced.code == 0, "\(forced.errors)")
        #expect(
            forced.errors.hasPrefix("warning: cannot claim 'cache/work/\(key).claim': permission denied\n"),
            "\(forced.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: work.path).sorted()
        #expect(names == [key, key + ".claim"])
        #expect(try reprise("cache", "gc", "--keep-last", "0", "--delete").code == 0)
    }

    @Test func `gc goes on with the rest`() throws {
        let old = Date(timeIntervalSince1970: 1_600_000_000)
        let cache = project.folder.appendingPathComponent("cache")
        for name in try FileManager.default.subpathsOfDirectory(atPath: cache.path) {
            try FileManager.default.setAttributes(
                [.modificationDate: old], ofItemAtPath: cache.appendingPathComponent(name).path)
        }
        let ended = try reprise("cache", "gc", "--keep-last", "0", "--delete")
        #expect(ended.code == 0 && ended.output.hasSuffix("1 of these could not be removed.\n"), "\(ended.output)")
        #expect(ended.errors.hasPrefix("warning: cannot remove 'cache/work/\(key)"), "\(ended.errors)")
        let actions = cache.appendingPathComponent("actions").path
        let results = try FileManager.default.subpathsOfDirectory(atPath: actions).filter { $0.hasSuffix(".json") }
        #expect(results == [])
    }
}

private let setpriv = "/usr/bin/setpriv"
