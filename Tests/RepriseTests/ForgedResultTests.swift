// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What `check`, `cache verify`, `cache import` and `run` say of results that were made up, with right seals.
@Suite struct ForgedResultTests {
    /// A project whose lock is that of seed 3, with the objects of seed 4 in its cache too.
    private func project() throws -> CommandLineProject {
        let project = try CommandLineProject(WordsPipeline.files)
        #expect(try project.reprise("lock", "words.yml", "-q").code == 0)
        #expect(try project.reprise("run", "words.yml", "-q", "--set", "seed=4", "--set", "ending=?").code == 0)
        #expect(try project.reprise("run", "words.yml", "-q").code == 0)
        return project
    }

    /// The entry of a stage: its file, document and result as texts.
    private func entries(_ project: CommandLineProject, output: String) throws -> [(file: URL, parts: [String])] {
        let actions = project.folder.appendingPathComponent("cache/actions")
        return try FileManager.default.subpathsOfDirectory(atPath: actions.path)
            .filter { $0.hasSuffix(".json") && !$0.hasPrefix("damaged") }.sorted()
            .compactMap { name in
                let file = actions.appendingPathComponent(name)
                let text = try String(contentsOf: file, encoding: .utf8)
                let parts = text.components(separatedBy: #","result":"#)
                guard parts.count == 2, parts[1].hasPrefix("{\"\(output)\":") else { return nil }
                let result = parts[1].components(separatedBy: #","seal":""#)[0]
                return (file, [String(parts[0].dropFirst(#"{"document":"#.count)), result])
            }
    }

    private func member(_ name: String, of result: String) throws -> String {
        let start = try #require(result.range(of: "\"\(name)\":"))
        return String(result[start.upperBound...].prefix { $0 != "," && $0 != "}" })
    }

    /// Gives the stage of the lock the object of the other one's result, with a right seal.
    @discardableResult
    private func forge(_ project: CommandLineProject, output: String) throws -> URL {
        let entries = try entries(project, output: output)
        try #require(entries.count == 2)
        let lock = try project.text("words.lock")
        let isLocked = try entries.map { lock.contains(try member("content", of: $0.parts[1]).dropFirst().prefix(64)) }
        let (locked, other) = isLocked[0] ? (entries[0], entries[1]) : (entries[1], entries[0])
        var result = locked.parts[1]
        for name in ["object", "bytes"] {
            result = result.replacingOccurrences(
                of: "\"\(name)\":" + (try member(name, of: result)),
                with: "\"\(name)\":" + (try member(name, of: other.parts[1])))
        }
        let seal = try CommandLineProject.sha256(of: "[\(locked.parts[0]),\(result)]")
        let text = #"{"document":\#(locked.parts[0]),"result":\#(result),"seal":"\#(seal)"}"#
        try FileManager.default.removeItem(at: locked.file)
        try Data(text.utf8).write(to: locked.file)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: locked.file.path)
        return locked.file
    }

    @Test func `check reads what the cache holds, and does not believe what a result says of it`() throws {
        let project = try project()
        #expect(try project.reprise("check", "words.yml", "-q").code == 0)
        try forge(project, output: "images")
        let words =
            "its output 'images' in the cache has another content than its result says; "
            + "'reprise cache verify --repair words.yml' makes it again"
        let check = try project.reprise("check", "words.yml", "-q", "--junit", "junit.xml")
        #expect(check.code == 3)
        #expect(check.output == "stage 'images' differs from ./words.lock: \(words)\n", "\(check.output)")
        #expect(try project.text("junit.xml").contains(#"<failure type="differs""#))
        let json = try project.reprise("check", "words.yml", "-q", "--json")
        #expect(json.code == 3)
        #expect(json.output.contains(#""verdict":"differs""#) && json.output.contains(words), "\(json.output)")
        #expect(try project.reprise("check", "words.yml", "-q", "--fresh").code == 0)

        let verify = try project.reprise("cache", "verify")
        #expect(verify.code == 4)
        #expect(
            verify.output.hasPrefix(
                "words:images: its output 'images' has another content than its result says, which was set aside\n"),
            "\(verify.output)")
        #expect(try project.outcomes("run", "words.yml", "-q")["images"] == "ran")
        #expect(try project.reprise("check", "words.yml", "-q").code == 0)
        #expect(try project.reprise("cache", "verify").code == 0)
    }

    @Test func `a result whose content is its bytes is not believed by a run`() throws {
        let project = try project()
        try forge(project, output: "shout")
        #expect(try project.outcomes("run", "words.yml", "-q") == ["images": "hit", "upper": "hit", "shout": "ran"])
        #expect(try project.reprise("check", "words.yml", "-q").code == 0)
    }

    @Test func `a forged result that others may write to is made again by a run`() throws {
        let project = try project()
        let file = try forge(project, output: "images")
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file.path)
        #expect(try project.outcomes("run", "words.yml", "-q")["images"] == "ran")
        #expect(try project.reprise("check", "words.yml", "-q").code == 0)
    }

    @Test func `an archive of a forged result is refused`() throws {
        let (project, other) = (try project(), try CommandLineProject(WordsPipeline.files))
        try forge(project, output: "images")
        #expect(try project.reprise("cache", "export", "words.yml", "--to", "words.tar").code == 0)
        try other.write(Data(contentsOf: project.folder.appendingPathComponent("words.tar")), to: "words.tar")
        let taken = try other.reprise("cache", "import", "words.tar")
        #expect(taken.code == 1)
        #expect(taken.errors.contains("the output 'images' of the result "), "\(taken.errors)")
        #expect(taken.errors.hasSuffix(" has another content than it says\n"), "\(taken.errors)")
        #expect(Set(try other.outcomes("run", "words.yml", "-q").values) == ["ran"])
    }

    @Test func `check makes again what the cache has lost, and reads what is damaged`() throws {
        let project = try project()
        let object = try member("object", of: try #require(try entries(project, output: "upper").first).parts[1])
            .dropFirst().prefix(64)
        let file = project.folder.appendingPathComponent("cache/objects/\(object.prefix(2))/\(object.dropFirst(2))")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
        try Data("ONE\nTWA\n".utf8).write(to: file)
        let check = try project.reprise("check", "words.yml", "-q")
        #expect(check.code == 0, "\(check.output)\(check.errors)")
        #expect(try String(contentsOf: file, encoding: .utf8) == "ONE\nTWO\n")
        try FileManager.default.removeItem(at: file)
        #expect(try project.reprise("check", "words.yml", "-q").code == 0)
        #expect(FileManager.default.fileExists(atPath: file.path))
    }

    @Test func `a log is shown in constant memory, and ends when its reader goes away`() throws {
        let project = try CommandLineProject([
            "loud.yml": """
            reprise: 1
            name: loud
            stages:
              loud:
                shell: head -c 300000000 /dev/zero; echo > ${outputs.out}
                outputs: {out: out.txt}

            """
        ])
        #expect(try project.reprise("run", "loud.yml", "-q").code == 0)
        let program = CommandLineProject.executable.path
        func shell(_ line: String) throws -> CommandLineProject.Outcome {
            try project.run(["-c", line], environment: [:], program: URL(fileURLWithPath: "/bin/sh"))
        }
        // Far less address space than the log has bytes would not do for the program itself; twice the log does not
        // fit into this.
        let all = try shell("ulimit -v 600000; '\(program)' log loud.yml loud | wc -c | tr -d ' '")
        #expect(all.output == "300000000\n", "\(all.errors)")
        let some = try shell("'\(program)' log loud.yml loud | head -c 5 | wc -c | tr -d ' '")
        #expect(some.output == "5\n", "\(some.errors)")
    }
}
