// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

#if os(Linux)
    /// What a terminal is shown of texts that commands wrote; `script` gives the program a terminal.
    @Suite(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/script"), "there is no 'script' here"))
    struct TerminalTextTests {
        @Test func `a log and an artifact are shown to a terminal and not followed, and whole to a program`() throws {
            let project = try CommandLineProject([
                "p.yml": """
                reprise: 1
                stages:
                  word:
                    shell: printf 'a\\033[2Jb\\n'; printf 'c,\\033]0;d\\007\\n' > ${outputs.o}
                    outputs: {o: {path: o, format: csv}}

                """
            ])
            #expect(try project.reprise("run", "p.yml", "-q").code == 0)
            for (words, bytes, shown) in [
                ("log p.yml word", "a\u{1B}[2Jb", "a\\u{1B}[2Jb"),
                ("show p.yml word/o", "c,\u{1B}]0;d\u{7}", "c,\\u{1B}]0;d\\u{7}"),
            ] {
                let arguments = words.split(separator: " ").map(String.init)
                #expect(try project.run(arguments, environment: [:]).output.hasSuffix(bytes + "\n"))
                let terminal = try project.run(
                    ["-qec", "'\(CommandLineProject.executable.path)' \(words)", "/dev/null"],
                    environment: ["TERM": "xterm"], program: URL(fileURLWithPath: "/usr/bin/script"))
                #expect(terminal.output.contains(shown), "\(terminal.output)")
                #expect(!terminal.output.contains("\u{1B}"), "\(terminal.output)")
            }
        }
    }
#endif
