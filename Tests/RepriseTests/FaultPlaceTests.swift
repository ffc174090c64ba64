// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Places that cannot be read, cannot be written, or lead elsewhere: what the user reads, whole, and the exit code.
@Suite struct FaultPlaceTests {
    private static let manifest = """
        reprise: 1
        sources:
          texts: {path: texts}
        stages:
          top:
            shell: cat ${inputs.texts}/* > ${outputs.text}
            inputs: {texts: texts}
            outputs: {text: text}

        """

    private func check(
        _ project: CommandLineProject, _ arguments: String..., code: Int32, _ expected: String,
        location: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try project.run(arguments, environment: [:])
        #expect(
            outcome.errors.replacingOccurrences(of: project.folder.path, with: "HERE") == expected,
            sourceLocation: location)
        #expect(outcome.code == code, sourceLocation: location)
    }

    private func project() throws -> CommandLineProject {
        try CommandLineProject(["p.yml": Self.manifest, "data/texts/a": "one\n"])
    }

    private func link(_ name: String, to target: String, in project: CommandLineProject) throws {
        try FileManager.default.createSymbolicLink(
            atPath: project.folder.appendingPathComponent(name).path, withDestinationPath: target)
    }

    // MARK: Manifests

    @Test func `a manifest that is a pipe, a folder or a device is refused and not waited for`() throws {
        let project = try project()
        #expect(mkfifo(project.folder.appendingPathComponent("pipe.yml").path, 0o600) == 0)
        try project.write(Data(), to: "folder/pipeline.yml/nothing")
        let plain = { (name: String) in "error: the manifest '\(name)' is not a plain file\n" }
        try check(project, "run", "pipe.yml", code: 2, plain("pipe.yml"))
        try check(project, "run", "folder", code: 2, plain("folder/pipeline.yml"))
        try check(project, "run", "/dev/zero", code: 2, plain("/dev/zero"))
    }

    @Test func `a manifest that is a link to itself is told`() throws {
        let project = try project()
        try link("self.yml", to: "self.yml", in: project)
        try check(
            project, "run", "self.yml", code: 2, "error: cannot look at 'self.yml': too many levels of symbolic links\n"
        )
    }

    // MARK: Sources

    @Test(arguments: [
        ("loop", "cannot look at 'data/texts/loop': too many levels of symbolic links"),
        ("..", "cannot follow the linked folder 'data/texts/loop': too many levels of symbolic links"),
        ("nowhere", "cannot follow the link 'data/texts/loop': no such file or directory"),
    ])
    func `a link in a source that leads in circles or nowhere is told`(target: String, reason: String) throws {
        let project = try project()
        try link("data/texts/loop", to: target, in: project)
        try check(
            project, "run", "p.yml", "-q", code: 2,
            """
            error: p.yml:3:17: source 'texts' cannot be read
                texts: {path: texts}
                              ^^^^^
              \(reason)

            """)
    }

    @Test func `a source that leads out of the data folder is told`() throws {
        let project = try project()
        try project.edit("p.yml", "path: texts", "path: ../texts")
        try check(
            project, "run", "p.yml", "-q", code: 2,
            """
            error: p.yml:3:17: source 'texts' leads out of the data folder 'data'
                texts: {path: ../texts}
                              ^^^^^^^^
            hint: name another data folder with --data, or write an absolute path

            """)
    }

    @Test func `a linked file counts by its bytes wherever it lies`() throws {
        let project = try project()
        try project.write(Data("two\n".utf8), to: "elsewhere")
        try link("data/texts/b", to: "../../elsewhere", in: project)
        #expect(try project.outcomes("run", "p.yml", "-q") == ["top": "ran"])
        try project.write(Data("owt\n".utf8), to: "elsewhere")
        #expect(try project.outcomes("run", "p.yml", "-q") == ["top": "ran"])
        try project.reprise("export", "p.yml", "top", "--to", "out", "-q")
        #expect(try project.text("out/text") == "one\nowt\n")
    }

    @Test func `a source that vanishes during a run fails the stage that reads it`() throws {
        let project = try project()
        try project.write(
            Data(
                """
                reprise: 1
                sources:
                  texts: {path: texts}
                stages:
                  one:
                    shell: rm '\(project.folder.path)/data/texts/a'; touch ${outputs.text}
                    outputs: {text: text}
                  two:
                    shell: cat ${inputs.texts}/* > ${outputs.text}
                    inputs: {texts: texts, one: one}
                    outputs: {text: text}

                """.utf8), to: "p.yml")
        try check(
            project, "run", "p.yml", "-q", code: 1,
            """
            error: p.yml:10:21: stage 'two' failed: 'data/texts/a' changed while the stage read it
                  inputs: {texts: texts, one: one}
                                  ^^^^^
            hint: run again once nothing writes to the data

            """)
        try project.write(Data("one\n".utf8), to: "data/texts/a")
        #expect(try project.outcomes("run", "p.yml", "-q") == ["one": "hit", "two": "ran"])
    }

    // MARK: Outputs

    @Test func `an output behind a link leads nowhere, and what it led to stays`() throws {
        let project = try project()
        try project.write(
            Data(
                """
                reprise: 1
                stages:
                  out:
                    shell: rm -r outputs/d; ln -s '\(project.folder.path)/data/texts' outputs/d
                    outputs: {text: d/a}

                """.utf8), to: "p.yml")
        let outcome = try project.reprise("run", "p.yml", "-q")
        #expect(outcome.code == 1)
        #expect(outcome.errors.hasPrefix("error: p.yml:3:3: stage 'out' failed: "), "\(outcome.errors)")
        #expect(try project.text("data/texts/a") == "one\n")
    }

    // MARK: Disks that cannot be written

    @Test(.enabled(if: PrivateDisk.canBeMounted, "no disk can be mounted in a namespace of one's own here"))
    func `an empty cache that cannot be written is the disk's fault`() throws {
        let project = try project()
        try project.write(Data(), to: "cache/nothing")
        let outcome = try project.mounted(
            "mount -t tmpfs none cache && mount -o remount,ro cache && exec \"$0\" run p.yml -q")
        #expect(outcome.errors == "error: cannot make the folder 'cache/work': read-only file system\n")
        #expect(outcome.code == 4)
    }

    @Test(.enabled(if: PrivateDisk.canBeMounted, "no disk can be mounted in a namespace of one's own here"))
    func `a cache that holds all results serves where it cannot be written, and no further`() throws {
        let project = try project()
        try project.reprise("run", "p.yml", "-q")
        let script = "mount --bind cache cache && mount -o remount,bind,ro cache && exec \"$0\" run p.yml -q"
        let served = try project.mounted(script)
        #expect(served.code == 0 && served.errors == "", "\(served.errors)")
        #expect(served.output == "Nothing to do: the stage is up to date.\n", "\(served.output)")
        try project.write(Data("two\n".utf8), to: "data/texts/b")
        let refused = try project.mounted(script)
        #expect(refused.code == 4)
        #expect(refused.errors.contains("read-only file system"), "\(refused.errors)")
        #expect(try project.outcomes("run", "p.yml", "-q") == ["top": "ran"])
    }

    @Test(.enabled(if: PrivateDisk.canBeMounted, "no disk can be mounted in a namespace of one's own here"))
    func `data that cannot be written are read all the same`() throws {
        let project = try project()
        let outcome = try project.mounted(
            "mount --bind data data && mount -o remount,bind,ro data && exec \"$0\" run p.yml -q")
        #expect(outcome.code == 0 && outcome.errors == "", "\(outcome.errors)")
    }
}
