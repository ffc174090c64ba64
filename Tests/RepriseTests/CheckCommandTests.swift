// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What CI is told of a pipeline, and how far apart two artifacts are.
@Suite struct CheckCommandTests {
    private func locked() throws -> CommandLineProject {
        let project = try CommandLineProject(WordsPipeline.files)
        let lock = try project.reprise("lock", "words.yml", "-q")
        #expect(lock.output == "wrote ./words.lock: 3 stages\n", "\(lock.errors)")
        return project
    }

    @Test func `a fresh check makes everything again and leaves nothing behind`() throws {
        let project = try locked()
        let folder = project.folder.appendingPathComponent("temporary")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let check = try project.reprise("check", "words.yml", "--fresh", environment: ["TMPDIR": folder.path])
        #expect(check.code == 0)
        #expect(check.output == "identical: 3 stages have the content of ./words.lock\n")
        #expect(check.errors.contains("[3/3] shout  done"), "\(check.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func `a setting that changed is told with its values, its stage and how far the content is`() throws {
        let project = try locked()
        try project.edit("words.yml", "seed: 3", "seed: 4")
        let check = try project.reprise(
            "check", "words.yml", "-q", "--junit", "check.xml", "--markdown", "check.md",
            environment: ["GITHUB_ACTIONS": "true"])
        #expect(check.code == 3)
        let lines = check.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("stage 'images' differs from ./words.lock: its output 'images' has the content "))
        #expect(lines[1] == "  its key differs: setting 'seed' changed 3 -> 4")
        #expect(
            lines[2].hasPrefix(
                "  'images': largest difference 213 in '/images/00000' at [8, 3, 0]: 33 -> 246, 758 of 768")
                && lines[2].hasSuffix(", relative L2 0.3685, PSNR 13.11 dB"), "\(lines[2])")
        #expect(
            lines[3].hasPrefix(
                "::error file=words.yml,line=6,title=stage 'images' differs from ./words.lock::its output"))
        #expect(try project.text("check.md").hasPrefix("## words: differs\n"))
        #expect(try project.text("check.xml").contains(#"<testsuites tests="3" failures="1" errors="0" skipped="0">"#))
    }

    @Test func `the locked content is found in another cache and in an archive`() throws {
        let project = try locked()
        try project.reprise("cache", "export", "words.yml", "--to", "words.tar")
        try project.edit("words.yml", "ending: \"!\"", "ending: \"?\"")
        let unknown = try project.reprise("check", "words.yml", "-q", "--cache", "new")
        #expect(unknown.code == 3)
        #expect(
            unknown.output.contains("  its key differs: in what is not known, the action of the lock is not at hand\n"))
        #expect(
            unknown.output.contains("  'shout': how far apart is not known, the locked content is not at hand\n"))
        for place in ["cache", "words.tar"] {
            let known = try project.reprise("check", "words.yml", "-q", "--cache", "new", "--against", place)
            #expect(known.output.contains("  'shout': first different byte at 3, of 10\n"), "\(known.output)")
            #expect(!known.output.contains("not known"))
        }
        let none = try project.reprise("check", "words.yml", "-q", "--against", "nowhere")
        #expect(none.code == 2 && none.errors == "error: there is no cache and no archive 'nowhere'\n")
    }

    @Test func `a stage that is not reproducible is called that`() throws {
        let project = try CommandLineProject([
            "p.yml": """
            reprise: 1
            name: random
            stages:
              dice:
                shell: head -c 16 /dev/urandom > ${outputs.dice}
                outputs: {dice: dice}

            """
        ])
        try project.reprise("lock", "p.yml", "-q")
        let check = try project.reprise("check", "p.yml", "-q", "--fresh", "--json")
        #expect(check.code == 3, "\(check.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(check.output.utf8)) as? [String: Any]
        let stage = try #require((object?["stages"] as? [[String: Any]])?.first)
        #expect(stage["key"] as? String == stage["lockedKey"] as? String)
        #expect(stage["verdict"] as? String == "differs")
        let difference = (stage["outputs"] as? [[String: Any]])?.first?["difference"] as? [String: Any]
        #expect(difference?["kind"] as? String == "bytes", "\(check.output)")
        let text = try project.reprise("check", "p.yml", "-q", "--fresh")
        #expect(
            text.output.contains(
                "  its key is that of the lock: the same inputs, settings and code gave other content\n"))
    }

    @Test func `a stage that fails is reported and ends with 1`() throws {
        let project = try locked()
        try project.edit("words.yml", "tr a-z A-Z", "false")
        let check = try project.reprise("check", "words.yml", "-q", "--junit", "check.xml", "--github")
        #expect(check.code == 1)
        #expect(check.output.contains("::error file=words.yml,line=9,title=stage 'upper' failed::"), "\(check.output)")
        #expect(try project.text("check.xml").contains(#"<error type="failed""#))
    }

    @Test func `a lock with a conflict says what to do, and lock --check compares without running`() throws {
        let project = try locked()
        let same = try project.reprise("lock", "--check", "words.yml")
        #expect(same.code == 0 && same.output == "./words.lock is that of the results: 3 stages\n")
        let lock = try project.text("words.lock")
        try project.write(
            Data(lock.replacingOccurrences(of: "\nstage shout", with: "\n<<<<<<< ours\nstage shout").utf8),
            to: "words.lock")
        let conflict = try project.reprise("check", "words.yml", "-q")
        #expect(conflict.code == 2)
        #expect(
            conflict.errors == """
                error: cannot read the lock './words.lock', line 7: it holds a merge conflict
                hint: run 'reprise lock' after taking both sides

                """)
        try project.write(Data(lock.utf8), to: "words.lock")
        try project.write(Data("else\n".utf8), to: "data/text.txt")
        let stale = try project.reprise("lock", "--check", "words.yml")
        #expect(stale.code == 3 && stale.output.hasPrefix("stage 'upper' is not up to date: input 'text' changed "))
        try project.reprise("run", "words.yml", "-q")
        let other = try project.reprise("lock", "--check", "words.yml")
        #expect(other.code == 3 && other.output.hasPrefix("stage 'upper' differs from ./words.lock: its output"))
    }

    @Test func `two artifacts are compared by their numbers`() throws {
        let project = try locked()
        try project.write(
            Data(WordsPipeline.manifest.replacingOccurrences(of: "seed: 3", with: "seed: 4").utf8), to: "other.yml")
        try project.reprise("run", "other.yml", "-q")
        let same = try project.reprise("diff", "words.yml:upper", "other.yml:upper/upper")
        #expect(same.code == 0 && same.output == "identical\n", "\(same.errors)")
        let differs = try project.reprise("diff", "words.yml:images/images", "other.yml:images")
        #expect(differs.code == 3)
        #expect(differs.output.hasPrefix("1 difference\n  largest difference 213 in '/images/00000' at [8, 3, 0]"))
        let files = try project.reprise("diff", "words.yml", "other.yml", "--json")
        #expect(files.code == 3 && files.output.contains(#""difference":"bytes""#))
        for (word, message) in [
            (
                "nofile",
                "error: there is no file 'nofile'\nhint: an output of a stage is written PIPELINE:STAGE/OUTPUT\n"
            ),
            ("words.yml:uper", "error: the pipeline 'words' has no stage 'uper'\nhint: did you mean 'upper'?\n"),
            ("words.yml:upper/x", "error: stage 'upper' has no output 'x'\nhint: its outputs: upper\n"),
        ] {
            let wrong = try project.reprise("diff", word, "words.yml")
            #expect(wrong.code == 2 && wrong.errors == message, "\(wrong.errors)")
        }
    }
}
