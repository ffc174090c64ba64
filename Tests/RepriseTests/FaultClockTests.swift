// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A clock that jumps between runs runs nothing again and hides no change.
@Suite(.enabled(if: FaultLayer.library != nil, "there is no C compiler to build the fault layer with"))
struct FaultClockTests {
    /// Seconds: years, an hour and no time, forth and back.
    private static let shifts = [100_000_000, -3600, 0, -100_000_000, 3600]

    @Test func `nothing runs again whatever the clock says`() throws {
        let project = try FaultProject()
        try project.reprise("lock", "faults.yml", "-q")
        let (lock, starts) = (try project.files.text("faults.lock"), try project.starts())
        for shift in Self.shifts {
            try run(project, shift)
            #expect(try project.starts() == starts, "off by \(shift) s")
            #expect(try project.files.text("faults.lock") == lock, "off by \(shift) s")
        }
    }

    @Test func `the times of files mean nothing`() throws {
        let project = try FaultProject()
        try project.reprise("run", "faults.yml", "-q")
        let starts = try project.starts()
        for (shift, time) in zip(Self.shifts, [0, 2_000_000_000, 1_000_000_000, 4_000_000_000, 1]) {
            try project.setTime(of: "data/texts/a", to: Double(time))
            try project.setTime(of: "faults.yml", to: Double(time))
            try run(project, shift)
            #expect(try project.starts() == starts, "off by \(shift) s")
        }
    }

    @Test func `a change of a file's bytes is seen although its length and its time are those of before`() throws {
        let project = try FaultProject()
        try project.setTime(of: "data/texts/a", to: 1_000_000_000)
        for (shift, text) in zip(Self.shifts, ["eno\ntwo\n", "one\ntow\n", "ono\ntwo\n", "noe\nwot\n", "neo\nwto\n"]) {
            try run(project, shift)
            try project.files.write(Data(text.utf8), to: "data/texts/a")
            try project.setTime(of: "data/texts/a", to: 1_000_000_000)
            let before = try project.starts()["top"]
            try run(project, shift)
            #expect(try project.starts()["top"] == before.map { $0 + 1 }, "off by \(shift) s")
            try project.reprise("export", "faults.yml", "top", "--to", "out", "-q")
            #expect(try project.files.text("out/text") == text + "three\nfour\n")
        }
    }

    @Test(arguments: [10, 0, -10])
    func `a change in the second of the last one is seen where files are dated by seconds, whatever the clock says`(
        shift: Int
    ) throws {
        let project = try FaultProject()
        let environment = FaultLayer.environment(clockShift: shift, stampSeconds: 1)
        for text in ["one\ntwo\n", "two\none\n", "eno\nowt\n", "owt\neno\n", "ONE\nTWO\n", "TWO\nONE\n"] {
            try project.files.overwrite("data/texts/a", with: text)
            // The second run finds nothing to do, and may keep that answer.
            for _ in 0..<2 { try project.reprise("run", "faults.yml", "-q", environment: environment) }
            let changed = String(text.reversed()).trimmingCharacters(in: .newlines) + "\n"
            try project.files.overwrite("data/texts/a", with: changed)
            let outcome = try project.reprise("run", "faults.yml", "-q", environment: environment)
            #expect(outcome.code == 0 && outcome.errors == "", "\(outcome.errors)")
            try project.reprise("export", "faults.yml", "top", "--to", "out", "-q", environment: environment)
            #expect(try project.files.text("out/text") == changed + "three\nfour\n")
        }
    }

    private func run(_ project: FaultProject, _ shift: Int) throws {
        let outcome = try project.reprise(
            "lock", "faults.yml", "-q", environment: FaultLayer.environment(clockShift: shift))
        #expect(outcome.code == 0 && outcome.errors == "", "\(outcome.errors)")
    }
}

extension FaultProject {
    /// - Parameter seconds: since 1970.
    fileprivate func setTime(of name: String, to seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: seconds)],
            ofItemAtPath: folder.appendingPathComponent(name).path)
    }
}

extension CommandLineProject {
    /// Writes into the file that is there, so that its number stays.
    fileprivate func overwrite(_ name: String, with text: String) throws {
        let handle = try FileHandle(forWritingTo: folder.appendingPathComponent(name))
        defer { try? handle.close() }
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(text.utf8))
    }
}
