// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import PipelinePlanning
import Testing

struct KeyDifferenceTests {
    private static let digests = ["one", "two", "three"].map { Digest(ofText: $0) }
    private static let base: JSONValue = [
        "schema": 1, "tool": ["name": "fit", "version": 2],
        "settings": ["learning-rate": .number(0.001), "epochs": 10, "label": "small", "sizes": [1, 2]],
        "inputs": ["training": .text(digests[0].description), "more": .array([.text(digests[0].description)])],
        "outputs": ["model"], "claims": [["claim": "t3", "printed": "33.06"], ["claim": "t4", "printed": "30.55"]],
    ]

    private func reasons(_ old: JSONValue, _ new: JSONValue) -> [String] {
        KeyDifference(from: old, to: new).reasons.map(\.description)
    }

    private func changed(_ name: String, _ change: (inout JSONValue?) -> Void) -> JSONValue {
        var members = Self.base.object ?? [:]
        change(&members[name])
        return .object(members)
    }

    private func changed(_ name: String, _ member: String, to value: JSONValue?) -> JSONValue {
        changed(name) { part in
            var members = part?.object ?? [:]
            members[member] = value
            part = .object(members)
        }
    }

    @Test func `nothing differs`() {
        #expect(reasons(Self.base, Self.base) == [])
    }

    @Test func `settings, with the old and the new value`() {
        let cases: [(String, JSONValue?, String)] = [
            ("learning-rate", .number(0.0001), "setting 'learning-rate' changed 0.001 -> 0.0001"),
            ("epochs", 20, "setting 'epochs' changed 10 -> 20"),
            ("epochs", .number(10), "setting 'epochs' changed 10 -> 10.0"),
            ("label", "large", "setting 'label' changed 'small' -> 'large'"),
            ("sizes", [1, 3], "setting 'sizes' changed [1,2] -> [1,3]"),
            ("clip", 1, "setting 'clip' is new: 1"), ("label", nil, "setting 'label' is gone: it was 'small'"),
        ]
        for (name, value, expected) in cases {
            #expect(reasons(Self.base, changed("settings", name, to: value)) == [expected])
        }
    }

    @Test func `inputs, with short digests`() {
        let (one, two) = (Self.digests[0].abbreviated, Self.digests[1].abbreviated)
        let new = JSONValue.text(Self.digests[1].description)
        #expect(
            reasons(Self.base, changed("inputs", "training", to: new)) == ["input 'training' changed \(one) -> \(two)"])
        #expect(
            reasons(Self.base, changed("inputs", "more", to: [new, new]))
                == ["input 'more' changed [\(one)] -> [\(two), \(two)]"])
        #expect(reasons(Self.base, changed("inputs", "start", to: new)) == ["input 'start' is new"])
        #expect(reasons(Self.base, changed("inputs", "training", to: nil)) == ["input 'training' is gone"])
    }

    @Test func `tools, claims, outputs and the schema`() {
        #expect(reasons(Self.base, changed("tool", "version", to: 3)) == ["tool changed fit 2 -> fit 3"])
        #expect(reasons(Self.base, changed("tool", "name", to: "train")) == ["tool changed fit 2 -> train 2"])
        #expect(reasons(Self.base, changed("schema") { $0 = 2 }) == ["the schema of keys changed 1 -> 2"])
        #expect(reasons(Self.base, changed("outputs") { $0 = ["model", "log"] }) == ["its outputs changed"])
        let t3: JSONValue = ["claim": "t3", "printed": "33.06"]
        let t4: JSONValue = ["claim": "t4", "printed": "30.55"]
        #expect(reasons(Self.base, changed("claims") { $0 = [t3] }) == ["claim 't4' is gone"])
        #expect(
            reasons(Self.base, changed("claims") { $0 = [t3, t4, ["claim": "t5"]] }) == ["claim 't5' is new"])
        #expect(
            reasons(Self.base, changed("claims") { $0 = [["claim": "t3", "printed": "33.07"], t4] })
                == ["'printed' of claim 't3' changed '33.06' -> '33.07'"])
        #expect(reasons(Self.base, changed("claims") { $0 = [t4, t3] }) == ["its outputs changed"])
    }

    @Test func `parts of a command are named as people call them`() {
        let old: JSONValue = [
            "schema": 1, "inputs": [:],
            "command": [
                "arguments": ["a"], "environment": ["SEED": "1"], "code": ["a.py": .text(Self.digests[0].description)],
                "probes": [["run": ["pip"], "output": "1"]],
            ],
        ]
        let new: JSONValue = [
            "schema": 1, "inputs": [:],
            "command": [
                "arguments": ["b"], "environment": ["SEED": "2", "A": "x"],
                "code": ["a.py": .text(Self.digests[1].description)], "probes": [["run": ["pip"], "output": "2"]],
            ],
        ]
        #expect(
            reasons(old, new) == [
                "the program changed 'a' -> 'b'",
                "code 'a.py' changed \(Self.digests[0].abbreviated) -> \(Self.digests[1].abbreviated)",
                "variable 'A' changed nothing -> 'x'", "variable 'SEED' changed '1' -> '2'",
                "probe 'pip' changed '1' -> '2'",
            ])
        #expect(
            KeyDifference(from: old, to: new).reasons.compactMap { $0.json["name"]?.text } == [
                "arguments", "code.a.py", "environment.A", "environment.SEED", "probes",
            ])
    }

    @Test func `several differences are all named, in one order`() {
        let new = changed("settings") { $0 = ["learning-rate": .number(0.1), "epochs": 1] }
        #expect(
            reasons(Self.base, new) == [
                "setting 'epochs' changed 10 -> 1", "setting 'label' is gone: it was 'small'",
                "setting 'learning-rate' changed 0.001 -> 0.1", "setting 'sizes' is gone: it was [1,2]",
            ])
    }

    @Test func `a long value is cut`() throws {
        let reason = try #require(
            reasons(Self.base, changed("settings", "label", to: .text(String(repeating: "x", count: 500)))).first)
        #expect(reason == "setting 'label' changed 'small' -> '" + String(repeating: "x", count: 80) + "…'")
    }

    /// A document of a command with these members.
    private func command(_ members: [String: JSONValue]) -> JSONValue {
        ["schema": 1, "inputs": [:], "command": .object(members), "outputs": ["o": ["path": "o", "format": "file"]]]
    }

    private func lines(_ old: JSONValue, _ new: JSONValue) -> [String] {
        KeyDifference(from: old, to: new).reasons.lines
    }

    @Test func `a long value is cut around what differs first`() {
        let head = String(repeating: "a", count: 200)
        #expect(
            reasons(
                changed("settings", "label", to: .text(head + "left" + head)),
                changed("settings", "label", to: .text(head + "lost" + head)))
                == [
                    "setting 'label' changed '…\(head.prefix(19))left\(head.prefix(57))…' -> "
                        + "'…\(head.prefix(19))lost\(head.prefix(57))…'"
                ])
    }

    @Test func `arguments are compared word by word, and what was put in moves nothing`() {
        let old = command(["arguments": ["python3", "train.py", "--rate", "0.5", "--quiet"]])
        #expect(
            lines(old, command(["arguments": ["python3", "train.py", "--rate", "0.6", "--quiet"]]))
                == ["argument 3 changed '0.5' -> '0.6'"])
        #expect(
            lines(old, command(["arguments": ["python3", "-u", "train.py", "--rate", "0.5", "--quiet"]]))
                == ["argument 1 changed nothing -> '-u'"])
        #expect(
            lines(old, command(["arguments": ["python3", "train.py", "--rate", "0.5"]]))
                == ["argument 4 changed '--quiet' -> nothing"])
    }

    @Test func `scripts and what probes print are compared line by line`() {
        func script(_ line: String) -> JSONValue {
            command(["shell": "/bin/sh", "arguments": .array([.text("set -e\ncd work\n\(line)\nls\n")])])
        }
        #expect(
            lines(script("sort words"), script("sort -r words"))
                == ["line 3 of the script changed 'sort words' -> 'sort -r words'"])
        func probes(_ output: String, _ words: JSONValue...) -> JSONValue {
            command(["probes": .array(words.map { ["run": $0, "output": .text(output)] })])
        }
        let freeze: JSONValue = ["pip", "freeze"]
        #expect(
            lines(probes("numpy==2.0\ntorch==2.3.0\n", freeze), probes("attrs==25\nnumpy==2.0\ntorch==2.4.1\n", freeze))
                == [
                    "line 1 of probe 'pip freeze' changed nothing -> 'attrs==25'",
                    "line 3 of probe 'pip freeze' changed 'torch==2.3.0' -> 'torch==2.4.1'",
                ])
        #expect(
            lines(probes("1", freeze), probes("1", ["nproc"]))
                == ["probe 'nproc' is new", "probe 'pip freeze' is gone"])
        #expect(
            lines(probes("1", freeze, ["nproc"]), probes("1", ["nproc"], freeze))
                == ["the order of its probes changed"])
    }

    @Test func `programs and long lists are compared member by member, digests shortened`() {
        let (one, two) = (Self.digests[0], Self.digests[1])
        #expect(
            lines(
                command(["programs": ["gcc": .text(one.description)]]),
                command(["programs": ["gcc": .text(two.description), "ld": .text(one.description)]]))
                == [
                    "program 'gcc' changed \(one.abbreviated) -> \(two.abbreviated)",
                    "program 'ld' changed nothing -> \(one.abbreviated)",
                ])
        func layers(_ kernel: Int) -> JSONValue {
            let relu: JSONValue = ["relu": true]
            return changed(
                "settings", "layers",
                to: .array([
                    ["convolution": 56, "kernel": 5], relu, ["convolution": 12, "kernel": .integer(kernel)], relu,
                ]))
        }
        #expect(lines(layers(1), layers(3)) == ["'kernel' of element 3 of setting 'layers' changed 1 -> 3"])
    }

    @Test func `of one part of a document five changes are named and the others counted`() {
        func code(_ content: String, _ count: Int) -> JSONValue {
            let digest = JSONValue.text(Digest(ofText: content).description)
            let names = (0..<count).map { "f\($0)" }
            return command([
                "code": .object(Dictionary(uniqueKeysWithValues: names.map { ($0, digest) })),
                "environment": ["A": .text(content)],
            ])
        }
        let told = lines(code("old", 7), code("new", 7))
        #expect(told.count == 7)
        #expect(told[4].hasPrefix("code 'f4' changed "))
        #expect(told[5...] == ["and 2 more changes of its code", "variable 'A' changed 'old' -> 'new'"])
        #expect(lines(code("old", 6), code("new", 6))[5] == "and 1 more change of its code")
        #expect(lines(code("old", 5), code("new", 5)).count == 6)
        #expect(KeyDifference(from: code("old", 7), to: code("new", 7)).reasons.count == 8, "JSON has all of them")
    }

    @Test func `what looks the same is told by its numbers`() {
        let cases: [(String, String, String)] = [
            ("e\u{301}", "\u{E9}", #"'e\u{301}' -> '\u{E9}'"#), ("a\tb", #"a\tb"#, #"'a\u{9}b' -> 'a\\tb'"#),
        ]
        for (old, new, expected) in cases {
            #expect(
                reasons(changed("settings", "label", to: .text(old)), changed("settings", "label", to: .text(new)))
                    == ["setting 'label' changed \(expected)"])
        }
        let (one, other) = (String(repeating: "a", count: 64), String(repeating: "a", count: 63) + "b")
        #expect(
            reasons(changed("inputs", "training", to: .text(one)), changed("inputs", "training", to: .text(other)))
                == ["input 'training' changed '\(one)' -> '\(other)'"])
    }

    @Test func `no reason has the same on both sides, and no difference is without a reason`() {
        var random = SeededRandom(seed: 11)
        for round in 0..<3000 {
            let old = Self.document(&random)
            let new = Self.edited(old, &random)
            let told = lines(old, new)
            #expect(told.isEmpty == (old.canonicalBytes == new.canonicalBytes), "round \(round)")
            for line in told {
                guard let range = line.range(of: " changed "), line[range.upperBound...].contains(" -> ") else {
                    continue
                }
                let sides = line[range.upperBound...].components(separatedBy: " -> ")
                let half = sides.count / 2
                #expect(sides[..<half] != sides[half...] || sides.count % 2 == 1, "round \(round): \(line)")
            }
        }
    }

    /// Any document of a tool or a command, with values that are easily taken for each other.
    private static func document(_ random: inout SeededRandom) -> JSONValue {
        if Bool.random(using: &random) {
            return [
                "schema": 1, "tool": ["name": "fit", "version": .integer(Int.random(in: 1...2, using: &random))],
                "settings": members(&random), "inputs": members(&random), "outputs": .array([text(&random)]),
                "claims": .array(
                    (0..<Int.random(in: 0...3, using: &random)).map { _ in
                        ["claim": text(&random), "printed": text(&random)]
                    }),
            ]
        }
        var command: [String: JSONValue] = [
            "arguments": .array((0..<Int.random(in: 1...3, using: &random)).map { _ in text(&random) }),
            "environment": members(&random), "code": members(&random),
            "probes": .array(
                (0..<Int.random(in: 0...2, using: &random)).map { _ in
                    ["run": .array([text(&random)]), "output": text(&random)]
                }),
        ]
        if Bool.random(using: &random) { command["shell"] = text(&random) }
        if Bool.random(using: &random) { command["programs"] = members(&random) }
        return ["schema": 1, "command": .object(command), "inputs": members(&random), "outputs": members(&random)]
    }

    private static func members(_ random: inout SeededRandom) -> JSONValue {
        let names = ["a", "b", "é", "e\u{301}"].filter { _ in Bool.random(using: &random) }
        return .object(
            Dictionary(names.map { ($0, value(&random)) }, uniquingKeysWith: { first, _ in first }))
    }

    private static func value(_ random: inout SeededRandom, depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0...(depth < 3 ? 7 : 4), using: &random) {
        case 0: .integer(Int.random(in: 0...1, using: &random))
        case 1: .number([0, -0.0, 1].randomElement(using: &random) ?? 0)
        case 2: .boolean(Bool.random(using: &random))
        case 5: .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(&random, depth: depth + 1) })
        case 6: .object(["a": value(&random, depth: depth + 1), "b": value(&random, depth: depth + 1)])
        default: text(&random)
        }
    }

    private static func text(_ random: inout SeededRandom) -> JSONValue {
        let long = String(repeating: "long ", count: 40)
        let digest = String(repeating: "0", count: 63)
        let texts = [
            "", "nothing", "1", "true", "a", "a\n", "a\n\n", "\n", "a\nb", "b\na\nb", "a\nb\n", "é", "e\u{301}", "\\n",
            "'",
            "a'", long, long + "x", long + "y", long + "\n" + long, long + "\n" + long + "x", long + "…", digest + "1",
            digest + "2", "\u{200B}", "\u{200E}",
        ]
        return .text(texts.randomElement(using: &random) ?? "")
    }

    /// The document with one to three of its values replaced, or put in or left out.
    private static func edited(_ document: JSONValue, _ random: inout SeededRandom) -> JSONValue {
        if Int.random(in: 0..<10, using: &random) == 0 { return Self.document(&random) }
        var edited = document
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard var members = edited.object, let name = members.keys.sorted().randomElement(using: &random),
                name != "schema", name != "tool"
            else { continue }
            switch members[name] {
            case .object(var inner)?:
                guard let part = inner.keys.sorted().randomElement(using: &random) else { continue }
                switch inner[part] {
                case .array(var elements)?:
                    if elements.isEmpty { continue }
                    elements.swapAt(0, elements.count - 1)
                    inner[part] = .array(elements)
                case .object(var innermost)?:
                    innermost["a"] = Bool.random(using: &random) ? value(&random) : nil
                    inner[part] = .object(innermost)
                case .text?: inner[part] = text(&random)
                default: inner[part] = value(&random)
                }
                members[name] = .object(inner)
            case .array(let elements)?: members[name] = .array(Array(elements.reversed()))
            default: continue
            }
            edited = .object(members)
        }
        return edited
    }

    @Test func `every change of a document has a reason`() {
        var random = SeededRandom(seed: 3)
        let parts: [(String, String)] = [
            ("settings", "epochs"), ("inputs", "training"), ("tool", "version"), ("tool", "name"),
        ]
        for _ in 0..<200 {
            let (part, member) = parts.randomElement(using: &random) ?? parts[0]
            let value: JSONValue = Bool.random(using: &random) ? .integer(Int.random(in: 0...9, using: &random)) : "x"
            let new = changed(part, member, to: value)
            #expect(reasons(Self.base, new).isEmpty == (new == Self.base))
        }
    }

    @Test(arguments: [
        (StaleReason.neverRan, "has not run before"), (.resultGone, "its result is no longer in the cache"),
        (.forced, "forced by hand"),
        (
            .objectAbsent(output: "fit/model", neededBy: "stage 'measure'"),
            "'fit/model' is absent from the cache and stage 'measure' needs it"
        ),
    ])
    func `reasons that are no difference of keys`(reason: StaleReason, text: String) {
        #expect(reason.description == text)
    }
}
