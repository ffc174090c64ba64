// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Commands that meet a full disk and end well all the same.
@Suite(.enabled(if: PrivateDisk.canBeMounted, "no disk can be mounted in a namespace of one's own here"))
struct FullDiskTests {
    /// Waits until the run has looked at its disks a few times more, which the kernel counts for the thread that looks.
    private static let waitForLooks = """
        looks() { for t in /proc/$PPID/task/*; do if [ "$(cat $t/comm)" = disk-watch ]; then
        sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' $t/status; fi; done; }
        first=$(looks); while [ $(looks) -lt $((first + 5)) ]; do :; done

        """

    private func run(
        _ script: String, environment: String = "{}", disk: String = "mount -t tmpfs -o size=4m none cache"
    ) throws -> (CommandLineProject, CommandLineProject.Outcome) {
        let indented = script.split(separator: "\n").joined(separator: "\n      ")
        let project = try CommandLineProject([
            "p.yml": """
            reprise: 1
            stages:
              word:
                shell: |
                  \(indented.replacingOccurrences(of: "\n", with: "\n    "))
                environment: \(environment)
                outputs: {o: o}

            """
        ])
        let outcome = try project.mounted(
            """
            mkdir cache other
            \(disk) || exit 99
            "$0" run p.yml -q; code=$?
            find cache/objects cache/actions -type f >kept 2>/dev/null
            exit $code
            """)
        return (project, outcome)
    }

    private func check(
        _ run: (project: CommandLineProject, outcome: CommandLineProject.Outcome), _ words: String,
        at place: SourceLocation = #_sourceLocation
    ) throws {
        #expect(run.outcome.code == 4, "\(run.outcome.errors)", sourceLocation: place)
        #expect(
            run.outcome.errors.hasPrefix("error: p.yml:3:3: stage 'word' failed: ")
                && run.outcome.errors.contains(words),
            "\(run.outcome.errors)", sourceLocation: place)
        #expect(try run.project.text("kept") == "", sourceLocation: place)
    }

    @Test func `a command that ignores the full disk has given nothing`() throws {
        let run = try run("head -c 8000000 /dev/zero > outputs/o 2>&1\nexit 0\n")
        try check(run, "' is full: no space left on device\n")
        #expect(
            run.1.errors.hasSuffix(
                "hint: make room there and run again; nothing of what it wrote was kept, since it may be cut off\n"))
    }

    @Test func `nor has one that frees the disk again before it ends`() throws {
        let run = try run(
            "head -c 8000000 /dev/zero > fill 2>/dev/null\necho word > outputs/o\n" + Self.waitForLooks
                + "rm fill\nexit 0\n")
        try check(run, "' was full while it ran: no space left on device\n")
    }

    @Test func `nor one whose folder for temporary files is on the full disk`() throws {
        let run = try run(
            "head -c 8000000 /dev/zero > \"$TMPDIR/fill\" 2>/dev/null\necho word > outputs/o\n",
            environment: "{TMPDIR: /mnt}", disk: "mount -t tmpfs -o size=4m none /mnt")
        try check(run, "the disk of '/mnt' is full: no space left on device\n")
    }

    @Test func `nor one on a disk that takes no more files`() throws {
        let run = try run(
            "echo word > outputs/o\nsh -c 'n=0; while : > f$n; do n=$((n + 1)); done' 2>/dev/null\nexit 0\n",
            disk: "mount -t tmpfs -o size=4m,nr_inodes=200 none cache")
        try check(run, "' is full: no space left on device\n")
    }

    @Test func `nor one that met the greatest length of a file`() throws {
        let project = try CommandLineProject([
            "p.yml": """
            reprise: 1
            stages:
              word:
                shell: head -c 8000000 /dev/zero > outputs/o; exit 0
                outputs: {o: o}

            """
        ])
        let outcome = try project.run(
            ["-c", "ulimit -f 1024; exec \"$0\" run p.yml -q", CommandLineProject.executable.path], environment: [:],
            program: URL(fileURLWithPath: "/bin/sh"))
        #expect(outcome.code == 4, "\(outcome.errors)")
        #expect(outcome.errors.contains("/outputs/o' is as long as a file may become here"), "\(outcome.errors)")
    }

    @Test func `a tool whose process finds no room for its report is told with the disk`() throws {
        let project = try CommandLineProject([
            "p.yml": "reprise: 1\nstages:\n  word: {tool: synthesize, settings: {count: 40}}\n"
        ])
        let outcome = try project.mounted(
            "mkdir cache; mount -t tmpfs -o size=2m none cache || exit 99; \"$0\" run p.yml -q")
        #expect(outcome.code == 4, "\(outcome.errors)")
        #expect(outcome.errors.contains("stage 'word' failed: the disk of 'cache/work/"), "\(outcome.errors)")
        #expect(outcome.errors.contains(": no space left on device\n"), "\(outcome.errors)")
    }

    @Test func `a small disk with room enough serves`() throws {
        let (_, outcome) = try run("echo word > outputs/o\n", disk: "mount -t tmpfs -o size=512k none cache")
        #expect(outcome.code == 0, "\(outcome.errors)")
    }
}
