// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// docs/JSON.md holds what the commands print, member by member.
@Suite struct JSONPageTests {
    /// The blocks of the page: what follows 'json' on their first line, and their object.
    private static func examples() -> [(arguments: [String], object: Any)] {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/JSON.md")
        let text = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
        return text.components(separatedBy: "\n```json ").dropFirst().compactMap { block in
            let lines = block.components(separatedBy: "\n")
            let body = lines.dropFirst().prefix { $0 != "```" }.joined(separator: "\n")
            guard let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) else { return nil }
            return (lines[0].split(separator: " ").map(String.init), object)
        }
    }

    /// Every member's path with the kind of its value; `NAME` in the page stands for any member.
    private static func paths(_ value: Any, _ path: String = "", names: Set<String>) -> Set<String> {
        if let members = value as? [String: Any] {
            var found: Set<String> = []
            for (name, member) in members {
                let known = names.contains("\(path).NAME")
                found.formUnion(paths(member, "\(path).\(known ? "NAME" : name)", names: names))
            }
            return found.union([path])
        }
        if let elements = value as? [Any] {
            return elements.reduce(into: [path]) { $0.formUnion(paths($1, path + "[]", names: names)) }
        }
        return [path]
    }

    private static func wildcards(_ value: Any, _ path: String = "") -> Set<String> {
        if let members = value as? [String: Any] {
            return members.reduce(into: []) { found, member in
                if member.key == "NAME" { found.insert("\(path).NAME") }
                found.formUnion(wildcards(member.value, "\(path).\(member.key)"))
            }
        }
        if let elements = value as? [Any] {
            return elements.reduce(into: []) { $0.formUnion(wildcards($1, path + "[]")) }
        }
        return []
    }

    @Test func `the page has an example of each command that prints JSON`() throws {
        let documented = Set(Self.examples().map { $0.arguments.prefix { !$0.hasPrefix("-") }.first ?? "" })
        let project = try CommandLineProject()
        let help = try project.reprise("--help").output
        let commands = help.components(separatedBy: "SUBCOMMANDS:").last ?? ""
        for line in commands.split(separator: "\n") where line.hasPrefix("  ") && !line.hasPrefix("   ") {
            let command = String(line.split(separator: " ")[0])
            guard command != "data", command != "cache", command != "history" else { continue }
            let takesJSON = try project.reprise(command, "--help").output.contains("--json ")
            #expect(takesJSON == documented.contains(command), "\(command)")
        }
    }

    @Test func `what commands print is what the page says, member by member`() throws {
        let project = try CommandLineProject(["pipeline.yml": TinyPipeline.manifest])
        try project.reprise("run", ".", "-q")
        try project.reprise("run", ".", "-q", "--force", "compare")
        try project.reprise("lock", ".", "-q")
        let examples = Self.examples()
        #expect(examples.count >= 5)
        for example in examples {
            var arguments = example.arguments
            if Self.takesPipeline(arguments) { arguments.insert(".", at: 1) }
            let outcome = try project.run(arguments + ["--json"], environment: [:])
            let printed = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            let names = Self.wildcards(example.object)
            let said = Self.paths(example.object, names: names)
            let found = Self.paths(printed, names: names)
            #expect(found.subtracting(said) == [], "printed by \(arguments) and not on the page")
            #expect((printed as? [String: Any])?["schema"] as? Int == 1)
            let top = Set((example.object as? [String: Any] ?? [:]).keys)
            #expect(Set((printed as? [String: Any] ?? [:]).keys) == top, "\(arguments)")
        }
    }

    private static func takesPipeline(_ arguments: [String]) -> Bool {
        !["tools", "cache", "diff", "data", "best", "history"].contains(arguments[0])
    }
}
