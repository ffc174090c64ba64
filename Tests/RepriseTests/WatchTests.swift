// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `reprise watch`, told from outside that files change.
@Suite struct WatchTests {
    private static let files = [
        "words.yml": """
        reprise: 1
        sources: {text: {path: text.txt}}
        stages:
          copy:
            run: cp ${inputs.text} ${outputs.copy}
            inputs: {text: text}
            outputs: {copy: copy.txt}
        """,
        "data/text.txt": "one\n",
    ]

    /// A watching program and the lines that it prints.
    private final class Watcher {
        private let process = Process()
        private let pipe = Pipe()
        private var text = ""

        init(in project: CommandLineProject) throws {
            process.executableURL = CommandLineProject.executable
            process.arguments = ["watch", "words.yml"]
            process.currentDirectoryURL = project.folder
            process.environment = ["PATH": "/usr/bin:/bin"]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
        }

        /// Reads until the words come up, and gives what stands before them; says so where two minutes bring nothing.
        func read(until words: String) -> String {
            while true {
                if let range = text.range(of: words) {
                    let before = String(text[..<range.lowerBound])
                    text = String(text[range.upperBound...])
                    return before
                }
                let piece = nextBytes(of: pipe.fileHandleForReading.fileDescriptor)
                if piece.isEmpty { return text + " (and then nothing came)" }
                text += String(decoding: piece, as: UTF8.self)
            }
        }

        /// Its exit code after Ctrl-C, or nil if it would not end and had to be killed.
        func interrupt() -> Int32? {
            process.interrupt()
            return process.waitUntilEnded(seconds: 60) ? process.terminationStatus : nil
        }
    }

    @Test func `a changed file, a mistake and its mending are each met, and Ctrl-C ends it`() throws {
        let project = try CommandLineProject(Self.files)
        let watcher = try Watcher(in: project)
        #expect(watcher.read(until: "watching 2 files; Ctrl-C ends it\n").contains("1 of 1 stages ran"))

        try project.write(Data("two\n".utf8), to: "data/text.txt")
        #expect(watcher.read(until: "watching").contains("input 'text' changed"))
        #expect(watcher.read(until: "\n").hasPrefix(" 2 files"))

        try project.edit("words.yml", "run: cp", "rum: cp")
        #expect(watcher.read(until: "watching").contains("did you mean 'run'?"))

        try project.edit("words.yml", "rum: cp", "run: cp")
        #expect(watcher.read(until: "watching").contains("Nothing to do"))
        #expect(watcher.interrupt() == 130)
    }

    @Test(arguments: ["[1/1] copy", "done in", "1 of 1", "watching", "ends it\n"])
    func `Ctrl-C ends it while it runs, while it waits and in between`(words: String) throws {
        for _ in 0..<5 {
            let project = try CommandLineProject(Self.files)
            let watcher = try Watcher(in: project)
            #expect(!watcher.read(until: words).contains("(and then"))
            #expect(watcher.interrupt() == 130)
        }
    }

    @Test func `a mistake is told once, whatever else changes in the folder`() throws {
        let project = try CommandLineProject(Self.files)
        try project.edit("words.yml", "run: cp", "rum: cp")
        let watcher = try Watcher(in: project)
        #expect(watcher.read(until: "watching 1 files").contains("did you mean 'run'?"))
        try project.write(Data("a".utf8), to: "notes.txt")
        let text = try project.text("words.yml")
        try project.write(Data((text + "\n# a remark\n").utf8), to: "words.yml")
        try project.edit("words.yml", "copy: copy.txt", "copy: [")
        #expect(!watcher.read(until: "watching").contains("did you mean 'run'?"))
        try project.write(Data(text.replacingOccurrences(of: "rum: cp", with: "run: cp").utf8), to: "words.yml")
        #expect(watcher.read(until: "watching").contains("stages ran"))
        #expect(watcher.interrupt() == 130)
    }

    @Test func `a pipeline that is not there is no reason to wait`() throws {
        let project = try CommandLineProject(Self.files)
        let outcome = try project.reprise("watch", "wrods.yml")
        #expect(outcome.code == 2)
        #expect(outcome.errors.hasPrefix("error: there is no pipeline 'wrods.yml'"))
    }

    @Test func `an included file is watched, also while it is faulty`() throws {
        let project = try CommandLineProject([
            "words.yml": "reprise: 1\nincludes: parts/copy.yml\nsources: {text: {path: text.txt}}\n",
            "parts/copy.yml": """
            reprise: 1
            stages:
              copy: {run: [sh, copy.sh, "${inputs.text}", "${outputs.copy}"], inputs: {text: text}, outputs: {copy: c},
                code: [copy.sh]}

            """,
            "parts/copy.sh": "cp $1 $2\n", "data/text.txt": "one\n",
        ])
        let watcher = try Watcher(in: project)
        #expect(watcher.read(until: "Ctrl-C ends it").contains("1 of 1 stages ran"))
        try project.edit("parts/copy.sh", "cp $1 $2", "cp $1 $2; echo >> $2")
        #expect(watcher.read(until: "Ctrl-C ends it").contains("code 'copy.sh' changed"))
        try project.edit("parts/copy.yml", "outputs: {copy: c}", "output: {copy: c}")
        #expect(watcher.read(until: "Ctrl-C ends it").contains("parts/copy.yml:3:"))
        try project.edit("parts/copy.yml", "output: {copy: c}", "outputs: {copy: d}")
        #expect(watcher.read(until: "Ctrl-C ends it").contains("1 of 1 stages ran"))
        #expect(watcher.interrupt() == 130)
    }
}
