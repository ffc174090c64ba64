// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a reader should never stumble over.
struct TidyTests {
    @Test func `every source file begins with its licence`() throws {
        for file in try sources() {
            let text = try String(contentsOf: file, encoding: .utf8)
            let first = text.split(separator: "\n").prefix(2).joined(separator: "\n")
            #expect(first.contains("// SPDX-License-Identifier: Apache-2.0"), "\(file.path)")
        }
    }

    @Test func `no line of code is longer than 120 columns`() throws {
        for file in try sources() where file.pathExtension != "modulemap" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                // Golden texts in tests stand as they are printed.
                if file.path.contains("/Tests/") { continue }
                #expect(line.count <= 120, "\(file.path):\(number + 1)")
            }
        }
    }

    @Test func `nothing is left to be done later`() throws {
        let marks = ["TO" + "DO", "FIX" + "ME", "// X" + "XX", "fatal" + "Error(", "try" + "!"]
        for file in try sources() {
            let text = try String(contentsOf: file, encoding: .utf8)
            for mark in marks { #expect(!text.contains(mark), "\(mark) in \(file.path)") }
        }
    }

    @Test func `every variable that is asked for is part of the question that a kept answer belongs to`() throws {
        let question = try Project.text("Sources/reprise/SettledAnswer.swift")
        var names: Set<String> = []
        for file in try Project.files(below: "Sources", ending: ".swift") {
            let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "value(of: \"")
            for part in parts.dropFirst() { names.insert(String(part.prefix { $0 != "\"" })) }
        }
        #expect(names.contains("REPRISE_DATA"), "no variable was found")
        for name in names where !name.hasPrefix("REPRISE_") { #expect(question.contains("\"\(name)\""), "\(name)") }
    }

    @Test func `each promise of the page on trust names tests that there are`() throws {
        var tests: Set<String> = []
        for file in try Project.files(below: "Tests", ending: ".swift") {
            let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "func `")
            for part in parts.dropFirst() { tests.insert(String(part.prefix { $0 != "`" })) }
        }
        let sections = try Project.text("docs/TRUST.md").components(separatedBy: "\n## ")
        let promises = sections.filter { section in
            ["Nothing stale", "Somebody", "An archive", "A request"].contains { section.hasPrefix($0) }
        }
        #expect(promises.count == 4)
        for promise in promises.flatMap({ $0.components(separatedBy: "\n- ").dropFirst() }) {
            // They stand on lines of their own below the promise, between these marks.
            let lines = promise.components(separatedBy: "\n").filter { $0.hasPrefix("  `") }
            let names = lines.flatMap { $0.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 } }
            #expect(!names.isEmpty, "no test: \(promise)")
            for (_, name) in names { #expect(tests.contains(name), "there is no test '\(name)'") }
        }
    }

    private func sources() throws -> [URL] {
        let files = try ["Sources", "Tests"].flatMap { folder in
            try [".swift", ".c", ".h"].flatMap { try Project.files(below: folder, ending: $0) }
        }
        #expect(files.count > 100, "the sources were not found")
        return files
    }
}
