// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Whatever the disk does, a run ends well or says what it could not do, and the next one is right.
@Suite struct FaultWriteTests {
    /// A command with two outputs and a log, and two tools that write HDF5.
    static let manifest = """
        reprise: 1
        name: writes
        sources:
          texts: {path: texts}
        stages:
          top:
            shell: cat ${inputs.texts}/a > ${outputs.text}; echo told; wc -l < ${outputs.text} > ${outputs.lines}
            inputs: {texts: texts}
            outputs: {text: text, lines: lines}
          images:
            tool: synthesize
            settings: {count: 2, height: 24, width: 24}
          larger:
            tool: resize
            inputs: images
            settings: {scale: "2"}

        """

    enum Disk: CaseIterable {
        case isFullFromThen
        case failsOnce
        case takesHalf

        func fault(at call: Int) -> FaultLayer.Fault {
            switch self {
            case .isFullFromThen: FaultLayer.Fault(calls: call...Int(Int32.max), reason: ENOSPC)
            case .failsOnce: FaultLayer.Fault(calls: call...call, reason: EIO)
            case .takesHalf: FaultLayer.Fault(calls: call...call, reason: 0)
            }
        }
    }

    @Test(
        .enabled(if: FaultLayer.library != nil, "there is no C compiler to build the fault layer with"),
        arguments: Disk.allCases)
    func `each call that changes the cache may fail`(disk: Disk) throws {
        let project = try FaultProject(manifest: Self.manifest)
        let counter = project.folder.appendingPathComponent("counter")
        let (good, count) = try run(project, counter, nil)
        #expect(good.code == 0, "\(good.errors)")
        let lock = try project.files.text("faults.lock")
        let kept = try project.kept()
        try #require(count > 100, "the layer counts nothing")

        // All of them, or some sixteen of each kind that lie apart.
        var numbers = SeededNumbers(seed: count)
        let step = FaultEffort.isWhole ? 1 : count / 16
        for call in stride(from: Int.random(in: 1...step, using: &numbers), through: count, by: step) {
            try project.clear()
            try? FileManager.default.removeItem(at: project.folder.appendingPathComponent("faults.lock"))
            let (bad, _) = try run(project, counter, disk.fault(at: call))
            let story = (try? project.files.text("counter.story")) ?? ""
            check(bad, disk, "call \(call): \(story)\(bad.errors)")
            if bad.code == 0 { #expect(try project.files.text("faults.lock") == lock, "call \(call): \(story)") }

            let next = try project.reprise("lock", "faults.yml", "-q", "--jobs", "1")
            #expect(next.code == 0 && next.errors == "", "call \(call): \(story)\(next.errors)")
            #expect(try project.files.text("faults.lock") == lock, "call \(call): \(story)")
            #expect(try project.kept().symmetricDifference(kept) == [], "call \(call): \(story)")
        }
    }

    private func check(_ outcome: CommandLineProject.Outcome, _ disk: Disk, _ comment: Comment) {
        if outcome.code == 0 || disk == .takesHalf {
            #expect(outcome.code == 0, comment)
            return
        }
        #expect(outcome.code == 4, comment)
        let reason = disk == .failsOnce ? "input/output error" : "no space left on device"
        #expect(outcome.errors.contains("cannot "), comment)
        #expect(outcome.errors.contains("cache/") || outcome.errors.contains("'cache'"), comment)
        #expect(outcome.errors.contains(reason), comment)
        #expect(!outcome.errors.contains("Fatal"), comment)
    }

    /// The outcome, and how many calls there were that could fail.
    private func run(
        _ project: FaultProject, _ counter: URL, _ fault: FaultLayer.Fault?
    ) throws -> (CommandLineProject.Outcome, Int) {
        try Data(count: 8).write(to: counter)
        try? FileManager.default.removeItem(atPath: counter.path + ".story")
        let environment = FaultLayer.environment(folder: project.cache, counter: counter, fault: fault)
        let outcome = try project.reprise("lock", "faults.yml", "-q", "--jobs", "1", environment: environment)
        let count = try Data(contentsOf: counter).withUnsafeBytes { $0.loadUnaligned(as: Int.self) }
        return (outcome, count)
    }

    // MARK: A disk that is full indeed

    private static let fullDisk = """
        reprise: 1
        name: full
        stages:
          talks:
            shell: head -c 8000000 /dev/zero; echo x > ${outputs.o}
            secrets: [WORD]
            outputs: {o: o}
          writes:
            shell: head -c 8000000 /dev/zero > ${outputs.o}
            outputs: {o: o}

        """

    @Test(.enabled(if: PrivateDisk.canBeMounted, "no disk can be mounted in a namespace of one's own here"))
    func `a full disk is told where the run writes a log, and guessed where a command ends badly`() throws {
        let project = try CommandLineProject(["full.yml": Self.fullDisk])
        let outcome = try project.mounted(
            """
            mkdir cache
            mount -t tmpfs -o size=4m none cache || exit 99
            WORD=word "$0" run full.yml talks -q 2>talks; echo $? >>codes
            "$0" run full.yml writes -q 2>writes; echo $? >>codes
            ls cache/work >work
            """)
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(try project.text("codes") == "4\n1\n")
        let talks = try project.text("talks")
        #expect(talks.hasPrefix("error: full.yml:4:3: stage 'talks' failed: cannot write '"), "\(talks)")
        #expect(talks.contains("/log': no space left on device\n"), "\(talks)")
        let writes = try project.text("writes")
        #expect(
            writes.hasPrefix(
                """
                error: full.yml:8:3: stage 'writes' failed: its command ended with exit code 1
                    writes:
                    ^^^^^^
                hint: the disk of 'cache' has less than 1 MiB left, which may be why

                """), "\(writes)")
        #expect(try project.text("work") == "")
    }

    @Test(.enabled(if: PrivateDisk.canBeMounted, "no disk can be mounted in a namespace of one's own here"))
    func `on a disk that is too small for the cache a run says so until there is room enough`() throws {
        let project = try FaultProject(manifest: Self.manifest)
        try project.reprise("lock", "faults.yml", "-q")
        let lock = try project.files.text("faults.lock")
        try project.clear()
        try FileManager.default.createDirectory(at: project.cache, withIntermediateDirectories: true)
        let sizes = [16, 32, 48, 64, 80, 96, 128, 256, 512, 2048]
        let script = """
            mount -t tmpfs -o size=16k none cache || exit 99
            for size in \(sizes.map(String.init).joined(separator: " ")); do
                mount -o remount,size=${size}k none cache || exit 98
                "$0" lock faults.yml -q --jobs 1 2>errors$size
                echo $? >code$size
            done
            find cache -name '.*' >hidden
            ls cache/work >work
            """
        let outcome = try project.files.mounted(script)
        #expect(outcome.code == 0, "\(outcome.errors)")
        let codes = try sizes.map { try project.files.text("code\($0)").trimmingCharacters(in: .newlines) }
        #expect(codes.first == "4" && codes.last == "0", "\(codes)")
        for (size, code) in zip(sizes, codes) where code != "0" {
            let errors = try project.files.text("errors\(size)")
            // A program of a stage that meets the full disk ends as it likes, and its stage fails.
            #expect(code == "4" || code == "1", "\(size) KiB: \(errors)")
            if code == "4" { #expect(errors.contains("no space left on device"), "\(size) KiB: \(errors)") }
        }
        #expect(try project.files.text("faults.lock") == lock)
        #expect(try project.files.text("hidden") == "cache/.gitignore\n")
        #expect(try project.files.text("work") == "")
    }
}
